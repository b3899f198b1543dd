from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from tests.support.model_server import ModelServer
from tests.support.model_server.server import REFUSED_KEY
from tests.support.people import People

from orrery.inference.types import LLMCall, Message, ModelNotFound, ModelRef, ProviderNotConfigured
from orrery.workspaces.models.tables import ModelCredential, ProviderCredential

PROVIDERS = "/workspaces/current/model-providers"
OPENAI = f"{PROVIDERS}/langgenius/openai/openai"
COMPATIBLE = f"{PROVIDERS}/langgenius/openai_api_compatible/openai_api_compatible"
KEY = "sk-0123456789abcdefghij"
MASKED = "sk-012************ij"


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as running:
        yield running


@pytest.fixture
async def owner(site: People) -> httpx.AsyncClient:
    return await site.signed_in()


def openai(server: ModelServer, key: str = KEY) -> dict[str, str]:
    return {"openai_api_key": key, "openai_api_base": server.url}


def compatible(server: ModelServer, **more: str) -> dict[str, str]:
    return {"api_key": KEY, "endpoint_url": f"{server.url}/v1", "context_size": "4096", **more}


async def add(client: httpx.AsyncClient, credentials: dict[str, str], name: str | None = None) -> None:
    answer = await client.post(f"{OPENAI}/credentials", json={"credentials": credentials, "name": name})
    assert (answer.status_code, answer.json()) == (201, {"result": "success"}), answer.text


async def provider(client: httpx.AsyncClient, provider_id: str = "langgenius/openai/openai") -> dict[str, Any]:
    data = (await client.get(PROVIDERS)).json()["data"]
    return next(entry for entry in data if entry["provider"] == provider_id)


async def ids(client: httpx.AsyncClient) -> dict[str, str]:
    configured = (await provider(client))["custom_configuration"]
    return {entry["credential_name"]: entry["credential_id"] for entry in configured["available_credentials"]}


async def test_lists_providers_in_the_contracts_shape(owner: httpx.AsyncClient) -> None:
    entry = await provider(owner)
    assert {
        "tenant_id", "provider", "label", "description", "icon_small", "help", "supported_model_types",
        "configurate_methods", "provider_credential_schema", "model_credential_schema", "preferred_provider_type",
        "custom_configuration", "system_configuration",
    } <= set(entry)  # fmt: skip
    assert entry["label"] == {"en_US": "OpenAI", "zh_Hans": "OpenAI"}
    assert entry["custom_configuration"] == {
        "status": "no-configure",
        "current_credential_id": None,
        "current_credential_name": None,
        "available_credentials": [],
        "custom_models": [],
        "can_added_models": [],
    }
    fields = entry["provider_credential_schema"]["credential_form_schemas"]
    assert [field["variable"] for field in fields if field["type"] == "secret-input"] == ["openai_api_key"]
    embedding = (await owner.get(PROVIDERS, params={"model_type": "text-embedding"})).json()["data"]
    assert all("text-embedding" in entry["supported_model_types"] for entry in embedding)
    assert "langgenius/anthropic/anthropic" not in {entry["provider"] for entry in embedding}
    assert (await owner.get(PROVIDERS, params={"model_type": "nonsense"})).status_code == 400


async def test_saves_what_the_vendor_takes_and_shows_it_masked(
    site: People, owner: httpx.AsyncClient, server: ModelServer
) -> None:
    await add(owner, openai(server))
    assert server.seen[0].path == "/v1/models"
    assert server.seen[0].headers["authorization"] == f"Bearer {KEY}"
    shown = (await owner.get(f"{OPENAI}/credentials")).json()["credentials"]
    assert shown == {"openai_api_key": MASKED, "openai_api_base": server.url}
    entry = (await owner.get(PROVIDERS)).json()["data"][0]
    assert entry["provider"] == "langgenius/openai/openai", "what is set up comes first"
    assert entry["custom_configuration"]["status"] == "active"
    assert entry["custom_configuration"]["current_credential_name"] == "API KEY 1"
    async with site.database.read() as session:
        row = (await session.scalars(select(ProviderCredential))).one()
    assert KEY not in row.encrypted_config
    assert KEY[8:14] not in row.encrypted_config


