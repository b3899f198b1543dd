"""Segments and child chunks by hand, and the states of documents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.integration.knowledge.indexing_world import ECONOMY, FAMILIES
from tests.integration.knowledge.searching_world import Library, library

from orrery.database.ids import new_id
from orrery.errors import InvalidParam
from orrery.inference.types import InvokeServerUnavailableError, ModelRef, Usage
from orrery.knowledge.datasets.errors import DatasetNotFound, DocumentNotFound
from orrery.knowledge.documents.tables import Document, DocumentSegment
from orrery.knowledge.index.tables import KnowledgeVector
from orrery.knowledge.searching.errors import ModelRequestFailed
from orrery.knowledge.segments.changing import SegmentChange
from orrery.knowledge.segments.drafting import SegmentDraft
from orrery.knowledge.segments.errors import (
    ChildChunkNotFound,
    DocumentDisabled,
    DocumentNotCompleted,
    InvalidAction,
    NoChildren,
    SegmentDisabled,
    SegmentIndexing,
    SegmentNotFound,
    TooManySegments,
)
from orrery.knowledge.segments.place import Place
from orrery.retrieval.hashing import text_hash

TWO = "The first line of the log.\nThe second line of the log."
PARENTS = "Parent one says a\nParent one says b\n\nParent two says c"
SEGMENT = [
    "id",
    "position",
    "document_id",
    "content",
    "sign_content",
    "answer",
    "word_count",
    "tokens",
    "keywords",
    "index_node_id",
    "index_node_hash",
    "hit_count",
    "enabled",
    "disabled_at",
    "disabled_by",
    "status",
    "created_by",
    "created_at",
    "updated_at",
    "updated_by",
    "indexing_at",
    "completed_at",
    "error",
    "stopped_at",
    "child_chunks",
    "attachments",
    "summary",
]
CHILD = ["id", "segment_id", "content", "position", "word_count", "type", "created_at", "updated_at"]


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Library]:
    async with library("sqlite", tmp_path) as made:
        yield made


async def words(shelf: Library, place: Place) -> int | None:
    return (await shelf.world.document(place.document_id)).word_count


async def vectors(shelf: Library, place: Place) -> dict[str, bytes]:
    async with shelf.world.database.read() as session:
        rows = await session.scalars(select(KnowledgeVector).where(KnowledgeVector.dataset_id == place.dataset_id))
        return {row.node_id: row.vector for row in rows}


async def test_a_new_segment_is_complete_at_once(shelf: Library) -> None:
    place, account = await shelf.dataset(TWO), shelf.world.who.account_id
    drafts = [SegmentDraft(content="  A third\x00 line. ", keywords=("log", " ", "log")), SegmentDraft(content="Four")]
    made = await shelf.segments.add(place, drafts, account)
    assert [list(item) for item in made.items] == [SEGMENT, SEGMENT]
    third, fourth = made.items
    assert (third["content"], third["position"], fourth["position"]) == ("A third line.", 3, 4)
    assert (third["status"], third["enabled"], third["keywords"], third["word_count"]) == (
        "completed",
        True,
        ["log"],
        13,
    )
    assert third["index_node_hash"] == text_hash("A third line.")
    assert await words(shelf, place) == len(TWO) - 1 + 13 + 4
    page = await shelf.segments.page(place, page=2, limit=3)
    assert ([item["content"] for item in page.items], page.total, page.has_more) == (["Four"], 4, False)
    assert (await shelf.segments.page(place, page=1, limit=9999)).limit == 100
    some = await shelf.segments.page(place, page=1, limit=20, keyword="THIRD", statuses=["completed"])
    assert [item["id"] for item in some.items] == [third["id"]]
    assert (await shelf.segments.get(place, str(third["id"]))).items == [third]
    await shelf.world.expect_whole()


async def test_another_text_gets_another_vector_under_the_same_node(shelf: Library) -> None:
    place, account = await shelf.dataset(TWO), shelf.world.who.account_id
    before = await shelf.segment(place, TWO.split("\n")[0])
    old = await vectors(shelf, place)
    changed = await shelf.segments.change(place, before.id, SegmentChange(content="Short", keywords=("k",)), account)
    [item] = changed.items
    assert (item["content"], item["index_node_id"], item["keywords"]) == ("Short", before.index_node_id, ["k"])
    new = await vectors(shelf, place)
    assert {node for node in new if new[node] != old[node]} == {before.index_node_id}
    assert await words(shelf, place) == len(TWO.split("\n")[1]) + 5
    asked = len(shelf.model.asked)
    await shelf.segments.change(place, before.id, SegmentChange(content="Short", keywords=("other",)), account)
    assert len(shelf.model.asked) == asked, "the same text needs no new vector"
    await shelf.segments.change(place, before.id, SegmentChange(enabled=False, content="ignored"), account)
    off = (await shelf.segments.get(place, before.id)).items[0]
    assert (off["enabled"], off["content"], off["disabled_by"]) == (False, "Short", account)
    with pytest.raises(SegmentDisabled):
        await shelf.segments.change(place, before.id, SegmentChange(content="no"), account)
    on = await shelf.segments.change(place, before.id, SegmentChange(content="yes", enabled=True), account)
    assert (on.items[0]["enabled"], on.items[0]["content"], on.items[0]["disabled_at"]) == (True, "yes", None)


async def test_a_model_that_fails_leaves_everything_as_it_was(shelf: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    place, account = await shelf.dataset(TWO), shelf.world.who.account_id
    before = await shelf.segment(place, TWO.split("\n")[0])

    async def fails(_model: ModelRef, _texts: object) -> tuple[list[list[float]], Usage]:
        raise InvokeServerUnavailableError("out of order")

    monkeypatch.setattr(shelf.model, "embed", fails)  # the vendor is down
    with pytest.raises(ModelRequestFailed, match="out of order"):
        await shelf.segments.change(place, before.id, SegmentChange(content="New words"), account)
    with pytest.raises(ModelRequestFailed):
        await shelf.segments.add(place, [SegmentDraft(content="More words")], account)
    assert [one.content for one in await shelf.world.segments(place.document_id)] == TWO.split("\n")
    await shelf.world.expect_whole()


async def test_removed_segments_leave_nothing_behind(shelf: Library) -> None:
    place = await shelf.dataset(PARENTS, rule=FAMILIES, form="hierarchical_model")
    first, second = await shelf.world.segments(place.document_id)
    await shelf.segments.delete(place, [first.id, new_id()])
    assert [one.id for one in await shelf.world.segments(place.document_id)] == [second.id]
    assert await words(shelf, place) == len("Parent two says c")
    await shelf.world.expect_whole()
    with pytest.raises(SegmentNotFound):
        await shelf.segments.delete(place, [first.id])


async def test_child_chunks_by_hand(shelf: Library) -> None:
    place, account = await shelf.dataset(PARENTS, rule=FAMILIES, form="hierarchical_model"), shelf.world.who.account_id
    first, second = await shelf.world.segments(place.document_id)
    made = await shelf.children.add(place, first.id, "Parent one says x", account)
    assert list(made) == CHILD
    assert (made["position"], made["type"], made["word_count"]) == (3, "customized", 17)
    changed = await shelf.children.change(place, first.id, str(made["id"]), "Parent one says y", account)
    assert (changed["content"], changed["id"]) == ("Parent one says y", made["id"])
    found: Any = await shelf.retrieve(place, "Parent one says y", top_k=1)
    assert found["records"][0]["child_chunks"][0]["content"] == "Parent one says y"
    page = await shelf.children.page(place, first.id, page=1, limit=2)
    assert (page.total, page.total_pages, len(page.items)) == (3, 2, 2)
    assert (await shelf.children.page(place, first.id, page=1, limit=2, keyword="says y")).total == 1
    listed: Any = (await shelf.segments.get(place, first.id)).items[0]["child_chunks"]
    assert len(listed) == 3
    await shelf.children.delete(place, first.id, str(made["id"]))
    with pytest.raises(ChildChunkNotFound):
        await shelf.children.delete(place, first.id, str(made["id"]))
    with pytest.raises(ChildChunkNotFound):
        await shelf.children.change(place, second.id, str(made["id"]), "other parent", account)
    again = SegmentChange(
        content="Parent one says p\nParent one says q\nParent one says r", regenerate_child_chunks=True
    )
    await shelf.segments.change(place, first.id, again, account)
    all_of_them: Any = (await shelf.children.page(place, first.id, page=1, limit=20)).items
    assert [(item["content"][-1], item["type"]) for item in all_of_them] == [
        ("p", "automatic"), ("q", "automatic"), ("r", "automatic"),
    ]  # fmt: skip
    await shelf.segments.change(place, first.id, SegmentChange(content="Only the parent changes"), account)
    assert (await shelf.children.page(place, first.id, page=1, limit=20)).total == 3
    hand: Any = await shelf.segments.add(place, [SegmentDraft(content="Parent three\nhas two")], account)
    assert len(hand.items[0]["child_chunks"]) == 2
    await shelf.world.expect_whole()
    plain = await shelf.dataset(TWO)
    with pytest.raises(NoChildren):
        await shelf.children.add(plain, (await shelf.world.segments(plain.document_id))[0].id, "x", account)


async def test_keywords_are_what_an_economical_dataset_finds(shelf: Library) -> None:
    place, account = await shelf.dataset(TWO, settling=ECONOMY), shelf.world.who.account_id
    made = await shelf.segments.add(
        place, [SegmentDraft(content="Nothing of note", keywords=("deep sea", "Anchor"))], account
    )
    segment_id = str(made.items[0]["id"])
    assert [text for text, _ in await shelf.found(place, "anchor")] == ["Nothing of note"]
    assert [text for text, _ in await shelf.found(place, "the sea")] == ["Nothing of note"]
    await shelf.segments.change(place, segment_id, SegmentChange(keywords=("kite",)), account)
    assert await shelf.found(place, "anchor") == []
    assert [text for text, _ in await shelf.found(place, "kite")] == ["Nothing of note"]
    changed = await shelf.segments.change(place, segment_id, SegmentChange(content="A submarine dives"), account)
    assert changed.items[0]["keywords"] == ["submarine", "dives"]
    assert (changed.items[0]["tokens"], shelf.model.asked) == (0, [])


async def test_states_that_take_no_segments(shelf: Library) -> None:
    place, who = await shelf.dataset(TWO), shelf.world.who
    draft = [SegmentDraft(content="x")]
    for wrong, error in (
        (Place(who.account_id, place.dataset_id, place.document_id), DatasetNotFound),
        (Place(place.workspace_id, new_id(), place.document_id), DatasetNotFound),
        (Place(place.workspace_id, place.dataset_id, new_id()), DocumentNotFound),
    ):
        with pytest.raises(error):
            await shelf.segments.add(wrong, draft, who.account_id)
        with pytest.raises(error):
            await shelf.segments.page(wrong, page=1, limit=20)
    with pytest.raises(TooManySegments, match="Exceeded maximum segments limit of 1000"):
        await shelf.segments.add(place, draft * 1001, who.account_id)
    with pytest.raises(InvalidParam, match="content"):
        await shelf.segments.add(place, [SegmentDraft(content=" \n")], who.account_id)
    with pytest.raises(SegmentNotFound):
        await shelf.segments.get(place, new_id())
    await shelf.states.set(who.workspace_id, place.dataset_id, [place.document_id], "disable", who.account_id)
    with pytest.raises(DocumentDisabled):
        await shelf.segments.add(place, draft, who.account_id)
    off = (await shelf.world.segments(place.document_id))[0]
    with pytest.raises(DocumentDisabled):
        await shelf.segments.change(place, off.id, SegmentChange(content="y", enabled=True), who.account_id)
    async with shelf.world.database.write() as session:
        await session.execute(update(Document).values(indexing_status="indexing", enabled=True))
    with pytest.raises(DocumentNotCompleted):
        await shelf.segments.add(place, draft, who.account_id)
    with pytest.raises(DocumentNotCompleted):
        await shelf.segments.delete(place, [new_id()])
    first = (await shelf.world.segments(place.document_id))[0]
    with pytest.raises(SegmentIndexing, match="Segment is indexing, please try again later"):
        await shelf.segments.change(place, first.id, SegmentChange(content="y"), who.account_id)


async def test_states_of_documents(shelf: Library) -> None:
    place, who = await shelf.dataset(TWO), shelf.world.who
    first, second = await shelf.world.segments(place.document_id)
    await shelf.segments.switch(place, [second.id], enabled=False, account_id=who.account_id)

    async def set_to(action: str) -> tuple[bool, bool, list[bool]]:
        ids = [place.document_id, new_id()]
        await shelf.states.set(who.workspace_id, place.dataset_id, ids, action, who.account_id)
        document = await shelf.world.document(place.document_id)
        segments = await shelf.world.segments(place.document_id)
        return document.enabled, document.archived, [one.enabled for one in segments]

    assert await set_to("disable") == (False, False, [False, False])
    assert await set_to("archive") == (False, True, [False, False])
    assert await set_to("enable") == (True, True, [False, False])
    assert await set_to("un_archive") == (True, False, [True, False]), "what was switched off by hand stays off"
    document = await shelf.world.document(place.document_id)
    assert (document.disabled_at, document.archived_at, document.archived_by) == (None, None, None)
    with pytest.raises(InvalidAction, match="'explode'"):
        await set_to("explode")
    async with shelf.world.database.write() as session:
        await session.execute(update(Document).values(indexing_status="indexing"))
    with pytest.raises(InvalidAction, match="being indexed"):
        await set_to("disable")
    assert first.document_id == place.document_id


async def test_stale_segments_are_not_listed(shelf: Library) -> None:
    place = await shelf.dataset(TWO)
    async with shelf.world.database.write() as session:
        await session.execute(update(DocumentSegment).values(status="re_segment"))
    assert (await shelf.segments.page(place, page=1, limit=20)).items == []
    assert (await shelf.segments.page(place, page=1, limit=20, statuses=["re_segment"])).total == 2
