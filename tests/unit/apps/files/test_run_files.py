"""Files as a run uses them."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError
from tests.unit.egress.canary import Canary

from orrery.workflow.node import NodeFailure

from .conftest import ANN, BOB, EDITOR, Room


def forged(file_id: str, method: str = "local_file") -> dict[str, object]:
    return {"dify_model_identity": "__dify__file__", "transfer_method": method, "related_id": file_id, "filename": "f"}


async def test_what_a_run_saves_it_can_read_and_link(room: Room) -> None:
    run = room.run(ANN)
    value = await run.save_tool_file(b"picture", filename="a.png", mime_type="image/png")
    assert (value["type"], value["transfer_method"], value["extension"]) == ("image", "tool_file", ".png")
    assert await run.read(value, max_bytes=100) == b"picture"
    assert f"/files/tools/{value['related_id']}.png?" in run.url(value)


async def test_a_name_that_can_not_be_one_is_replaced(room: Room) -> None:
    value = await room.run().save_tool_file(b"x", filename="../../etc/passwd", mime_type="text/plain")
    assert value["filename"] == f"{value['related_id']}.txt"


async def test_nothing_stays_of_a_file_whose_row_can_not_be_written(room: Room) -> None:
    homeless = room.run(ANN, "00000000-0000-7000-8000-0000000000ff")
    with pytest.raises(IntegrityError):
        await homeless.save_tool_file(b"x", filename="a.txt", mime_type="text/plain")
    with pytest.raises(IntegrityError):
        await room.add(workspace="00000000-0000-7000-8000-0000000000ff")
    assert [p for p in room.storage._root.rglob("*") if p.is_file()] == []


async def test_a_run_reads_its_users_files_and_those_of_accounts(room: Room) -> None:
    anns, editors = await room.add(ANN, content=b"a"), await room.add(EDITOR, content=b"e")
    assert await room.run(ANN).read(forged(anns.id), max_bytes=10) == b"a"
    assert await room.run(BOB).read(forged(editors.id), max_bytes=10) == b"e"
    assert await room.run(EDITOR).read(forged(anns.id), max_bytes=10) == b"a"
    made = await room.run(ANN).save_tool_file(b"x", filename="t.txt", mime_type="text/plain")
    for run, value in (
        (room.run(BOB), forged(anns.id)),
        (room.run(EDITOR, room.other), forged(anns.id)),
        (room.run(BOB), forged(str(made["related_id"]), "tool_file")),
        (room.run(ANN), forged("nonsense")),
    ):
        with pytest.raises(NodeFailure, match="was not found"):
            await run.read(value, max_bytes=10)


async def test_a_made_up_value_gets_no_link(room: Room) -> None:
    foreign = await room.add(ANN, workspace=room.other)
    assert room.run(ANN).url(forged(foreign.id)) == ""


async def test_files_that_are_too_large_or_gone(room: Room) -> None:
    row = await room.add(ANN, content=b"12345")
    with pytest.raises(NodeFailure, match="larger than 4 bytes"):
        await room.run(ANN).read(forged(row.id), max_bytes=4)
    await room.storage.delete(row.key)
    with pytest.raises(NodeFailure, match="can't be read"):
        await room.run(ANN).read(forged(row.id), max_bytes=10)


async def test_remote_files_are_fetched(room: Room) -> None:
    async with Canary() as server:
        value = {"transfer_method": "remote_url", "remote_url": server.url + "/a", "related_id": None}
        assert await room.run().read(value, max_bytes=2) == b"ok"
        with pytest.raises(NodeFailure, match="larger than 1 bytes"):
            await room.run().read(value, max_bytes=1)
