"""Draft variables on every database: two processes that write the same ones at once, large values, what goes away."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, update
from tests.integration.runs.house import House
from tests.support.dsl import chain, end, start

from orrery.apps.catalog.tables import App
from orrery.apps.files.tables import UploadFile
from orrery.apps.inspector.kept import KeptValue
from orrery.apps.inspector.parts import Inspector
from orrery.apps.inspector.store import Place
from orrery.apps.runs.truncation import DisplayLimits
from orrery.storage.local import LocalStorage


def kept(name: str, value: object, kind: str = "string") -> KeptValue:
    return KeptValue(node_id="n", name=name, value=value, value_type=kind)


async def test_writers_at_once_leave_one_row_for_each_variable(home: House, tmp_path: Path) -> None:
    app_id = await home.new_app("workflow", chain(start("word"), end(said=("start", "word"))))
    place = Place(home.who.workspace_id, app_id, home.who.account_id)

    def opened() -> Inspector:
        storage, limits = LocalStorage(tmp_path / "objects"), DisplayLimits(string_length=10)
        return Inspector.build(home.database, storage, home.office.files.values, limits, storage_type="local")

    one, other = opened(), opened()
    await asyncio.gather(
        one.keeper.keep(place, [kept("text", "short"), kept("Text", "another"), kept("long", "x" * 50)]),
        other.keeper.keep(place, [kept("text", "short"), kept("Text", "another"), kept("long", "x" * 50)]),
    )
    rows = {row.name: row for row in await one.drafts.of_node(place, "n")}
    assert sorted(rows) == ["Text", "long", "text"]
    assert rows["long"].value == '"xxxxxxxxxx..."'
    known = await other.keeper.known(place.workspace_id, app_id, place.user_id, ["n"])
    assert known == {"n": {"text": "short", "Text": "another", "long": "x" * 50}}
    async with home.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(UploadFile)) == 1
    assert len([path for path in (tmp_path / "objects").rglob("*") if path.is_file()]) == 1
    # The node runs again and gives less: what it no longer gives goes away with its file.
    await one.keeper.keep(place, [kept("text", "\x00 and 😀")])
    known = await one.keeper.known(place.workspace_id, app_id, place.user_id, ["n"])
    assert known == {"n": {"text": "\x00 and 😀"}}
    assert not [path for path in (tmp_path / "objects").rglob("*") if path.is_file()]
    page, total = await one.drafts.page(place, page=1, limit=10)
    assert ([row.name for row in page], total) == (["text"], 1)
    await one.drafts.delete_all(place)
    assert (await one.drafts.page(place, page=1, limit=10))[1] == 0


async def test_files_of_values_whose_app_is_gone_are_taken_away(home: House, tmp_path: Path) -> None:
    if home.database.dialect != "sqlite":
        pytest.skip("the same statement everywhere")
    app_id = await home.new_app("workflow", chain(start("word"), end(said=("start", "word"))))
    place = Place(home.who.workspace_id, app_id, home.who.account_id)
    storage, limits = LocalStorage(tmp_path / "objects"), DisplayLimits(string_length=10)
    inspector = Inspector.build(home.database, storage, home.office.files.values, limits, storage_type="local")
    await inspector.keeper.keep(place, [kept("long", "x" * 50)])
    async with home.database.write() as session:
        await session.execute(update(UploadFile).values(created_at=datetime.now(UTC) - timedelta(hours=2)))
    await inspector.drafts.purge()
    assert [path for path in (tmp_path / "objects").rglob("*") if path.is_file()]
    async with home.database.write() as session:
        await session.execute(delete(App).where(App.id == app_id))
    await inspector.drafts.purge()
    assert not [path for path in (tmp_path / "objects").rglob("*") if path.is_file()]
    async with home.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(UploadFile)) == 0