async def test_says_what_the_vendor_said(site: People, owner: httpx.AsyncClient, server: ModelServer) -> None:
    body = {"credentials": openai(server, REFUSED_KEY)}
    refused = await owner.post(f"{OPENAI}/credentials", json=body)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_param")
    assert "401" in refused.json()["message"]
    assert REFUSED_KEY not in refused.text
    tried = await owner.post(f"{OPENAI}/credentials/validate", json=body)
    assert (tried.status_code, tried.json()["result"]) == (200, "error")
    assert tried.json()["error"] == refused.json()["message"]
    assert (await owner.post(f"{OPENAI}/credentials/validate", json={"credentials": openai(server)})).json() == {
        "result": "success"
    }
    async with site.database.read() as session:
        assert (await session.scalars(select(ProviderCredential))).all() == []


@pytest.mark.parametrize(
    ("credentials", "field"),
    [
        ({}, "openai_api_key"),
        ({"openai_api_key": ["x"]}, "openai_api_key"),
        ({"openai_api_key": "x" * 20_000}, "openai_api_key"),
    ],
)
async def test_holds_the_form_against_its_fields(
    owner: httpx.AsyncClient, credentials: dict[str, object], field: str
) -> None:
    answer = await owner.post(f"{OPENAI}/credentials", json={"credentials": credentials})
    assert (answer.status_code, answer.json()["params"]) == (400, field)


async def test_fields_that_the_form_does_not_have_are_left_out(owner: httpx.AsyncClient, server: ModelServer) -> None:
    await add(owner, {**openai(server), "surprise": "x"})
    assert "surprise" not in (await owner.get(f"{OPENAI}/credentials")).json()["credentials"]


@pytest.mark.parametrize("unchanged", ["[__HIDDEN__]", MASKED])
async def test_a_hidden_secret_is_kept_on_change(owner: httpx.AsyncClient, server: ModelServer, unchanged: str) -> None:
    await add(owner, openai(server))
    (credential,) = (await ids(owner)).values()
    values = {**openai(server, unchanged), "openai_organization": "org"}
    body = {"credential_id": credential, "credentials": values, "name": "Main"}
    tried = {"credential_id": credential, "credentials": values}
    assert (await owner.post(f"{OPENAI}/credentials/validate", json=tried)).json() == {"result": "success"}
    assert (await owner.put(f"{OPENAI}/credentials", json=body)).json() == {"result": "success"}
    assert server.seen[-1].headers["authorization"] == f"Bearer {KEY}", "the vendor was asked with the stored secret"
    shown = (await owner.get(f"{OPENAI}/credentials")).json()["credentials"]
    assert (shown["openai_api_key"], shown["openai_organization"]) == (MASKED, "org")
    assert list(await ids(owner)) == ["Main"]
    wrong = {"credential_id": credential, "credentials": openai(server, REFUSED_KEY)}
    assert (await owner.put(f"{OPENAI}/credentials", json=wrong)).status_code == 400
    assert (await owner.get(f"{OPENAI}/credentials")).json()["credentials"] == shown


