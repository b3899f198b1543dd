"""`Postings`: which entry has which term, in memory, ranked by BM25 or by the keywords shared.

Twelve bytes for each term of an entry. An entry is a row; a removed row is only marked, and swept out with others when
they have become many, while the numbers that scores are made of are always those of the entries that are there.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from heapq import nlargest
from threading import Lock

import msgspec

from orrery.retrieval.stores.protocol import Hit

_SATURATION = 1.2
_LENGTH_WEIGHT = 0.75
_ROUNDING = 1e-9
_COUNT_BITS = 16
_MOST = (1 << _COUNT_BITS) - 1
_TERM_BYTES, _ENTRY_BYTES, _PAIR_BYTES = 260, 340, 12  # as measured, the strings and the dictionaries among them


class TermEntry(msgspec.Struct, frozen=True):
    """What `Postings` is told of an entry; ``terms`` as they come in the text, repeated ones too."""

    node_id: str
    document_id: str
    terms: Sequence[str]


class Postings:
    """Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._clear()

    def __len__(self) -> int:
        return len(self._row_of)

    @property
    def nbytes(self) -> int:
        """An estimate of the memory that this holds."""
        return len(self._number_of) * _TERM_BYTES + len(self._nodes) * _ENTRY_BYTES + self._pairs * _PAIR_BYTES

    def put(self, entries: Iterable[TermEntry]) -> None:
        """Adds entries, or replaces those with the same node id."""
        with self._lock:
            for entry in entries:
                self._forget(entry.node_id)
                self._add(entry.node_id, entry.document_id, Counter(entry.terms), len(entry.terms))
            self._sweep()

    def remove(self, node_ids: Iterable[str]) -> None:
        """Those that are not there are no fault."""
        with self._lock:
            for node_id in node_ids:
                self._forget(node_id)
            self._sweep()

    def best(self, terms: Sequence[str], top_k: int, documents: frozenset[str] | None = None) -> list[Hit]:
        """By BM25, as a share of the most that an entry could get for these terms, so between 0 and 1."""
        if top_k < 1:
            return []
        with self._lock:
            wanted = {term: self._rarity(term) for term in dict.fromkeys(terms)}
            most = sum(wanted.values())
            known = sorted((t for t in wanted if t in self._number_of), key=lambda t: -wanted[t])
            scores: dict[int, float] = {}
            done, left = 0.0, sum(wanted[term] for term in known) + _ROUNDING
            for term in known:
                postings, rarity = self._postings[self._number_of[term]], wanted[term]
                # when the rest can't lift a row that has none of the rare terms, only rows found already are looked at
                if done > left and len(scores) >= top_k and nlargest(top_k, scores.values())[-1] > left:
                    self._raise_found(scores, postings, rarity)
                else:
                    self._raise_all(scores, postings, rarity, documents)
                done, left = done + rarity, left - rarity
            return self._ranked(scores, most, top_k)

    def matching(self, keywords: Sequence[str], top_k: int, documents: frozenset[str] | None = None) -> list[Hit]:
        """By the share of the keywords that an entry has."""
        with self._lock:
            wanted = dict.fromkeys(keywords)
            shared: Counter[int] = Counter()
            for keyword in wanted:
                if (number := self._number_of.get(keyword)) is not None:
                    rows = (item >> _COUNT_BITS for item in self._postings[number])
                    shared.update(row for row in rows if self._is_wanted(row, documents))
            return self._ranked(shared, len(wanted), top_k)

    def _clear(self) -> None:
        self._row_of: dict[str, int] = {}
        self._nodes: list[str] = []
        self._documents: list[str | None] = []  # None: a removed row
        self._lengths = array("I")
        self._terms_of: list[array[int]] = []
        self._number_of: dict[str, int] = {}
        self._postings: list[array[int]] = []  # row << 16 | count, by row
        self._frequency = array("I")
        self._length = self._pairs = 0

    def _add(self, node_id: str, document_id: str, counts: Mapping[str, int], length: int) -> None:
        row = len(self._nodes)
        numbers = array("I")
        for term, count in counts.items():
            number = self._number_of.setdefault(term, len(self._postings))
            if number == len(self._postings):
                self._postings.append(array("Q"))
                self._frequency.append(0)
            self._postings[number].append(row << _COUNT_BITS | min(count, _MOST))
            self._frequency[number] += 1
            numbers.append(number)
        self._row_of[node_id] = row
        self._nodes.append(node_id)
        self._documents.append(document_id)
        self._terms_of.append(numbers)
        self._lengths.append(length)
        self._length += length
        self._pairs += len(numbers)

    def _forget(self, node_id: str) -> None:
        row = self._row_of.pop(node_id, None)
        if row is not None:
            self._documents[row] = None
            self._length -= self._lengths[row]
            for number in self._terms_of[row]:
                self._frequency[number] -= 1

    def _sweep(self) -> None:
        """Builds all anew once most rows are removed ones: each removal pays for its part of it."""
        if len(self._nodes) < 2 * len(self._row_of) + 64:
            return
        counts: dict[int, dict[str, int]] = {row: {} for row in self._row_of.values()}
        for term, number in self._number_of.items():
            for item in self._postings[number]:
                if (found := counts.get(item >> _COUNT_BITS)) is not None:
                    found[term] = item & _MOST
        kept = [(self._nodes[row], self._documents[row] or "", counts[row], self._lengths[row]) for row in counts]
        self._clear()
        for node_id, document_id, found, length in kept:
            self._add(node_id, document_id, found, length)

    def _raise_all(
        self, scores: dict[int, float], postings: array[int], rarity: float, documents: frozenset[str] | None
    ) -> None:
        """The hot loop: a common word has an entry for every passage, so nothing in it is called that can be inlined."""
        fixed, by_length = self._dampening()
        known, lengths, score_of = self._documents, self._lengths, scores.get
        for item in postings:
            row, count = item >> _COUNT_BITS, item & _MOST
            document = known[row]
            if document is not None and (documents is None or document in documents):
                weight = rarity * count / (count + fixed + by_length * lengths[row])
                scores[row] = score_of(row, 0.0) + weight

    def _raise_found(self, scores: dict[int, float], postings: array[int], rarity: float) -> None:
        fixed, by_length = self._dampening()
        for row in scores:
            place = bisect_left(postings, row << _COUNT_BITS)
            if place < len(postings) and postings[place] >> _COUNT_BITS == row:
                count = postings[place] & _MOST
                scores[row] += rarity * count / (count + fixed + by_length * self._lengths[row])

    def _dampening(self) -> tuple[float, float]:
        """What BM25 adds to a count below the line: always, and for each term that the entry has."""
        mean = self._length / len(self._row_of) if self._length else 1.0
        return _SATURATION * (1 - _LENGTH_WEIGHT), _SATURATION * _LENGTH_WEIGHT / mean

    def _is_wanted(self, row: int, documents: frozenset[str] | None) -> bool:
        document = self._documents[row]
        return document is not None and (documents is None or document in documents)

    def _rarity(self, term: str) -> float:
        number = self._number_of.get(term)
        has = self._frequency[number] if number is not None else 0
        return math.log1p((len(self._row_of) - has + 0.5) / (has + 0.5))

    def _ranked(self, scores: Mapping[int, float], most: float, top_k: int) -> list[Hit]:
        if len(scores) > top_k > 0:
            least = nlargest(top_k, scores.values())[-1]  # numbers alone are compared ten times as fast
            scores = {row: score for row, score in scores.items() if score >= least}
        best = sorted(scores.items(), key=lambda pair: (-pair[1], self._nodes[pair[0]]))[:top_k]
        return [Hit(self._nodes[row], self._documents[row] or "", score / most) for row, score in best]
