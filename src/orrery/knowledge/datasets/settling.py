"""What a document that is added decides for a dataset of which nothing is decided yet (knowledge.md 8.6)."""

from __future__ import annotations

import msgspec

from orrery.errors import InvalidParam
from orrery.knowledge.datasets.access import Member
from orrery.knowledge.datasets.errors import NoEmbeddingModel
from orrery.knowledge.datasets.models import DatasetModels
from orrery.knowledge.datasets.retrieval_settings import checked_settings, reranker_of
from orrery.knowledge.datasets.service import TECHNIQUES
from orrery.knowledge.datasets.tables import Dataset
from orrery.knowledge.documents.drafts import Settling
from orrery.knowledge.documents.errors import TechniqueMissing
from orrery.knowledge.searching.errors import ProviderNotInitialized

_NO_MODEL = (
    "No valid model provider credentials found. Please go to Settings -> Model Provider to complete your provider"
    " credentials."
)


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """How a caller would have the dataset indexed and searched."""

    indexing_technique: str | None = None
    embedding_model: str | None = None
    embedding_model_provider: str | None = None
    retrieval_model: object = None


class Settlement:
    """Checks wishes before anything is written."""

    def __init__(self, models: DatasetModels) -> None:
        self._models = models

    async def of(self, who: Member, dataset: Dataset, wishes: Wishes) -> Settling:
        """What is decided; what the dataset has already stays.

        Raises `TechniqueMissing`, `ProviderNotInitialized`, `NoRerankModel`, `InvalidParam`.
        """
        technique = dataset.indexing_technique or wishes.indexing_technique
        if technique is None:
            raise TechniqueMissing(params="indexing_technique")
        if technique not in TECHNIQUES:
            raise InvalidParam(
                f"indexing_technique: {technique!r} is none of high_quality, economy.", params="indexing_technique"
            )
        provider, name = dataset.embedding_model_provider, dataset.embedding_model
        if technique == "high_quality" and not (provider and name):
            try:
                provider, name = await self._models.embedding(
                    who.workspace_id, wishes.embedding_model_provider, wishes.embedding_model
                )
            except NoEmbeddingModel as error:
                raise ProviderNotInitialized(_NO_MODEL) from error
        settings = None if wishes.retrieval_model is None else checked_settings(wishes.retrieval_model)
        reranker = None if settings is None else reranker_of(settings)
        if reranker is not None:
            await self._models.check_reranking(who.workspace_id, *reranker)
        return Settling(
            indexing_technique=technique,
            embedding_model=name,
            embedding_model_provider=provider,
            retrieval_model=settings,
        )
