"""As much of a cluster's API as an installation with Helm asks for: it keeps objects, and starts nothing."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import urlsplit

NAMESPACE = "orrery"
KINDS = {
    "v1": {
        "configmaps": "ConfigMap",
        "secrets": "Secret",
        "services": "Service",
        "persistentvolumeclaims": "PersistentVolumeClaim",
    },
    "apps/v1": {"deployments": "Deployment", "statefulsets": "StatefulSet"},
    "batch/v1": {"jobs": "Job"},
    "autoscaling/v2": {"horizontalpodautoscalers": "HorizontalPodAutoscaler"},
    "policy/v1": {"poddisruptionbudgets": "PodDisruptionBudget"},
    "networking.k8s.io/v1": {"ingresses": "Ingress", "networkpolicies": "NetworkPolicy"},
}
"""By API version: the kinds, by the name that addresses have for them. Any other kind is refused, as by a cluster."""
_OBJECTS = re.compile(r"/apis?/(?P<version>.+)/namespaces/(?P<namespace>[^/]+)/(?P<kinds>[^/]+)(?:/(?P<name>[^/]+))?")


class Cluster(ThreadingHTTPServer):
    """``objects`` by kind and name."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.objects: dict[tuple[str, str], Any] = {}

    @property
    def access(self) -> str:
        """The text of the file by which clients find a cluster."""
        server = f"http://127.0.0.1:{self.server_address[1]}"
        return json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "test", "cluster": {"server": server}}],
                "users": [{"name": "test", "user": {}}],
                "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
                "current-context": "test",
            }
        )


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        found = _OBJECTS.fullmatch(path)
        status, answer = self._object(found, body) if found else _about(path)
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any

    def _object(self, address: re.Match[str], body: bytes) -> tuple[int, object]:
        kind = KINDS.get(address["version"], {}).get(address["kinds"])
        if kind is None or address["namespace"] != NAMESPACE:
            return _missing()
        objects = cast("Cluster", self.server).objects
        name = address["name"]
        if name is None:
            if self.command != "POST":
                items = [made for (of, _), made in objects.items() if of == kind]
                return 200, {"kind": f"{kind}List", "apiVersion": address["version"], "metadata": {}, "items": items}
            made = json.loads(body)
            assert made["kind"] == kind
            objects[kind, made["metadata"]["name"]] = made
            return 201, made
        if (kind, name) not in objects:
            return _missing()
        if self.command == "DELETE":
            return 200, objects.pop((kind, name))
        if self.command == "PUT":
            objects[kind, name] = json.loads(body)
        if self.command == "PATCH":
            objects[kind, name] = _merged(objects[kind, name], json.loads(body))
        return 200, objects[kind, name]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the parent's name)
        pass


def _merged(old: Any, change: Any) -> Any:
    """As far as the changes of these tests need it: maps are merged, lists replaced, null removes."""
    if not isinstance(old, dict) or not isinstance(change, dict):
        return change
    known, changes = cast("dict[str, Any]", old), cast("dict[str, Any]", change)
    made = {**known, **{key: _merged(known.get(key), value) for key, value in changes.items()}}
    return {key: value for key, value in made.items() if value is not None and not key.startswith("$")}


def _about(path: str) -> tuple[int, object]:
    if path == "/version":
        return 200, {"major": "1", "minor": "33", "gitVersion": "v1.33.0"}
    if path == "/api":
        return 200, {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        named = [{"groupVersion": known, "version": known.partition("/")[2]} for known in KINDS if "/" in known]
        groups = [
            {"name": one["groupVersion"].partition("/")[0], "versions": [one], "preferredVersion": one} for one in named
        ]
        return 200, {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
    version = path.removeprefix("/apis/").removeprefix("/api/")
    if version not in KINDS:
        return _missing()
    verbs = ["create", "delete", "get", "list", "patch", "update"]
    resources = [
        {"name": kinds, "singularName": kind.lower(), "namespaced": True, "kind": kind, "verbs": verbs}
        for kinds, kind in KINDS[version].items()
    ]
    return 200, {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources}


def _missing() -> tuple[int, object]:
    status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}
    return 404, {**status, "message": "there is no such thing"}


@contextmanager
def cluster() -> Generator[Cluster]:
    """An empty one, until the end of the block."""
    server = Cluster()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
