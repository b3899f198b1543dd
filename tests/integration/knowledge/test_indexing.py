"""Documents on their way into the index, on every database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.integration.knowledge.indexing_world import ECONOMY, FAMILIES, HIGH, LINES, HashModel, World, world
from tests.support.databases import BACKENDS

from orrery.apps.files.errors import FileNotFound
from orrery.apps.files.tables import UploadFile
from orrery.knowledge.datasets.errors import DatasetNotFound, DocumentNotFound
from orrery.knowledge.datasets.tables import Dataset
from orrery.knowledge.documents.drafts import DocumentUpdate, NewDocument
from orrery.knowledge.documents.tables import ChildChunk, Document
from orrery.knowledge.index.tables import KnowledgeTerms, KnowledgeVector
from orrery.knowledge.indexing import cleaning
from orrery.retrieval.hashing import text_hash

everywhere = pytest.mark.parametrize("backend", BACKENDS)
embedded = pytest.mark.parametrize("backend", ["sqlite"])
FIFTY = "\n".join(f"Line {number} speaks of topic{number} and of the sea." for number in range(50))


@pytest.fixture
def model() -> HashModel:
    return HashModel()


@pytest.fixture
async def house(backend: str, tmp_path: Path, model: HashModel) -> AsyncIterator[World]:
    async with world(backend, tmp_path, model) as made:
        yield made


@everywhere
async def test_a_text_is_parsed_split_embedded_and_found(house: World, model: HashModel) -> None:
    dataset = await house.dataset()
    document_id = await house.add(dataset, FIFTY)
    assert (await house.document(document_id)).indexing_status == "waiting"
    assert await house.work() == {"done": 1}
    document = await house.document(document_id)
    segments = await house.segments(document_id)
    assert (document.indexing_status, document.error, len(segments)) == ("completed", None, 50)
    assert [one.position for one in segments] == list(range(1, 51))
    assert {(one.status, one.enabled) for one in segments} == {("completed", True)}
    assert all(one.index_node_hash == text_hash(one.content) for one in segments)
    assert document.word_count == sum(len(one.content) for one in segments) == sum(one.word_count for one in segments)
    assert document.tokens == sum(one.tokens for one in segments) > 0
    times = (
        document.processing_started_at,
        document.parsing_completed_at,
        document.cleaning_completed_at,
        document.splitting_completed_at,
        document.completed_at,
    )
    assert list(times) == sorted(time for time in times if time is not None)
    await house.expect_whole()
    found = await house.index.by_text(dataset, "topic7", 3)
    assert [hit.node_id for hit in found] == [segments[7].index_node_id]
    assert len(model.asked) == 50


@everywhere
async def test_parents_are_found_by_their_children(house: World) -> None:
    dataset = await house.dataset()
    text = "\n\n".join(f"Chapter {n}\nfirst{n} part\nsecond{n} part" for n in range(40))
    document_id = await house.add(dataset, text, HIGH, FAMILIES, form="hierarchical_model")
    await house.work()
    segments = await house.segments(document_id)
    assert [len(segments), (await house.document(document_id)).indexing_status] == [40, "completed"]
    await house.expect_whole()
    assert len(await house.rows(KnowledgeVector)) == 120
    (hit, *_) = await house.index.by_text(dataset, "second33", 1)
    async with house.database.read() as session:
        child = (await session.scalars(select(ChildChunk).where(ChildChunk.index_node_id == hit.node_id))).one()
    assert (child.content, child.segment_id, child.position) == ("second33 part", segments[33].id, 3)


@embedded
async def test_the_economy_technique_asks_no_model(house: World, model: HashModel) -> None:
    dataset = await house.dataset()
    document_id = await house.add(dataset, "Whales sing in the deep sea\nBirds sing in trees", ECONOMY)
    await house.work()
    segments = await house.segments(document_id)
    assert [one.keywords for one in segments] == [["whales", "sing", "deep", "sea"], ["birds", "sing", "trees"]]
    assert [one.tokens for one in segments] == [0, 0]
    assert (await house.document(document_id)).tokens == 0
    assert not model.asked
    await house.expect_whole()
    found = await house.index.by_keywords(dataset, ["sing", "sea"], 5)
    assert [(hit.node_id, hit.score) for hit in found] == [
        (segments[0].index_node_id, 1.0),
        (segments[1].index_node_id, 0.5),
    ]


@everywhere
async def test_what_stays_the_same_keeps_its_vector(house: World, model: HashModel) -> None:
    dataset = await house.dataset()
    document_id = await house.add(dataset, "one whale\ntwo birds\nthree fish")
    await house.work()
    before = {one.content: (one.id, one.index_node_id) for one in await house.segments(document_id)}
    assert await house.index.by_text(dataset, "birds", 5)
    change = DocumentUpdate(upload_file_id=await house.upload("zero bears\nthree fish\none whale"))
    await house.documents.update(house.who, dataset, document_id, change)
    # From the change on nothing that is old counts as a segment.
    assert {one.status for one in await house.segments(document_id)} == {"re_segment"}
    model.asked.clear()
    # The upload that was replaced goes with it.
    assert await house.work() == {"done": 2}
    after = await house.segments(document_id)
    assert [one.content for one in after] == ["zero bears", "three fish", "one whale"]
    assert [(one.id, one.index_node_id) for one in after[1:]] == [before["three fish"], before["one whale"]]
    assert model.asked == ["zero bears"]
    await house.expect_whole()
    assert await house.index.by_text(dataset, "birds", 5) == []
    assert len(await house.rows(UploadFile)) == 1


@embedded
async def test_a_namesake_is_replaced_in_place(house: World) -> None:
    dataset = await house.dataset()
    first = await house.add(dataset, "old words")
    await house.work()
    second = await house.add(dataset, "new words\nmore words")
    other = await house.add(dataset, "other words", name="other.txt")
    assert (second, (await house.document(other)).position) == (first, 2)
    await house.work()
    assert [one.content for one in await house.segments(first)] == ["new words", "more words"]
    await house.expect_whole()


@embedded
async def test_deleted_documents_leave_nothing(house: World) -> None:
    dataset = await house.dataset()
    keep, gone = await house.add(dataset, "kept words"), await house.add(dataset, "lost words", name="b.txt")
    await house.work()
    assert len(await house.index.by_text(dataset, "words", 5)) == 2
    await house.documents.delete(house.who, dataset, [gone])
    await house.work()
    await house.expect_whole()
    assert [one.document_id for one in await house.index.by_text(dataset, "words", 5)] == [keep]
    assert len(await house.rows(UploadFile)) == 1
    with pytest.raises(DocumentNotFound):
        await house.documents.delete(house.who, dataset, [keep, gone])
    assert (await house.document(keep)).name == "notes.txt"


@embedded
async def test_a_file_that_others_are_made_from_stays(house: World) -> None:
    dataset = await house.dataset()
    first = await house.add(dataset, "shared words")
    file_id = str((await house.document(first)).data_source_info["upload_file_id"])  # type: ignore[index]  # JSON
    again = NewDocument(upload_file_id=file_id, name="again.txt", process_rule=LINES)
    second = await house.documents.add(house.who, dataset, again, HIGH)
    await house.documents.delete(house.who, dataset, [first])
    await house.work()
    assert (await house.document(second.id)).indexing_status == "completed"
    await house.documents.delete(house.who, dataset, [second.id])
    await house.work()
    assert (await house.rows(UploadFile), await house.rows(KnowledgeTerms)) == ([], [])


@everywhere
async def test_a_deleted_dataset_leaves_nothing(house: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "DOCUMENTS_AT_ONCE", 1)
    dataset, other = await house.dataset(), await house.dataset()
    await house.add(dataset, "words\nmore")
    stays = await house.add(other, "words that stay")
    await house.work()
    waiting = await house.add(dataset, "words that were still waiting", name="late.txt")
    await house.removal.drop(house.who, dataset)
    with pytest.raises(DatasetNotFound):
        await house.add(dataset, "too late")
    await house.work()
    async with house.database.read() as session:
        assert await session.get(Document, waiting) is None
        assert list(await session.scalars(select(Dataset.id))) == [other]
    assert [one.document_id for one in await house.rows(KnowledgeVector)] == [stays]
    # Of the uploads only that of the document that was refused is left besides.
    assert len(await house.rows(UploadFile)) == 2
    await house.expect_whole()


@everywhere
async def test_another_model_makes_every_vector_anew(house: World) -> None:
    dataset = await house.dataset()
    await house.add(dataset, "three\nfour")
    document_id = await house.add(dataset, "one\ntwo", HIGH, LINES, name="b.txt")
    await house.work()
    async with house.database.write() as session:
        row = await session.get_one(Dataset, dataset)
        row.indexing_technique = "economy"
        await house.anew.start(session, row)
    assert (await house.rows(KnowledgeVector), (await house.document(document_id)).indexing_status) == ([], "indexing")
    await house.work()
    await house.expect_whole()
    assert [one.tokens for one in await house.segments(document_id)] == [0, 0]
    async with house.database.write() as session:
        row = await session.get_one(Dataset, dataset)
        row.indexing_technique, row.embedding_model = "high_quality", "other"
        await house.anew.start(session, row)
    await house.work()
    await house.expect_whole()
    assert len(await house.rows(KnowledgeVector)) == 4


@embedded
async def test_several_files_are_one_batch_or_nothing(house: World) -> None:
    dataset = await house.dataset()
    news = [
        NewDocument(upload_file_id=await house.upload(f"text {n}", f"{n}.txt"), process_rule=LINES) for n in range(3)
    ]
    added = await house.documents.add_several(house.who, dataset, news, HIGH)
    assert [(one.position, one.name) for one in added] == [(1, "0.txt"), (2, "1.txt"), (3, "2.txt")]
    assert len({one.batch for one in added}) == 1
    assert len({one.dataset_process_rule_id for one in added}) == 1
    wrong = [*news, NewDocument(upload_file_id=dataset)]
    with pytest.raises(FileNotFound):
        await house.documents.add_several(house.who, dataset, wrong, HIGH)
    assert len(await house.rows(Document)) == 3
    await house.work()
    await house.expect_whole()
