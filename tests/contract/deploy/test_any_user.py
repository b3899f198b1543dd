"""Every role runs as a user that nobody chose: a number without a name, group 0, nothing writable but what is mounted."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from tests.support.databases import postgres_url
from tests.support.dsl import chain, code, end, start, workflow
from tests.support.edge import program, until
from tests.support.ports import free_port
from tests.support.redis_server import redis_server
from tests.support.server import Console

from orrery.cli.exit_codes import EXIT_FAILED
from orrery.deploy.environment import shared_environment
from orrery.deploy.interpolation import interpolate
from orrery.deploy.secrets import generate
from orrery.deploy.topology.stacks import whole

ROOT = Path(__file__).parents[3]
NOBODYS_NUMBER = 54321
DOUBLES = chain(
    start("query"),
    code("code", "def main(text):\n    return {'result': text + text}\n", text=("start", "query")),
    end(text=("code", "result")),
)
HOME = "/tmp"

pytestmark = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root can play others")


class Anybody:
    """Starts roles with what Compose would give them, as far as one machine can."""

    def __init__(self, folder: Path, path: str, values: Mapping[str, str], inner: Mapping[str, str]) -> None:
        self._folder, self._path, self._values, self._inner = folder, path, values, inner
        self.storage = folder / "storage"
        # As an image or a volume gives it: the owner is another one, the group may write.
        self.storage.mkdir()
        self.storage.chmod(0o770)

    def environment(self, service: str, extra: Mapping[str, str]) -> dict[str, str]:
        declared = whole().service(service)
        texts = {**(shared_environment() if declared.shared_environment else {}), **declared.environment}
        filled = {name: interpolate(text, self._values) for name, text in texts.items()}
        return {**filled, **self._inner, "PATH": self._path, "HOME": HOME, "ORRERY_SHAPE": "fleet", **extra}

    def words(self) -> list[str]:
        disguise = [sys.executable, "-m", "tests.support.anybody", f"{NOBODYS_NUMBER}:0", str(self.storage)]
        return [*disguise, "--", sys.executable, "-m", "orrery", "role"]

    @contextmanager
    def role(self, service: str, *ports: int, **extra: str) -> Generator[Callable[[], str]]:
        with program(self.words(), self.environment(service, extra), *ports, folder=ROOT) as said:
            yield said


@pytest.fixture
def anybody(open_folder: Path, path: str, need: Callable[..., None]) -> Generator[Anybody]:
    need("redis-server")
    words = [sys.executable, "-m", "tests.support.anybody", f"{NOBODYS_NUMBER}:0", "--", "true"]
    tried = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"this root may not play others: {tried.stderr.strip().rpartition(chr(10))[2]}")
    with ExitStack() as stack:
        redis = free_port()
        values = generate({})
        database = urlsplit(postgres_url())
        words = (
            "--port",
            str(redis),
            "--requirepass",
            values["REDIS_PASSWORD"],
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            str(open_folder),
        )
        stack.enter_context(redis_server(redis, *words, folder=open_folder))
        inner = {
            "DB_HOST": database.hostname or "",
            "DB_PORT": str(database.port),
            "DB_USERNAME": database.username or "",
            "DB_DATABASE": database.path.strip("/"),
            "REDIS_HOST": "127.0.0.1",
            "REDIS_PORT": str(redis),
            "CELERY_BROKER_URL": f"redis://:{values['REDIS_PASSWORD']}@127.0.0.1:{redis}/1",
        }
        inner |= {
            "STORAGE_LOCAL_PATH": str(open_folder / "storage"),
            "OPENDAL_FS_ROOT": str(open_folder / "storage"),
        }
        yield Anybody(open_folder, path, values, inner)


def test_every_role_does_its_work(anybody: Anybody) -> None:
    port, sandbox = free_port(), free_port()
    own = {"DIFY_PORT": str(port), "DIFY_BIND_ADDRESS": "127.0.0.1", "MIGRATION_ENABLED": "true"}
    with ExitStack() as stack:
        stack.enter_context(anybody.role("sandbox", sandbox, SANDBOX_PORT=str(sandbox)))
        executed = {"CODE_EXECUTION_ENDPOINT": f"http://127.0.0.1:{sandbox}"}
        stack.enter_context(anybody.role("api", port, **own, **executed))
        worker = stack.enter_context(anybody.role("worker"))
        beat = stack.enter_context(anybody.role("worker_beat"))
        url = f"http://127.0.0.1:{port}"
        console = Console(url)
        stack.callback(console.http.close)
        console.set_up()
        _, key = console.add_app(workflow("doubles", DOUBLES))
        client = stack.enter_context(
            httpx.Client(base_url=f"{url}/v1", headers={"Authorization": f"Bearer {key}"}, timeout=60, trust_env=False)
        )
        asked = {"inputs": {"query": "ab"}, "response_mode": "blocking", "user": "u"}
        answer = client.post("/workflows/run", json=asked)
        assert answer.json()["data"]["outputs"] == {"text": "abab"}
        sent = client.post("/files/upload", files={"file": ("a.txt", b"kept", "text/plain")}, data={"user": "u"})
        assert sent.status_code == 201, sent.text
        until(lambda: "Connected to redis" in worker(), "the worker does not begin", worker)
        until(lambda: "fires schedules" in beat(), "the beat does not begin", beat)
    kept = [path for path in anybody.storage.rglob("*") if path.is_file() and path.read_bytes() == b"kept"]
    assert [path.stat().st_uid for path in kept] == [NOBODYS_NUMBER]


def test_a_folder_of_somebody_else_is_named_at_the_start(anybody: Anybody) -> None:
    anybody.storage.chmod(0o755)
    environment = anybody.environment("api", {"MIGRATION_ENABLED": "true"})
    done = subprocess.run(anybody.words(), env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == EXIT_FAILED
    assert done.stderr == (
        f"orrery: The storage folder {anybody.storage} can't be used: Permission denied. "
        f"This is user {NOBODYS_NUMBER} of group 0: give it the folder, or run as the folder's owner.\n"
    )
