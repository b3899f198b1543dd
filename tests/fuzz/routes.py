"""Bodies for the routes that take app files and graphs, sent to a real server of its own."""

from __future__ import annotations

import base64
import json
import random
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
from tests.support.server import OrreryServer, running

from .app_files import made_file, trees
from .mutations import ODD_TEXTS, ODD_VALUES, bent_bytes, bent_tree

TYPES = ["application/json"] * 12 + [
    "text/plain",
    "application/x-yaml",
    "multipart/form-data; boundary=x",
    "application/json; charset=utf-16",
    "",
]
RUN_BODY = {
    "inputs": {"q": "x"},
    "response_mode": "blocking",
    "user": "u",
    "files": [],
    "query": "hi",
    "conversation_id": "",
}


class Routes:
    """No answer is a 5xx, all come in time, and the server lives on."""

    name = "routes"
    deadline = 20.0

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._server: OrreryServer | None = None
        self._http: httpx.Client | None = None
        self._paths: list[tuple[str, str, str]] = []

    def open(self) -> None:
        folder = self._stack.enter_context(tempfile.TemporaryDirectory())
        self._server = self._stack.enter_context(running(Path(folder) / "home"))
        console = self._server.console()
        console.set_up()
        self._http = console.http
        document = next(tree for tree in trees() if tree["app"]["mode"] == "workflow")
        app_id, key = console.add_app(document)
        base = f"{self._server.url}/console/api"
        self._paths = [
            ("import", f"{base}/apps/imports", ""), ("draft", f"{base}/apps/{app_id}/workflows/draft", ""), ("raw", f"{base}/apps/imports", ""),
            ("run", f"{self._server.url}/v1/workflows/run", key), ("check", f"{base}/apps/{app_id}/workflows/draft/check", ""),
        ]  # fmt: skip

    def close(self) -> None:
        self._stack.close()

    def make(self, dice: random.Random) -> bytes:
        kind = dice.choice(["import", "import", "draft", "raw", "run", "check"])
        body: Any
        if kind == "import":
            body = {"mode": "yaml-content", "yaml_content": made_file(dice).decode("utf-8", "replace")}
            body |= {
                name: dice.choice([*ODD_TEXTS, *ODD_VALUES])
                for name in ("name", "description", "icon_type", "icon", "app_id")
                if dice.random() < 0.1
            }
        elif kind == "draft":
            tree = bent_tree(dice, dice.choice([tree for tree in trees() if "workflow" in tree])["workflow"])
            body = {**tree, "hash": None} if isinstance(tree, dict) else tree
        else:
            body = bent_tree(dice, RUN_BODY if kind == "run" else {"mode": "yaml-url", "yaml_url": "x"})
        sent = json.dumps(body).encode()
        if kind == "raw" or dice.random() < 0.2:
            sent = bent_bytes(dice, sent)
        return json.dumps([kind, dice.choice(TYPES), base64.b64encode(sent).decode()]).encode()

    async def check(self, data: bytes) -> None:
        kind, content_type, coded = json.loads(data)
        assert self._http is not None
        assert self._server is not None
        url, key = next((url, key) for name, url, key in self._paths if name == kind)
        headers = {"Content-Type": content_type, **({"Authorization": f"Bearer {key}"} if key else {})}
        answer = self._http.post(url, content=base64.b64decode(coded), headers=headers, timeout=self.deadline)
        assert answer.status_code < 500, f"{answer.status_code} {answer.text[:500]}"
        if answer.headers.get("content-type", "").startswith("application/json"):
            answer.json()
        if answer.status_code >= 400 and answer.content:
            told = answer.json()
            assert told.get("message") or told.get("error"), answer.text