async def test_several_credentials_one_active(site: People, owner: httpx.AsyncClient, server: ModelServer) -> None:
    await add(owner, openai(server, "sk-first-0123456789"), "First")
    await add(owner, openai(server, "sk-second-0123456789"))
    taken = await owner.post(f"{OPENAI}/credentials", json={"credentials": openai(server), "name": "First"})
    assert (taken.status_code, taken.json()["code"]) == (400, "credential_name_taken")
    known = await ids(owner)
    assert list(known) == ["First", "API KEY 2"]

    async def active() -> str:
        return str((await owner.get(f"{OPENAI}/credentials")).json()["credentials"]["openai_api_key"])

    assert (await active()).startswith("sk-fir")
    assert (
        await owner.post(f"{OPENAI}/credentials/switch", json={"credential_id": known["API KEY 2"]})
    ).status_code == 200
    assert (await active()).startswith("sk-sec")
    other = await owner.get(f"{OPENAI}/credentials", params={"credential_id": known["First"]})
    assert other.json()["credentials"]["openai_api_key"].startswith("sk-fir")

    gone = await owner.request("DELETE", f"{OPENAI}/credentials", json={"credential_id": known["API KEY 2"]})
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await active()).startswith("sk-fir"), "the other one takes its place"
    await owner.request("DELETE", f"{OPENAI}/credentials", json={"credential_id": known["First"]})
    assert (await owner.get(f"{OPENAI}/credentials")).json() == {"credentials": None}
    again = await owner.request("DELETE", f"{OPENAI}/credentials", json={"credential_id": known["First"]})
    assert (again.status_code, again.json()["code"]) == (404, "credential_not_found")


async def test_every_spelling_of_the_id_is_the_same_provider(owner: httpx.AsyncClient, server: ModelServer) -> None:
    body = {"credentials": openai(server)}
    assert (await owner.post(f"{PROVIDERS}/openai/credentials", json=body)).status_code == 201
    assert (await owner.get(f"{OPENAI}/credentials")).json()["credentials"]["openai_api_key"] == MASKED
    unknown = await owner.get(f"{PROVIDERS}/nobody/knows/this/credentials")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "provider_not_found")


async def test_models_follow_the_credentials(owner: httpx.AsyncClient, server: ModelServer) -> None:
    async def statuses() -> dict[str, str]:
        models = (await owner.get(f"{OPENAI}/models")).json()["data"]
        return {model["model"]: model["status"] for model in models}

    assert (await statuses())["gpt-4o"] == "no-configure"
    assert (await owner.get("/workspaces/current/models/model-types/llm")).json() == {"data": []}
    assert (await owner.get("/workspaces/current/default-model", params={"model_type": "llm"})).json() == {"data": None}

    await add(owner, openai(server))
    assert set((await statuses()).values()) == {"active"}
    model = {"model": "gpt-4o", "model_type": "llm"}
    assert (await owner.patch(f"{OPENAI}/models/disable", json=model)).json() == {"result": "success"}
    assert (await statuses())["gpt-4o"] == "disabled"
    (ready,) = (await owner.get("/workspaces/current/models/model-types/llm")).json()["data"]
    assert "gpt-4o" not in {entry["model"] for entry in ready["models"]}
    assert "gpt-4o-mini" in {entry["model"] for entry in ready["models"]}
    assert (await owner.patch(f"{OPENAI}/models/enable", json=model)).json() == {"result": "success"}
    assert (await statuses())["gpt-4o"] == "active"
    nothing = await owner.patch(f"{OPENAI}/models/disable", json={**model, "model": "gpt-nothing"})
    assert (nothing.status_code, nothing.json()["code"]) == (404, "model_not_found")


async def test_default_models(owner: httpx.AsyncClient, server: ModelServer) -> None:
    setting = {"model_type": "llm", "provider": "openai", "model": "gpt-4o-mini"}
    early = await owner.post("/workspaces/current/default-model", json={"model_settings": [setting]})
    assert (early.status_code, early.json()["code"]) == (400, "provider_not_initialize")
    await add(owner, openai(server))
    body = {"model_settings": [setting, {"model_type": "rerank"}]}
    assert (await owner.post("/workspaces/current/default-model", json=body)).json() == {"result": "success"}
    for kind in ("llm", "text-generation"):
        found = (await owner.get("/workspaces/current/default-model", params={"model_type": kind})).json()["data"]
        assert (found["model"], found["model_type"], found["provider"]["provider"]) == (
            "gpt-4o-mini",
            "llm",
            "langgenius/openai/openai",
        )
    await owner.patch(f"{OPENAI}/models/disable", json={"model": "gpt-4o-mini", "model_type": "llm"})
    found = (await owner.get("/workspaces/current/default-model", params={"model_type": "llm"})).json()["data"]
    assert found["model"] != "gpt-4o-mini", "a default that is switched off gives way"


