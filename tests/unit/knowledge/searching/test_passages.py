"""Nodes of the index gathered into passages."""

from __future__ import annotations

from orrery.knowledge.datasets.tables import Dataset
from orrery.knowledge.documents.tables import ChildChunk, Document, DocumentSegment
from orrery.knowledge.searching.passages import Candidate, Passage, assembled, segments_in

DATASET, DOCUMENT = Dataset(id="d", name="D"), Document(id="doc", name="a.txt")
PARENTS = [DocumentSegment(id=f"s{place}", content=f"parent {place}") for place in range(3)]


def child(parent: int, place: int, score: float, cosine: float | None = None) -> Candidate:
    row = ChildChunk(id=f"c{parent}{place}", content=f"child {parent}{place}", position=place)
    return Candidate(f"n{parent}{place}", row.content, score, PARENTS[parent], DOCUMENT, row, cosine)


def test_a_parent_has_the_score_of_its_best_child() -> None:
    found = [child(0, 1, 0.2), child(1, 1, 0.9, 0.9), child(0, 2, 0.7, 0.7), child(1, 2, 0.4, 0.4)]
    passages = assembled(DATASET, found)
    assert segments_in(found) == 2
    assert [(one.segment.id, one.score, one.cosine) for one in passages] == [("s1", 0.9, 0.9), ("s0", 0.7, 0.7)]
    assert [one.id for one in passages[1].children] == ["c02", "c01"], "the best child first"
    assert passages[1].nodes == ("n01", "n02")


def test_a_segment_stands_for_itself() -> None:
    one = Candidate("n", "parent 2", 0.5, PARENTS[2], DOCUMENT)
    [passage] = assembled(DATASET, [one])
    assert (passage.score, passage.children, passage.cosine) == (0.5, (), None)
    assert assembled(DATASET, []) == []


def test_thresholds_look_at_the_cosine_where_the_score_is_a_rank() -> None:
    def passage(score: float, cosine: float | None, *, is_ranked: bool) -> Passage:
        return Passage(DATASET, DOCUMENT, PARENTS[0], score, cosine=cosine, is_ranked=is_ranked)

    assert passage(0.5, 0.8, is_ranked=True).reaches(0.7)
    assert not passage(0.5, 0.8, is_ranked=False).reaches(0.7), "a reranking model's word counts"
    assert not passage(0.5, None, is_ranked=True).reaches(0.7)
    assert passage(0.5, None, is_ranked=True).reaches(0.5)
    assert passage(0.0, None, is_ranked=False).reaches(None)
