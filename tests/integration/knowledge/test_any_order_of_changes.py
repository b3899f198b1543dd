"""Whatever is added, changed and deleted in whatever order, broken off anywhere: the index says what the documents say."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.integration.knowledge.indexing_world import ECONOMY, FAMILIES, HIGH, LINES, HashModel, World, world
from tests.integration.knowledge.test_indexing_interrupted import Killed, killed_at

from orrery.knowledge.documents.drafts import DocumentUpdate
from orrery.knowledge.documents.errors import DocumentUnavailable
from orrery.knowledge.indexing import loading, stages

lines = st.lists(st.sampled_from(["one whale", "two birds", "three fish", "four bears"]), min_size=1, max_size=5)
adding = st.tuples(st.just("add"), st.integers(0, 3), lines)
updating = st.tuples(st.just("update"), st.integers(0, 3), lines)
deleting = st.tuples(st.just("delete"), st.integers(0, 3), st.just([]))
working = st.tuples(st.just("work"), st.integers(0, 12), st.just([]))
steps = st.lists(st.one_of(adding, adding, updating, deleting, working, working), min_size=2, max_size=9)
kinds = st.sampled_from(["text_model", "hierarchical_model", "economy"])


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(kinds, steps)
def test_the_index_says_what_the_documents_say(kind: str, wanted: list[tuple[str, int, list[str]]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "BATCH", 2)
        patch.setattr(stages, "SAVED_AT_ONCE", 2)
        asyncio.run(_play(kind, wanted))


async def _play(kind: str, wanted: list[tuple[str, int, list[str]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with world("sqlite", Path(folder), HashModel()) as house:
            dataset = await house.dataset()
            said: dict[str, list[str]] = {}
            for what, number, text in wanted:
                await _step(house, dataset, kind, said, what, number, text)
            await house.work_to_the_end()
            for document_id, text in said.items():
                assert (await house.document(document_id)).indexing_status == "completed"
                assert [one.content for one in await house.segments(document_id)] == text
            await house.expect_whole()


async def _step(
    house: World, dataset: str, kind: str, said: dict[str, list[str]], what: str, number: int, text: list[str]
) -> None:
    known = list(said)
    if what == "add":
        form = "hierarchical_model" if kind == "hierarchical_model" else "text_model"
        rule = FAMILIES if kind == "hierarchical_model" else LINES
        settling = ECONOMY if kind == "economy" else HIGH
        joined = ("\n\n" if kind == "hierarchical_model" else "\n").join(text)
        said[await house.add(dataset, joined, settling, rule, name=f"{number}.txt", form=form)] = text
    elif what == "work":
        await _work(house, number)
    elif known and what == "delete":
        gone = known[number % len(known)]
        await house.documents.delete(house.who, dataset, [gone])
        del said[gone]
    elif known:
        changed = known[number % len(known)]
        joined = ("\n\n" if kind == "hierarchical_model" else "\n").join(text)
        change = DocumentUpdate(upload_file_id=await house.upload(joined))
        with suppress(DocumentUnavailable):
            await house.documents.update(house.who, dataset, changed, change)
            said[changed] = text


async def _work(house: World, commits: int) -> None:
    """One job, killed at a commit if it has so many; then its process is found dead."""
    for claimed in await house.take():
        with killed_at(house.database, commits), suppress(Killed):
            await house.run(claimed)
        await house.jobs.takeover.put_back_all()
