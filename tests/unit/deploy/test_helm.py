from __future__ import annotations

import re
import textwrap
from typing import Any

import yaml

from orrery.deploy.render.cluster.slots import ChartSlots, fixed, with_references
from orrery.deploy.render.cluster.translation import CLUSTER_SECRETS
from orrery.deploy.render.helm import helm_files
from orrery.deploy.render.kubernetes import manifests
from orrery.deploy.render.yaml_text import yaml_text

FILES = helm_files()
VALUES: dict[str, Any] = yaml.safe_load(FILES["values.yaml"])
_IF = re.compile(r"^\{\{- if \.Values\.([\w.]+) \}\}\n(.*)\{\{- end \}\}\n$", re.DOTALL)
_BLOCK = re.compile(r" ?\{\{- toYaml \.Values\.([\w.]+) \| nindent (\d+) \}\}")
_SCALAR = re.compile(r"\{\{ \.Values\.([\w.]+)( \| quote)? \}\}")


def value(path: str, values: dict[str, Any]) -> Any:
    found: Any = values
    for word in path.split("."):
        found = found[word]
    return found


def rendered(text: str, values: dict[str, Any]) -> str:
    """What Helm makes of the few forms that the chart uses."""
    condition = _IF.match(text)
    if condition:
        if not value(condition[1], values):
            return ""
        text = condition[2]
    text = _BLOCK.sub(
        lambda m: "\n" + textwrap.indent(yaml.safe_dump(value(m[1], values)).rstrip(), " " * int(m[2])), text
    )
    text = _SCALAR.sub(lambda m: f'"{value(m[1], values)}"' if m[2] else str(value(m[1], values)), text)
    text = text.replace("{{ .Release.Revision }}", "7")
    assert "{{" not in text, text
    return text


def objects(values: dict[str, Any]) -> list[dict[str, Any]]:
    templates = [text for name, text in FILES.items() if name.startswith("templates/") and name.endswith(".yaml")]
    return [part for text in templates for part in yaml.safe_load_all(rendered(text, values)) if part]


def by_name(parts: list[Any]) -> dict[tuple[str, str], Any]:
    return {(part["kind"], part["metadata"]["name"]): part for part in parts}


def test_the_chart_with_its_own_values_is_the_plain_manifests() -> None:
    plain = [part for parts in manifests(fixed, job_name="orrery-migrate-7").values() for part in parts]
    assert by_name(objects(VALUES)) == by_name(plain)


def test_values_change_what_they_name() -> None:
    values = {**VALUES, "images": {**VALUES["images"], "orrery": "registry.example/orrery:2"}}
    values["api"] = {**VALUES["api"], "resources": {"limits": {"memory": "9Gi"}}, "maxReplicas": 33}
    made = by_name(objects(values))
    container = made["Deployment", "api"]["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "registry.example/orrery:2"
    assert container["resources"] == {"limits": {"memory": "9Gi"}}
    assert made["HorizontalPodAutoscaler", "api"]["spec"]["maxReplicas"] == 33


def test_parts_can_be_left_out() -> None:
    values = {**VALUES, "dbPostgres": {**VALUES["dbPostgres"], "enabled": False}}
    values["ingress"] = {**VALUES["ingress"], "enabled": False}
    kinds = set(by_name(objects(values)))
    assert ("StatefulSet", "db-postgres") not in kinds
    assert ("Ingress", "orrery") not in kinds
    assert ("StatefulSet", "redis") in kinds


def test_secrets_are_made_only_when_they_are_given() -> None:
    assert not [o for o in objects(VALUES) if o["kind"] == "Secret"]
    given = dict.fromkeys(CLUSTER_SECRETS, "x")
    made = by_name(objects({**VALUES, "secrets": given}))
    assert made["Secret", "orrery-secrets"]["stringData"] == given


def test_the_chart_describes_itself() -> None:
    chart = yaml.safe_load(FILES["Chart.yaml"])
    assert chart["apiVersion"] == "v2"
    assert chart["name"] == "orrery"


def test_slots_keep_their_indentation() -> None:
    slots = ChartSlots()
    text = yaml_text({"a": [{"b": slots("x.y", {"k": "v"}), "c": slots("x.n", 3)}], "d": slots("t", "word")})
    assert with_references(text).splitlines() == [
        "a:",
        "  - b: {{- toYaml .Values.x.y | nindent 4 }}",
        "    c: {{ .Values.x.n }}",
        "d: {{ .Values.t | quote }}",
    ]
    assert slots.values == {"x": {"y": {"k": "v"}, "n": 3}, "t": "word"}
