from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==\S+(?: ; .+)? \\$", re.MULTILINE)


def test_the_locks_are_there() -> None:
    assert {path.stem for path in LOCKS} >= {"build", "core", "dev", "web"}


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_a_lock_names_no_index_and_hashes_everything(path: Path) -> None:
    text = path.read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"index-url|find-links|trusted-host", text)
    assert not re.search(r"\b[\w-]+\.(?:org|com|net|io|dev|cn)\b", text)
    for block in re.split(r"\n(?=\S)", text.strip()):
        assert PINNED.match(block), block.splitlines()[0]
        assert "--hash=sha256:" in block


def test_the_core_lock_holds_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = {re.split(r"[\[<>=!;~ ]", text, maxsplit=1)[0].lower() for text in project["dependencies"]}
    locked = set(PINNED.findall((ROOT / "requirements" / "core.txt").read_text("utf-8")))
    assert asked <= locked, "run scripts/lock"


def test_the_development_lock_agrees_with_the_core_lock() -> None:
    pins = [
        dict(
            re.findall(
                r"^([a-z0-9][a-z0-9._-]*)==(\S+)", (ROOT / "requirements" / name).read_text("utf-8"), re.MULTILINE
            )
        )
        for name in ("core.txt", "dev.txt")
    ]
    core, dev = pins
    assert {name: dev.get(name) for name in core} == core


def test_snippets_find_what_the_contracts_image_has() -> None:
    locked = PINNED.findall((ROOT / "requirements" / "snippets.txt").read_text("utf-8"))
    assert {"requests", "httpx", "pysocks", "socksio"} <= set(locked)
