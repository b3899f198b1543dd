"""Keys of a workspace's knowledge: whose they are, how many, and when they stop working."""

from __future__ import annotations

import pytest
from tests.unit.apps.catalog.place import Place, add_workspace

from orrery.apps.catalog.dataset_keys import DatasetKeys
from orrery.apps.catalog.errors import MaxKeysExceeded
from orrery.apps.catalog.service import MOST_KEYS, Actor
from orrery.errors import Forbidden, NotFound, Unauthorized
from orrery.workspaces.accounts.tables import Account
from orrery.workspaces.members.tables import Membership, Workspace


@pytest.fixture
async def keys(here: Place) -> DatasetKeys:
    """Of a workspace with an owner."""
    await own(here, here.who)
    return DatasetKeys(here.database, here.clock.monotonic)


async def own(here: Place, who: Actor) -> None:
    async with here.database.write() as session:
        if await session.get(Account, who.account_id) is None:
            session.add(Account(id=who.account_id, name="An owner", email=f"{who.account_id}@example.com"))
            await session.flush()
        session.add(Membership(tenant_id=who.workspace_id, account_id=who.account_id, role="owner"))


async def test_a_key_opens_its_workspace_in_the_owners_name(here: Place, keys: DatasetKeys) -> None:
    key = await keys.add(here.who)
    assert key.token.startswith("dataset-") and len(key.token) == len("dataset-") + 24
    found = await keys.holder(key.token)
    assert (found.workspace_id, found.owner_id) == (here.who.workspace_id, here.who.account_id)
    (listed,) = await keys.all(here.who)
    assert listed.last_used_at is not None


async def test_keys_of_apps_and_of_nothing_open_nothing(here: Place, keys: DatasetKeys) -> None:
    app_key = await here.apps.add_key(here.who, await here.new_app())
    for token in (app_key.token, "dataset-nothing", ""):
        with pytest.raises(Unauthorized):
            await keys.holder(token)
    dataset_key = await keys.add(here.who)
    with pytest.raises(Unauthorized):
        await here.access.by_key(dataset_key.token)
    with pytest.raises(NotFound):
        await keys.delete(here.who, app_key.id)


async def test_a_deleted_key_stops_at_once(here: Place, keys: DatasetKeys) -> None:
    key = await keys.add(here.who)
    await keys.holder(key.token)
    stranger = await add_workspace(here.database)
    with pytest.raises(NotFound):
        await keys.delete(stranger, key.id)
    await keys.holder(key.token)
    await keys.delete(here.who, key.id)
    with pytest.raises(Unauthorized):
        await keys.holder(key.token)
    assert await keys.all(here.who) == []


async def test_what_is_kept_is_looked_up_again(here: Place, keys: DatasetKeys) -> None:
    key = await keys.add(here.who)
    await keys.holder(key.token)
    async with here.database.write() as session:
        workspace = await session.get(Workspace, here.who.workspace_id)
        assert workspace is not None
        workspace.status = "archive"
    assert (await keys.holder(key.token)).workspace_status == "normal"
    here.clock.advance(seconds=10)
    with pytest.raises(Forbidden):
        await keys.holder(key.token)


async def test_a_workspace_has_at_most_ten(here: Place, keys: DatasetKeys) -> None:
    for _ in range(MOST_KEYS):
        await keys.add(here.who)
    with pytest.raises(MaxKeysExceeded):
        await keys.add(here.who)
