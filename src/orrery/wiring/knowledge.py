"""The services of knowledge bases, built from the ground floor's parts and those of other rooms."""

from __future__ import annotations

import msgspec

from orrery.apps.catalog.dataset_keys import DatasetKeys
from orrery.apps.catalog.tags import TagService
from orrery.jobs.declaration import Handler
from orrery.knowledge.datasets import store
from orrery.knowledge.datasets.metadata import MetadataFields
from orrery.knowledge.datasets.models import DatasetModels
from orrery.knowledge.datasets.service import Datasets
from orrery.knowledge.datasets.settling import Settlement
from orrery.knowledge.documents.dropping import DatasetRemoval
from orrery.knowledge.documents.listing import DocumentList
from orrery.knowledge.documents.service import Documents
from orrery.knowledge.documents.sources import SourceFiles
from orrery.knowledge.index.embeddings import StoredEmbeddings
from orrery.knowledge.index.store import DatabaseIndex
from orrery.knowledge.indexing.anew import IndexingAnew
from orrery.knowledge.indexing.cleaning import Cleaning
from orrery.knowledge.indexing.job import Indexing
from orrery.knowledge.indexing.stages import Stages
from orrery.knowledge.indexing.sweeping import Sweeping
from orrery.knowledge.searching.joins import AppJoins
from orrery.knowledge.searching.parts import SearchNeeds, SearchParts
from orrery.knowledge.searching.query_vectors import QueryVectors
from orrery.knowledge.segments.children import ChildChunks
from orrery.knowledge.segments.document_states import DocumentStates
from orrery.knowledge.segments.entries import EmbedderOf, Entries
from orrery.knowledge.segments.service import Segments
from orrery.knowledge.segments.view import Sign
from orrery.retrieval.embedding import Embedder
from orrery.retrieval.recent_queries import RecentQueries
from orrery.wiring.ground import Ground
from orrery.wiring.source_files import UploadedSources
from orrery.workspaces.members.names import AccountNames
from orrery.workspaces.parts import Workspaces


class Knowledge(msgspec.Struct, frozen=True, kw_only=True):
    """Every service of knowledge bases, by name."""

    keys: DatasetKeys
    tags: TagService
    models: DatasetModels
    datasets: Datasets
    fields: MetadataFields
    settlement: Settlement
    removal: DatasetRemoval
    listing: DocumentList
    states: DocumentStates
    documents: Documents
    sources: SourceFiles
    index: DatabaseIndex
    segments: Segments
    children: ChildChunks
    search: SearchParts
    joins: AppJoins
    background: tuple[Handler, ...]
    """The jobs of this room, for the catalog."""


def build_knowledge(ground: Ground, workspaces: Workspaces, sign: Sign) -> Knowledge:
    """Builds every service; opens nothing. ``sign`` renews links to files inside texts."""
    database, outbox, limits = ground.database, ground.outbox, ground.settings.knowledge
    longest = limits.longest_chunk
    sources = UploadedSources(database, ground.storage)
    names = AccountNames(database)
    tags = TagService(database, store.exists)
    models = DatasetModels(workspaces.offer, workspaces.vendors)
    anew = IndexingAnew(outbox)
    index, recent = DatabaseIndex(database), RecentQueries()

    def embedder(workspace_id: str) -> Embedder:
        kept = StoredEmbeddings(database, workspace_id)
        return Embedder(workspaces.models.gateway(workspace_id), kept, QueryVectors(recent, workspace_id))

    entries = Entries(embedder)
    return Knowledge(
        keys=DatasetKeys(database),
        tags=tags,
        models=models,
        datasets=Datasets(database, models, names, tags, anew),
        fields=MetadataFields(database, names),
        settlement=Settlement(models),
        removal=DatasetRemoval(database, outbox, tags),
        listing=DocumentList(database, names),
        states=DocumentStates(database),
        documents=Documents(database, outbox, sources, names, longest_chunk=longest),
        sources=sources,
        index=index,
        joins=AppJoins(),
        segments=Segments(database, entries, sign, most=limits.segments_at_once),
        children=ChildChunks(database, entries),
        search=SearchParts.build(
            SearchNeeds(database=database, index=index, models=workspaces.models.gateway, embedder=embedder, sign=sign)
        ),
        background=_indexing_jobs(ground, embedder, sources, longest),
    )


def _indexing_jobs(ground: Ground, embedder: EmbedderOf, sources: SourceFiles, longest: int) -> tuple[Handler, ...]:
    database = ground.database
    indexing = Indexing(database, Stages(database, sources, ground.units, embedder), longest_chunk=longest)
    cleaning = Cleaning(database, ground.outbox, sources)
    sweeping = Sweeping(database, ground.outbox)
    return (indexing.index, cleaning.clean, cleaning.drop, sweeping.sweep)
