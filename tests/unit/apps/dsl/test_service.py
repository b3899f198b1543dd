"""Files in, apps out, and back: what an import makes, what waits for a confirmation, what an export leaves out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from sqlalchemy import func, select
from tests.unit.apps.catalog.place import SMALL, Place, drawn, node

from orrery.apps.catalog.errors import AppNotFound
from orrery.apps.catalog.tables import App
from orrery.apps.dsl.datasets import decrypt_dataset_id, encrypt_dataset_id
from orrery.apps.dsl.service import ImportRequest
from orrery.apps.workflows.errors import SecretUnreadable
from orrery.apps.workflows.service import GraphContent
from orrery.database import new_id
from orrery.egress.protocol import EgressBlocked, EgressTooLarge
from orrery.security.encryption import Vault

DATASET = "6f1c9a52-7c0b-4d55-9a54-0123456789ab"


def document(mode: str = "workflow", version: str = "0.5.0", **changes: Any) -> str:
    app = {
        "name": "From a file",
        "mode": mode,
        "icon": "🚀",
        "icon_type": "emoji",
        "icon_background": "#EEE",
        **changes.pop("app", {}),
    }
    content: dict[str, Any] = (
        {
            "workflow": {
                "graph": drawn(node("start", "start", variables=[])),
                "features": {},
                **changes.pop("workflow", {}),
            }
        }
        if mode in {"workflow", "advanced-chat"}
        else {"model_config": {"pre_prompt": "Hello", **changes.pop("model_config", {})}}
    )
    return json.dumps({"version": version, "kind": "app", "app": app, **content, **changes})


async def apps_in(here: Place) -> int:
    async with here.database.read() as session:
        return await session.scalar(select(func.count()).select_from(App)) or 0


async def app_of(here: Place, app_id: str | None) -> App:
    return (await here.apps.get(here.who.workspace_id, str(app_id))).app


def file_of(text: str) -> dict[str, Any]:
    return yaml.safe_load(text)


async def test_an_import_makes_an_app_with_a_draft_and_nothing_published(here: Place) -> None:
    result = await here.imported(document())
    assert (result.status, result.app_mode, result.error) == ("completed", "workflow", "")
    assert (result.current_dsl_version, result.imported_dsl_version) == ("0.5.0", "0.5.0")
    app = await app_of(here, result.app_id)
    assert (app.name, app.icon, app.icon_type, app.icon_background) == ("From a file", "🚀", "emoji", "#EEE")
    assert app.workflow_id is None
    assert app.created_by == here.who.account_id
    draft = await here.workflows.draft(here.who.workspace_id, app.id)
    assert (draft.version, draft.type) == ("draft", "workflow")


async def test_what_the_request_says_wins(here: Place) -> None:
    result = await here.imported(
        document(), name="Mine", description="Words", icon_type="link", icon="http://x/y.png", icon_background="#000"
    )
    app = await app_of(here, result.app_id)
    assert (app.name, app.description, app.icon_type, app.icon, app.icon_background) == (
        "Mine", "Words", "link", "http://x/y.png", "#000",
    )  # fmt: skip


async def test_what_nobody_says_has_a_default(here: Place) -> None:
    bare = json.dumps({"app": {"mode": "chat", "icon_type": "smoke signal"}, "model_config": {}})
    result = await here.imported(bare)
    assert (result.status, result.imported_dsl_version) == ("completed-with-warnings", "0.1.0")
    app = await app_of(here, result.app_id)
    assert (app.name, app.description, app.icon_type, app.icon, app.icon_background) == (
        "Imported app", "", "emoji", None, "#FFFFFF",
    )  # fmt: skip
    assert app.use_icon_as_answer_icon is False
    assert app.app_model_config_id is not None


@pytest.mark.parametrize(
    ("given", "name", "icon"),
    [
        ({"name": "a\x00b", "icon": "x\x00"}, "ab", "x"),
        ({"name": "n" * 300, "icon": "i" * 300}, "n" * 255, None),
        ({"name": "  ", "icon": ["x"]}, "Imported app", None),
        ({"name": 5, "icon": 5, "description": 5}, "Imported app", None),
    ],
)
async def test_texts_that_no_column_takes(here: Place, given: dict[str, object], name: str, icon: str | None) -> None:
    app = await app_of(here, (await here.imported(document(app=given))).app_id)
    assert (app.name, app.icon) == (name, icon)


async def test_escape_pairs_in_json_and_in_yaml(here: Place) -> None:
    for text in (
        '{"app": {"name": "x", "mode": "chat", "icon": "\\ud83e\\udd16"}, "model_config": {}}',
        'app: {name: x, mode: chat, icon: "\\ud83e\\udd16"}\nmodel_config: {pre_prompt: "half \\ud83e"}\n',
    ):
        result = await here.imported(text)
        assert (await app_of(here, result.app_id)).icon == "🤖"


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (ImportRequest(mode="yaml-content"), "yaml_content is required when import_mode is yaml-content"),
        (ImportRequest(mode="yaml-url"), "yaml_url is required when import_mode is yaml-url"),
        (ImportRequest(mode="zip"), "Invalid import_mode: zip"),
        (ImportRequest(mode="yaml-content", yaml_content="- a"), "Invalid YAML format: content must be a mapping"),
        (ImportRequest(mode="yaml-content", yaml_content=document(version="x")), "Invalid version format"),
        (ImportRequest(mode="yaml-content", yaml_content=document(), app_id=new_id()), "App not found"),
    ],
)
async def test_failures_are_results(here: Place, request_: ImportRequest, error: str) -> None:
    result = await here.dsl.import_app(here.who, request_)
    assert (result.status, result.error, result.app_id) == ("failed", error, None)
    assert await apps_in(here) == 0


ODD_BLOCKS: list[Mapping[str, object]] = [
    {"graph": None},
    {"graph": []},
    {"graph": {"nodes": 5, "edges": []}},
    {"graph": {"nodes": [], "edges": None}},
    {"graph": {"nodes": ["a"], "edges": []}},
    {"graph": {"nodes": [{"id": "x" * 300, "data": {}}], "edges": []}},
    {"graph": {"nodes": [{"id": "a\x00", "data": {}}], "edges": []}},
    {"graph": drawn(node("a", "start"), node("b", "trigger-webhook"))},
    {"environment_variables": {"a": 1}},
    {"environment_variables": [{"value_type": "string", "value": "x"}]},
    {"environment_variables": [{"name": "a", "value": "x"}]},
    {"environment_variables": [{"name": "a", "value_type": "string"}]},
    {"environment_variables": [{"name": "a", "value_type": "object", "value": {}}]},
    {"environment_variables": [{"name": "a", "value_type": ["string"], "value": ""}]},
    {"environment_variables": [{"name": "a", "value_type": "number", "value": True}]},
    {"environment_variables": [{"name": "a", "value_type": "number", "value": "5"}]},
    {"environment_variables": [{"name": "a" * 300, "value_type": "string", "value": ""}]},
    {"conversation_variables": [{"name": "a", "value_type": "secret", "value": "x"}]},
    {"conversation_variables": [{"name": "a", "value_type": "array[string]", "value": "x"}]},
    {"conversation_variables": [{"name": "a", "value_type": "string", "value": "x" * SMALL}]},
]


@pytest.mark.parametrize("block", ODD_BLOCKS, ids=lambda block: str(block)[:60])
async def test_blocks_that_can_not_be_kept_leave_nothing_behind(here: Place, block: Mapping[str, object]) -> None:
    result = await here.imported(document("advanced-chat", workflow=block))
    assert result.status == "failed"
    assert result.error
    assert await apps_in(here) == 0


async def test_odd_things_that_do_no_harm(here: Place) -> None:
    nodes = [
        {"id": "a", "data": {"type": "knowledge-retrieval", "dataset_ids": 5}},
        {"id": "b", "data": {"type": ["start"]}},
        {"id": "c", "data": None},
        {"id": "d", "data": {"type": "agent", "agent_parameters": [1]}},
    ]
    workflow = {"graph": drawn(*nodes), "features": 7, "rag_pipeline_variables": 5, "environment_variables": None}
    result = await here.imported(document(workflow=workflow, dependencies={"a": 1}))
    assert result.status == "completed"
    assert file_of(await here.exported(str(result.app_id)))["workflow"]["features"] == {}


async def test_a_newer_file_waits_for_a_confirmation(here: Place) -> None:
    waiting = await here.imported(document(version="0.9.0"), name="Kept")
    assert (waiting.status, waiting.app_id, waiting.imported_dsl_version) == ("pending", None, "0.9.0")
    assert await apps_in(here) == 0
    done = await here.dsl.confirm(here.who, waiting.id)
    assert (done.status, done.id) == ("completed", waiting.id)
    assert (await app_of(here, done.app_id)).name == "Kept"
    again = await here.dsl.confirm(here.who, waiting.id)
    assert (again.status, again.error) == ("failed", "Import information expired or does not exist")


async def test_a_confirmation_comes_in_ten_minutes_or_never(here: Place) -> None:
    early, late = await here.imported(document(version="1.0.0")), await here.imported(document(version="1.0.0"))
    here.clock.advance(seconds=599)
    assert (await here.dsl.confirm(here.who, early.id)).status == "completed"
    here.clock.advance(seconds=2)
    assert (await here.dsl.confirm(here.who, late.id)).status == "failed"


async def test_others_can_not_confirm(here: Place) -> None:
    waiting = await here.imported(document(version="1.0.0"))
    assert (await here.dsl.confirm(await here.elsewhere(), waiting.id)).status == "failed"
    assert (await here.dsl.confirm(here.who, waiting.id)).status == "completed"


async def test_of_two_confirmations_one_counts(here: Place) -> None:
    waiting = await here.imported(document(version="1.0.0"))
    results = await asyncio.gather(*(here.dsl.confirm(here.who, waiting.id) for _ in range(3)))
    assert sorted(result.status for result in results) == ["completed", "failed", "failed"]
    assert await apps_in(here) == 1


async def test_overwriting_keeps_the_app_and_replaces_its_draft(here: Place) -> None:
    app_id = await here.new_app("workflow", name="Old")
    graph = drawn(node("first", "start", variables=[]))
    await here.workflows.save_draft(here.who, app_id, GraphContent(graph=graph, features={}), None)
    result = await here.imported(document(), app_id=app_id)
    assert (result.status, result.app_id) == ("completed", app_id)
    assert (await app_of(here, app_id)).name == "From a file"
    assert '"first"' not in (await here.workflows.draft(here.who.workspace_id, app_id)).graph
    await here.imported(document(app={"name": None}), app_id=app_id)
    assert (await app_of(here, app_id)).name == "From a file"


@pytest.mark.parametrize("mode", ["chat", "completion", "agent-chat"])
async def test_only_graph_apps_can_be_overwritten(here: Place, mode: str) -> None:
    app_id = await here.new_app(mode)
    result = await here.imported(document(), app_id=app_id)
    assert (result.status, result.error) == ("failed", "Only workflow or advanced chat apps can be overwritten")


@pytest.mark.parametrize("mode", ["advanced-chat", "chat"])
async def test_a_file_of_another_mode_changes_nothing(here: Place, mode: str) -> None:
    app_id = await here.new_app("workflow", name="Old")
    result = await here.imported(document(mode), app_id=app_id)
    assert result.status == "failed"
    app = await app_of(here, app_id)
    assert (app.name, app.app_model_config_id) == ("Old", None)


async def test_apps_of_others_are_not_found(here: Place) -> None:
    foreign = await here.new_app("workflow", who=await here.elsewhere())
    assert (await here.imported(document(), app_id=foreign)).error == "App not found"
    with pytest.raises(AppNotFound):
        await here.exported(foreign)


BLOB = "https://github.com/someone/apps/blob/main/folder/app.yml"
RAW = "https://raw.githubusercontent.com/someone/apps/main/folder/app.yml"


async def test_a_page_of_a_code_host_is_read_as_its_raw_file(here: Place) -> None:
    here.http.answer(RAW, b"\xef\xbb\xbf" + document().encode())
    result = await here.dsl.import_app(here.who, ImportRequest(mode="yaml-url", yaml_url=BLOB))
    assert (result.status, here.http.asked) == ("completed", [RAW])


async def test_a_pending_file_from_the_network_is_not_read_again(here: Place) -> None:
    here.http.answer("https://x.test/a", document(version="0.7.0").encode())
    waiting = await here.dsl.import_app(here.who, ImportRequest(mode="yaml-url", yaml_url="https://x.test/a"))
    assert (await here.dsl.confirm(here.who, waiting.id)).status == "completed"
    assert len(here.http.asked) == 1


async def test_what_the_network_does_wrong(here: Place) -> None:
    url = "https://x.test/app.yml"
    here.http.answers[url] = EgressTooLarge("too large")

    async def error() -> str:
        return (await here.dsl.import_app(here.who, ImportRequest(mode="yaml-url", yaml_url=url))).error

    assert await error() == "File size exceeds the limit of 10MB"
    here.http.answers[url] = EgressBlocked("not there")
    assert await error() == "Error fetching YAML from URL: not there"
    here.http.answer(url, b"no", 404)
    assert "answered 404" in await error()
    here.http.answer(url, b"")
    assert await error() == "Empty content from url"
    here.http.answer(url, b"\xff\xfe")
    assert await error() == "Invalid YAML format: the file is not UTF-8 text"


def plugin(identifier: str) -> dict[str, Any]:
    return {"type": "marketplace", "value": {"marketplace_plugin_unique_identifier": identifier, "version": None}}


async def test_missing_plugins_are_those_that_nobody_built_in(here: Place) -> None:
    wanted = [plugin("langgenius/openai:0.2.0@abc"), plugin("someone/special:1.0@def"), {"type": "github"}, 5]
    result = await here.imported(document(dependencies=wanted))
    assert await here.dsl.missing_dependencies(here.who, str(result.app_id)) == wanted[1:]
    with pytest.raises(AppNotFound):
        await here.dsl.missing_dependencies(await here.elsewhere(), str(result.app_id))
    here.clock.advance(seconds=601)
    assert await here.dsl.missing_dependencies(here.who, str(result.app_id)) == []


NODES = [
    node("kb", "knowledge-retrieval", dataset_ids=[DATASET]),
    node("tool", "tool", credential_id="c1", plugin_unique_identifier="someone/tool:1@x"),
    node("agent", "agent", agent_parameters={"tools": {"value": [{"tool_name": "t", "credential_id": "c2"}, 5]}}),
]
TRIGGERS = [
    node("timer", "trigger-schedule", mode="cron", cron_expression="0 5 * * *", timezone="Asia/Tokyo"),
    node("hook", "trigger-webhook", webhook_url="https://x/1", webhook_debug_url="https://x/2"),
    node("plug", "trigger-plugin", subscription_id="s1"),
]
SECRET: dict[str, object] = {"id": new_id(), "name": "key", "value_type": "secret", "value": "open sesame"}


def data_of(text: str) -> dict[str, Any]:
    return {item["id"]: item["data"] for item in file_of(text)["workflow"]["graph"]["nodes"]}


async def with_draft(here: Place, *nodes: dict[str, Any], mode: str = "workflow") -> str:
    app_id = await here.new_app(mode)
    content = GraphContent(graph=drawn(*nodes), features={"opening_statement": "Hi"}, environment_variables=[SECRET])
    await here.workflows.save_draft(here.who, app_id, content, None)
    return app_id


async def test_without_secrets_none_leave(here: Place) -> None:
    app_id = await with_draft(here, *NODES)
    text = await here.exported(app_id)
    assert "sesame" not in text
    assert "v1:" not in text
    block = file_of(text)["workflow"]
    assert block["environment_variables"] == [
        {**SECRET, "value": "", "description": "", "selector": ["env", "key"]},
    ]
    data = data_of(text)
    assert "credential_id" not in data["tool"]
    assert data["agent"]["agent_parameters"]["tools"]["value"] == [{"tool_name": "t"}, 5]
    assert file_of(text)["dependencies"] == [{**plugin("someone/tool:1@x"), "current_identifier": None}]
    back = await here.imported(text)
    assert (back.status, back.error) == ("completed", "")


async def test_with_secrets_they_come_along(here: Place) -> None:
    app_id = await with_draft(here, *NODES)
    text = await here.exported(app_id, include_secret=True)
    assert file_of(text)["workflow"]["environment_variables"][0]["value"] == "open sesame"
    assert data_of(text)["tool"]["credential_id"] == "c1"


async def test_triggers_leave_without_their_addresses(here: Place) -> None:
    app_id = await with_draft(here, *TRIGGERS)
    for include_secret in (True, False):
        data = data_of(await here.exported(app_id, include_secret=include_secret))
        assert (data["timer"]["mode"], data["timer"]["cron_expression"], data["timer"]["timezone"]) == (
            "visual", "", "UTC",
        )  # fmt: skip
        assert (data["hook"]["webhook_url"], data["hook"]["webhook_debug_url"]) == ("", "")
        assert data["plug"]["subscription_id"] == ""


async def test_dataset_ids_are_readable_at_home_only(here: Place) -> None:
    app_id = await with_draft(here, *NODES)
    text = await here.exported(app_id)
    assert DATASET not in text
    home = await here.imported(text)
    assert DATASET in (await here.workflows.draft(here.who.workspace_id, str(home.app_id))).graph
    other = await here.elsewhere()
    away = await here.dsl.import_app(other, ImportRequest(mode="yaml-content", yaml_content=text))
    draft = await here.workflows.draft(other.workspace_id, str(away.app_id))
    assert [n["data"]["dataset_ids"] for n in json.loads(draft.graph)["nodes"] if n["id"] == "kb"] == [[]]


def test_dataset_ids_as_the_contract_writes_them() -> None:
    sealed = encrypt_dataset_id("5b1c2d3e-0000-4000-8000-000000000001", DATASET)
    assert sealed == encrypt_dataset_id("5b1c2d3e-0000-4000-8000-000000000001", DATASET)
    assert decrypt_dataset_id("5b1c2d3e-0000-4000-8000-000000000001", sealed) == DATASET
    assert decrypt_dataset_id("5b1c2d3e-0000-4000-8000-000000000002", sealed) is None
    assert decrypt_dataset_id("any", DATASET) == DATASET
    for text in ("", "x", "====", sealed[:-4], encrypt_dataset_id("w", "not an id"), "é" * 36):
        assert decrypt_dataset_id("w", text) is None


async def test_a_lost_key_stops_only_what_needs_the_secret(here: Place) -> None:
    app_id = await with_draft(here, *NODES)
    here.dsl._keeping.vault._masters.clear()
    here.dsl._keeping.vault._masters.update(Vault(secret_key="another key, of no use either")._masters)
    assert "open sesame" not in await here.exported(app_id)
    with pytest.raises(SecretUnreadable, match="key: "):
        await here.exported(app_id, include_secret=True)


async def test_a_picture_leaves_as_a_robot_but_a_copy_keeps_it(here: Place) -> None:
    app_id = await here.new_app("chat", icon_type="image", icon="some-file-id", icon_background="#123456")
    head = file_of(await here.exported(app_id))["app"]
    assert (head["icon"], head["icon_type"], head["icon_background"]) == ("🤖", "emoji", "#FFEAD5")
    copied = await here.dsl.copy(here.who, app_id, ImportRequest(mode="", name="Second"))
    app = await app_of(here, copied.app_id)
    assert (app.name, app.icon_type, app.icon) == ("Second", "image", "some-file-id")


async def test_a_published_version_is_exported_by_its_id(here: Place) -> None:
    app_id = await with_draft(here, node("one", "start", variables=[]))
    version = await here.workflows.publish(here.who, app_id, name="", comment="")
    graph = drawn(node("two", "start", variables=[]))
    await here.workflows.save_draft(here.who, app_id, GraphContent(graph=graph, features={}), None)
    assert list(data_of(await here.exported(app_id))) == ["two"]
    assert list(data_of(await here.exported(app_id, workflow_id=version.id))) == ["one"]


async def test_agent_apps_leave_without_the_credentials_of_their_tools(here: Place) -> None:
    tools = [{"tool_name": "t", "credential_id": "c", "plugin_unique_identifier": "a/b:1@x"}, "odd"]
    config = {"agent_mode": {"enabled": True, "tools": tools}, "pre_prompt": "文字"}
    result = await here.imported(document("agent-chat", model_config=config))
    assert (result.status, result.error) == ("completed", "")
    text = await here.exported(str(result.app_id))
    assert "credential_id" not in text
    assert "文字" in text
    assert file_of(text)["dependencies"][0]["value"]["marketplace_plugin_unique_identifier"] == "a/b:1@x"
    kept = await here.exported(str(result.app_id), include_secret=True)
    assert file_of(kept)["model_config"]["agent_mode"]["tools"][0]["credential_id"] == "c"


async def test_an_export_is_sorted_block_style(here: Place) -> None:
    text = await here.exported(await with_draft(here, node("b", "start", z=1, a=[{"y": 1}, {"y": 1}])))
    keys = [line.partition(":")[0] for line in text.splitlines() if line[:1].isalpha()]
    assert keys == sorted(keys) == ["app", "dependencies", "kind", "version", "workflow"]
    assert "&" not in text
    assert "{" not in text.replace("{}", "")
