"""The same behaviours through every protocol, from stored credentials to priced usage."""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import aclosing

import pytest
from tests.integration.inference.calls import CLOCK, IMAGE, WEATHER, Answer, call, collect
from tests.support.model_server import ModelServer
from tests.support.model_server.server import REFUSED_KEY

from orrery.inference.cut_off import spent_until
from orrery.inference.gateway import InferenceGateway
from orrery.inference.registry import ProviderRegistry
from orrery.inference.transport import ModelTransport
from orrery.inference.types import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
    Message,
    ModelKind,
    ModelRef,
    ProviderNotConfigured,
    TextPart,
    ToolCall,
)

VENDORS = ["openai", "azure_openai", "anthropic", "google", "ollama", "openai_api_compatible", "deepseek", "vllm"]
KEY = "k-0123456789"
STREAMED_TOOLS = {"function_calling_type": "tool_call", "structured_output_support": "supported"}


def credentials_at(url: str, key: str = KEY) -> dict[str, dict[str, object]]:
    return {
        "langgenius/openai/openai": {"openai_api_key": key, "openai_api_base": url},
        "langgenius/azure_openai/azure_openai": {
            "openai_api_key": key, "openai_api_base": url, "openai_api_version": "2024-10-21",
            "base_model_name": "gpt-4o",
        },
        "langgenius/anthropic/anthropic": {"anthropic_api_key": key, "anthropic_api_url": url + "/v1/"},
        "langgenius/gemini/google": {"google_api_key": key, "google_base_url": url},
        "langgenius/ollama/ollama": {"base_url": url, "api_key": key, "context_size": "8192"},
        "langgenius/openai_api_compatible/openai_api_compatible": {
            "endpoint_url": url + "/v1", "api_key": key, **STREAMED_TOOLS,
        },
        "langgenius/deepseek/deepseek": {"api_key": key, "endpoint_url": url + "/v1"},
        "langgenius/vllm/vllm": {"endpoint_url": url, "api_key": key, **STREAMED_TOOLS},
        "langgenius/jina/jina": {"api_key": key, "base_url": url + "/v1"},
    }  # fmt: skip


class Stored:
    def __init__(self, found: Mapping[str, Mapping[str, object]]) -> None:
        self.found = found

    async def find(self, provider_id: str, model: str, kind: ModelKind) -> Mapping[str, object] | None:
        return self.found.get(provider_id)


@pytest.fixture
def gateway(server: ModelServer, transport: ModelTransport) -> InferenceGateway:
    return InferenceGateway(ProviderRegistry(), Stored(credentials_at(server.url)), transport)


