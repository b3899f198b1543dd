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
from orrery.knowledge.segments.document_states import DocumentStates
from orrery.retrieval.embedding import Embedder
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
    background: tuple[Handler, ...]
    """The jobs of this room, for the catalog."""


def build_knowledge(ground: Ground, workspaces: Workspaces) -> Knowledge:
    """Builds every service; opens nothing."""
    database, outbox = ground.database, ground.outbox
    longest = ground.settings.knowledge.longest_chunk
    sources = UploadedSources(database, ground.storage)
    names = AccountNames(database)
    tags = TagService(database, store.exists)
    models = DatasetModels(workspaces.offer, workspaces.vendors)
    anew = IndexingAnew(outbox)
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
        index=DatabaseIndex(database),
        background=_indexing_jobs(ground, workspaces, sources, longest),
    )


def _indexing_jobs(ground: Ground, workspaces: Workspaces, sources: SourceFiles, longest: int) -> tuple[Handler, ...]:
    database = ground.database

    def embedder(workspace_id: str) -> Embedder:
        return Embedder(workspaces.models.gateway(workspace_id), StoredEmbeddings(database, workspace_id))

    indexing = Indexing(database, Stages(database, sources, ground.units, embedder), longest_chunk=longest)
    cleaning = Cleaning(database, ground.outbox, sources)
    sweeping = Sweeping(database, ground.outbox)
    return (indexing.index, cleaning.clean, cleaning.drop, sweeping.sweep)
