"""Which files a child may read."""

from pathlib import Path

import pytest

from orrery.sandbox.cell import files


def test_a_program_finds_what_its_distribution_put_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(files, "_PROGRAM_LIBRARIES", (str(tmp_path), "/nowhere/at/all"))
    assert str(tmp_path) in files.readable_paths((), program=True)
    assert str(tmp_path) not in files.readable_paths(())
    assert "/nowhere/at/all" not in files.readable_paths((), program=True)
