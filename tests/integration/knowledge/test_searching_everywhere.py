"""One search of each kind on every database: the rows decide what may be found, in SQL that all of them speak."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.integration.knowledge.searching_world import asking, library
from tests.support.databases import BACKENDS

from orrery.knowledge.segments.changing import SegmentChange
from orrery.knowledge.segments.drafting import SegmentDraft
from orrery.workflow.nodes.knowledge_services import MetadataCondition, MetadataFilter

LINES = ["The ferry sails to Rotterdam.", "A tug pulls the tanker.", "Der Kran hebt Stahl.", "港口的起重机很高。"]


@pytest.mark.parametrize("backend", BACKENDS)
async def test_what_is_indexed_and_what_is_written_by_hand_is_found(backend: str, tmp_path: Path) -> None:
    async with library(backend, tmp_path) as shelf:
        place, who = await shelf.dataset("\n".join(LINES)), shelf.world.who
        assert (await shelf.found(place, "ferry to Rotterdam", top_k=1))[0][0] == LINES[0]
        assert [text for text, _ in await shelf.found(place, "起重机", search_method="full_text_search")] == [LINES[3]]
        both = await shelf.found(place, "Kran aus Stahl", search_method="hybrid_search", top_k=1)
        assert [text for text, _ in both] == [LINES[2]]
        made = await shelf.segments.add(place, [SegmentDraft(content="Ein Leuchtturm blinkt.")], who.account_id)
        assert (await shelf.found(place, "Leuchtturm", top_k=1))[0][0] == "Ein Leuchtturm blinkt."
        segment_id = str(made.items[0]["id"])
        await shelf.segments.change(place, segment_id, SegmentChange(content="Die Boje läutet."), who.account_id)
        assert await shelf.found(place, "Leuchtturm", search_method="full_text_search") == []
        assert (await shelf.found(place, "Boje", search_method="full_text_search"))[0][0] == "Die Boje läutet."
        await shelf.segments.switch(place, [segment_id], enabled=False, account_id=who.account_id)
        assert await shelf.found(place, "Boje", search_method="full_text_search") == []
        await shelf.segments.delete(place, [segment_id])
        drafts = [SegmentDraft(content=f"Written at once {number}") for number in range(4)]
        await asyncio.gather(*(shelf.segments.add(place, [draft], who.account_id) for draft in drafts))
        at_once = (await shelf.world.segments(place.document_id))[len(LINES) :]
        assert [one.position - len(LINES) for one in at_once] == [1, 2, 3, 4], "nobody gets another's place"
        document = await shelf.world.document(place.document_id)
        assert document.word_count == sum(map(len, LINES)) + sum(len(draft.content) for draft in drafts)
        await shelf.world.expect_whole()
        other = await shelf.add(place, "A ferry of another year", {"year": 1999, "line": "Nørd"})
        wanted = (MetadataCondition("year", "≥", 1999), MetadataCondition("line", "contains", "ør"))
        request = asking("ferry", place, metadata=MetadataFilter(mode="manual", conditions=wanted))
        found: Any = await shelf.run().retrieve(request)
        assert [item["metadata"]["document_id"] for item in found.items] == [other.document_id]
        await shelf.parts.notes.idle()
        await shelf.states.set(who.workspace_id, place.dataset_id, [other.document_id], "disable", who.account_id)
        assert (await shelf.run().retrieve(request)).items == []
        found = await shelf.run().retrieve(asking("ferry", place))
        assert found.items[0]["content"] == LINES[0]
