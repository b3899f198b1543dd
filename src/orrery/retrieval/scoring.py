"""`VectorMatrix`: the vectors of one dataset in memory, searched exactly.

A float32 is kept as two halves. The upper ones alone are a vector of bfloat16, so a search reads half of the memory
first, and then whole numbers only of the rows that can be among the best for all that the lower halves may add: the
result is that of comparing every row in float32. Measured with 100 000 x 768: `benchmarks/retrieval.py`.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from heapq import nlargest, nsmallest
from threading import Lock

import msgspec

from orrery.retrieval.dot_products import of_bfloat16, of_float32
from orrery.retrieval.stores.protocol import Hit, WrongDimension
from orrery.retrieval.vectors import NUMBER_BYTES

_BLOCK = 256
_FEW = 32
_STRETCH = 30  # rows that could be read in the time that it takes to begin with another stretch of them
_AT_ONCE = 2048
_ENTRY_BYTES = 400  # strings and dictionary entries, as measured
# A row's numbers are cut off (up to 1/128 too small), the query's rounded (1/256 either way), so two products of unit
# vectors can be told apart wrongly only when they are nearer than 1/64; the rest is for sums in float32.
_DOUBT = 1 / 64 + 1 / 1024


class VectorEntry(msgspec.Struct, frozen=True):
    """``vector``: of unit length, float32 little-endian bytes."""

    node_id: str
    document_id: str
    vector: bytes


class VectorMatrix:
    """Safe to use from several threads; a search of many rows belongs into one of its own."""

    def __init__(self) -> None:
        self._high, self._low = array("H"), array("H")
        self._length = 0
        self._nodes: list[str] = []
        self._documents: list[str] = []
        self._row_of: dict[str, int] = {}
        self._rows_of: dict[str, set[int]] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._nodes)

    @property
    def nbytes(self) -> int:
        """An estimate of the memory that this holds."""
        return len(self._nodes) * (self._length * NUMBER_BYTES + _ENTRY_BYTES)

    @property
    def numbers(self) -> int:
        """How many numbers a search looks at."""
        return len(self._high)

    def put(self, entries: Iterable[VectorEntry]) -> None:
        """Adds vectors, or replaces those with the same node id: all or none. Raises `WrongDimension`."""
        last = {entry.node_id: entry for entry in entries}
        with self._lock:
            for entry in last.values():
                self._require_length(entry.vector, len(next(iter(last.values())).vector) // NUMBER_BYTES)
            self._remove(last)
            for entry in last.values():
                self._place(len(self._nodes), entry.node_id, entry.document_id)
            if last:
                halves = array("H", b"".join(entry.vector for entry in last.values()))
                self._low.extend(halves[0::2])
                self._high.extend(halves[1::2])
                self._length = len(self._high) // len(self._nodes)

    def remove(self, node_ids: Iterable[str]) -> None:
        """Those that are not there are no fault."""
        with self._lock:
            self._remove(node_ids)

    def best(
        self, vector: bytes, top_k: int, threshold: float = 0.0, documents: frozenset[str] | None = None
    ) -> list[Hit]:
        """The nearest rows by cosine, at least ``threshold``; a negative cosine counts as 0. Raises `WrongDimension`."""
        with self._lock:
            if not self._nodes or top_k < 1:
                return []
            self._require_length(vector, self._length)
            rows = self._candidates(vector, top_k, threshold, documents)
            exact = zip(self._exact(vector, rows), rows, strict=True)
            found = nsmallest(top_k, exact, key=lambda pair: (-pair[0], self._nodes[pair[1]]))
            return [
                Hit(self._nodes[row], self._documents[row], _clamped(score))
                for score, row in found
                if _clamped(score) >= threshold
            ]

    def similar(self, vector: bytes, node_ids: Collection[str]) -> dict[str, float]:
        """The cosine of those of the nodes that are there. Raises `WrongDimension`."""
        with self._lock:
            rows = [self._row_of[node_id] for node_id in dict.fromkeys(node_ids) if node_id in self._row_of]
            if not rows:
                return {}
            self._require_length(vector, self._length)
            scores = self._exact(vector, rows)
            return {self._nodes[row]: _clamped(score) for row, score in zip(rows, scores, strict=True)}

    def _candidates(
        self, vector: bytes, top_k: int, threshold: float, documents: frozenset[str] | None
    ) -> Sequence[int]:
        """The rows among which the best ones are for certain."""
        rows: Sequence[int] = range(len(self._nodes))
        if documents is not None:
            rows = sorted(row for document in documents for row in self._rows_of.get(document, ()))
        if len(rows) <= max(top_k, _FEW):
            return rows
        scores = self._rough(_rounded(vector), rows)
        return [rows[place] for place in _near_best(scores, top_k, threshold if threshold > 0 else -1.0)]

    def _rough(self, query: array[int], rows: Sequence[int]) -> list[float]:
        """Scores of ascending rows by the upper halves: stretch by stretch, unless reading all of them is cheaper."""
        stretches = list(_runs(rows))
        if len(stretches) * _STRETCH + len(rows) <= len(self._nodes) + _STRETCH:
            return [score for first, end in stretches for score in of_bfloat16(query, self._high, first, end)]
        scores = of_bfloat16(query, self._high, 0, len(self._nodes))
        return [scores[row] for row in rows]

    def _exact(self, vector: bytes, rows: Sequence[int]) -> list[float]:
        """The score of each row, in their order."""
        query, length, scores = array("f", vector), self._length, dict[int, float]()
        ordered = sorted(rows)
        for start in range(0, len(ordered), _AT_ONCE):
            some = ordered[start : start + _AT_ONCE]
            halves = array("H", bytes(len(some) * length * NUMBER_BYTES))
            at = 0
            for first, end in _runs(some):
                to = at + 2 * (end - first) * length
                halves[at:to:2] = self._low[first * length : end * length]
                halves[at + 1 : to : 2] = self._high[first * length : end * length]
                at = to
            scores.update(zip(some, of_float32(query, array("f", halves.tobytes())), strict=True))
        return [scores[row] for row in rows]

    def _remove(self, node_ids: Iterable[str]) -> None:
        """The last row takes the place of each removed one."""
        length = self._length
        for node_id in node_ids:
            row = self._row_of.pop(node_id, None)
            if row is None:
                continue
            last = len(self._nodes) - 1
            self._leave(row)
            if row != last:
                self._leave(last)
                for half in (self._high, self._low):
                    half[row * length : (row + 1) * length] = half[last * length :]
                self._place(row, self._nodes[last], self._documents[last])
            for half in (self._high, self._low):
                del half[last * length :]
            del self._nodes[last], self._documents[last]

    def _place(self, row: int, node_id: str, document_id: str) -> None:
        if row == len(self._nodes):
            self._nodes.append(node_id)
            self._documents.append(document_id)
        else:
            self._nodes[row], self._documents[row] = node_id, document_id
        self._row_of[node_id] = row
        self._rows_of.setdefault(document_id, set()).add(row)

    def _leave(self, row: int) -> None:
        rows = self._rows_of[self._documents[row]]
        rows.discard(row)
        if not rows:
            del self._rows_of[self._documents[row]]

    def _require_length(self, vector: bytes, others: int) -> None:
        has, odd = divmod(len(vector), NUMBER_BYTES)
        wants = self._length if self._nodes else others
        if has != wants or odd or not has:
            raise WrongDimension(has, wants)


def _near_best(scores: Sequence[float], top_k: int, threshold: float) -> list[int]:
    """The places of the scores that can't be told from the ``top_k`` best, nor from reaching the threshold.

    There are more scores than ``top_k``. Looks only into those blocks whose highest score is high enough.
    """
    tops = [max(scores[start : start + _BLOCK]) for start in range(0, len(scores), _BLOCK)]
    enough = nlargest(top_k, tops)[-1] if len(tops) >= top_k else min(scores)
    pool = [scores[place] for place in _at_least(scores, tops, enough)]
    return _at_least(scores, tops, max(nlargest(top_k, pool)[-1], threshold) - _DOUBT)


def _at_least(scores: Sequence[float], tops: Sequence[float], least: float) -> list[int]:
    found: list[int] = []
    for block, top in enumerate(tops):
        if top >= least:
            start = block * _BLOCK
            found += [start + at for at, score in enumerate(scores[start : start + _BLOCK]) if score >= least]
    return found


def _runs(rows: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Ascending numbers as stretches, the end of each exclusive: the rows of a document mostly stand together."""
    if isinstance(rows, range):
        yield rows.start, rows.stop
        return
    first = end = rows[0]
    for row in rows:
        if row != end:
            yield first, end
            first = row
        end = row + 1
    yield first, end


def _rounded(vector: bytes) -> array[int]:
    """To bfloat16, ties away from zero; no number of a unit vector is so large that this could carry too far."""
    return array("H", [(bits + 0x8000) >> 16 for bits in array("I", vector)])


def _clamped(score: float) -> float:
    return min(1.0, max(0.0, score))
