"""Looks into the built images and, where a stack runs, at what its processes hold in memory.

    python -m tests.containers.images --engine podman
    python -m tests.containers.images --engine podman --project compose     # and its processes; needs root

What known findings there are in packages needs a list from the network; what has to be true without one is checked here:
no program gives rights, nothing is writable that should not be, the roles run as any user on a file system that nobody
can write, and the system's packages are those of the base image.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
from pathlib import Path

from tests.containers.proof import say

IMAGES = ("orrery", "orrery-web")
ANYBODY = "54321:0"
ROLES = (
    "api", "worker", "worker_beat", "plugin_daemon", "sandbox", "web", "nginx", "ssrf_proxy", "redis", "db_postgres",
)  # fmt: skip
_LOOK = """
import json, os, stat, subprocess
gives_rights, writable = [], []
for folder, names, files in os.walk("/"):
    if folder in ("/proc", "/sys", "/dev"):
        names.clear()
        continue
    for name in files:
        try:
            mode = os.lstat(os.path.join(folder, name)).st_mode
        except OSError:
            continue
        if stat.S_ISREG(mode) and mode & 0o6000:
            gives_rights.append(os.path.join(folder, name))
        if stat.S_ISREG(mode) and mode & 0o002:
            writable.append(os.path.join(folder, name))
    mode = os.lstat(folder).st_mode
    if mode & 0o002 and not mode & stat.S_ISVTX:
        writable.append(folder)
packages = subprocess.run(["dpkg-query", "-W", "-f", "${Package}\\n"], capture_output=True, text=True).stdout.split()
print(json.dumps({"gives_rights": gives_rights, "writable": writable, "packages": packages}))
"""
_ANYBODY = """
import os, pathlib, orrery.wiring.process, orrery.sandbox.role
assert os.getuid() == 54321 and os.getgid() == 0, os.getuid()
for folder in ("/", "/app", "/app/api", "/app/.venv", "/usr", "/etc", "/home/orrery"):
    try:
        (pathlib.Path(folder) / "x").write_text("x")
    except OSError:
        continue
    raise SystemExit(f"{folder} is writable")
for folder in ("/tmp", "/app/api/storage", str(pathlib.Path.home())):
    (pathlib.Path(folder) / "x").write_text("x")
"""


class Engine:
    """The commands of Docker or Podman."""

    def __init__(self, command: str) -> None:
        self._words = shlex.split(command)

    def run(self, *words: str) -> str:
        done = subprocess.run([*self._words, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(words)[:200]}: {done.stderr[-2000:]}"
        return done.stdout

    def inside(self, image: str, script: str, *options: str) -> str:
        return self.run("run", "--rm", *options, "--entrypoint", "python", image, "-c", script)

    def size(self, image: str) -> int:
        """MB on the disk, all layers."""
        return int(self.run("image", "inspect", "-f", "{{.Size}}", image)) // 1_000_000

    def layers_of_ours(self, image: str, base: str) -> int:
        """MB that the image adds to its base."""
        return self.size(image) - self.size(base)


def file_system(engine: Engine, base: str) -> None:
    found = json.loads(engine.inside("orrery", _LOOK, "--user", "0:0"))
    assert found["gives_rights"] == [], found["gives_rights"]
    assert found["writable"] == [], found["writable"]
    of_base = json.loads(engine.inside(base, _LOOK, "--user", "0:0"))["packages"]
    assert found["packages"] == of_base
    say(f"files: no program gives rights, nothing is writable for all; {len(of_base)} packages, all of the base")


def any_user(engine: Engine) -> None:
    """As clusters run it that choose users: another number, group 0, nothing writable but what is mounted."""
    confined = ("--user", ANYBODY, "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
    volume = "orrery-proof-anybody"
    engine.run("volume", "create", volume)
    try:
        mounts = ("--tmpfs", "/tmp", "--volume", f"{volume}:/app/api/storage")
        engine.inside("orrery", _ANYBODY, *confined, *mounts)
        words = ("-e", "MODE=job", "orrery", "version")
        version = engine.run("run", "--rm", *confined, *mounts, *words).strip()
    finally:
        engine.run("volume", "rm", "--force", volume)
    say(f"any user: {version} runs as {ANYBODY}, read-only, without capabilities")


def memory(engine: Engine, project: str) -> None:
    for role in ROLES:
        name = f"{project}_{role}_1"
        top = int(engine.run("inspect", "-f", "{{.State.Pid}}", name))
        held = sum(_proportional(pid) for pid in _family(top))
        say(f"memory: {role} {held / 1024:.0f} MB")


def _family(pid: int) -> list[int]:
    children = [int(word) for task in Path(f"/proc/{pid}/task").iterdir() for word in _children(task)]
    return [pid, *(member for child in children for member in _family(child))]


def _children(task: Path) -> list[str]:
    return (task / "children").read_text().split()


def _proportional(pid: int) -> int:
    """kB of a process; what several share is divided among them."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", default="podman")
    parser.add_argument("--base", default="python:3.12-slim-bookworm")
    parser.add_argument("--project", default="")
    arguments = parser.parse_args()
    engine = Engine(arguments.engine)
    for image in IMAGES:
        say(f"size: {image} {engine.size(image)} MB")
    say(f"size: orrery adds {engine.layers_of_ours('orrery', arguments.base)} MB to {arguments.base}")
    file_system(engine, arguments.base)
    any_user(engine)
    if arguments.project:
        memory(engine, arguments.project)


if __name__ == "__main__":
    main()
