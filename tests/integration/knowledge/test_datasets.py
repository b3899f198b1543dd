"""Datasets, their metadata and the lists of their documents, on every database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import update
from tests.integration.knowledge.indexing_world import ECONOMY, HashModel, World, world
from tests.support.databases import BACKENDS

from orrery.apps.catalog.dataset_keys import DatasetKeys
from orrery.apps.catalog.errors import MaxKeysExceeded
from orrery.apps.catalog.service import Actor
from orrery.apps.catalog.tags import TagService
from orrery.cache.memory import MemoryCache
from orrery.egress import GuardedHttpClient, operator_policy
from orrery.inference.check import CredentialCheck
from orrery.inference.registry import ProviderRegistry
from orrery.inference.transport import ModelTransport
from orrery.knowledge.datasets import store
from orrery.knowledge.datasets.access import Member
from orrery.knowledge.datasets.errors import DatasetNameDuplicate, NoDatasetAccess
from orrery.knowledge.datasets.metadata import DocumentValues, FieldValue, MetadataFields
from orrery.knowledge.datasets.models import DatasetModels
from orrery.knowledge.datasets.service import DatasetChange, DatasetDraft, Datasets
from orrery.knowledge.documents.listing import DocumentList, Sort
from orrery.knowledge.documents.tables import DocumentSegment
from orrery.security.encryption import Vault
from orrery.workspaces.accounts.tables import Account
from orrery.workspaces.members.names import AccountNames
from orrery.workspaces.members.tables import Membership
from orrery.workspaces.models.offer import Offer
from orrery.workspaces.models.sealing import Seal
from orrery.workspaces.models.snapshot import Snapshots
from orrery.workspaces.models.vendors import Vendors

pytestmark = pytest.mark.parametrize("backend", BACKENDS)


class Shelf(msgspec.Struct, frozen=True):
    """The services over a world, and two members of its workspace."""

    house: World
    datasets: Datasets
    fields: MetadataFields
    listing: DocumentList
    tags: TagService
    keys: DatasetKeys
    ada: Member
    bob: Member


@pytest.fixture
async def shelf(backend: str, tmp_path: Path) -> AsyncIterator[Shelf]:
    async with (
        world(backend, tmp_path, HashModel()) as house,
        GuardedHttpClient(operator_policy(allow_private=False)) as http,
    ):
        database, registry = house.database, ProviderRegistry()
        names, tags = AccountNames(database), TagService(database, store.exists)
        vendors = Vendors(registry, CredentialCheck(registry, ModelTransport(http)))
        offer = Offer(database, Snapshots(database, MemoryCache()), vendors, Seal(Vault(secret_key="x" * 32)))
        bob = Account(name="Bob", email=f"{house.who.workspace_id}@example.com")
        async with database.write() as session:
            session.add(bob)
            await session.flush()
            for account_id, role in ((house.who.account_id, "owner"), (bob.id, "editor")):
                session.add(Membership(tenant_id=house.who.workspace_id, account_id=account_id, role=role))
        yield Shelf(
            house=house,
            datasets=Datasets(database, DatasetModels(offer, vendors), names, tags, house.anew),
            fields=MetadataFields(database, names),
            listing=DocumentList(database, names),
            tags=tags,
            keys=DatasetKeys(database),
            ada=Member(house.who.workspace_id, house.who.account_id, "owner"),
            bob=Member(house.who.workspace_id, bob.id, "editor"),
        )


async def seen(shelf: Shelf, who: Member, **more: object) -> list[str]:
    views, total = await shelf.datasets.page(who, **{"page": 1, "limit": 20, **more})  # pyright: ignore[reportArgumentType]
    assert total == len(views)
    return [view.dataset.name for view in views]


async def test_names_lists_and_sharing(shelf: Shelf) -> None:
    drafts = [shelf.datasets.create(shelf.ada, DatasetDraft(name="At once")) for _ in range(3)]
    ended = await asyncio.gather(*drafts, return_exceptions=True)
    assert sum(isinstance(one, DatasetNameDuplicate) for one in ended) == 2
    keys = [shelf.keys.add(Actor(shelf.ada.workspace_id, shelf.ada.account_id)) for _ in range(12)]
    made = await asyncio.gather(*keys, return_exceptions=True)
    assert sum(isinstance(one, MaxKeysExceeded) for one in made) == 2
    shared = await shelf.datasets.create(shelf.bob, DatasetDraft(name="Größe 100%", permission="partial_members"))
    await shelf.datasets.create(shelf.bob, DatasetDraft(name="For all", permission="all_team_members"))
    tag = await shelf.tags.create(Actor(shelf.ada.workspace_id, shelf.ada.account_id), "knowledge", "t")
    actor = Actor(shelf.bob.workspace_id, shelf.bob.account_id)
    await shelf.tags.bind(actor, "knowledge", [tag.id], shared.dataset.id)
    assert await seen(shelf, shelf.bob) == ["For all", "Größe 100%"]
    assert await seen(shelf, shelf.ada) == ["For all", "At once"]
    assert await seen(shelf, shelf.ada, include_all=True, keyword="0%") == ["Größe 100%"]
    assert await seen(shelf, shelf.bob, tag_ids=[tag.id]) == ["Größe 100%"]
    assert await seen(shelf, shelf.bob, tag_ids=[tag.id], ids=["x"]) == []
    change = DatasetChange(partial_member_list=[shelf.ada.account_id, shelf.ada.account_id])
    view = await shelf.datasets.change(shelf.bob, shared.dataset.id, change)
    assert (list(view.members), view.author) == ([shelf.ada.account_id], "Bob")
    assert await seen(shelf, shelf.ada) == ["For all", "Größe 100%", "At once"]
    assert await seen(shelf, Member(shelf.ada.workspace_id, shelf.ada.account_id, "dataset_operator")) == ["Größe 100%"]
    (own,) = [one.dataset for one in ended if not isinstance(one, BaseException)]
    with pytest.raises(NoDatasetAccess):
        await shelf.datasets.get(shelf.bob, own.id)
    await shelf.house.removal.drop(shelf.bob, shared.dataset.id)
    assert await shelf.tags.uses(shelf.bob.workspace_id, tag.id) == 0
    assert await seen(shelf, shelf.bob) == ["For all"]


async def test_metadata(shelf: Shelf) -> None:
    house, who = shelf.house, shelf.ada
    dataset_id = await house.dataset()
    documents = [await house.add(dataset_id, f"text {n}", ECONOMY, name=f"{n}.txt") for n in range(2)]
    assert await house.work() == {"done": 2}
    author = await shelf.fields.create(who, dataset_id, "string", "author")
    year = await shelf.fields.create(who, dataset_id, "number", "year")
    values = (FieldValue(author.id, "Ada"), FieldValue(year.id, 1843))
    changes = [DocumentValues(document_id, values) for document_id in documents]
    await shelf.fields.set_values(who, dataset_id, changes)
    await shelf.fields.rename(who, dataset_id, author.id, "writer")
    await shelf.fields.set_values(who, dataset_id, [DocumentValues(documents[0], (FieldValue(year.id, None),), True)])
    await shelf.fields.switch_built_in(who, dataset_id, enabled=True)
    held = [(await house.document(document_id)).doc_metadata for document_id in documents]
    assert isinstance(held[0], dict) and isinstance(held[1], dict)
    assert {name: held[0][name] for name in ("writer", "year", "uploader")} == {
        "writer": "Ada",
        "year": None,
        "uploader": "Ada",
    }
    assert held[1]["year"] == 1843
    await shelf.fields.delete(who, dataset_id, author.id)
    await shelf.fields.switch_built_in(who, dataset_id, enabled=False)
    assert [(await house.document(one)).doc_metadata for one in documents] == [{"year": None}, {"year": 1843}]
    fields, built_in = await shelf.fields.all(who, dataset_id)
    assert ([(field.name, count) for field, count in fields], built_in) == ([("year", 2)], False)


async def test_lists_of_documents(shelf: Shelf) -> None:
    house, who = shelf.house, shelf.ada
    dataset_id = await house.dataset()
    first, second = [await house.add(dataset_id, f"text {n}\nmore", ECONOMY, name=f"{n}_%.txt") for n in range(2)]
    assert await house.work() == {"done": 2}
    waiting = await house.add(dataset_id, "text", ECONOMY, name="waiting.txt")
    async with house.database.write() as session:
        hit = update(DocumentSegment).where(DocumentSegment.document_id == first).values(hit_count=3)
        await session.execute(hit)
    dataset = await shelf.datasets.check(who, dataset_id)

    async def ids(keyword: str = "", status: str = "", sort: Sort = "") -> list[str]:
        views, total = await shelf.listing.page(dataset, page=1, limit=10, keyword=keyword, status=status, sort=sort)
        assert total == len(views)
        return [view.document.id for view in views]

    assert await ids() == [waiting, second, first]
    assert await ids(sort="created_at") == [first, second, waiting]
    assert (await ids(sort="-hit_count"))[0] == first
    assert (await ids(sort="hit_count"))[-1] == first
    assert await ids(keyword="_%") == [second, first]
    assert (await ids(status="queuing"), await ids(status="available")) == ([waiting], [second, first])
    view = await shelf.listing.get(dataset, first)
    assert (view.hits, view.segments, view.uploader) == (6, 2, "Ada")
    progress = {one.document.id: (one.completed, one.total) for one in await shelf.listing.progress(dataset)}
    assert progress == {first: (2, 2), second: (2, 2), waiting: (0, 0)}
    shown = await shelf.datasets.get(who, dataset_id)
    assert (shown.counts.documents, shown.counts.available, shown.counts.form) == (3, 2, "text_model")
