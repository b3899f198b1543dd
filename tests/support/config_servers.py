"""Apollo and Nacos as far as a client sees them: signatures and logins are checked, long polls are held."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

POLL_SECONDS = 5.0


class ConfigServer:
    """Runs on a thread. ``content`` is what it serves; `change` wakes whoever polls."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.version = 1
        self.changed = threading.Condition()
        self.polling = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(b"")

            def do_POST(self) -> None:
                self._answer(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

            def _answer(self, body: bytes) -> None:
                server.requests.append(self.path)
                status, answer = server.answer(
                    self.path, {name.lower(): value for name, value in self.headers.items()}, body
                )
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        raise NotImplementedError

    def wait(self, known: object, now: Callable[[], object]) -> bool:
        """Holds a poll until the state differs from the known one; whether it does."""
        with self.changed:
            if now() == known:
                self.polling.set()
            return self.changed.wait_for(lambda: now() != known, POLL_SECONDS)

    def close(self) -> None:
        with self.changed:
            self.version += 1
            self.changed.notify_all()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class ApolloServer(ConfigServer):
    """One namespace of the application ``orrery``."""

    def __init__(self, values: Mapping[str, str], secret: str = "") -> None:
        self.values, self.secret = dict(values), secret
        super().__init__()

    def change(self, **values: str) -> None:
        with self.changed:
            self.values |= values
            self.version += 1
            self.changed.notify_all()

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        if self.secret:
            stamp = headers.get("timestamp", "")
            signature = base64.b64encode(hmac.digest(self.secret.encode(), f"{stamp}\n{path}".encode(), "sha1"))
            if headers.get("authorization") != f"Apollo orrery:{signature.decode()}":
                return 401, b""
        parts = urlsplit(path)
        if parts.path == "/notifications/v2":
            wanted = json.loads(parse_qs(parts.query)["notifications"][0])[0]
            if not self.wait(wanted["notificationId"], lambda: self.version):
                return 304, b""
            news = [{"namespaceName": wanted["namespaceName"], "notificationId": self.version}]
            return 200, json.dumps(news).encode()
        if parts.path != "/configs/orrery/default/application":
            return 404, b""
        return 200, json.dumps({"appId": "orrery", "configurations": self.values, "releaseKey": "r1"}).encode()


class NacosServer(ConfigServer):
    """One data id. With ``login`` (user, password) a token is wanted, with ``keys`` (access, secret) a signature."""

    def __init__(self, text: str, *, login: tuple[str, str] | None = None, keys: tuple[str, str] | None = None) -> None:
        self.text, self.login, self.keys = text, login, keys
        super().__init__()

    def change(self, text: str) -> None:
        with self.changed:
            self.text = text
            self.changed.notify_all()

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        parts, form = urlsplit(path), parse_qs(body.decode())
        query = parse_qs(parts.query)
        if parts.path == "/nacos/v1/auth/login":
            right = self.login == (form["username"][0], form["password"][0])
            return (200, b'{"accessToken":"t0k","tokenTtl":18000}') if right else (403, b"unknown user")
        if self.login and query.get("accessToken") != ["t0k"]:
            return 403, b"no token"
        if self.keys:
            signed = f"space+team+{headers.get('timestamp')}".encode()
            signature = base64.b64encode(hmac.digest(self.keys[1].encode(), signed, "sha1")).decode()
            if (headers.get("spas-accesskey"), headers.get("spas-signature")) != (self.keys[0], signature):
                return 403, b"bad signature"
        if parts.path == "/nacos/v1/cs/configs/listener":
            known = form["Listening-Configs"][0].rstrip("\x01").split("\x02")[2]
            changed = self.wait(known, lambda: hashlib.md5(self.text.encode()).hexdigest())
            return 200, b"orrery.properties%02team%01" if changed else b""
        if parts.path != "/nacos/v1/cs/configs":
            return 404, b""
        found = query["dataId"] == ["orrery.properties"] and query["group"] == ["team"]
        return (200, self.text.encode()) if found else (404, b"config data not exist")
