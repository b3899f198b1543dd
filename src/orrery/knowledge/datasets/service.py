"""Rules about datasets: making, finding, changing, sharing (knowledge.md 1.1, 1.6, 8.5)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol, cast

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.database.engine import Database
from orrery.database.orm import utc_now
from orrery.errors import InvalidParam
from orrery.knowledge.datasets import store
from orrery.knowledge.datasets.access import PERMISSIONS, Member, check_access, check_sharing, listed_for
from orrery.knowledge.datasets.errors import (
    ApiAccessOff,
    DatasetNameDuplicate,
    DatasetNameTaken,
    DatasetNotFound,
    NoEmbeddingModel,
    NotOffered,
)
from orrery.knowledge.datasets.labels import Label, Labels
from orrery.knowledge.datasets.models import DatasetModels
from orrery.knowledge.datasets.retrieval_settings import JsonObject, checked_settings, reranker_of
from orrery.knowledge.datasets.store import DocumentCounts
from orrery.knowledge.datasets.tables import Dataset, DatasetMetadata
from orrery.workspaces.members.names import AccountNames

TECHNIQUES = frozenset({"high_quality", "economy"})
LONGEST_NAME, LONGEST_DESCRIPTION = 40, 400


class DatasetDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What a new dataset is made from, as callers send it."""

    name: str
    description: str = ""
    indexing_technique: str | None = None
    permission: str = "only_me"
    provider: str = "vendor"
    embedding_model: str | None = None
    embedding_model_provider: str | None = None
    retrieval_model: object = None
    summary_index_setting: object = None


class DatasetChange(msgspec.Struct, frozen=True, kw_only=True):
    """What changes; None leaves a field as it is."""

    name: str | None = None
    description: str | None = None
    indexing_technique: str | None = None
    permission: str | None = None
    embedding_model: str | None = None
    embedding_model_provider: str | None = None
    retrieval_model: object = None
    partial_member_list: list[str] | None = None
    icon_info: object = None
    summary_index_setting: object = None


