"""Chunking and exact search beside plain references measured in the same run.

    python benchmarks/retrieval.py [--megabytes 8] [--rounds 40] [--small]

Chunking: MB/s of three rules, beside ``str.split`` of the same text. Search by vectors: 20 000 x 384 and 100 000 x 768
(``--small``: only the first), top 10, beside comparing every row with simsimd in float32 and the first rows with plain
Python; recall against the float32 order. Search by words: BM25 over 20 000 passages of 60 words. Times are wall clock,
median and 95th percentile, beside the CPU time of the thread itself, which ratios and MB/s are made of: wall clock
tells more of what else the machine does.
"""

from __future__ import annotations

import argparse
import operator
import random
import time
from array import array
from collections.abc import Callable, Sequence
from heapq import nlargest
from typing import NamedTuple

from orrery.retrieval.chunking import chunks_of
from orrery.retrieval.dot_products import of_float32
from orrery.retrieval.postings import Postings, TermEntry
from orrery.retrieval.rules import AUTOMATIC, ProcessRule, Segmentation
from orrery.retrieval.scoring import VectorEntry, VectorMatrix
from orrery.retrieval.search_text import terms

TOP = 10
PLAIN_ROWS = 500


class Unit(NamedTuple):
    text: str


def timed(name: str, call: Callable[[], object], rounds: int) -> float:
    """Prints median and 95th percentile in milliseconds; returned is the median of CPU time."""
    wall: list[float] = []
    cpu: list[float] = []
    for _ in range(rounds):
        began, thread = time.perf_counter(), time.thread_time()
        call()
        cpu.append((time.thread_time() - thread) * 1000)
        wall.append((time.perf_counter() - began) * 1000)
    wall.sort()
    cpu.sort()
    print(
        f"  {name:44} {wall[rounds // 2]:8.2f} ms   p95 {wall[int(rounds * 0.95)]:8.2f} ms"
        f"   CPU {cpu[rounds // 2]:7.2f} / {cpu[int(rounds * 0.95)]:7.2f} ms"
    )
    return cpu[rounds // 2]


def some_text(size: int, dice: random.Random) -> str:
    words = ["".join(dice.choices("abcdefghijklmnopqrstuvwxyz", k=dice.randint(2, 9))) for _ in range(4000)]
    paragraphs: list[str] = []
    length = 0
    while length < size:
        sentences = (" ".join(dice.choices(words, k=dice.randint(5, 20))) + ". " for _ in range(dice.randint(2, 12)))
        paragraphs.append("".join(sentences))
        length += len(paragraphs[-1])
    return "\n".join(paragraphs)


def chunking(megabytes: int, rounds: int) -> None:
    text = some_text(megabytes * 1_000_000, random.Random(1))
    lines = Segmentation("\n", 1024, 50)
    children = Segmentation("\n", 200, 0)
    rules = {
        "custom, by line, 1024/50": (ProcessRule("custom", True, False, lines), "text_model"),
        "custom, cleaned of addresses": (ProcessRule("custom", True, True, lines), "text_model"),
        "automatic, 500/50": (AUTOMATIC, "text_model"),
        "parents and children": (ProcessRule("hierarchical", True, False, lines, "paragraph", children), "hierarchical_model"),
    }  # fmt: skip
    print(f"chunking {len(text) / 1e6:.1f} MB")
    reference = timed("reference: str.split", lambda: text.split("\n"), rounds)
    for name, (rule, form) in rules.items():
        took = timed(name, lambda rule=rule, form=form: chunks_of([Unit(text)], rule, form), rounds)
        print(f"    {len(text) / 1e3 / took:8.1f} MB/s, {took / reference:.0f} x the reference")
    print(f"    search text {len(text) / 1e3 / timed('terms', lambda: terms(text), rounds):8.1f} MB/s")


def rows_of(count: int, length: int, dice: random.Random) -> array[float]:
    """Unit vectors in clusters, as those of texts are, made of few random blocks."""
    noise = array("f", (dice.gauss(0, 1) for _ in range(50_000)))
    middles = [[dice.gauss(0, 1) for _ in range(length)] for _ in range(40)]
    found = array("f")
    for _ in range(count):
        start, middle = dice.randrange(len(noise) - length), dice.choice(middles)
        row = [m + 0.8 * n for m, n in zip(middle, noise[start : start + length], strict=True)]
        scale = sum(map(operator.mul, row, row)) ** -0.5
        found.extend([number * scale for number in row])
    return found


def searching(count: int, length: int, rounds: int) -> None:
    dice = random.Random(2)
    rows = rows_of(count, length, dice)
    matrix = VectorMatrix()
    began = time.perf_counter()
    for start in range(0, count, 1000):
        matrix.put(
            VectorEntry(f"{row:07}", f"d{row // 100}", rows[row * length : (row + 1) * length].tobytes())
            for row in range(start, start + 1000)
        )
    took = time.perf_counter() - began
    print(f"exact search of {count} x {length} (loaded in {took:.1f} s, {matrix.nbytes / 1e6:.0f} MB)")
    queries = iter([rows_of(1, length, random.Random(seed)) for seed in range(rounds * 4)])
    seen: list[array[float]] = []

    def everything() -> None:
        seen.append(next(queries))
        expected(seen[-1], rows)

    reference = timed("reference: every row in float32", everything, rounds)
    found = timed("VectorMatrix.best", lambda: matrix.best(next(queries).tobytes(), TOP), rounds)
    print(f"    {reference / found:.1f} x as fast as the reference")
    documents = frozenset(f"d{n}" for n in range(0, count // 100, 2))
    timed(
        "VectorMatrix.best in half of the documents",
        lambda: matrix.best(next(queries).tobytes(), TOP, 0, documents),
        rounds,
    )
    few = frozenset(list(documents)[:10])
    timed("VectorMatrix.best in 10 documents", lambda: matrix.best(next(queries).tobytes(), TOP, 0, few), rounds)
    part = rows[: PLAIN_ROWS * length]
    plain = timed(f"plain Python, {PLAIN_ROWS} rows", lambda: by_hand(seen[0], part), 5)
    print(f"    so {plain * count / PLAIN_ROWS:.0f} ms for all rows: {plain * count / PLAIN_ROWS / found:.0f} x")
    same = total = 0
    for query in seen:
        hits = {int(hit.node_id) for hit in matrix.best(query.tobytes(), TOP)}
        same += len(hits & set(expected(query, rows)))
        total += TOP
    print(f"    recall of the {TOP} best against float32: {same / total:.4f}")


def expected(query: array[float], rows: array[float]) -> Sequence[int]:
    scores = of_float32(query, rows)
    return nlargest(TOP, range(len(scores)), key=scores.__getitem__)


def by_hand(query: array[float], rows: array[float]) -> Sequence[int]:
    length = len(query)
    scores = [sum(map(operator.mul, query, rows[at : at + length])) for at in range(0, len(rows), length)]
    return nlargest(TOP, range(len(scores)), key=scores.__getitem__)


def by_words(rounds: int) -> None:
    dice = random.Random(3)
    words = [f"w{n}" for n in range(30_000)]
    weights = [1 / (n + 2) for n in range(30_000)]
    texts = [dice.choices(words, weights, k=60) for _ in range(20_000)]
    postings = Postings()
    began = time.perf_counter()
    postings.put(TermEntry(f"{n:07}", f"d{n // 100}", text) for n, text in enumerate(texts))
    print(f"BM25 of 20000 x 60 words (built in {time.perf_counter() - began:.1f} s, {postings.nbytes / 1e6:.0f} MB)")
    sets = [frozenset(text) for text in texts]
    common, mixed, rare = ["w0", "w1", "w2"], ["w0", "w3", "w4000", "w9000"], ["w4000", "w9000"]
    timed(
        "reference: which passages have the rare words",
        lambda: [n for n, s in enumerate(sets) if not s.isdisjoint(rare)],
        rounds,
    )
    for name, query in (("common words", common), ("common and rare words", mixed), ("rare words", rare)):
        timed(name, lambda query=query: postings.best(query, TOP), rounds)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--small", action="store_true")
    given = parser.parse_args()
    chunking(given.megabytes, max(3, given.rounds // 8))
    searching(20_000, 384, given.rounds)
    if not given.small:
        searching(100_000, 768, given.rounds)
    by_words(given.rounds)


if __name__ == "__main__":
    main()
