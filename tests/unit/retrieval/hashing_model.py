"""An embedding model that needs no network: words hashed into few numbers, the same on every machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

from orrery.inference.types import ModelRef, Usage
from orrery.retrieval.search_text import terms


def numbers_of(text: str, length: int = 64) -> list[float]:
    found = [0.0] * length
    for term in terms(text):
        digest = sha256(term.encode()).digest()
        found[int.from_bytes(digest[:4]) % length] += 1.0 if digest[4] & 1 else -1.0
    return found


class HashingModel:
    """Keeps what it was asked; ``answers`` are given first, as they are."""

    def __init__(self, length: int = 64, answers: Sequence[list[list[float]]] = ()) -> None:
        self.length = length
        self.asked: list[list[str]] = []
        self._answers = list(answers)

    async def embed(self, model: ModelRef, texts: Sequence[str]) -> tuple[list[list[float]], Usage]:
        self.asked.append(list(texts))
        if self._answers:
            return self._answers.pop(0), Usage()
        tokens = sum(len(terms(text)) for text in texts)
        return [numbers_of(text, self.length) for text in texts], Usage(prompt_tokens=tokens, total_tokens=tokens)


class KeptVectors:
    """A `VectorCache` in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], bytes] = {}
        self.lookups = 0

    async def get(self, model: ModelRef, hashes: Sequence[str]) -> dict[str, bytes]:
        self.lookups += 1
        return {key: self.kept[model.name, key] for key in hashes if (model.name, key) in self.kept}

    async def put(self, model: ModelRef, vectors: Mapping[str, bytes]) -> None:
        self.kept |= {(model.name, key): vector for key, vector in vectors.items()}