async def test_parameter_rules(owner: httpx.AsyncClient, server: ModelServer) -> None:
    rules = (await owner.get(f"{OPENAI}/models/parameter-rules", params={"model": "gpt-4o"})).json()["data"]
    temperature = next(rule for rule in rules if rule["name"] == "temperature")
    assert (temperature["type"], temperature["use_template"], temperature["max"]) == ("float", "temperature", 2.0)
    assert (await owner.get(f"{OPENAI}/models/parameter-rules", params={"model": "gone"})).json() == {"data": []}
    body = {"model": "echo", "model_type": "llm", "credentials": compatible(server)}
    await owner.post(f"{COMPATIBLE}/models/credentials", json=body)
    rules = (await owner.get(f"{COMPATIBLE}/models/parameter-rules", params={"model": "echo"})).json()["data"]
    assert "temperature" in {rule["name"] for rule in rules}


async def test_models_of_ones_own(site: People, owner: httpx.AsyncClient, server: ModelServer) -> None:
    named = {"model": "echo", "model_type": "llm"}
    body = {**named, "credentials": compatible(server, vision_support="support", max_tokens_to_sample="512")}
    made = await owner.post(f"{COMPATIBLE}/models/credentials", json=body)
    assert (made.status_code, made.json()) == (201, {"result": "success"})
    assert server.seen[-1].path == "/v1/chat/completions"
    assert server.seen[-1].body["model"] == "echo"

    (model,) = (await owner.get(f"{COMPATIBLE}/models")).json()["data"]
    assert (model["model"], model["status"], model["fetch_from"]) == ("echo", "active", "customizable-model")
    assert model["model_properties"] == {"mode": "chat", "context_size": 4096}
    assert model["features"] == ["vision"]
    shown = (await owner.get(f"{COMPATIBLE}/models/credentials", params=named)).json()
    assert (shown["credentials"]["api_key"], shown["credentials"]["vision_support"]) == (MASKED, "support")
    assert shown["current_credential_name"] == "API KEY 1"
    async with site.database.read() as session:
        assert KEY not in (await session.scalars(select(ModelCredential))).one().encrypted_config

    change = {
        **named,
        "credential_id": shown["current_credential_id"],
        "credentials": compatible(server, api_key="[__HIDDEN__]", context_size="8192"),
    }
    assert (await owner.put(f"{COMPATIBLE}/models/credentials", json=change)).json() == {"result": "success"}
    assert server.seen[-1].headers["authorization"] == f"Bearer {KEY}"
    (model,) = (await owner.get(f"{COMPATIBLE}/models")).json()["data"]
    assert model["model_properties"]["context_size"] == 8192

    configured = (await provider(owner, "langgenius/openai_api_compatible/openai_api_compatible"))[
        "custom_configuration"
    ]
    assert configured["status"] == "active"
    assert configured["custom_models"][0]["current_credential_name"] == "API KEY 1"
    assert (await owner.request("DELETE", f"{COMPATIBLE}/models", json=named)).status_code == 204
    assert (await owner.get(f"{COMPATIBLE}/models")).json() == {"data": []}
    assert (await owner.request("DELETE", f"{COMPATIBLE}/models", json=named)).status_code == 404


