import pytest
from tests.integration.inference.test_gateway import credentials_at
from tests.support.model_server import ModelServer
from tests.support.model_server.server import REFUSED_KEY

from orrery.inference.check import CredentialCheck
from orrery.inference.registry import ProviderRegistry
from orrery.inference.transport import ModelTransport
from orrery.inference.types import InvokeAuthorizationError, InvokeBadRequestError, InvokeConnectionError, InvokeError

LISTING = ["openai", "anthropic", "google", "ollama", "openai_api_compatible", "deepseek"]


@pytest.fixture
def check(transport: ModelTransport) -> CredentialCheck:
    return CredentialCheck(ProviderRegistry(), transport)


def stored(server: ModelServer, provider: str, key: str = "k-0123456789") -> dict[str, object]:
    return credentials_at(server.url, key)[ProviderRegistry().canonical_id(provider)]


@pytest.mark.parametrize("provider", LISTING)
async def test_models_are_listed(check: CredentialCheck, server: ModelServer, provider: str) -> None:
    found = await check.list_models(provider, stored(server, provider))
    kinds = {m.name: m.kind for m in found}
    assert (kinds["echo"], kinds["embed:8"], kinds["rerank"]) == ("llm", "text-embedding", "rerank")


@pytest.mark.parametrize("provider", [p for p in LISTING if p != "ollama"])
async def test_a_provider_is_checked_by_its_list(check: CredentialCheck, server: ModelServer, provider: str) -> None:
    await check.validate(provider, stored(server, provider))
    with pytest.raises(InvokeAuthorizationError) as caught:
        await check.validate(provider, stored(server, provider, REFUSED_KEY))
    assert REFUSED_KEY not in str(caught.value)


@pytest.mark.parametrize("provider", [*LISTING, "azure_openai"])
async def test_a_model_is_checked_by_a_small_call(check: CredentialCheck, server: ModelServer, provider: str) -> None:
    await check.validate(provider, stored(server, provider), model="echo")
    with pytest.raises(InvokeBadRequestError, match="knows no such model"):
        await check.validate(provider, stored(server, provider), model="error:404")


async def test_embedding_and_rerank_models(check: CredentialCheck, server: ModelServer) -> None:
    await check.validate("openai", stored(server, "openai"), model="embed:8", kind="text-embedding")
    await check.validate("jina", stored(server, "jina"), model="rerank", kind="rerank")
    with pytest.raises(InvokeAuthorizationError):
        await check.validate("jina", stored(server, "jina", REFUSED_KEY))


@pytest.mark.parametrize(
    ("credentials", "kind", "text"),
    [
        ({}, InvokeAuthorizationError, "has no key"),
        ({"openai_api_key": "k", "openai_api_base": "http://127.0.0.1:9"}, InvokeConnectionError, "can't be reached"),
        ({"openai_api_key": "k", "openai_api_base": "not a url"}, InvokeBadRequestError, "can't be used"),
        ({"openai_api_key": "k", "openai_api_base": "http://169.254.169.254"}, InvokeBadRequestError, "not allowed"),
    ],
)
async def test_what_the_form_got_wrong(
    check: CredentialCheck, credentials: dict[str, object], kind: type[InvokeError], text: str
) -> None:
    with pytest.raises(kind, match=text):
        await check.validate("openai", credentials)


async def test_azure_needs_an_address(check: CredentialCheck) -> None:
    with pytest.raises(InvokeBadRequestError, match="lacks its address"):
        await check.validate("azure_openai", {"openai_api_key": "k"}, model="x")
