"""A short run of every target with fixed seeds, and all inputs that once broke something."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from .target import Target
from .targets import TARGETS
from .worker import FINDINGS, tried

COUNTS = {
    "app-files": 25,
    "runs": 250,
    "templates": 250,
    "sandbox-templates": 300,
    "model-answers": 300,
    "api-descriptions": 150,
    "documents": 60,
    "snippets": 2,
    "routes": 60,
    "plugin-packages": 100,
}
SLOWER = 10
"""How much longer than where the deadlines were measured an input may take here: whatever hangs takes longer still."""


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_breaks(name: str) -> None:
    target = TARGETS[name]()
    target.deadline *= SLOWER
    target.open()
    try:
        for number in range(COUNTS[name]):
            data = target.make(random.Random(f"{name}-{number}"))
            error = tried(target, data)
            assert error is None, f"{name} {number}: {error}"
        for path in sorted((FINDINGS / name).glob("*")):
            error = tried(target, path.read_bytes())
            assert error is None, f"{path}: {error}"
    finally:
        target.close()


class Fragile:
    name = "fragile"

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline

    async def check(self, data: bytes) -> None:
        if data == b"hang":
            while True:
                pass
        assert data != b"crash"


@pytest.mark.parametrize(
    ("data", "deadline", "word"),
    [(b"hang", 0.2, "took longer than 0.2 s"), (b"crash", 60.0, "AssertionError"), (b"fine", 60.0, None)],
)
def test_what_breaks_is_seen(data: bytes, deadline: float, word: str | None) -> None:
    target: Target = Fragile(deadline)  # type: ignore[assignment]
    error = tried(target, data)
    assert error is None if word is None else word in str(error)


def test_findings_belong_to_targets() -> None:
    assert {path.name for path in Path(FINDINGS).glob("*")} <= set(TARGETS)