async def test_several_credentials_of_one_model(owner: httpx.AsyncClient, server: ModelServer) -> None:
    named = {"model": "echo", "model_type": "llm"}
    for name in ("One", "Two"):
        body = {**named, "credentials": compatible(server), "name": name}
        assert (await owner.post(f"{COMPATIBLE}/models/credentials", json=body)).status_code == 201

    async def current() -> dict[str, Any]:
        return (await owner.get(f"{COMPATIBLE}/models/credentials", params=named)).json()

    two = next(entry for entry in (await current())["available_credentials"] if entry["credential_name"] == "Two")
    assert (await current())["current_credential_name"] == "One"
    body = {**named, "credential_id": two["credential_id"]}
    assert (await owner.post(f"{COMPATIBLE}/models/credentials/switch", json=body)).json() == {"result": "success"}
    assert (await current())["current_credential_name"] == "Two"
    assert (await owner.request("DELETE", f"{COMPATIBLE}/models/credentials", json=body)).status_code == 204
    assert (await current())["current_credential_name"] == "One"
    last = {**named, "credential_id": (await current())["current_credential_id"]}
    assert (await owner.request("DELETE", f"{COMPATIBLE}/models/credentials", json=last)).status_code == 204
    assert (await owner.get(f"{COMPATIBLE}/models")).json() == {"data": []}


@pytest.mark.parametrize(
    ("path", "model_type"),
    [(COMPATIBLE, "moderation"), (COMPATIBLE, "nonsense"), (f"{PROVIDERS}/anthropic", "text-embedding")],
)
async def test_refuses_models_that_the_provider_can_not_have(
    owner: httpx.AsyncClient, server: ModelServer, path: str, model_type: str
) -> None:
    body = {"model": "echo", "model_type": model_type, "credentials": compatible(server)}
    answer = await owner.post(f"{path}/models/credentials", json=body)
    assert (answer.status_code, answer.json()["params"]) == (400, "model_type")


async def test_a_model_that_does_not_answer_is_not_saved(owner: httpx.AsyncClient, server: ModelServer) -> None:
    body = {"model": "error:500", "model_type": "llm", "credentials": compatible(server)}
    refused = await owner.post(f"{COMPATIBLE}/models/credentials", json=body)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_param")
    tried = (await owner.post(f"{COMPATIBLE}/models/credentials/validate", json=body)).json()
    assert (tried["result"], tried["error"]) == ("error", refused.json()["message"])
    assert (await owner.get(f"{COMPATIBLE}/models")).json() == {"data": []}


async def test_members_see_models_and_change_nothing(
    site: People, owner: httpx.AsyncClient, server: ModelServer
) -> None:
    await add(owner, openai(server))
    (credential,) = (await ids(owner)).values()
    for role in ("editor", "normal", "dataset_operator"):
        member = await site.invited(owner, f"{role.replace('_', '')}@example.com", role)
        assert (await member.get(PROVIDERS)).status_code == 200
        named = {"credential_id": credential, "model": "gpt-4o", "model_type": "llm", "credentials": openai(server)}
        for method, path in (
            ("POST", f"{OPENAI}/credentials"),
            ("PUT", f"{OPENAI}/credentials"),
            ("DELETE", f"{OPENAI}/credentials"),
            ("POST", f"{OPENAI}/credentials/switch"),
            ("POST", f"{OPENAI}/credentials/validate"),
            ("POST", f"{OPENAI}/models"),
            ("DELETE", f"{OPENAI}/models"),
            ("PATCH", f"{OPENAI}/models/disable"),
            ("POST", "/workspaces/current/default-model"),
        ):
            answer = await member.request(method, path, json={**named, "model_settings": []})
            assert answer.status_code == 403, (role, method, path)


