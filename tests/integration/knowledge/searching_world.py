"""Knowledge bases that can be searched on any database: a hashing embedding, other models from the fake vendor."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.integration.knowledge.indexing_world import HIGH, LINES, World, world
from tests.support.model_server import ModelServer
from tests.unit.retrieval.hashing_model import HashingModel

from orrery.egress import GuardedHttpClient, operator_policy
from orrery.inference.gateway import InferenceGateway
from orrery.inference.registry import ProviderRegistry
from orrery.inference.transport import ModelTransport
from orrery.inference.types import ModelKind
from orrery.knowledge.datasets.tables import Dataset
from orrery.knowledge.documents.drafts import Settling
from orrery.knowledge.documents.tables import Document, DocumentSegment
from orrery.knowledge.index.embeddings import StoredEmbeddings
from orrery.knowledge.searching.for_runs import Asker, RunRetrieval
from orrery.knowledge.searching.parts import SearchNeeds, SearchParts
from orrery.knowledge.searching.service import SearchRequest
from orrery.knowledge.segments.children import ChildChunks
from orrery.knowledge.segments.document_states import DocumentStates
from orrery.knowledge.segments.entries import Entries
from orrery.knowledge.segments.place import Place
from orrery.knowledge.segments.service import Segments
from orrery.retrieval.embedding import Embedder
from orrery.workflow.nodes.knowledge_services import MetadataFilter, RetrievalRequest

APP = "0198a000-0000-7000-8000-00000000000a"


class _Stored:
    """Credentials of the fake vendor for every provider that it speaks for."""

    def __init__(self, url: str) -> None:
        self._found: Mapping[str, Mapping[str, object]] = {
            "langgenius/openai/openai": {"openai_api_key": "k-0123456789", "openai_api_base": url},
            "langgenius/vllm/vllm": {
                "endpoint_url": url, "api_key": "k-0123456789", "function_calling_type": "no_call",
            },
            "langgenius/jina/jina": {"api_key": "k-0123456789", "base_url": f"{url}/v1"},
        }  # fmt: skip

    async def find(self, provider_id: str, model: str, kind: ModelKind) -> Mapping[str, object] | None:
        return self._found.get(provider_id)


class Library:
    """``model`` is what makes the vectors."""

    def __init__(self, made: World, model: HashingModel, gateway: InferenceGateway) -> None:
        self.world, self.model = made, model

        def embedder(workspace_id: str) -> Embedder:
            return Embedder(model, StoredEmbeddings(made.database, workspace_id))

        entries = Entries(embedder)
        self.segments = Segments(made.database, entries, str, most=1000)
        self.children = ChildChunks(made.database, entries)
        self.states = DocumentStates(made.database)
        self.parts = SearchParts.build(
            SearchNeeds(database=made.database, index=made.index, models=lambda _: gateway, embedder=embedder, sign=str)
        )

    async def dataset(self, text: str, settling: Settling = HIGH, rule: object = LINES, **more: str) -> Place:
        """A dataset with one indexed document."""
        dataset_id = await self.world.dataset()
        document_id = await self.world.add(dataset_id, text, settling, rule, **more)
        await self.world.work()
        return Place(self.world.who.workspace_id, dataset_id, document_id)

    async def add(self, place: Place, text: str, metadata: Mapping[str, object] | None = None) -> Place:
        """One more document of the dataset."""
        document_id = await self.world.add(place.dataset_id, text, name=f"{text}.txt")
        await self.world.work()
        if metadata is not None:
            async with self.world.database.write() as session:
                (await session.get_one(Document, document_id)).doc_metadata = dict(metadata)
        return Place(place.workspace_id, place.dataset_id, document_id)

    async def change(self, place: Place, **columns: object) -> None:
        """Sets columns of the dataset."""
        async with self.world.database.write() as session:
            dataset = await session.get_one(Dataset, place.dataset_id)
            for name, value in columns.items():
                setattr(dataset, name, value)

    async def found(self, place: Place, query: str, **plan: object) -> list[tuple[str, float]]:
        """(content, score) of what a retrieval test finds."""
        answer: Any = await self.retrieve(place, query, **plan)
        return [(record["segment"]["content"], record["score"]) for record in answer["records"]]

    async def retrieve(self, place: Place, query: str, **plan: object) -> dict[str, object]:
        model = {
            "search_method": "semantic_search", "reranking_enable": False, "top_k": 3, "score_threshold_enabled": False,
            **plan,
        }  # fmt: skip
        request = SearchRequest(query=query, retrieval_model=model)
        account_id = self.world.who.account_id
        return await self.parts.service.retrieve(place.workspace_id, place.dataset_id, request, account_id)

    def run(self, workspace_id: str = "") -> RunRetrieval:
        """What a run of the workspace searches with."""
        asker = Asker(
            workspace_id=workspace_id or self.world.who.workspace_id, app_id=APP, role="end_user", user_id=APP
        )
        return self.parts.runs.of_run(asker)

    async def segment(self, place: Place, content: str) -> DocumentSegment:
        """The segment of the document with this text."""
        return next(one for one in await self.world.segments(place.document_id) if one.content == content)


def asking(query: str, *places: Place, **more: Any) -> RetrievalRequest:
    """What a knowledge-retrieval node asks for."""
    given: dict[str, Any] = {"mode": "multiple", "settings": {}, "model": None, "metadata": MetadataFilter(), **more}
    ids = [place.dataset_id for place in places]
    return RetrievalRequest(query=query, attachments=(), dataset_ids=ids, **given)


@asynccontextmanager
async def library(backend: str, folder: Path, model: HashingModel | None = None) -> AsyncGenerator[Library]:
    hashing = model or HashingModel(256)
    async with (
        ModelServer() as server,
        GuardedHttpClient(operator_policy(allow_private=True)) as client,
        world(backend, folder, hashing) as made,
    ):
        gateway = InferenceGateway(ProviderRegistry(), _Stored(server.url), ModelTransport(client))
        shelf = Library(made, hashing, gateway)
        try:
            yield shelf
        finally:
            await shelf.parts.notes.close()
