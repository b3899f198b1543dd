"""Taking files in."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.apps.files.errors import (
    ExtensionBlocked,
    FilenameMissing,
    FileNotFound,
    FileTooLarge,
    InvalidFilename,
    UnsupportedFileType,
)
from orrery.apps.files.names import checked_name, upload_key
from orrery.apps.files.remote import whole
from orrery.apps.files.uploads import NewFile
from orrery.storage.keys import check_key

from .conftest import ANN, BOB, EDITOR, Room


async def test_a_file_is_kept_under_its_key_with_its_hash(room: Room) -> None:
    row = await room.add(name="Größe.PDF", content=b"%PDF-1")
    assert row.key == f"upload_files/{room.home}/{row.id}.pdf"
    assert (row.extension, row.mime_type, row.size) == ("pdf", "application/pdf", 6)
    assert row.hash == hashlib.sha3_256(b"%PDF-1").hexdigest()
    assert await room.storage.load(row.key) == b"%PDF-1"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        (None, FilenameMissing),
        (" ", FilenameMissing),
        ("a/b.txt", InvalidFilename),
        ("a\\b", InvalidFilename),
        ('q"uote.txt', InvalidFilename),
        ("nul\x00.txt", InvalidFilename),
        ("virus.EXE", ExtensionBlocked),
        ("run.bat", ExtensionBlocked),
    ],
)
async def test_names_that_are_refused(room: Room, name: str | None, error: type[Exception]) -> None:
    with pytest.raises(error):
        await room.files.uploads.add(room.home, ANN, NewFile(filename=name, mime_type=None), whole(b"x"))


async def test_a_knowledge_base_takes_documents_only(room: Room) -> None:
    new = NewFile(filename="a.png", mime_type="image/png", for_knowledge=True)
    with pytest.raises(UnsupportedFileType):
        await room.files.uploads.add(room.home, ANN, new, whole(b"x"))


async def test_nothing_stays_of_a_file_that_is_too_large(room: Room, tmp_path: Path) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"x" * 100_000

    with pytest.raises(FileTooLarge):
        await room.files.uploads.add(room.home, ANN, NewFile(filename="a.txt", mime_type=None), endless())
    assert read == 11
    assert [p for p in (tmp_path / "files").rglob("*") if p.is_file()] == []


async def test_the_limit_goes_by_the_extension(room: Room) -> None:
    with pytest.raises(FileTooLarge):
        await room.add(name="a.png", content=b"x")


async def test_a_file_is_found_by_its_owner_only(room: Room) -> None:
    row = await room.add(ANN)
    uploads = room.files.uploads
    assert (await uploads.find(room.home, row.id, ANN)).id == row.id
    assert (await uploads.find(room.home, row.id, EDITOR)).id == row.id
    for workspace, owner in ((room.home, BOB), (room.other, ANN), (room.other, None)):
        with pytest.raises(FileNotFound):
            await uploads.find(workspace, row.id, owner)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_every_accepted_name_gives_a_key_that_storages_take(name: str) -> None:
    try:
        kept = checked_name(name)
    except (FilenameMissing, InvalidFilename):
        return
    assert len(kept) <= 234
    assert check_key(upload_key("w", "f", kept))[:2] == ("upload_files", "w")
