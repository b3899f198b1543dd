"""Embeddings and rankings that depend only on the text: the same in every run and on every machine."""

from __future__ import annotations

import hashlib
import math


def embedding(text: str, dimensions: int) -> list[float]:
    """A unit vector; texts that share words lie nearer to each other."""
    total = [0.0] * dimensions
    for word in text.lower().split() or [""]:
        digest = hashlib.sha256(word.encode()).digest()
        for i in range(dimensions):
            total[i] += (digest[i % 32] ^ (i // 32 * 37 & 255)) / 127.5 - 1
    norm = math.sqrt(sum(x * x for x in total)) or 1.0
    return [x / norm for x in total]


def score(query: str, document: str) -> float:
    """The share of the query's words that the document has."""
    words = set(query.lower().split())
    return len(words & set(document.lower().split())) / len(words) if words else 0.0
