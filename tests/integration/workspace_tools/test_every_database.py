"""The tools of a workspace on every database engine: kept, found, unique, and nobody else's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from tests.http.console_tools.shop import description
from tests.support import dsl
from tests.support.databases import BACKENDS, url_of
from tests.unit.apps.catalog.place import SECRET_KEY, Place, add_workspace

from orrery.apps.tools.known import ToolKnowledgeSource
from orrery.apps.tools.workflow_entity import ParameterChoice
from orrery.apps.tools.workflow_tools import WorkflowToolForm, WorkflowTools
from orrery.apps.workflows.service import GraphContent
from orrery.cache.memory import MemoryCache
from orrery.database import Database
from orrery.database.migrate import migrate
from orrery.egress import GuardedHttpClient, operator_policy
from orrery.schema import schema
from orrery.security.encryption import Vault
from orrery.tools.built_in.answer_tool import BuiltInProvider
from orrery.tools.catalog import ProvidersInCode
from orrery.tools.credential_form import CredentialField
from orrery.tools.entity import ProviderIdentity, english
from orrery.tools.keyed import Credentials, KeyedProvider
from orrery.tools.protocol import ToolRef
from orrery.workspaces.audit.service import Actor
from orrery.workspaces.tools.api_rows import ApiForm
from orrery.workspaces.tools.built_in import API_KEY
from orrery.workspaces.tools.errors import ToolProviderTaken, ToolProviderUnknown, ToolRefused
from orrery.workspaces.tools.mcp_rows import McpForm
from orrery.workspaces.tools.parts import ToolNeeds, WorkspaceTools

pytestmark = pytest.mark.asyncio(loop_scope="module")

IDENTITY = ProviderIdentity(name="vault", label=english("Vault"))


def keyed() -> KeyedProvider:
    """A provider whose vendor takes every key."""

    async def check(credentials: Credentials) -> None:
        assert credentials["key"]

    form = (CredentialField(name="key", label=english("Key")),)
    opened: list[Any] = []
    return KeyedProvider(
        identity=IDENTITY, form=form, entities=(), open=lambda _: BuiltInProvider(IDENTITY, opened), check=check
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=BACKENDS)
async def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    database = Database(url_of(str(request.param), tmp_path_factory.mktemp("tools")))
    await migrate(database, schema())
    yield database
    await database.close()


@pytest_asyncio.fixture(loop_scope="module")
async def tools(database: Database) -> AsyncIterator[WorkspaceTools]:
    async with GuardedHttpClient(operator_policy(allow_private=True)) as http:
        yield WorkspaceTools.build(
            ToolNeeds(
                database=database,
                cache=MemoryCache(),
                vault=Vault(secret_key=SECRET_KEY),
                http=http,
                providers=ProvidersInCode({"vault": keyed}),
                now=lambda: 0.0,
            )
        )


async def actor(database: Database) -> Actor:
    made = await add_workspace(database)
    return Actor(workspace_id=made.workspace_id, account_id=made.account_id)


def ref(kind: str, provider_id: str, name: str = "getItem") -> ToolRef:
    return ToolRef(provider_type=kind, provider_id=provider_id, tool_name=name)


async def test_built_in_credentials(database: Database, tools: WorkspaceTools) -> None:
    us, them = await actor(database), await actor(database)
    ids = [await tools.built_in.add(us, "vault", {"key": f"k-{n}-é"}, None, API_KEY) for n in range(3)]
    await tools.built_in.choose(us, "vault", ids[1])
    await tools.built_in.remove(us, "vault", ids[1])
    kept = await tools.built_in.credentials(us.workspace_id, "vault")
    assert [(row.name, row.is_default) for row, _ in kept] == [("API KEY 1", True), ("API KEY 3", False)]
    assert await tools.built_in.credentials(them.workspace_id, "vault") == []
    assert await tools.built_in.provider(us.workspace_id, ref("builtin", "vault")) is not None
    both = await asyncio.gather(
        *(tools.built_in.add(us, "vault", {"key": "k"}, "same", API_KEY) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in both) == ["ToolProviderTaken", "str"]


async def test_apis(database: Database, tools: WorkspaceTools) -> None:
    us, them = await actor(database), await actor(database)
    form = ApiForm(
        provider="Läden 🛒",
        schema=json.dumps(description("http://shop.test")),
        schema_type="openapi",
        credentials={"auth_type": "none"},
        labels=["search"],
    )
    made = await tools.api.add(us, form)
    with pytest.raises(ToolProviderTaken):
        await tools.api.add(us, form)
    await tools.api.add(them, form)
    for name in (made, "Läden 🛒"):
        found = await tools.api.provider(us.workspace_id, ref("api", name))
        assert found is not None
        assert [tool.entity.name for tool in found.tools()] == ["getItem"]
    assert (await tools.api.provider(them.workspace_id, ref("api", made))) is None
    await tools.api.remove(us, "Läden 🛒")
    with pytest.raises(ToolRefused):
        await tools.api.show(us.workspace_id, "Läden 🛒")
    assert len(await tools.api.list(them.workspace_id)) == 1


async def test_mcp_servers(database: Database, tools: WorkspaceTools) -> None:
    us, them = await actor(database), await actor(database)
    form = McpForm(server_url="http://127.0.0.1:9/mcp", name="Away", server_identifier="away", client=("id", "secret"))
    made = await tools.mcp.add(us, form)
    with pytest.raises(ToolProviderTaken):
        await tools.mcp.add(us, form)
    await tools.mcp.add(them, form)
    for name in (made.id, "away", "Away"):
        assert await tools.mcp.provider(us.workspace_id, ref("mcp", name)) is not None
    assert await tools.mcp.provider(them.workspace_id, ref("mcp", made.id)) is None
    with pytest.raises(ToolProviderUnknown):
        await tools.mcp.remove(them, made.id)
    await tools.mcp.remove(us, made.id)
    assert await tools.mcp.list(us.workspace_id) == []


async def test_workflows(database: Database, tools: WorkspaceTools) -> None:
    made = await add_workspace(database)
    us, them = Actor(workspace_id=made.workspace_id, account_id=made.account_id), await actor(database)
    place, workflows = Place(database, made), WorkflowTools(database)
    app_id = await place.new_app()
    drawn = dsl.chain(dsl.start("who"), dsl.end(who=["start", "who"]))
    await place.workflows.save_draft(made, app_id, GraphContent(graph=drawn, features={}), None)
    await place.workflows.publish(made, app_id, name="", comment="")
    choices = [ParameterChoice("who", "whom")]
    form = WorkflowToolForm(name="greet", label="Greet", description="", icon={}, parameters=choices)
    with pytest.raises(ToolRefused):
        await workflows.publish(them, app_id, form)
    tool_id = await workflows.publish(us, app_id, form)
    with pytest.raises(ToolProviderTaken):
        await workflows.publish(us, app_id, form)
    assert (await workflows.show(us.workspace_id, app_id=app_id)).is_synced
    with pytest.raises(ToolRefused):
        await workflows.show(them.workspace_id, tool_id=tool_id)
    known = await ToolKnowledgeSource(tools, workflows).of(us.workspace_id)
    assert known.lacks(ref("workflow", tool_id, "greet")) is None
    assert known.required_inputs(ref("workflow", tool_id, "greet")) == ["who"]
    assert known.lacks(ref("builtin", "vault", "x")) == "tool"
