"""Drafts and versions: saving against a hash, publishing, listing, restoring, deleting; secrets at rest and on show."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from sqlalchemy import delete, update
from tests.unit.apps.catalog.place import SMALL, Place, drawn, node

from orrery.apps.catalog.errors import AppNotFound
from orrery.apps.runs.tables import WorkflowRun
from orrery.apps.tools.tables import WorkflowToolProvider
from orrery.apps.workflows import variables
from orrery.apps.workflows.errors import DraftNotFound, DraftOutOfSync, WorkflowInUse, WorkflowNotFound
from orrery.apps.workflows.service import GraphContent, content_hash, row_hash
from orrery.database import new_id
from orrery.errors import InvalidParam
from orrery.security.encryption import Vault, is_encrypted
from orrery.security.masking import UNCHANGED

START = node("start", "start", variables=[])


def content(*nodes: dict[str, Any], **more: Any) -> GraphContent:
    known: dict[str, Any] = {"graph": drawn(*(nodes or (START,))), "features": {}, **more}
    return GraphContent(**known)


async def saved(here: Place, app_id: str, **more: Any) -> Any:
    return await here.workflows.save_draft(here.who, app_id, content(**more), None)


def env(*items: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"value_type": "secret", "name": "key", **item} for item in items]


def test_the_hash_is_the_contracts() -> None:
    graph, features = {"b": 1, "a": ["é"]}, {"z": None}
    text = json.dumps({"features": features, "graph": {"a": ["é"], "b": 1}}, sort_keys=True) + "None"
    assert content_hash(graph, features) == hashlib.sha256(text.encode()).hexdigest()
    assert content_hash({"a": ["é"], "b": 1}, features) == content_hash(graph, features)
    assert content_hash(graph, {"z": 0}) != content_hash(graph, features)


async def test_saving_needs_the_hash_that_was_read(here: Place) -> None:
    app_id = await here.new_app()
    with pytest.raises(DraftNotFound):
        await here.workflows.draft(here.who.workspace_id, app_id)
    first = await here.workflows.save_draft(here.who, app_id, content(), "whatever, there is none yet")
    known = row_hash(first)
    second = await here.workflows.save_draft(here.who, app_id, content(START, node("end", "end")), known)
    assert row_hash(second) != known
    for stale in (known, ""):
        with pytest.raises(DraftOutOfSync):
            await here.workflows.save_draft(here.who, app_id, content(), stale)
    assert row_hash(await here.workflows.draft(here.who.workspace_id, app_id)) == row_hash(second)


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        ({"nodes": {}, "edges": []}, "nodes/edges in workflow graph must be a list"),
        ({"nodes": []}, "nodes/edges in workflow graph must be a list"),
        ({"nodes": [5], "edges": []}, "each node of the graph must be an object"),
        (drawn(START, node("t", "trigger-plugin")), "Start node and trigger nodes cannot coexist in the same workflow"),
    ],
)
async def test_graphs_that_are_no_graphs(here: Place, graph: dict[str, Any], message: str) -> None:
    app_id = await here.new_app()
    with pytest.raises(InvalidParam, match=f"^{message}$"):
        await here.workflows.save_draft(here.who, app_id, GraphContent(graph=graph, features={}), None)


@pytest.mark.parametrize("mode", ["chat", "completion", "agent-chat"])
async def test_basic_apps_and_foreign_ones_have_no_drafts(here: Place, mode: str) -> None:
    mine, foreign = await here.new_app(mode), await here.new_app("workflow", who=await here.elsewhere())
    for app_id in (mine, foreign, new_id()):
        for call in (
            here.workflows.draft(here.who.workspace_id, app_id),
            here.workflows.published(here.who.workspace_id, app_id),
            here.workflows.publish(here.who, app_id, name="", comment=""),
            here.workflows.delete(here.who, app_id, new_id()),
            here.workflows.restore(here.who, app_id, new_id()),
        ):
            with pytest.raises(AppNotFound):
                await call


async def test_publishing_copies_the_draft_and_puts_it_in_use(here: Place) -> None:
    app_id = await here.new_app()
    with pytest.raises(DraftNotFound):
        await here.workflows.publish(here.who, app_id, name="", comment="")
    assert await here.workflows.published(here.who.workspace_id, app_id) is None
    await saved(here, app_id, environment_variables=env({"value": "open sesame"}))
    version = await here.workflows.publish(here.who, app_id, name="One", comment="first")
    assert (version.marked_name, version.marked_comment, version.created_by) == ("One", "first", here.who.account_id)
    assert len(version.version) == len("2026-03-01 12:00:00.000000")
    await saved(here, app_id, features={"n": 2})
    used = await here.workflows.published(here.who.workspace_id, app_id)
    assert used is not None
    assert (used.id, used.features) == (version.id, "{}")
    assert (await here.apps.get(here.who.workspace_id, app_id)).app.workflow_id == version.id


async def test_versions_in_pages_newest_first(here: Place) -> None:
    app_id = await here.new_app()
    await saved(here, app_id)
    made = [(await here.workflows.publish(here.who, app_id, name=name, comment="")).id for name in ("a", "", "c")]

    async def page(number: int, limit: int = 2, **more: Any) -> tuple[list[str], bool]:
        wanted: dict[str, Any] = {"user_id": None, "named_only": False, **more}
        rows, has_more = await here.workflows.versions(
            here.who.workspace_id, app_id, page=number, limit=limit, **wanted
        )
        return [row.id for row in rows], has_more

    assert await page(1) == ([made[2], made[1]], True)
    assert await page(2) == ([made[0]], False)
    assert await page(3) == ([], False)
    assert await page(1, named_only=True) == ([made[2], made[0]], False)
    assert await page(1, user_id=new_id()) == ([], False)
    assert (await page(1, 3, user_id=here.who.account_id))[1] is False


async def test_marks(here: Place) -> None:
    app_id = await here.new_app()
    await saved(here, app_id)
    version = await here.workflows.publish(here.who, app_id, name="a", comment="b")
    changed = await here.workflows.mark(here.who, app_id, version.id, name="c", comment=None)
    assert (changed.marked_name, changed.marked_comment) == ("c", "b")
    with pytest.raises(WorkflowNotFound):
        await here.workflows.mark(await here.elsewhere(), app_id, version.id, name="x", comment=None)


async def test_only_versions_out_of_use_can_be_deleted(here: Place) -> None:
    app_id, other_app = await here.new_app(), await here.new_app()
    draft = await saved(here, app_id)
    old = await here.workflows.publish(here.who, app_id, name="", comment="")
    used = await here.workflows.publish(here.who, app_id, name="", comment="")
    for kept, why in ((draft.id, "draft"), (used.id, "currently in use")):
        with pytest.raises(WorkflowInUse, match=why):
            await here.workflows.delete(here.who, app_id, kept)
    for unknown in (new_id(), old.id):
        with pytest.raises(WorkflowNotFound):
            await here.workflows.delete(here.who, other_app, unknown)
    await here.workflows.delete(here.who, app_id, old.id)
    with pytest.raises(WorkflowNotFound):
        await here.workflows.delete(here.who, app_id, old.id)


async def test_versions_that_are_tools_or_run_can_not_be_deleted(here: Place) -> None:
    app_id = await here.new_app()
    await saved(here, app_id)
    tool = await here.workflows.publish(here.who, app_id, name="", comment="")
    busy = await here.workflows.publish(here.who, app_id, name="", comment="")
    await here.workflows.publish(here.who, app_id, name="", comment="")
    assert not await here.workflows.is_tool(here.who.workspace_id, app_id)
    provider = WorkflowToolProvider(
        tenant_id=here.who.workspace_id, app_id=app_id, user_id=here.who.account_id, name="t", label="T",
        description="", version=tool.version, parameters=[],
    )  # fmt: skip
    run = WorkflowRun(
        tenant_id=here.who.workspace_id, app_id=app_id, workflow_id=busy.id, type="workflow", task_id=new_id(),
        triggered_from="app-run", version=busy.version, status="paused", created_by_role="account",
        created_by=here.who.account_id,
    )  # fmt: skip
    async with here.database.write() as session:
        session.add_all([provider, run])
    assert await here.workflows.is_tool(here.who.workspace_id, app_id)
    for kept, why in ((tool.id, "published as a tool"), (busy.id, "under way")):
        with pytest.raises(WorkflowInUse, match=why):
            await here.workflows.delete(here.who, app_id, kept)
    async with here.database.write() as session:
        await session.execute(delete(WorkflowToolProvider))
        await session.execute(update(WorkflowRun).values(status="succeeded"))
    for free in (tool.id, busy.id):
        await here.workflows.delete(here.who, app_id, free)


async def test_restoring_brings_everything_back(here: Place) -> None:
    app_id = await here.new_app("advanced-chat")
    talk = [{"name": "memory", "value_type": "array[string]", "value": ["a"]}]
    await saved(
        here, app_id, features={"n": 1}, environment_variables=env({"value": "sesame"}), conversation_variables=talk
    )
    version = await here.workflows.publish(here.who, app_id, name="", comment="")
    await saved(here, app_id, features={}, environment_variables=[], conversation_variables=[])
    draft = await here.workflows.restore(here.who, app_id, version.id)
    assert (draft.version, row_hash(draft)) == ("draft", row_hash(version))
    assert variables.opened(here.vault, here.who.workspace_id, draft.environment_variables)[0]["value"] == "sesame"
    assert draft.conversation_variables == version.conversation_variables


async def stored_secret(here: Place, app_id: str) -> dict[str, Any]:
    draft: Any = await here.workflows.draft(here.who.workspace_id, app_id)
    return draft.environment_variables[0]


async def test_secrets_are_sealed_masked_and_kept_by_their_marks(here: Place) -> None:
    app_id = await here.new_app()
    await saved(here, app_id, environment_variables=env({"value": "open sesame, please"}))
    first = await stored_secret(here, app_id)
    assert is_encrypted(first["value"])
    (shown,) = variables.masked(here.vault, here.who.workspace_id, [first])
    assert shown["value"] == "open s" + "*" * 12 + "se"
    for mark in (UNCHANGED, shown["value"]):
        await saved(here, app_id, environment_variables=env({"id": first["id"], "value": mark}))
        assert (await stored_secret(here, app_id))["value"] == first["value"]
    await saved(here, app_id)
    assert (await stored_secret(here, app_id))["value"] == first["value"]
    await saved(here, app_id, environment_variables=env({"id": first["id"], "value": "new"}))
    opened = variables.opened(here.vault, here.who.workspace_id, [await stored_secret(here, app_id)])
    assert opened[0]["value"] == "new"
    await saved(here, app_id, environment_variables=env({"id": first["id"], "value": ""}))
    assert (await stored_secret(here, app_id))["value"] == ""


async def test_a_mark_of_another_variable_keeps_nothing(here: Place) -> None:
    app_id = await here.new_app()
    await saved(here, app_id, environment_variables=env({"value": "open sesame, please"}))
    await saved(here, app_id, environment_variables=env({"id": new_id(), "value": UNCHANGED}))
    opened = variables.opened(here.vault, here.who.workspace_id, [await stored_secret(here, app_id)])
    assert opened[0]["value"] == UNCHANGED


async def test_secrets_under_a_lost_key_can_be_shown_and_kept(here: Place) -> None:
    app_id = await here.new_app()
    await saved(here, app_id, environment_variables=env({"value": "open sesame"}))
    first = await stored_secret(here, app_id)
    lost = Vault(secret_key="another key, of no use either")
    (shown,) = variables.masked(lost, here.who.workspace_id, [first])
    assert shown["value"] == UNCHANGED
    assert variables.sealed(lost, here.who.workspace_id, [shown], [first])[0]["value"] == first["value"]


CONVERSATION = variables.CONVERSATION_TYPES


FITTING: list[tuple[str, object, object]] = [
    ("string", "", 5),
    ("number", 1.5, "1"),
    ("integer", 1, False),
    ("boolean", False, "false"),
    ("object", {}, []),
    ("array[string]", [], "[]"),
    ("array[object]", [{}], {}),
]


@pytest.mark.parametrize(("kind", "good", "bad"), FITTING)
def test_values_fit_their_types(kind: str, good: object, bad: object) -> None:
    item = {"name": "a", "value_type": kind}
    (made,) = variables.normalise([{**item, "value": good}], "conversation", CONVERSATION)
    assert (made["value"], made["selector"], made["description"]) == (good, ["conversation", "a"], "")
    with pytest.raises(InvalidParam, match=r"^invalid "):
        variables.normalise([{**item, "value": bad}], "conversation", CONVERSATION)
    with pytest.raises(InvalidParam, match=r"^missing value$"):
        variables.normalise([{**item, "value": None}], "conversation", CONVERSATION)


async def test_values_have_a_largest_size(here: Place) -> None:
    app_id = await here.new_app("advanced-chat")
    big = [{"name": "a", "value_type": "string", "value": "x" * SMALL}]
    with pytest.raises(InvalidParam, match=rf"^variable size {SMALL + 49} exceeds limit {SMALL}$"):
        await saved(here, app_id, conversation_variables=big)


def test_ids_are_uuids_stable_and_alone() -> None:
    def ids(*given: object) -> list[object]:
        items = [
            {"name": f"n{i}", "value_type": "string", "value": "", **({"id": g} if g else {})}
            for i, g in enumerate(given)
        ]
        return [item["id"] for item in variables.normalise(items, "conversation", CONVERSATION)]

    known = new_id()
    assert ids(known.upper()) == [known]
    assert ids("short") == ids("short") != ids("other")
    assert ids(5) == ids("5")
    twice = ids(known, known)
    assert twice[0] == known != twice[1]
    assert twice == ids(known, known)
    assert all(len(str(one)) == 36 for one in ids(None, "x", ["odd"], {"a": 1}))


def test_of_two_of_one_name_the_later_counts() -> None:
    items = [{"name": "a", "value_type": "string", "value": value} for value in ("1", "2")]
    assert [item["value"] for item in variables.normalise(items, "env", variables.ENVIRONMENT_TYPES)] == ["2"]