async def test_two_workspaces_know_nothing_of_each_others_models(
    site: People, owner: httpx.AsyncClient, server: ModelServer
) -> None:
    await add(owner, openai(server))
    (credential,) = (await ids(owner)).values()
    named = {"model": "echo", "model_type": "llm"}
    await owner.post(f"{COMPATIBLE}/models/credentials", json={**named, "credentials": compatible(server)})
    own = (await owner.get(f"{COMPATIBLE}/models/credentials", params=named)).json()["current_credential_id"]
    eve = await site.second_workspace(owner)

    assert (await eve.get(f"{OPENAI}/credentials")).json() == {"credentials": None}
    assert (await eve.get(f"{OPENAI}/credentials", params={"credential_id": credential})).status_code == 404
    values = {"credential_id": credential, "credentials": openai(server, "[__HIDDEN__]")}
    for method, path in (("PUT", ""), ("DELETE", ""), ("POST", "/switch"), ("POST", "/validate")):
        answer = await eve.request(method, f"{OPENAI}/credentials{path}", json=values)
        assert answer.status_code == 404, (method, path)
    assert (await eve.get(f"{COMPATIBLE}/models")).json() == {"data": []}
    assert (
        await eve.get(f"{COMPATIBLE}/models/credentials", params={**named, "credential_id": own})
    ).status_code == 404
    values = {**named, "credential_id": own, "credentials": compatible(server, api_key="[__HIDDEN__]")}
    for method, path in (("PUT", ""), ("DELETE", ""), ("POST", "/switch"), ("POST", "/validate")):
        answer = await eve.request(method, f"{COMPATIBLE}/models/credentials{path}", json=values)
        assert answer.status_code == 404, (method, path)
    assert (await eve.request("DELETE", f"{COMPATIBLE}/models", json=named)).status_code == 404
    assert (await eve.patch(f"{COMPATIBLE}/models/disable", json=named)).status_code == 404

    assert (await owner.get(f"{OPENAI}/credentials")).json()["credentials"]["openai_api_key"] == MASKED
    assert len((await owner.get(f"{COMPATIBLE}/models")).json()["data"]) == 1


async def said(site: People, workspace: str, model: ModelRef) -> str:
    gateway = site.workspaces.models.gateway(workspace)
    call = LLMCall(model=model, messages=(Message("user", "hello"),))
    return "".join([delta.text async for delta in gateway.stream(call)])


async def test_runs_call_with_the_workspaces_credentials(
    site: People, owner: httpx.AsyncClient, server: ModelServer
) -> None:
    here = (await owner.post("/workspaces/current")).json()["id"]
    echo = ModelRef("openai", "echo")
    with pytest.raises(ProviderNotConfigured):
        await said(site, here, echo)
    await add(owner, openai(server, "sk-first-0123456789"), "First")
    assert "hello" in await said(site, here, echo)
    assert server.seen[-1].headers["authorization"] == "Bearer sk-first-0123456789"

    await add(owner, openai(server, "sk-second-0123456789"), "Second")
    await owner.post(f"{OPENAI}/credentials/switch", json={"credential_id": (await ids(owner))["Second"]})
    await said(site, here, echo)
    assert server.seen[-1].headers["authorization"] == "Bearer sk-second-0123456789", "changes count at once"

    await owner.patch(f"{OPENAI}/models/disable", json={"model": "gpt-4o", "model_type": "llm"})
    with pytest.raises(ModelNotFound, match="switched off"):
        await said(site, here, ModelRef("openai", "gpt-4o"))

    eve = await site.second_workspace(owner)
    there = (await eve.post("/workspaces/current")).json()["id"]
    with pytest.raises(ProviderNotConfigured):
        await said(site, there, echo)


async def test_the_audit_log_holds_no_secrets(owner: httpx.AsyncClient, server: ModelServer) -> None:
    await add(owner, openai(server))
    answer = await owner.get("/workspaces/current/audit-log", params={"action": "model."})
    (row,) = answer.json()["data"]
    assert (row["action"], row["content"]) == (
        "model.credential.add",
        {"provider": "langgenius/openai/openai", "name": "API KEY 1"},
    )
    assert KEY not in answer.text
