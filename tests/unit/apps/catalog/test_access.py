"""Keys and addresses of apps: who is let in, for how long an answer is kept, what a change does to it."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select, update
from tests.unit.apps.catalog.place import Place

from orrery.apps.catalog import store
from orrery.apps.catalog.access import KEPT_SECONDS
from orrery.apps.catalog.errors import AppNotFound, MaxKeysExceeded, TagNameTaken
from orrery.apps.catalog.modes import CREATABLE_MODES
from orrery.apps.catalog.service import AppDraft
from orrery.apps.catalog.tables import ApiKey, App, Site, TagBinding
from orrery.errors import Forbidden, InvalidParam, NotFound, Unauthorized
from orrery.workspaces.members.tables import Workspace


async def with_key(here: Place) -> tuple[str, str]:
    app_id = await here.new_app()
    return app_id, (await here.apps.add_key(here.who, app_id)).token


async def set_aside(here: Place, app_id: str, **values: object) -> None:
    """As another process would change the app."""
    async with here.database.write() as session:
        await session.execute(update(App).where(App.id == app_id).values(**values))


async def test_a_key_opens_its_app(here: Place) -> None:
    app_id, token = await with_key(here)
    assert token.startswith("app-")
    assert len(token) == 28
    record = await here.access.by_key(token)
    assert (record.app_id, record.workspace_id, record.mode) == (app_id, here.who.workspace_id, "workflow")
    for wrong in ("", token[:-1], "dataset-" + token, token + " "):
        with pytest.raises(Unauthorized, match=r"^Access token is invalid$"):
            await here.access.by_key(wrong)


async def test_changes_of_this_process_are_seen_at_once(here: Place) -> None:
    app_id, token = await with_key(here)
    await here.access.by_key(token)
    await here.apps.change(here.who, app_id, {"enable_api": False})
    with pytest.raises(Forbidden, match="The app's API service has been disabled"):
        await here.access.by_key(token)
    await here.apps.change(here.who, app_id, {"enable_api": True, "name": "New"})
    assert (await here.access.by_key(token)).name == "New"
    (key,) = await here.apps.keys(here.who, app_id)
    await here.apps.delete_key(here.who, app_id, key.id)
    with pytest.raises(Unauthorized):
        await here.access.by_key(token)


async def test_changes_of_others_are_seen_after_a_moment(here: Place) -> None:
    app_id, token = await with_key(here)
    await here.access.by_key(token)
    await set_aside(here, app_id, status="gone")
    here.clock.advance(seconds=KEPT_SECONDS)
    await here.access.by_key(token)
    here.clock.advance(seconds=0.1)
    with pytest.raises(Forbidden, match="The app's status is abnormal"):
        await here.access.by_key(token)


async def test_a_look_up_that_a_change_overtakes_is_not_kept(here: Place) -> None:
    app_id, token = await with_key(here)
    reading = here.access._find_by_key

    async def overtaken(text: str) -> object:
        record = await reading(text)
        await here.apps.change(here.who, app_id, {"enable_api": False})
        return record

    here.access._find_by_key = overtaken  # type: ignore[method-assign,assignment]  # a change between read and keep
    await here.access.by_key(token)
    here.access._find_by_key = reading  # type: ignore[method-assign]  # as it was
    with pytest.raises(Forbidden):
        await here.access.by_key(token)


async def test_archived_workspaces_take_no_calls(here: Place) -> None:
    _, token = await with_key(here)
    async with here.database.write() as session:
        await session.execute(update(Workspace).values(status="archive"))
    with pytest.raises(Forbidden, match="The workspace's status is archived"):
        await here.access.by_key(token)


async def test_the_use_of_a_key_is_noted_once_a_minute(here: Place) -> None:
    _, token = await with_key(here)

    async def used() -> object:
        async with here.database.read() as session:
            return await session.scalar(select(ApiKey.last_used_at))

    assert await used() is None
    await here.access.by_key(token)
    first = await used()
    assert first is not None
    here.clock.advance(seconds=59)
    await here.access.by_key(token)
    assert await used() == first
    here.clock.advance(seconds=1)
    await here.access.by_key(token)
    assert await used() != first


async def test_addresses_of_pages(here: Place) -> None:
    app_id = await here.new_app()
    async with here.database.read() as session:
        code = await session.scalar(select(Site.code).where(Site.app_id == app_id))
    record = await here.access.by_code(str(code))
    assert (record.app_id, record.site_code) == (app_id, code)
    site = await here.apps.reset_site_code(here.who, app_id)
    assert site.code != code
    with pytest.raises(NotFound):
        await here.access.by_code(str(code))
    assert (await here.access.by_code(site.code)).app_id == app_id


async def test_ten_keys_are_the_most(here: Place) -> None:
    app_id = await here.new_app()
    for _ in range(10):
        await here.apps.add_key(here.who, app_id)
    with pytest.raises(MaxKeysExceeded):
        await here.apps.add_key(here.who, app_id)
    key = (await here.apps.keys(here.who, app_id))[0]
    with pytest.raises(NotFound):
        await here.apps.delete_key(here.who, await here.new_app(), key.id)
    assert await here.apps.delete_key(here.who, app_id, key.id) == key.token
    await here.apps.add_key(here.who, app_id)


@pytest.mark.parametrize("mode", CREATABLE_MODES)
async def test_each_mode_begins_with_what_it_needs(here: Place, mode: str) -> None:
    view = await here.apps.get(here.who.workspace_id, await here.new_app(mode))
    assert view.site is not None
    assert (view.config is not None) is (mode in {"chat", "completion", "agent-chat"})
    if view.config is not None:
        assert isinstance(view.config.configs, dict)
        assert view.config.configs["agent_mode"]["enabled"] is (mode == "agent-chat")


@pytest.mark.parametrize(("name", "mode"), [("", "chat"), (" ", "chat"), ("x", "channel"), ("x", "rag-pipeline")])
async def test_apps_that_can_not_be_made(here: Place, name: str, mode: str) -> None:
    with pytest.raises(InvalidParam):
        await here.apps.create(here.who, AppDraft(name=name, mode=mode))


async def test_apps_are_their_workspaces_own(here: Place) -> None:
    app_id, other = await here.new_app("chat"), await here.elsewhere()
    for call in (
        here.apps.get(other.workspace_id, app_id),
        here.apps.change(other, app_id, {"name": "x"}),
        here.apps.delete(other, app_id),
        here.apps.save_config(other, app_id, {}),
        here.apps.change_site(other, app_id, {}),
        here.apps.keys(other, app_id),
        here.apps.add_key(other, app_id),
    ):
        with pytest.raises(AppNotFound):
            await call
    with pytest.raises(AppNotFound):
        await here.apps.save_config(here.who, await here.new_app("workflow"), {})
    with pytest.raises(AppNotFound):
        await here.apps.get(here.who.workspace_id, app_id, modes=frozenset({"workflow"}))


async def test_deleting_an_app_takes_everything_of_it(here: Place) -> None:
    app_id, token = await with_key(here)
    tag = await here.tags.create(here.who, "app", "t")
    await here.tags.bind(here.who, "app", [tag.id], app_id)
    await here.apps.delete(here.who, app_id)
    with pytest.raises((Unauthorized, Forbidden)):
        await here.access.by_key(token)
    async with here.database.read() as session:
        for table in (ApiKey, Site):
            assert await session.scalar(select(func.count()).select_from(table)) == 0


async def test_tags(here: Place) -> None:
    app_id, other = await here.new_app(), await here.elsewhere()
    red, blue = [await here.tags.create(here.who, "app", name) for name in ("red", "blue")]
    foreign = await here.tags.create(other, "app", "red")
    with pytest.raises(TagNameTaken):
        await here.tags.create(here.who, "app", "red")
    await here.tags.create(here.who, "knowledge", "red")
    with pytest.raises(TagNameTaken):
        await here.tags.rename(here.who, blue.id, "red")
    assert (await here.tags.rename(here.who, red.id, "red")).name == "red"
    for call in (
        here.tags.rename(here.who, foreign.id, "x"),
        here.tags.delete(here.who, foreign.id),
        here.tags.bind(here.who, "app", [red.id, foreign.id], app_id),
        here.tags.bind(other, "app", [foreign.id], app_id),
        here.tags.unbind(other, "app", [foreign.id], app_id),
    ):
        with pytest.raises(NotFound):
            await call
    for _ in range(2):
        await here.tags.bind(here.who, "app", [red.id, red.id, blue.id], app_id)
    counts = {tag.name: number for tag, number in await here.tags.all(here.who, "app", None)}
    assert counts == {"red": 1, "blue": 1}
    assert [tag.name for tag, _ in await here.tags.all(here.who, "app", "RE")] == ["red"]
    await here.tags.unbind(here.who, "app", [red.id], app_id)
    await here.tags.unbind(here.who, "app", [red.id], app_id)
    await here.tags.delete(here.who, blue.id)
    async with here.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(TagBinding)) == 0


async def test_pages_of_apps(here: Place) -> None:
    made = [
        await here.new_app(mode, name=name) for mode, name in (("chat", "Ä 100%"), ("workflow", "b"), ("chat", "c"))
    ]
    tag = await here.tags.create(here.who, "app", "t")
    await here.tags.bind(here.who, "app", [tag.id], made[0])
    await here.new_app("chat", who=await here.elsewhere())

    async def page(**wanted: object) -> tuple[list[str], int]:
        known = {"page": 1, "limit": 2, "mode": None, "name": None, "tag_ids": (), "mine": False}
        views, total = await here.apps.page(here.who, **{**known, **wanted})  # type: ignore[arg-type]  # by name
        return [view.app.id for view in views], total

    assert await page() == ([made[2], made[1]], 3)
    assert await page(page=2) == ([made[0]], 3)
    assert await page(mode="chat") == ([made[2], made[0]], 2)
    assert await page(mode="all", limit=9) == (made[::-1], 3)
    assert await page(name="100%") == ([made[0]], 1)
    assert await page(name="%") == ([made[0]], 1)
    assert await page(tag_ids=[tag.id]) == ([made[0]], 1)
    assert await page(mine=True, limit=9) == (made[::-1], 3)


async def test_look_ups_at_once_are_all_answered(here: Place) -> None:
    app_id, token = await with_key(here)
    found = await asyncio.gather(*(here.access.by_key(token) for _ in range(20)))
    assert {record.app_id for record in found} == {app_id}
    async with here.database.read() as session:
        key = await store.find_key_app(session, token)
    assert key is not None
