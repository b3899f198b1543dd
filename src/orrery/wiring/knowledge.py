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
from orrery.knowledge.segments.document_states import DocumentStates
from orrery.wiring.ground import Ground
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
    background: tuple[Handler, ...] = ()


def build_knowledge(ground: Ground, workspaces: Workspaces) -> Knowledge:
    """Builds every service; opens nothing."""
    database = ground.database
    names = AccountNames(database)
    tags = TagService(database, store.exists)
    models = DatasetModels(workspaces.offer, workspaces.vendors)
    return Knowledge(
        keys=DatasetKeys(database),
        tags=tags,
        models=models,
        datasets=Datasets(database, models, names, tags),
        fields=MetadataFields(database, names),
        settlement=Settlement(models),
        removal=DatasetRemoval(database, ground.outbox),
        listing=DocumentList(database, names),
        states=DocumentStates(database),
    )
