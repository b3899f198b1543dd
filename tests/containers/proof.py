"""Proves a running Compose stack: the journey, the sandbox's isolation, healing, and a restart under load.

    python -m tests.containers.proof --url http://localhost:8088 --engine podman --project compose --workers 4
    python -m tests.containers.proof --roll api_1 api_2     # with two of them: docker compose up --scale api=2

The stack is new, or set up by an earlier proof, and was started from ``deploy/compose`` as its README says. Where no registry can
be reached, ``tests/containers/Dockerfile`` makes images of Debian packages under the names that the file asks for.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence

import httpx
from tests.support.dsl import chain, code, end, start, workflow
from tests.support.server import Console

DOUBLE = "def main(text):\n    return {'result': text + text}\n"
REACH = """
import json, socket
def reach(host, port):
    try:
        socket.create_connection((host, port), 2).close()
        return True
    except OSError:
        return False
print(json.dumps({name: reach(name, port) for name, port in {targets}}))
"""
HEALTH = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:5001/health', timeout=5).read().decode())"
_NAMES_SECONDS = 3
"""nginx asks for the addresses of names every two."""
TARGETS = (("db_postgres", 5432), ("redis", 6379), ("api", 5001), ("nginx", 80), ("web", 3000), ("1.1.1.1", 443))


class Stack:
    """The engine's commands on one project."""

    def __init__(self, engine: str, project: str) -> None:
        self._engine, self._project = shlex.split(engine), project

    def run(self, *words: str) -> str:
        done = subprocess.run([*self._engine, *words], capture_output=True, text=True, check=True)
        return done.stdout

    def name(self, service: str) -> str:
        """Of its first container, or of the one whose number is said, as in ``api_2``."""
        numbered = service.rpartition("_")[2].isdecimal()
        return f"{self._project}_{service}" if numbered else f"{self._project}_{service}_1"

    def inside(self, service: str, script: str) -> str:
        return self.run("exec", self.name(service), "python3", "-c", script)

    def answers(self, service: str) -> bool:
        """Whether the API of this container is well."""
        try:
            return "ok" in self.inside(service, HEALTH)
        except subprocess.CalledProcessError:
            return False


def until(condition: Callable[[], bool], what: str, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} took more than {seconds:.0f} s"
        time.sleep(0.3)


def journey(url: str) -> httpx.Client:
    """Sets the stack up, makes an app and runs it; the app's Service API."""
    console = Console(url)
    if console.call("GET", "/setup")["step"] == "finished":
        console.sign_in()
    else:
        console.set_up()
    drawn = chain(start("query"), code("code", DOUBLE, text=("start", "query")), end(text=("code", "result")))
    _, key = console.add_app(workflow("doubles", drawn))
    console.http.close()
    client = httpx.Client(base_url=f"{url}/v1", headers={"Authorization": f"Bearer {key}"}, timeout=60, trust_env=False)
    assert outputs(double(client)) == {"text": "abab"}
    return client


def double(client: httpx.Client) -> httpx.Response:
    body = {"inputs": {"query": "ab"}, "response_mode": "blocking", "user": "u"}
    return client.post("/workflows/run", json=body)


def outputs(answer: httpx.Response) -> object:
    return answer.json()["data"]["outputs"] if answer.status_code == 200 else answer.text


def isolated(stack: Stack) -> None:
    """From the sandbox's container the proxy is reached, and nothing else, by name or number."""
    script = REACH.replace("{targets}", repr((("ssrf_proxy", 3128), *TARGETS)))
    reached = json.loads(stack.inside("sandbox", script))
    assert reached == {"ssrf_proxy": True, **{name: False for name, _ in TARGETS}}, reached


def heals(stack: Stack, client: httpx.Client, services: Sequence[str]) -> None:
    """Each killed service comes back by itself, and runs go well again."""
    for service in services:
        # By its process: engines take their own kill for a wish.
        os.kill(int(stack.run("inspect", "-f", "{{.State.Pid}}", stack.name(service))), signal.SIGKILL)
        time.sleep(1)
        until(
            lambda s=service: stack.run("inspect", "-f", "{{.State.Running}}", stack.name(s)).strip() == "true", service
        )
        until(lambda: _goes_well(client), f"a run after the end of {service}")


def _goes_well(client: httpx.Client) -> bool:
    try:
        return outputs(double(client)) == {"text": "abab"}
    except httpx.TransportError:
        return False


def rolls(stack: Stack, url: str, client: httpx.Client, workers: int, services: Sequence[str]) -> Counter[str]:
    """Restarts API containers one after the other under load; what became of the requests."""
    seen: Counter[str] = Counter()
    done = threading.Event()

    def load() -> None:
        with httpx.Client(base_url=f"{url}/v1", headers=client.headers, timeout=60, trust_env=False) as own:
            while not done.is_set():
                try:
                    answer = double(own)
                    seen[
                        "ok" if outputs(answer) == {"text": "abab"} else f"{answer.status_code} {answer.text[:80]}"
                    ] += 1
                except httpx.TransportError as error:
                    seen[type(error).__name__] += 1

    threads = [threading.Thread(target=load) for _ in range(workers)]
    for thread in threads:
        thread.start()
    try:
        for service in services:
            time.sleep(2)
            stack.run("restart", "--time", "30", stack.name(service))
            until(lambda s=service: stack.answers(s), f"the return of {service}")
            time.sleep(_NAMES_SECONDS)
    finally:
        done.set()
        for thread in threads:
            thread.join()
    return seen


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://localhost")
    parser.add_argument("--engine", default="podman")
    parser.add_argument("--project", default="compose")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--kill", nargs="*", default=["sandbox", "redis", "db_postgres", "api"])
    parser.add_argument("--roll", nargs="*", default=[])
    arguments = parser.parse_args()
    stack = Stack(arguments.engine, arguments.project)
    client = journey(arguments.url)
    say("journey: an app was made and ran through nginx")
    isolated(stack)
    say("isolation: the sandbox reaches the proxy and nothing else")
    if arguments.kill:
        heals(stack, client, arguments.kill)
        say(f"healing: {', '.join(arguments.kill)} came back by themselves")
    if arguments.roll:
        seen = rolls(stack, arguments.url, client, arguments.workers, arguments.roll)
        say(f"rolling restart of {', '.join(arguments.roll)}: {dict(seen)}")
        assert set(seen) == {"ok"}, "requests were lost"
    client.close()


if __name__ == "__main__":
    main()
