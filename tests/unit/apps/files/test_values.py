"""Mappings become file values, if the files are the caller's."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event
from tests.unit.egress.canary import Canary, answer

from orrery.apps.files.remote import RemoteFiles
from orrery.apps.files.rules import rules_of_feature
from orrery.apps.files.values import MappedFiles
from orrery.egress import GuardedHttpClient

from .conftest import ANN, BOB, EDITOR, Form, Room

ONE = Form(form=[{"variable": "doc", "type": "file", "allowed_file_types": ["document"]}])
MANY = Form(form=[{"variable": "docs", "type": "file-list", "allowed_file_types": ["document"]}])
CHAT = Form(
    features={"file_upload": {"enabled": True, "number_limits": 2, "allowed_file_types": ["document", "image"]}}
)


def local(file_id: str, kind: str = "document") -> dict[str, Any]:
    return {"type": kind, "transfer_method": "local_file", "upload_file_id": file_id}


async def test_without_files_nothing_is_asked(room: Room) -> None:
    asked: list[object] = []
    event.listen(room.database.reader.sync_engine, "checkout", lambda *more: asked.append(more))
    inputs = {"doc": None, "n": 1}
    assert await room.resolve(ONE, inputs, []) == (inputs, [])
    assert await room.resolve(CHAT, {"n": 1}, []) == ({"n": 1}, [])
    assert await room.resolve(Form(), {"n": 1}, [local("x")]) == ({"n": 1}, [])
    assert asked == []


async def test_a_field_becomes_a_value(room: Room) -> None:
    row = await room.add(name="notes.txt", content=b"hello")
    inputs, files = await room.resolve(ONE, {"doc": local(row.id), "n": 1}, [])
    assert (inputs["n"], files) == (1, [])
    value = inputs["doc"]
    assert list(value) == [
        "dify_model_identity", "id", "tenant_id", "type", "transfer_method", "remote_url", "related_id", "filename",
        "extension", "mime_type", "size", "url",
    ]  # fmt: skip
    assert (value["dify_model_identity"], value["type"], value["transfer_method"]) == (
        "__dify__file__",
        "document",
        "local_file",
    )
    assert (value["related_id"], value["filename"], value["extension"]) == (row.id, "notes.txt", ".txt")
    assert (value["mime_type"], value["size"], value["tenant_id"]) == ("text/plain", 5, room.home)
    assert room.files.links.vouched(value["url"], row.id)


async def test_nobody_uses_somebody_elses_file(room: Room) -> None:
    anns, foreign = await room.add(ANN), await room.add(ANN, workspace=room.other)
    tool = await room.run(ANN).save_tool_file(b"x", filename="t.txt", mime_type="text/plain")
    made = {"type": "document", "transfer_method": "tool_file", "tool_file_id": tool["related_id"]}
    for owner in (ANN, EDITOR):
        assert (await room.resolve(ONE, {"doc": local(anns.id)}, [], owner=owner))[0]["doc"]["related_id"] == anns.id
        assert (await room.resolve(ONE, {"doc": made}, [], owner=owner))[0]["doc"]["transfer_method"] == "tool_file"
    with pytest.raises(ValueError, match=rf"^ToolFile {tool['related_id']} not found$"):
        await room.resolve(ONE, {"doc": made}, [], owner=BOB)
    for owner, file_id in ((BOB, anns.id), (ANN, foreign.id), (EDITOR, foreign.id)):
        with pytest.raises(ValueError, match=r"^Invalid upload file$"):
            await room.resolve(ONE, {"doc": local(file_id)}, [], owner=owner)
        with pytest.raises(ValueError, match=r"^Invalid upload file$"):
            await room.resolve(CHAT, {}, [local(file_id)], owner=owner)


@pytest.mark.parametrize(
    ("mapping", "text"),
    [
        ({}, "transfer_method is required in file mapping"),
        ({"type": "document"}, "transfer_method is required in file mapping"),
        ({"transfer_method": "carrier-pigeon"}, "No matching enum found for value 'carrier-pigeon'"),
        ({"transfer_method": "local_file"}, "Invalid upload file id"),
        ({"transfer_method": "local_file", "upload_file_id": "no"}, "Invalid upload file id format"),
        ({"transfer_method": "local_file", "upload_file_id": 7}, "Invalid upload file id format"),
        ({"transfer_method": "remote_url"}, "Invalid file url"),
        ({"transfer_method": "remote_url", "url": "ftp://x/y"}, "Invalid file url"),
    ],
)
async def test_mappings_that_are_refused(room: Room, mapping: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=rf"^{text}$"):
        await room.resolve(ONE, {"doc": mapping}, [])


async def test_lists_drop_what_can_not_be_a_file(room: Room) -> None:
    row = await room.add()
    given = [{}, {"transfer_method": "remote_url"}, local(row.id)]
    inputs, _ = await room.resolve(MANY, {"docs": given}, [])
    assert [value["related_id"] for value in inputs["docs"]] == [row.id]


async def test_rules_of_fields_and_of_the_feature(room: Room) -> None:
    text, log = await room.add(name="a.txt"), await room.add(name="a.log")
    for mapping in (local(text.id, "audio"), local(log.id, "custom")):
        with pytest.raises(ValueError, match=r"^File validation failed for file: a"):
            await room.resolve(ONE, {"doc": mapping}, [])
    custom = Form(form=[{"variable": "doc", "type": "file", "allowed_file_extensions": [".LOG"]}])
    assert (await room.resolve(custom, {"doc": local(log.id, "custom")}, []))[0]["doc"]["type"] == "custom"
    methods = Form(form=[{"variable": "doc", "type": "file", "allowed_file_upload_methods": ["remote_url"]}])
    with pytest.raises(ValueError, match=r"^File validation failed for file: a.txt$"):
        await room.resolve(methods, {"doc": local(text.id)}, [])


async def test_too_many_files(room: Room) -> None:
    row = await room.add()
    with pytest.raises(ValueError, match=r"^Number of files exceeds the maximum limit 2$"):
        await room.resolve(CHAT, {}, [local(row.id)] * 3)
    with pytest.raises(ValueError, match=r"^Number of image files exceeds the maximum limit 2$"):
        await room.resolve(CHAT, {}, [local(row.id, "image")] * 3)


async def test_a_list_is_bounded_even_where_the_form_sets_no_bound(room: Room) -> None:
    async with Canary() as server:
        given = [{"type": "document", "transfer_method": "remote_url", "url": server.url + "/a.pdf"}] * 101
        with pytest.raises(ValueError, match=r"^Number of files exceeds the maximum limit 100$"):
            await room.resolve(MANY, {"docs": given}, [])
        assert server.connects == 0


async def test_strict_callers_may_not_disguise_files(room: Room) -> None:
    row = await room.add(name="a.txt")
    open_form = Form(form=[{"variable": "doc", "type": "file"}])
    assert (await room.resolve(open_form, {"doc": local(row.id, "image")}, []))[0]["doc"]["type"] == "image"
    with pytest.raises(ValueError, match=r"^Detected file type does not match the specified type"):
        await room.resolve(open_form, {"doc": local(row.id, "image")}, [], strict=True)


def test_the_older_shape_takes_images() -> None:
    old = {"file_upload": {"image": {"enabled": True, "number_limits": 4, "transfer_methods": ["remote_url"]}}}
    rules = rules_of_feature(old)
    assert rules is not None
    assert (rules.kinds, rules.methods, rules.most) == ({"image"}, {"remote_url"}, 4)
    assert rules_of_feature({"file_upload": {"image": {"enabled": False}}}) is None
    assert rules_of_feature({"file_upload": None}) is None


async def test_remote_files_are_asked_for_their_name_type_and_size(room: Room) -> None:
    def reply(line: str, headers: dict[str, str], body: bytes) -> bytes:
        assert line.startswith("HEAD ")
        head = {"Content-Type": "application/pdf", "Content-Disposition": 'attachment; filename="report.pdf"'}
        return answer(b"12345", headers=head).partition(b"\r\n\r\n")[0] + b"\r\n\r\n"

    async with Canary(reply) as server:
        mapping = {"type": "document", "transfer_method": "remote_url", "url": server.url + "/x"}
        inputs, _ = await room.resolve(ONE, {"doc": mapping}, [])
    value = inputs["doc"]
    assert (value["filename"], value["extension"], value["mime_type"]) == ("report.pdf", ".pdf", "application/pdf")
    assert (value["remote_url"], value["related_id"]) == (server.url + "/x", None)


async def test_remote_files_inside_the_network_are_refused(room: Room, untrusted: GuardedHttpClient) -> None:
    values = MappedFiles(room.database, room.files.links, RemoteFiles(untrusted))
    async with Canary() as server:
        mapping = {"type": "document", "transfer_method": "remote_url", "url": server.url + "/x"}
        with pytest.raises(ValueError, match=r"^Invalid file url$"):
            await values.resolved(room.home, ANN, ONE, {"doc": mapping}, [])
        assert server.connects == 0
