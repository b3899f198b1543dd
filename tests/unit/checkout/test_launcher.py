"""The launcher, run in a made-up checkout whose environment is already there: no network is needed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FAKE = """#!/bin/sh
printf '%s|' "$@"
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in a folder with a space, stamped as set up."""
    root = tmp_path / "a folder"
    (root / "requirements").mkdir(parents=True)
    (root / ".venv" / "bin").mkdir(parents=True)
    (root / "src" / "orrery").mkdir(parents=True)
    for name in ("orrery", "pyproject.toml", "requirements/core.txt", "requirements/build.txt", "requirements/dev.txt"):
        shutil.copy(ROOT / name, root / name)
    program = root / ".venv" / "bin" / "orrery"
    program.write_text(FAKE)
    program.chmod(0o755)
    files = [root / name for name in ("pyproject.toml", "requirements/core.txt", "requirements/build.txt")]
    content = b"".join(path.read_bytes() for path in files)
    stamp = subprocess.run(["cksum"], input=content, capture_output=True, check=True).stdout
    (root / ".venv" / ".orrery-core").write_bytes(stamp)
    return root


def launch(
    command: Path | str, *arguments: str, cwd: Path | str = "/", **environ: str
) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environ}
    return subprocess.run(
        [str(command), *arguments], capture_output=True, text=True, cwd=cwd, env=environment, check=False
    )


def test_a_set_up_checkout_hands_over_at_once(checkout: Path) -> None:
    done = launch(checkout / "orrery", "run", "my app.yml", "--flag=a b")
    assert (done.stdout, done.stderr, done.returncode) == ("run|my app.yml|--flag=a b|", "", 0)


def test_it_works_from_any_folder_and_through_links(checkout: Path, tmp_path: Path) -> None:
    assert launch("./orrery", "run", cwd=checkout).stdout == "run|"
    (tmp_path / "link").symlink_to("a folder/orrery")
    (tmp_path / "second").symlink_to(tmp_path / "link")
    assert launch(tmp_path / "second", "run").stdout == "run|"


def test_a_checkout_without_pages_says_so_and_starts(checkout: Path) -> None:
    done = launch(checkout / "orrery", "up")
    assert done.stdout == "up|"
    assert "no pages" in done.stderr


def test_fresh_pages_are_not_built_again_and_changed_ones_are(checkout: Path) -> None:
    (checkout / "web").mkdir()
    (checkout / "web" / "index.html").write_text("x")
    built = checkout / "src" / "orrery" / "web_dist"
    built.mkdir()
    (built / ".stamp").write_text("x")
    future = (checkout / "web").stat().st_mtime + 5
    os.utime(built / ".stamp", (future, future))
    assert launch(checkout / "orrery", "up").returncode == 0
    os.utime(checkout / "web" / "index.html", (future + 5, future + 5))
    (checkout / ".venv" / "bin" / "python").symlink_to(sys.executable)
    done = launch(checkout / "orrery", "up")  # there is no scripts/build_web.py here
    assert done.returncode == 1
    assert "the pages can't be built" in done.stderr
    assert "ORRERY_SKIP_WEB=1" in done.stderr
    assert launch(checkout / "orrery", "up", ORRERY_SKIP_WEB="1").stdout == "up|"


def test_without_python_the_mend_is_told(checkout: Path, tmp_path: Path) -> None:
    tools = tmp_path / "few tools"
    tools.mkdir()
    for name in ("sh", "cat", "cksum", "dirname", "readlink", "mkdir", "rm", "sleep", "id"):
        found = shutil.which(name)
        assert found
        (tools / name).symlink_to(found)
    (checkout / ".venv" / ".orrery-core").unlink()
    done = launch(checkout / "orrery", PATH=str(tools))
    assert done.returncode == 1
    assert "no Python 3.11 or newer was found" in done.stderr
    assert "ORRERY_PYTHON" in done.stderr
    assert not (checkout / ".orrery" / "setup.lock").exists()
