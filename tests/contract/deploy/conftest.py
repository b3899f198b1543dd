from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orrery.deploy.interpolation import interpolate
from orrery.deploy.render.edge_files import edge_files
from orrery.deploy.render.places import write_files
from orrery.deploy.topology.stacks import whole

PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))


@pytest.fixture
def path() -> str:
    """Where programs are looked for."""
    return PATH


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that servers can reach which give up root; nobody else can reach pytest's own."""
    with tempfile.TemporaryDirectory(prefix="orrery-deploy-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture
def edge(open_folder: Path) -> Path:
    """A folder with the files that nginx and squid are started with."""
    folder = open_folder / "edge"
    write_files(edge_files(), folder)
    return folder


@pytest.fixture
def container_environment() -> Callable[..., dict[str, str]]:
    """What a container of the Compose file finds in its environment, for given lines of `.env`."""

    def build(service: str, **dotenv: str) -> dict[str, str]:
        environment = whole().service(service).environment
        return {"PATH": PATH, **{name: interpolate(text, dotenv) for name, text in environment.items()}}

    return build


@pytest.fixture
def need() -> Callable[..., None]:
    """Leaves the test out, with the reason, where a program is missing."""

    def check(*programs: str) -> None:
        missing = [program for program in programs if shutil.which(program, path=PATH) is None]
        if missing:
            pytest.skip(f"needs {', '.join(missing)}")

    return check
