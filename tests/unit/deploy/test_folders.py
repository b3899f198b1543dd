"""The container that gives folders to Orrery's user: run here, on folders of a test."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from orrery.deploy.interpolation import interpolate
from orrery.deploy.topology.stacks import whole

USER, GROUP = 54321, 4321


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    for path in ("storage/upload_files", "dependencies"):
        (tmp_path / path).mkdir(parents=True)
    (tmp_path / "storage/upload_files/a.txt").write_text("a")
    return tmp_path


def give(folders: Path, **dotenv: str) -> subprocess.CompletedProcess[str]:
    """As the engine starts it, on these folders."""
    service = whole().service("init_permissions")
    shell, option, script = (interpolate(word, dotenv) for word in service.command)
    for mount in service.mounts:
        script = script.replace(mount.target, str(folders / mount.target.rpartition("/")[2]))
    environment = {name: interpolate(text, dotenv) for name, text in service.environment.items()}
    return subprocess.run(
        [shell, option, script],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_files_are_given_to_whoever_is_named_again_and_again(folders: Path) -> None:
    assert give(folders).returncode == 0
    assert owners(folders) == {(1001, 1001)}
    # Files restored by root, after the flag was written.
    (folders / "storage/restored.txt").write_text("r")
    done = give(folders, ORRERY_USER=f"{USER}:{GROUP}")
    assert (done.returncode, done.stderr) == (0, "")
    assert owners(folders) == {(USER, GROUP)}
    assert (folders / "storage/.init_permissions").exists()


def owners(folders: Path) -> set[tuple[int, int]]:
    parts = [path for name in ("storage", "dependencies") for path in [folders / name, *(folders / name).rglob("*")]]
    return {(path.stat().st_uid, path.stat().st_gid) for path in parts}


def test_a_volume_that_keeps_its_owners_stops_nothing_and_is_told(folders: Path) -> None:
    # Nobody may give files to a user that can't be: as on a volume that refuses.
    done = give(folders, ORRERY_USER="4294967295000:0")
    assert done.returncode == 0
    assert "init_permissions: not every file could be given to 4294967295000:0" in done.stderr
