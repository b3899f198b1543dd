"""Two versions of the program over the same runs: each takes over what it reads, and leaves what only the other does."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import cast

import msgspec
import pytest
from sqlalchemy import update
from tests.integration.runs.house import House
from tests.support.dsl import JsonObject, chain, end, llm, start

from orrery.apps.runs.form import FORM, in_this_form, is_newer
from orrery.apps.runs.spec import RunSpec
from orrery.apps.runs.tables import WorkflowRun

_MODEL = llm("mock", "Say {{#start.word#}}")
_TWICE: JsonObject = {"retry_config": {"retry_enabled": True, "max_retries": 1, "retry_interval": 1}}
ASKS = chain(
    start("word"), {**_MODEL, "data": {**cast("JsonObject", _MODEL["data"]), **_TWICE}}, end(said=("llm", "text"))
)
"""Its model may be asked twice, so that the run goes on after a takeover."""


async def lost(home: House, app_id: str) -> str:
    """A run whose process is gone while its model was asked."""
    home.office.models.hold()
    live = await home.office.runs.start(await home.request(app_id, {"word": "hi"}))
    async with asyncio.timeout(60):
        await home.office.models.asked.wait()
    await live.recorder.barrier()
    await live.abandon()
    past = datetime.now(UTC) - timedelta(seconds=1)
    async with home.database.write() as session:
        await session.execute(
            update(WorkflowRun).where(WorkflowRun.id == live.spec.run_id).values(lease_expires_at=past)
        )
    return live.spec.run_id


async def form_of(home: House, app_id: str, run_id: str) -> object:
    return cast("dict[str, object]", (await home.row(app_id, run_id)).request)["form"]


async def test_a_run_of_a_newer_version_waits_for_one(home: House) -> None:
    app_id = await home.new_app("workflow", ASKS)
    run_id = await lost(home, app_id)
    newer, older = home.open_office("newer"), home.open_office("older")
    newer.recovery.form = FORM + 1
    newer.models.hold()
    assert await newer.take_over() == 1
    live = newer.runs.live.by_run(run_id)
    assert live is not None
    # Whoever takes it over goes on in its own form, which the older one can't read any more.
    assert await form_of(home, app_id, run_id) == FORM + 1
    await live.abandon()
    before = await home.row(app_id, run_id)
    assert await older.take_over() == 0
    after = await home.row(app_id, run_id)
    assert (after.status, after.lease_token, after.lease_owner) == ("running", before.lease_token, before.lease_owner)
    again = home.open_office("newer again")
    again.recovery.form = FORM + 1
    assert await again.take_over() == 1


async def test_a_newer_version_goes_on_with_an_older_ones_run(home: House) -> None:
    app_id = await home.new_app("workflow", ASKS)
    run_id = await lost(home, app_id)
    async with home.database.write() as session:
        row = await session.get_one(WorkflowRun, run_id)
        # As the first versions wrote it: without a word on the form.
        row.request = {name: value for name, value in msgspec.to_builtins(row.request).items() if name != "form"}
    office = home.open_office("newer")
    office.recovery.form = FORM + 1
    office.models.hold()
    assert await office.take_over() == 1
    assert await form_of(home, app_id, run_id) == FORM + 1
    live = office.runs.live.by_run(run_id)
    assert live is not None
    office.models.let_go()
    assert (await live.outcome).end.status == "succeeded"


@pytest.mark.parametrize(
    ("request_", "newer"),
    [({}, False), ({"form": FORM}, False), ({"form": FORM + 1}, True), (None, False), ({"form": "x"}, False)],
)
def test_what_counts_as_newer(request_: object, newer: bool) -> None:
    assert is_newer(request_) is newer


def test_the_form_is_raised_and_nothing_else_changes() -> None:
    assert in_this_form({"a": 1}, 2) == {"a": 1, "form": 2}
    same = {"a": 1, "form": FORM}
    assert in_this_form(same) is same
    assert in_this_form(None) is None
    assert RunSpec.__struct_fields__.count("form") == 1
