"""The real server as a process of its own: started, killed, restarted and stopped by tests, seeded over its console.

Everything outside the process is as in production; only addresses of this machine may be called by HTTP nodes, so
that tests can stand behind them.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, cast

import httpx
from tests.support.dsl import PROVIDER, JsonObject
from tests.support.listening import until_up
from tests.support.ports import free_port

ROOT = Path(__file__).parents[2]
EMAIL = "owner@example.com"
PASSWORD = "correct horse 1"
MODEL_KEY = "sk-never-to-be-seen-0123456789"
_OWN_NAMES = ("ORRERY_", "DIFY_", "DB_", "REDIS_", "LOG_", "SSRF_", "COVERAGE_")


class OrreryServer:
    """One ``orrery up`` on a home of its own. ``log`` is all that it ever wrote."""

    def __init__(self, home: Path, *, environment: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = dict(environment or {})
        self._log = home.with_name(f"{home.name}.log")
        self._process: subprocess.Popen[bytes] | None = None
        self._clients: list[httpx.Client] = []

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        return self._log.read_text("utf-8", errors="replace") if self._log.exists() else ""

    @property
    def database(self) -> Path:
        return self.home / "orrery.db"

    def command(self) -> Sequence[str]:
        """What is started."""
        return [sys.executable, "-m", "orrery", "up", "--home", str(self.home), "--port", str(self.port)]

    def start(self) -> None:
        """Returns when it answers. Raises `AssertionError` with its words when it does not come up."""
        assert self._process is None
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OWN_NAMES)}
        environment = {
            **kept,
            "PYTHONUNBUFFERED": "1",
            "SSRF_PROXY_ALLOW_PRIVATE_IPS": "127.0.0.0/8",
            **self._environment,
        }
        self._process = self.launch(environment, self._log)
        self._wait_until_up(self._process)

    def launch(self, environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
        """Starts the process, which writes to the end of ``log``."""
        with log.open("ab") as words:
            return subprocess.Popen(
                self.command(), cwd=self.home.parent, env=environment, stdin=subprocess.DEVNULL,
                stdout=words, stderr=words,
            )  # fmt: skip

    def _wait_until_up(self, process: subprocess.Popen[bytes]) -> None:
        until_up(process, self._is_well, lambda: self.log)

    def _is_well(self) -> bool:
        # Asked again and again while it starts: a client that loads certificates each time would take its processor.
        asked = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            asked.request("GET", "/health")
            return asked.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            asked.close()

    def kill(self) -> None:
        """SIGKILL: nothing of the process gets to say goodbye."""
        self._signal(signal.SIGKILL)

    def stop(self, seconds: float = 120.0) -> int:
        """SIGTERM; gives the exit code."""
        return self._signal(signal.SIGTERM, seconds)

    def ask_to_stop(self) -> None:
        """SIGTERM, without waiting for the end; `stop` waits."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)

    def send(self, number: signal.Signals) -> None:
        """Sends a signal that does not end the process: SIGSTOP, SIGCONT."""
        assert self._process is not None
        self._process.send_signal(number)

    def restart(self) -> None:
        """Starts again on the same home and port."""
        if self._process is not None:
            self.kill()
        self.start()

    def close(self) -> None:
        """Ends it in whatever state it is, and the clients that it gave out."""
        for client in self._clients:
            client.close()
        if self._process is not None:
            self.kill()

    def _signal(self, number: signal.Signals, seconds: float = 60.0) -> int:
        process, self._process = self._process, None
        assert process is not None
        process.send_signal(number)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def open_files(self) -> int:
        """How many file descriptors the process holds."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def console(self) -> Console:
        """A browser at the console; not signed in yet."""
        console = Console(self.url)
        self._clients.append(console.http)
        return console

    def service(self, key: str, *, seconds: float = 180.0) -> httpx.Client:
        """The Service API under an app's key."""
        headers = {"Authorization": f"Bearer {key}"}
        client = httpx.Client(base_url=f"{self.url}/v1", headers=headers, timeout=seconds, trust_env=False)
        self._clients.append(client)
        return client


class Console:
    """The console as its pages call it: cookies and the CSRF header."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=f"{url}/console/api", timeout=180, trust_env=False)

    def set_up(self) -> None:
        """Makes the owner and signs in."""
        body = {"email": EMAIL, "name": "Owner", "password": PASSWORD, "language": "en-US"}
        self.call("POST", "/setup", body)
        self.sign_in()

    def sign_in(self, email: str = EMAIL) -> None:
        encoded = base64.b64encode(PASSWORD.encode()).decode()
        self.call("POST", "/login", {"email": email, "password": encoded, "remember_me": True})
        self.http.headers["X-CSRF-Token"] = self.http.cookies["csrf_token"]

    def call(self, method: str, path: str, body: object = None) -> Any:
        """The decoded answer; fails on anything but success."""
        answer = self.http.request(method, path, json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def use_models(self, model_server: str) -> None:
        """Gives the workspace credentials for the model server."""
        credentials = {"openai_api_key": MODEL_KEY, "openai_api_base": model_server}
        path = f"/workspaces/current/model-providers/{PROVIDER}/credentials"
        self.call("POST", path, {"credentials": credentials})

    def add_app(self, document: JsonObject) -> tuple[str, str]:
        """Imports and publishes an app; its id and a key."""
        text = json.dumps(document, ensure_ascii=False)
        made = self.call("POST", "/apps/imports", {"mode": "yaml-content", "yaml_content": text})
        assert made["status"] in {"completed", "completed-with-warnings"}, made
        app_id = str(made["app_id"])
        if "workflow" in document:
            self.call("POST", f"/apps/{app_id}/workflows/publish", {"marked_name": "", "marked_comment": ""})
        return app_id, self.add_key(app_id)

    def add_key(self, app_id: str) -> str:
        return str(self.call("POST", f"/apps/{app_id}/api-keys", {})["token"])


@contextmanager
def running(home: Path, *, environment: Mapping[str, str] | None = None) -> Generator[OrreryServer]:
    """A server that ends with the block, whatever happens in it."""
    server = OrreryServer(home, environment=environment)
    try:
        server.start()
        yield server
    finally:
        server.close()


@contextmanager
def answers_held(models: str) -> Generator[None]:
    """Streams of the model server stop in their middle until the block ends."""
    httpx.post(f"{models}/hold", timeout=60, trust_env=False)
    try:
        yield
    finally:
        httpx.post(f"{models}/go-on", timeout=60, trust_env=False)


@contextmanager
def model_server() -> Generator[str]:
    """The scripted model server as a process of its own; gives its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.model_server", "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        line = cast("bytes", process.stdout.readline()).decode()
        assert line.startswith("model server on "), line
        yield line.removeprefix("model server on ").strip()
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