class DatasetView(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset with what is shown beside it."""

    dataset: Dataset
    counts: DocumentCounts
    apps: int
    author: str | None
    embedding_available: bool
    labels: Sequence[Label]
    fields: Sequence[DatasetMetadata]
    members: Sequence[str]


class IndexingAnew(Protocol):
    """Has everything in a dataset indexed again."""

    async def start(self, session: AsyncSession, dataset: Dataset) -> None:
        """In the transaction that changes the dataset, whose row is locked."""
        ...


class Datasets:
    """Use cases on datasets. Each is one transaction."""

    def __init__(
        self, database: Database, models: DatasetModels, names: AccountNames, labels: Labels, anew: IndexingAnew
    ) -> None:
        self._anew = anew
        self._database = database
        self._models = models
        self._names = names
        self._labels = labels

    async def page(
        self,
        who: Member,
        *,
        page: int,
        limit: int,
        keyword: str = "",
        tag_ids: Sequence[str] = (),
        ids: Sequence[str] = (),
        include_all: bool = False,
    ) -> tuple[list[DatasetView], int]:
        """One page of what the member may list, newest first, and how many there are in all."""
        only: Collection[str] | None = ids or None
        if tag_ids:
            tagged = await self._labels.targets_of(who.workspace_id, tag_ids)
            only = tagged if only is None else tagged.intersection(only)
        async with self._database.read() as session:
            rows, total = await store.page(
                session,
                who.workspace_id,
                listed_for(who, include_all=include_all),
                page=page,
                limit=limit,
                keyword=keyword,
                ids=only,
            )
            facts = await _facts(session, rows)
        return await self._views(who.workspace_id, rows, facts), total

    async def get(self, who: Member, dataset_id: str) -> DatasetView:
        """Raises `DatasetNotFound`, `NoDatasetAccess`."""
        async with self._database.read() as session:
            dataset = await self._opened(session, who, dataset_id)
            facts = await _facts(session, [dataset])
        (view,) = await self._views(who.workspace_id, [dataset], facts)
        return view

    async def check(self, who: Member, dataset_id: str, *, by_key: bool = False) -> Dataset:
        """The dataset, if the member may use it, and by key if it takes such calls.

        Raises `DatasetNotFound`, `NoDatasetAccess`, `ApiAccessOff`.
        """
        async with self._database.read() as session:
            dataset = await self._opened(session, who, dataset_id)
        if by_key and not dataset.enable_api:
            raise ApiAccessOff
        return dataset

    async def create(self, who: Member, draft: DatasetDraft) -> DatasetView:
        """Raises `DatasetNameDuplicate`, `NoEmbeddingModel`, `NoRerankModel`, `InvalidParam`."""
        name = _checked_name(draft.name)
        _check_words(draft.indexing_technique, draft.permission, draft.description)
        if draft.provider != "vendor":
            raise NotOffered("External knowledge", "provider")
        _check_summary(draft.summary_index_setting)
        retrieval = await self._retrieval(who, draft.retrieval_model)
        embedding: tuple[str | None, str | None] = (None, None)
        if draft.indexing_technique == "high_quality":
            embedding = await self._models.embedding(
                who.workspace_id, draft.embedding_model_provider, draft.embedding_model
            )
        async with self._database.write() as session:
            await store.lock_names(session, who.workspace_id)
            if await store.is_named(session, who.workspace_id, name):
                raise DatasetNameDuplicate
            dataset = Dataset(
                tenant_id=who.workspace_id,
                name=name,
                description=draft.description,
                permission=draft.permission,
                indexing_technique=draft.indexing_technique,
                embedding_model_provider=embedding[0],
                embedding_model=embedding[1],
                retrieval_model=retrieval,
                created_by=who.account_id,
                updated_by=who.account_id,
            )
            session.add(dataset)
        return await self.get(who, dataset.id)

    async def change(self, who: Member, dataset_id: str, change: DatasetChange) -> DatasetView:
        """Raises `DatasetNotFound`, `NoDatasetAccess`, `DatasetNameTaken`, `InvalidParam` and what `create` raises."""
        name = None if change.name is None else _checked_name(change.name)
        _check_words(change.indexing_technique, change.permission, change.description)
        _check_summary(change.summary_index_setting)
        retrieval = await self._retrieval(who, change.retrieval_model)
        embedding = await self._embedding(who, change)
        async with self._database.write() as session:
            if name is not None:
                await store.lock_names(session, who.workspace_id)
            dataset = await self._opened(session, who, dataset_id, locked=True)
            if name is not None and name != dataset.name:
                if await store.is_named(session, who.workspace_id, name, other_than=dataset_id):
                    raise DatasetNameTaken
                dataset.name = name
            if change.description is not None:
                dataset.description = change.description
            if retrieval is not None:
                dataset.retrieval_model = retrieval
            if isinstance(change.icon_info, Mapping):
                dataset.icon_info = change.icon_info
            await self._share(session, who, dataset, change)
            await self._index(session, dataset, change, embedding)
            dataset.updated_by, dataset.updated_at = who.account_id, utc_now()
        return await self.get(who, dataset_id)

    async def switch_api(self, who: Member, dataset_id: str, *, enabled: bool) -> None:
        """Whether the dataset takes calls by key. Raises `DatasetNotFound`, `NoDatasetAccess`."""
        async with self._database.write() as session:
            (await self._opened(session, who, dataset_id, locked=True)).enable_api = enabled

    async def _opened(self, session: AsyncSession, who: Member, dataset_id: str, *, locked: bool = False) -> Dataset:
        dataset = await store.find(session, who.workspace_id, dataset_id, locked=locked)
        if dataset is None:
            raise DatasetNotFound
        members = (await store.members_of(session, [dataset_id])).get(dataset_id, [])
        check_access(who, dataset, shared=who.account_id in members)
        return dataset

    async def _share(self, session: AsyncSession, who: Member, dataset: Dataset, change: DatasetChange) -> None:
        members = change.partial_member_list
        now = (await store.members_of(session, [dataset.id])).get(dataset.id, [])
        check_sharing(who, dataset, change.permission, members, now)
        if change.permission is not None:
            dataset.permission = change.permission
        if dataset.permission != "partial_members":
            if now:
                await store.share_with(session, dataset, [])
        elif members is not None:
            if unknown := await store.strangers(session, who.workspace_id, members):
                raise InvalidParam(
                    f"partial_member_list: {min(unknown)} is no member of this workspace.", params="partial_member_list"
                )
            await store.share_with(session, dataset, members)

    async def _embedding(self, who: Member, change: DatasetChange) -> tuple[str, str] | None:
        """The embedding model that is asked for, else the one that a dataset without any would get.

        Raises `NoEmbeddingModel`, `InvalidParam`.
        """
        asked = (change.embedding_model_provider, change.embedding_model)
        if bool(asked[0]) != bool(asked[1]):
            raise InvalidParam(
                "embedding_model: name it together with embedding_model_provider.", params="embedding_model"
            )
        if all(asked):
            return await self._models.embedding(who.workspace_id, *asked)
        if change.indexing_technique != "high_quality":
            return None
        try:
            return await self._models.embedding(who.workspace_id, None, None)
        except NoEmbeddingModel:
            return None

    async def _index(
        self, session: AsyncSession, dataset: Dataset, change: DatasetChange, chosen: tuple[str, str] | None
    ) -> None:
        """Sets technique and embedding model; documents that were indexed by others are indexed anew."""
        if not (change.indexing_technique or change.embedding_model):
            return
        technique = change.indexing_technique or dataset.indexing_technique
        embedding: tuple[str | None, str | None] = (dataset.embedding_model_provider, dataset.embedding_model)
        if technique != "high_quality":
            embedding = (None, None)
        elif change.embedding_model or not all(embedding):
            if chosen is None:
                raise NoEmbeddingModel
            embedding = chosen
        before = (dataset.indexing_technique, dataset.embedding_model_provider, dataset.embedding_model)
        if (technique, *embedding) == before:
            return
        counts = (await store.counts_of(session, [dataset.id])).get(dataset.id)
        if technique == "economy" and counts is not None and counts.form == "hierarchical_model":
            raise InvalidParam(
                "indexing_technique: documents of the form hierarchical_model need high_quality.",
                params="indexing_technique",
            )
        dataset.indexing_technique = technique
        dataset.embedding_model_provider, dataset.embedding_model = embedding
        if counts is not None:
            await self._anew.start(session, dataset)

    async def _retrieval(self, who: Member, given: object) -> JsonObject | None:
        if given is None:
            return None
        settings = checked_settings(given)
        reranker = reranker_of(settings)
        if reranker is not None:
            await self._models.check_reranking(who.workspace_id, *reranker)
        return settings

    async def _views(self, workspace_id: str, rows: Sequence[Dataset], facts: _Facts) -> list[DatasetView]:
        # After the transaction that read the rows: these read by themselves, and nobody holds two connections.
        if not rows:
            return []
        labels = await self._labels.on(workspace_id, [row.id for row in rows])
        names = await self._names.of([row.created_by for row in rows])
        usable = await self._models.usable_embeddings(workspace_id)
        return [
            DatasetView(
                dataset=row,
                counts=facts.counts.get(row.id, DocumentCounts()),
                apps=facts.apps.get(row.id, 0),
                author=names.get(row.created_by),
                embedding_available=row.indexing_technique != "high_quality"
                or (self._models.canonical(row.embedding_model_provider or ""), row.embedding_model or "") in usable,
                labels=labels.get(row.id, ()),
                fields=facts.fields.get(row.id, ()),
                members=facts.members.get(row.id, ()) if row.permission == "partial_members" else (),
            )
            for row in rows
        ]


class _Facts(msgspec.Struct, frozen=True):
    """What is shown beside datasets, by their ids."""

    counts: Mapping[str, DocumentCounts] = {}
    apps: Mapping[str, int] = {}
    fields: Mapping[str, Sequence[DatasetMetadata]] = {}
    members: Mapping[str, Sequence[str]] = {}


async def _facts(session: AsyncSession, rows: Sequence[Dataset]) -> _Facts:
    if not rows:
        return _Facts()
    ids = [row.id for row in rows]
    return _Facts(
        await store.counts_of(session, ids),
        await store.apps_of(session, ids),
        await store.fields_of(session, ids),
        await store.members_of(session, ids),
    )


def _checked_name(name: str) -> str:
    text = name.strip()
    if not 1 <= len(text) <= LONGEST_NAME:
        raise InvalidParam(f"Name must be between 1 to {LONGEST_NAME} characters.", params="name")
    return text


def _check_words(technique: str | None, permission: str | None, description: str | None) -> None:
    if technique is not None and technique not in TECHNIQUES:
        raise InvalidParam(
            f"indexing_technique: {technique!r} is none of high_quality, economy.", params="indexing_technique"
        )
    if permission is not None and permission not in PERMISSIONS:
        words = ", ".join(sorted(PERMISSIONS))
        raise InvalidParam(f"permission: {permission!r} is none of {words}.", params="permission")
    if description is not None and len(description) > LONGEST_DESCRIPTION:
        raise InvalidParam(f"Description cannot exceed {LONGEST_DESCRIPTION} characters.", params="description")


def _check_summary(setting: object) -> None:
    if isinstance(setting, Mapping) and cast("Mapping[str, object]", setting).get("enable"):
        raise NotOffered("A summary index", "summary_index_setting")