@pytest.mark.parametrize("vendor", VENDORS)
class TestEveryVendor:
    async def test_text_and_usage(self, gateway: InferenceGateway, vendor: str) -> None:
        answer = await collect(gateway.stream(call("echo", provider=vendor)))
        assert (answer.text, answer.finish) == ("Grüße aus Köln und mehr davon", "stop")
        assert answer.usage is not None
        assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (8, 6)
        assert answer.usage.latency >= (answer.usage.time_to_first_token or 9) >= 0

    async def test_one_byte_chunks(self, gateway: InferenceGateway, vendor: str) -> None:
        answer = await collect(gateway.stream(call("bytewise", provider=vendor)))
        assert answer.text == "Grüße aus Köln und mehr davon"

    async def test_tools(self, gateway: InferenceGateway, vendor: str) -> None:
        wanted = '{"city":"Köln","days":[1,2,3]}'
        answer = await collect(gateway.stream(call("tool", wanted, vendor, tools=(WEATHER, CLOCK))))
        assert [(n, json.loads(a)) for n, a in answer.called()] == [("weather", json.loads(wanted))]
        assert (answer.finish, answer.text) == ("tool_calls", "")
        both = await collect(gateway.stream(call("tools2", "x", vendor, tools=(WEATHER, CLOCK))))
        assert both.called() == [("weather", "{}"), ("clock", "{}")]
        assert len({c.id for c in both.calls}) == 2

    async def test_a_tools_answer_goes_back(self, gateway: InferenceGateway, vendor: str) -> None:
        asked = ToolCall("c1", "weather", '{"city":"x"}', signature="c2ln")
        messages = (
            Message("system", "be brief"),
            Message("user", "weather?"),
            Message("assistant", "", tool_calls=(asked,)),
            Message("tool", "sunny", tool_call_id="c1", name="weather"),
        )
        answer = await collect(gateway.stream(call("tool", provider=vendor, messages=messages, tools=(WEATHER,))))
        assert answer.text == "tool said: sunny"

    async def test_reasoning(self, gateway: InferenceGateway, vendor: str) -> None:
        answer = await collect(gateway.stream(call("reasoning", "hello", vendor)))
        assert (answer.reasoning, answer.text) == ("let me think", "hello")
        assert answer.signature == ("c2lnbmVk" if vendor == "anthropic" else "")

    async def test_vision(self, gateway: InferenceGateway, vendor: str) -> None:
        messages = (Message("user", (TextPart("what is it"), IMAGE)),)
        answer = await collect(gateway.stream(call("vision", provider=vendor, messages=messages)))
        assert answer.text.startswith("image ")
        assert answer.text.endswith(" 70")

    async def test_structured_output(self, gateway: InferenceGateway, vendor: str) -> None:
        schema = {
            "type": "object",
            "properties": {"name": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}},
            "required": ["name", "tags"],
            "additionalProperties": False,
        }
        answer = await collect(gateway.stream(call("json", provider=vendor, json_schema=schema)))
        assert json.loads(answer.text) == {"name": "text", "tags": ["text"]}
        assert (answer.finish, answer.calls) == ("stop", ())

    async def test_system_and_history_arrive_in_order(self, gateway: InferenceGateway, vendor: str) -> None:
        messages = (
            Message("system", "s"), Message("user", "a"), Message("assistant", "b"), Message("user", "c"),
        )  # fmt: skip
        answer = await collect(gateway.stream(call("history", provider=vendor, messages=messages)))
        assert json.loads(answer.text) == [["system", "s"], ["user", "a"], ["assistant", "b"], ["user", "c"]]

    async def test_finish_length(self, gateway: InferenceGateway, vendor: str) -> None:
        assert (await collect(gateway.stream(call("length", provider=vendor)))).finish == "length"

    async def test_missing_usage_is_estimated(self, gateway: InferenceGateway, vendor: str) -> None:
        usage = (await collect(gateway.stream(call("no-usage", provider=vendor)))).usage
        assert usage is not None
        assert usage.total_tokens > 5

    @pytest.mark.parametrize(
        ("model", "kind"),
        [
            ("error:400", InvokeBadRequestError),
            ("error:401", InvokeAuthorizationError),
            ("error:429:3600", InvokeRateLimitError),
            ("error:500", InvokeServerUnavailableError),
            ("cut", InvokeConnectionError),
            ("cut-utf8", InvokeConnectionError),
            ("end-early", InvokeConnectionError),
            ("hang-mid", InvokeConnectionError),
            ("garbage", InvokeServerUnavailableError),
            ("error-mid", InvokeServerUnavailableError),
        ],
    )
    async def test_failures(
        self,
        patience: Callable[[str], ModelTransport],
        server: ModelServer,
        vendor: str,
        model: str,
        kind: type[InvokeError],
    ) -> None:
        gateway = InferenceGateway(ProviderRegistry(), Stored(credentials_at(server.url)), patience(model))
        got: list[str] = []
        with pytest.raises(InvokeError) as caught:
            async with aclosing(gateway.stream(call(model, provider=vendor))) as deltas:
                async for delta in deltas:
                    got.append(delta.text)
        assert type(caught.value) is kind
        if ":" not in model:
            assert "".join(got).startswith("Grüße ")
        assert KEY not in str(caught.value)

    async def test_a_refused_key_is_not_shown(
        self, server: ModelServer, transport: ModelTransport, vendor: str
    ) -> None:
        gateway = InferenceGateway(ProviderRegistry(), Stored(credentials_at(server.url, REFUSED_KEY)), transport)
        with pytest.raises(InvokeAuthorizationError) as caught:
            await collect(gateway.stream(call("echo", provider=vendor)))
        assert "Check the key in Integrations → " in str(caught.value)
        assert "Incorrect API key provided: ***" in str(caught.value)
        assert REFUSED_KEY not in str(caught.value)


async def answer_of(gateway: InferenceGateway, provider: str, model: str, text: str = "hi", **more: object) -> Answer:
    return await collect(gateway.stream(call(model, text, provider, **more)))


