"""A question on its way through several datasets: its vector is made once for each model."""

from __future__ import annotations

import asyncio

from orrery.inference.types import ModelRef
from orrery.knowledge.datasets.tables import Dataset
from orrery.knowledge.segments.entries import embedding_model
from orrery.retrieval.embedding import Embedder


class Question:
    """``text`` as it was asked."""

    def __init__(self, text: str, embedder: Embedder) -> None:
        self.text = text
        self._embedder = embedder
        self._vectors: dict[ModelRef, bytes] = {}
        self._one_at_a_time = asyncio.Lock()

    async def vector(self, dataset: Dataset) -> bytes:
        """The question as the dataset's model sees it. Raises `InvokeError`, `ProviderNotInitialized`."""
        model = embedding_model(dataset)
        async with self._one_at_a_time:
            found = self._vectors.get(model)
            if found is None:
                found = self._vectors[model] = await self._embedder.query(model, self.text)
            return found
