"""What is left of runs and versions: logs and lists in pages, one draft of many editors, ten keys."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from tests.integration.runs.house import House
from tests.support.dsl import chain, end, start

from orrery.apps.runs.records import LogFilter
from orrery.apps.runs.tables import AppLog
from orrery.apps.workflows.errors import DraftOutOfSync
from orrery.apps.workflows.service import GraphContent, row_hash
from orrery.apps.workflows.tables import Workflow
from orrery.database import new_id

ECHO = chain(start("word"), end(said=("start", "word")))


async def test_the_log_is_for_those_who_called(home: House) -> None:
    app_id = await home.new_app("workflow", ECHO)
    for word in ("apple", "100%", "under_score"):
        await home.run(app_id, {"word": word})
    await home.run(app_id, {"word": "by bob"}, user="bob", invoke_from="web-app")
    await home.run(app_id, {"word": "tried"}, invoke_from="debugger")
    async with home.database.read() as session:
        sources = list(await session.scalars(select(AppLog.created_from).order_by(AppLog.created_at)))
    assert sources == ["service-api"] * 3 + ["web-app"]

    async def lines(**wanted: Any) -> tuple[list[str], int]:
        known: dict[str, Any] = {"page": 1, "limit": 10, **wanted}
        rows, total = await home.records.logs(app_id, LogFilter(**known))
        return [json.loads(row.run.inputs or "")["word"] for row in rows], total

    assert await lines() == (["by bob", "under_score", "100%", "apple"], 4)
    assert await lines(page=2, limit=3) == (["apple"], 4)
    assert await lines(keyword="APPLE") == (["apple"], 1)
    assert await lines(keyword="0%") == (["100%"], 1)
    assert await lines(keyword="r_s") == (["under_score"], 1)
    assert await lines(end_user_session="bob") == (["by bob"], 1)
    assert await lines(status="failed") == ([], 0)
    assert await lines(before=datetime.now(UTC) - timedelta(days=1)) == ([], 0)
    assert (await lines(after=datetime.now(UTC) - timedelta(days=1)))[1] == 4


async def test_runs_in_pages(home: House) -> None:
    app_id = await home.new_app("workflow", ECHO)
    made = [(await home.run(app_id, {"word": str(i)})).spec.run_id for i in range(5)]
    await home.run(app_id, {"word": "tried"}, invoke_from="debugger")
    seen: list[str] = []
    last = None
    for more_expected in (True, True, False):
        rows, more = await home.records.page(app_id, last_id=last, limit=2, triggered_from="app-run")
        seen += [row.id for row in rows]
        last = seen[-1]
        assert more is more_expected
    assert seen == made[::-1]
    assert await home.records.counts(app_id, triggered_from=None, since=None) == {"succeeded": 6}
    assert await home.records.counts(app_id, triggered_from="debugging", since=None) == {"succeeded": 1}
    assert (await home.records.page(new_id(), last_id=None, limit=5))[0] == []


async def test_two_editors_at_once_make_one_draft_and_one_conflict(home: House) -> None:
    app_id = await home.new_app("workflow")
    content = GraphContent(graph=ECHO, features={})
    await asyncio.gather(*(home.workflows.save_draft(home.who, app_id, content, None) for _ in range(4)))
    async with home.database.read() as session:
        drafts = list(await session.scalars(select(Workflow).where(Workflow.app_id == app_id)))
    assert len(drafts) == 1
    changed = [GraphContent(graph=ECHO, features={"n": n}) for n in range(3)]
    known = row_hash(drafts[0])
    saved = await asyncio.gather(
        *(home.workflows.save_draft(home.who, app_id, one, known) for one in changed), return_exceptions=True
    )
    assert sum(isinstance(one, DraftOutOfSync) for one in saved) == 2


async def test_no_more_than_ten_keys_even_at_once(home: House) -> None:
    app_id = await home.new_app("workflow")
    await asyncio.gather(*(home.apps.add_key(home.who, app_id) for _ in range(12)), return_exceptions=True)
    assert len(await home.apps.keys(home.who, app_id)) == 10


async def test_users_are_told_apart_by_every_character(home: House) -> None:
    app_id = await home.new_app("workflow", ECHO)
    names = ["ann", "Ann", "ann ", "änn", "ann😀"]
    users = [await home.user(app_id, name) for name in names]
    assert len({user.id for user in users}) == len(names)
    assert [(await home.user(app_id, name)).id for name in names] == [user.id for user in users]