async def test_prices(server: ModelServer, transport: ModelTransport) -> None:
    gateway = InferenceGateway(ProviderRegistry(), Stored(credentials_at(server.url)), transport)
    usage = (await answer_of(gateway, "openai", "gpt-4o", "one two three")).usage
    assert usage is not None
    wire = usage.as_wire()
    assert (usage.prompt_tokens, usage.completion_tokens) == (5, 3)
    assert (wire["prompt_unit_price"], wire["prompt_price_unit"], wire["prompt_price"]) == (
        "2.5",
        "0.000001",
        "0.0000125",
    )
    assert (wire["completion_price"], wire["total_price"], wire["currency"]) == ("0.0000300", "0.0000425", "USD")
    azure = (await answer_of(gateway, "azure_openai", "my-deployment", "one two three")).usage
    assert azure is not None
    assert azure.total_price == usage.total_price
    unknown = (await answer_of(gateway, "openai", "gpt-99")).usage
    assert unknown is not None
    assert unknown.total_price == 0


async def test_a_broken_answer_still_tells_what_it_cost(server: ModelServer, transport: ModelTransport) -> None:
    stored = {**credentials_at(server.url)["langgenius/azure_openai/azure_openai"], "base_model_name": "gpt-4o"}
    gateway = InferenceGateway(ProviderRegistry(), Stored({"langgenius/azure_openai/azure_openai": stored}), transport)
    with pytest.raises(InvokeConnectionError) as broken:
        await answer_of(gateway, "azure_openai", "cut")
    assert broken.value.usage is not None
    assert broken.value.usage.completion_tokens > 2
    assert broken.value.usage.total_price > 0
    with pytest.raises(InvokeServerUnavailableError) as never_begun:
        await answer_of(gateway, "azure_openai", "error:500")
    assert never_begun.value.usage is None


async def test_a_call_that_is_cut_off_tells_what_it_cost(server: ModelServer, transport: ModelTransport) -> None:
    stored = {**credentials_at(server.url)["langgenius/azure_openai/azure_openai"], "base_model_name": "gpt-4o"}
    gateway = InferenceGateway(ProviderRegistry(), Stored({"langgenius/azure_openai/azure_openai": stored}), transport)
    heard = asyncio.Event()

    async def listen() -> None:
        async with aclosing(gateway.stream(call("hang-mid", provider="azure_openai"))) as deltas:
            async for _ in deltas:
                heard.set()

    listening = asyncio.create_task(listen())
    await heard.wait()
    listening.cancel()
    with pytest.raises(asyncio.CancelledError) as cut:
        await listening
    spent = spent_until(cut.value)
    assert min(spent.prompt_tokens, spent.completion_tokens, spent.total_price) > 0


async def test_thinking_models_of_openai_get_their_own_fields(gateway: InferenceGateway, server: ModelServer) -> None:
    await answer_of(
        gateway, "openai", "o3-mini", parameters={"max_tokens": 50, "temperature": 1, "reasoning_effort": "low"}
    )
    body = server.seen[-1].body
    assert body["max_completion_tokens"] == 50
    assert body["reasoning_effort"] == "low"
    assert body["messages"][0]["role"] == "developer"
    assert not {"max_tokens", "temperature"} & body.keys()


async def test_azure_calls_the_deployment(gateway: InferenceGateway, server: ModelServer) -> None:
    await answer_of(gateway, "azure_openai", "my-deployment")
    seen = server.seen[-1]
    assert seen.path == "/openai/deployments/my-deployment/chat/completions?api-version=2024-10-21"
    assert seen.headers["api-key"] == KEY
    assert "authorization" not in seen.headers


async def test_ollama_gets_options_and_context(gateway: InferenceGateway, server: ModelServer) -> None:
    await answer_of(
        gateway, "ollama", "qwen", parameters={"max_tokens": 7, "top_k": 3, "keep_alive": "5m"}, stop=("x",)
    )
    body = server.seen[-1].body
    assert body["options"] == {"top_k": 3, "num_predict": 7, "num_ctx": 8192, "stop": ["x"]}
    assert body["keep_alive"] == "5m"


async def test_anthropic_thinking(gateway: InferenceGateway, server: ModelServer) -> None:
    parameters = {"thinking": True, "thinking_budget": 2048, "temperature": 0.5, "max_tokens": 4000}
    messages = (
        Message("user", "q"),
        Message("assistant", "a", reasoning="hm", reasoning_signature="c2ln"),
        Message("user", "r"),
    )
    await answer_of(gateway, "anthropic", "claude-sonnet-4-20250514", parameters=parameters, messages=messages)
    body = server.seen[-1].body
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 2048}
    assert "temperature" not in body
    assert body["messages"][1]["content"][0] == {"type": "thinking", "thinking": "hm", "signature": "c2ln"}
    assert server.seen[-1].headers["x-api-key"] == KEY


