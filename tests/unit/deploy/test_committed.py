from __future__ import annotations

from pathlib import Path

import pytest

from orrery.deploy.render.places import PLACES, write_files

ROOT = Path(__file__).parents[3] / "deploy"


@pytest.mark.parametrize("place", list(PLACES))
def test_what_is_committed_is_what_would_be_written(place: str) -> None:
    files = PLACES[place]()
    stale = [n for n, t in files.items() if not (ROOT / place / n).is_file() or (ROOT / place / n).read_text() != t]
    assert stale == [], f"run: orrery stack render {place}"


@pytest.mark.parametrize("place", list(PLACES))
def test_nothing_lies_about_that_no_renderer_writes(place: str) -> None:
    ours = {path.relative_to(ROOT / place).as_posix() for path in (ROOT / place).rglob("*") if path.is_file()}
    private = {".env", "middleware.env", "secrets.env"}
    assert {n for n in ours - set(PLACES[place]()) if not n.startswith(("volumes/", "env-backup/"))} <= private


def test_only_changed_files_are_written(tmp_path: Path) -> None:
    files = {"a/b.sh": "1", "c": "2"}
    assert write_files(files, tmp_path) == [tmp_path / "a/b.sh", tmp_path / "c"]
    assert (tmp_path / "a/b.sh").stat().st_mode & 0o111
    (tmp_path / "c").write_text("other")
    assert write_files(files, tmp_path) == [tmp_path / "c"]


def test_scripts_are_plain_shell() -> None:
    import subprocess

    for place in PLACES:
        for name in PLACES[place]():
            if name.endswith(".sh"):
                assert subprocess.run(["sh", "-n", ROOT / place / name], check=False).returncode == 0, name
