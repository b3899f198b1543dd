"""What several searches found, put into one order (knowledge.md 4.2, 4.3). Pure; every score is 0..1."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from orrery.retrieval.search_text import keywords

_FLATTENING = 60  # the usual constant of reciprocal rank fusion: high ranks of one search do not outvote two searches


def keyword_similarities(query: str, texts: Sequence[str]) -> list[float]:
    """For each text the cosine of its keywords' weights and the query's.

    A keyword counts once however often it comes, and weighs more the fewer of these texts have it; those of the query
    that no text has count for nothing. A score depends on the other texts: it is good for an order among them only.
    """
    found = [frozenset(keywords(text, None)) for text in texts]
    has = Counter(keyword for some in found for keyword in some)
    # the weight of a keyword, squared: in a cosine of sets it comes in no other way
    squared = {keyword: (math.log((1 + len(texts)) / (1 + count)) + 1) ** 2 for keyword, count in has.items()}
    wanted = [keyword for keyword in keywords(query, None) if keyword in squared]
    length = math.fsum(squared[keyword] for keyword in wanted)
    similar: list[float] = []
    for some in found:
        shared = math.fsum(squared[keyword] for keyword in wanted if keyword in some)
        own = math.fsum(squared[keyword] for keyword in some)
        similar.append(min(1.0, shared / math.sqrt(length * own)) if shared else 0.0)
    return similar


def reciprocal_ranks(rankings: Sequence[Sequence[str]], k: int = _FLATTENING) -> dict[str, float]:
    """Each node's ranks in several rankings as one score, best first: 1 is the first of all of them.

    For searches whose scores can't be compared. A node counts in each ranking once, where it comes first.
    """
    points: dict[str, float] = {}
    for ranking in rankings:
        for rank, node_id in enumerate(dict.fromkeys(ranking), 1):
            points[node_id] = points.get(node_id, 0.0) + 1 / (k + rank)
    most = len(rankings) / (k + 1)
    return {
        node_id: min(1.0, score / most)
        for node_id, score in sorted(points.items(), key=lambda pair: (-pair[1], pair[0]))
    }