async def test_gemini_sends_signatures_back_and_thin_schemas(gateway: InferenceGateway, server: ModelServer) -> None:
    answer = await answer_of(gateway, "google", "tool", '{"city":"x"}', tools=(WEATHER,))
    assert answer.calls[0].signature == "c2ln"
    messages = (Message("user", "q"), Message("assistant", "", tool_calls=answer.calls))
    await answer_of(gateway, "google", "echo", messages=messages)
    part = server.seen[-1].body["contents"][1]["parts"][0]
    assert part == {"functionCall": {"name": "weather", "args": {"city": "x"}}, "thoughtSignature": "c2ln"}


async def test_legacy_completions_and_functions(server: ModelServer, transport: ModelTransport) -> None:
    compatible = "langgenius/openai_api_compatible/openai_api_compatible"
    base: dict[str, object] = {"endpoint_url": server.url + "/v1"}
    completing = InferenceGateway(ProviderRegistry(), Stored({compatible: {**base, "mode": "completion"}}), transport)
    assert (
        await answer_of(completing, compatible, "echo", "to be", messages=(Message("user", "to be"),))
    ).text == "to be"
    assert server.seen[-1].path == "/v1/completions"
    calling = {**base, "function_calling_type": "function_call", "endpoint_model_name": "tool"}
    functions = InferenceGateway(ProviderRegistry(), Stored({compatible: calling}), transport)
    answer = await answer_of(functions, compatible, "mine", tools=(CLOCK,))
    assert (answer.called(), server.seen[-1].body["model"]) == ([("clock", "{}")], "tool")
    assert server.seen[-1].body["functions"][0]["name"] == "clock"


@pytest.mark.parametrize("vendor", ["openai", "azure_openai", "google", "ollama", "vllm"])
async def test_embeddings_keep_their_order(gateway: InferenceGateway, vendor: str) -> None:
    texts = [f"text number {i}" for i in range(150)]
    vectors, usage = await gateway.embed(ModelRef(vendor, "embed:4", "text-embedding"), texts)
    again, _ = await gateway.embed(ModelRef(vendor, "embed:4", "text-embedding"), texts[99:100])
    assert len(vectors) == 150
    assert vectors[99] == again[0]
    assert vectors[98] != vectors[99]
    assert usage.prompt_tokens == usage.total_tokens > 300


async def test_rerank(gateway: InferenceGateway) -> None:
    documents = ["nothing here", "red apples", "red apples and pears"]
    ranked, usage = await gateway.rerank(ModelRef("jina", "rerank", "rerank"), "apples and pears", documents, top_n=2)
    assert [r.index for r in ranked] == [2, 1]
    assert ranked[0].score > ranked[1].score
    assert usage.total_tokens == 8


async def test_moderation(gateway: InferenceGateway, server: ModelServer) -> None:
    model = ModelRef("openai", "omni-moderation-latest", "moderation")
    assert [await gateway.moderate(model, text) for text in ("a duck", "violence and ducks")] == [False, True]
    assert server.seen[-1].body == {"model": "omni-moderation-latest", "input": "violence and ducks"}


async def test_speech(gateway: InferenceGateway) -> None:
    model = ModelRef("openai", "tts-1", "tts")
    assert await gateway.speak(model, "a duck", voice="nova") == b"ID3 nova says a duck"
    assert await gateway.speak(model, "a duck", voice="") == b"ID3 alloy says a duck"


async def test_features_by_card_and_by_form(gateway: InferenceGateway) -> None:
    known = await gateway.features(ModelRef("openai", "gpt-4o"))
    assert (known.context_size, known.vision, known.tools, known.structured_output) == (128_000, True, True, True)
    formed = await gateway.features(ModelRef("ollama", "llava"))
    assert (formed.context_size, formed.vision, formed.tools) == (8192, False, False)
    compatible = await gateway.features(ModelRef("openai_api_compatible", "x"))
    assert (compatible.tools, compatible.vision, compatible.structured_output) == (True, False, True)


async def test_no_credential_and_no_provider(server: ModelServer, transport: ModelTransport) -> None:
    gateway = InferenceGateway(ProviderRegistry(), Stored({}), transport)
    with pytest.raises(ProviderNotConfigured, match="no credential in this workspace"):
        await answer_of(gateway, "openai", "gpt-4o")
    with pytest.raises(ProviderNotConfigured, match="not installed"):
        await answer_of(gateway, "someone/else/there", "x")
