"""The services of knowledge bases, built from the ground floor's parts and those of other rooms."""

from __future__ import annotations

import msgspec

from orrery.apps.catalog.dataset_keys import DatasetKeys
from orrery.apps.catalog.tags import TagService
from orrery.database.engine import Database
from orrery.knowledge.datasets import store
from orrery.knowledge.datasets.metadata import MetadataFields
from orrery.knowledge.datasets.models import DatasetModels
from orrery.knowledge.datasets.service import Datasets
from orrery.workspaces.members.names import AccountNames
from orrery.workspaces.parts import Workspaces


class Knowledge(msgspec.Struct, frozen=True, kw_only=True):
    """Every service of knowledge bases, by name."""

    keys: DatasetKeys
    tags: TagService
    models: DatasetModels
    datasets: Datasets
    fields: MetadataFields


def build_knowledge(database: Database, workspaces: Workspaces) -> Knowledge:
    """Builds every service; opens nothing."""
    names = AccountNames(database)
    tags = TagService(database, store.exists)
    models = DatasetModels(workspaces.offer, workspaces.vendors)
    return Knowledge(
        keys=DatasetKeys(database),
        tags=tags,
        models=models,
        datasets=Datasets(database, models, names, tags),
        fields=MetadataFields(database, names),
    )
