"""How much of what is asked for is among the first five: full text alone, and together with vectors."""

from __future__ import annotations

from pathlib import Path

from tests.integration.knowledge.questions import PASSAGES, QUESTIONS, SpellingModel
from tests.integration.knowledge.searching_world import Library, library

from orrery.knowledge.searching.documents import Allowed
from orrery.knowledge.searching.question import Question
from orrery.knowledge.searching.retrieval_model import RetrievalModel, SearchMethod
from orrery.knowledge.segments.place import Place, find_dataset


async def missed(shelf: Library, place: Place, method: SearchMethod) -> list[str]:
    """The questions whose passage is not among the first five."""
    runs, plan = shelf.parts.runs, RetrievalModel(method=method, top_k=5)
    async with shelf.world.database.read() as session:
        dataset = await find_dataset(session, place.workspace_id, place.dataset_id)
    left: list[str] = []
    for asked, answer in QUESTIONS:
        question = Question(asked, runs.embedder(place.workspace_id))
        found = await runs.search.find(dataset, question, plan, Allowed(None))
        if answer not in {passage.segment.content for passage in found.passages}:
            left.append(asked)
    return left


async def test_recall_of_five(tmp_path: Path) -> None:
    assert (len(PASSAGES), len(QUESTIONS)) == (60, 30)
    async with library("sqlite", tmp_path, SpellingModel()) as shelf:
        place = await shelf.dataset("\n".join(PASSAGES))
        worded, both = await missed(shelf, place, "full_text_search"), await missed(shelf, place, "hybrid_search")
    assert 1 - len(worded) / len(QUESTIONS) >= 0.9, worded
    assert 1 - len(both) / len(QUESTIONS) >= 0.96, both
    assert len(both) <= len(worded)
