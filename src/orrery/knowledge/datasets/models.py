"""The models that a dataset names: embedding and reranking, among those that its workspace can call."""

from __future__ import annotations

from orrery.errors import OrreryError
from orrery.knowledge.datasets.errors import NoEmbeddingModel, NoRerankModel
from orrery.workspaces.models.offer import Offer
from orrery.workspaces.models.vendors import Vendors

EMBEDDING, RERANK = "text-embedding", "rerank"


class DatasetModels:
    """Finds models by provider, in any spelling of its id, and name."""

    def __init__(self, offer: Offer, vendors: Vendors) -> None:
        self._offer = offer
        self._vendors = vendors

    async def usable_embeddings(self, workspace_id: str) -> frozenset[tuple[str, str]]:
        """(canonical provider id, name) of each embedding model that is ready."""
        return await self._usable(workspace_id, EMBEDDING)

    async def embedding(self, workspace_id: str, provider: str | None, name: str | None) -> tuple[str, str]:
        """The model asked for, else the workspace's default, as canonical provider id and name.

        Raises `NoEmbeddingModel`.
        """
        if provider and name:
            found = (self.canonical(provider), name)
            if found not in await self.usable_embeddings(workspace_id):
                raise NoEmbeddingModel
            return found
        default = await self._offer.default(workspace_id, EMBEDDING)
        if default is None:
            raise NoEmbeddingModel
        return default[1].key.provider, default[1].key.name

    async def check_reranking(self, workspace_id: str, provider: str, name: str) -> None:
        """Raises `NoRerankModel`."""
        if (self.canonical(provider), name) not in await self._usable(workspace_id, RERANK):
            raise NoRerankModel

    def canonical(self, provider: str) -> str:
        """``author/plugin/provider``; an id that nobody knows stays as it is."""
        try:
            return self._vendors.card(provider).id
        except OrreryError:
            return provider

    async def _usable(self, workspace_id: str, kind: str) -> frozenset[tuple[str, str]]:
        ready = await self._offer.usable(workspace_id, kind)
        return frozenset((model.key.provider, model.key.name) for provider in ready for model in provider.models)
