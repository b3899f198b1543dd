"""A Helm chart of the same objects."""

from __future__ import annotations

from orrery import __version__
from orrery.deploy.render.cluster.slots import ChartSlots, Object, with_references
from orrery.deploy.render.cluster.translation import CLUSTER_SECRETS, CONFIG, SECRET, configuration
from orrery.deploy.render.kubernetes import manifests, proxy_files
from orrery.deploy.render.yaml_text import yaml_text

_BANNER = "# Written by: orrery stack render helm\n"
_SWITCHED = {
    "db-postgres.yaml": "dbPostgres.enabled",
    "redis.yaml": "redis.enabled",
    "ingress.yaml": "ingress.enabled",
    "network-policies.yaml": "networkPolicies.enabled",
    "storage.yaml": "storage.enabled",
}
"""Files that a value leaves out."""

_CONFIG_MAP = f"""apiVersion: v1
kind: ConfigMap
metadata:
  name: {CONFIG}
  labels:
    app.kubernetes.io/part-of: orrery
data: {{{{- toYaml .Values.config | nindent 2 }}}}
"""
_SECRET = f"""{{{{- if .Values.secrets }}}}
apiVersion: v1
kind: Secret
metadata:
  name: {SECRET}
  labels:
    app.kubernetes.io/part-of: orrery
stringData: {{{{- toYaml .Values.secrets | nindent 2 }}}}
{{{{- end }}}}
"""
_NOTES = """Orrery is being started. Its pods wait for the migration job, and for the secret orrery-secrets.

  kubectl get pods -n {{ .Release.Namespace }}
"""
_HEAD = """# Values of the chart. Secrets are best made outside of it:
#
#   orrery stack init --for kubernetes --out .
#   kubectl create secret generic orrery-secrets --from-env-file=secrets.env
#
# or given in `secrets`, which has to hold: {names}.
#
# Maps are merged with what is here, and null takes a key away:
#
#   ingress.annotations     with cert-manager.io/cluster-issuer: NAME, cert-manager fills `ingress.tlsSecret` and renews it
#   podSecurity.orrery      runAsUser, runAsGroup and fsGroup null: for clusters that choose users themselves (OpenShift)
"""


def helm_files() -> dict[str, str]:
    """The texts by file name."""
    slots = ChartSlots()
    texts: dict[str, str] = {}
    for name, objects in manifests(slots, job_name="orrery-migrate-@@revision@@").items():
        if name == "config.yaml":
            continue
        text = with_references(yaml_text(*objects)).replace("@@revision@@", "{{ .Release.Revision }}")
        switch = _SWITCHED.get(name)
        texts[f"templates/{name}"] = f"{{{{- if .Values.{switch} }}}}\n{text}{{{{- end }}}}\n" if switch else text
    for switch in _SWITCHED.values():
        slots(switch, default=True)
    values: Object = {**slots.values, "config": configuration(), "secrets": {}}
    head = _HEAD.format(names=", ".join(CLUSTER_SECRETS))
    return {
        "Chart.yaml": _BANNER + yaml_text(_chart()),
        "values.yaml": _BANNER + head + yaml_text(values),
        "templates/config.yaml": _CONFIG_MAP,
        "templates/proxy-files.yaml": _verbatim(yaml_text(proxy_files())),
        "templates/secret.yaml": _SECRET,
        "templates/NOTES.txt": _NOTES,
        **texts,
    }


def _chart() -> Object:
    return {
        "apiVersion": "v2",
        "name": "orrery",
        "description": "Self-hosted platform for building and running LLM applications",
        "type": "application",
        "version": __version__,
        "appVersion": __version__,
    }


def _verbatim(text: str) -> str:
    """Texts of other languages may hold what a chart's template takes for its own."""
    assert "{{" not in text
    return text
