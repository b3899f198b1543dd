import asyncio
import json
from collections.abc import Callable

import pytest
from tests.integration.inference.calls import CLOCK, IMAGE, WEATHER, Answer, call, collect
from tests.support.model_server import ModelServer
from tests.support.model_server.server import REFUSED_KEY

from orrery.inference.endpoint import ChatTraits, Endpoint
from orrery.inference.protocols.openai_chat import OpenAIChat
from orrery.inference.transport import ModelTransport
from orrery.inference.types import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
    LLMCall,
    Message,
    TextPart,
    ToolCall,
)
from orrery.inference.wire import stream_answer


def at(server: ModelServer, key: str = "k-0123456789", traits: ChatTraits | None = None) -> Endpoint:
    return Endpoint(
        base_url=server.url + "/v1",
        label="OpenAI",
        headers={"Authorization": f"Bearer {key}"},
        secrets=(key,),
        traits=traits or ChatTraits(),
    )


async def ask(transport: ModelTransport, endpoint: Endpoint, what: LLMCall) -> Answer:
    return await collect(stream_answer(transport, OpenAIChat(), endpoint, what))


async def failing(patience: Callable[[str], ModelTransport], server: ModelServer, model: str) -> InvokeError:
    with pytest.raises(InvokeError) as caught:
        await ask(patience(model), at(server), call(model))
    return caught.value


async def test_text_usage_and_finish(transport: ModelTransport, server: ModelServer) -> None:
    answer = await ask(transport, at(server), call("echo"))
    assert (answer.text, answer.finish) == ("Grüße aus Köln und mehr davon", "stop")
    assert len(answer.deltas) == 3
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (8, 6, 14)
    seen = server.seen[0]
    assert seen.headers["authorization"] == "Bearer k-0123456789"
    assert seen.body["stream_options"] == {"include_usage": True}


async def test_one_byte_chunks_give_the_same(transport: ModelTransport, server: ModelServer) -> None:
    whole, bytewise = [await ask(transport, at(server), call(m)) for m in ("echo", "bytewise")]
    assert (whole.text, whole.usage, whole.finish) == (bytewise.text, bytewise.usage, bytewise.finish)


async def test_parameters_stop_and_limits(transport: ModelTransport, server: ModelServer) -> None:
    parameters = {"temperature": 0.2, "max_tokens": 9, "stop": ["a", "b"], "top_p": None, "seed": 3}
    traits = ChatTraits(max_tokens_field="max_completion_tokens", dropped_parameters=("temperature",))
    answer = await ask(
        transport, at(server, traits=traits), call("parameters", parameters=parameters, stop=("b", "c"), user="u1")
    )
    sent = json.loads(answer.text)
    assert sent.pop("stream_options")
    assert sent == {"max_completion_tokens": 9, "seed": 3, "stop": ["b", "c", "a"], "stream": True, "user": "u1"}


async def test_tool_calls_split_over_chunks(transport: ModelTransport, server: ModelServer) -> None:
    arguments = '{"city": "Köln", "days": [1, 2, 3]}'
    answer = await ask(transport, at(server), call("tool", arguments, tools=(WEATHER, CLOCK)))
    assert answer.called() == [("weather", arguments)]
    assert (answer.finish, answer.calls[0].id) == ("tool_calls", "call_0")
    both = await ask(transport, at(server), call("tools2", tools=(WEATHER, CLOCK)))
    assert both.called() == [("weather", "{}"), ("clock", "{}")]


async def test_tool_answers_go_back(transport: ModelTransport, server: ModelServer) -> None:
    messages = (
        Message("user", "weather?"),
        Message("assistant", "", tool_calls=(ToolCall("c1", "weather", '{"city":"x"}'),), reasoning="hm"),
        Message("tool", "sunny", tool_call_id="c1", name="weather"),
    )
    for echo in (False, True):
        endpoint = at(server, traits=ChatTraits(echo_reasoning=echo))
        answer = await ask(transport, endpoint, call("tool", messages=messages, tools=(WEATHER,)))
        assert answer.text == "tool said: sunny"
        assistant = server.seen[-1].body["messages"][1]
        assert assistant.get("reasoning_content") == ("hm" if echo else None)
        assert assistant["content"] is None
        assert assistant["tool_calls"][0] == {
            "id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"x"}'},
        }  # fmt: skip


async def test_reasoning_is_kept_apart(transport: ModelTransport, server: ModelServer) -> None:
    answer = await ask(transport, at(server), call("reasoning", "hello"))
    assert (answer.reasoning, answer.text) == ("let me think", "hello")


async def test_vision_payload(transport: ModelTransport, server: ModelServer) -> None:
    content = (TextPart("what is it"), IMAGE)
    answer = await ask(transport, at(server), call("vision", messages=(Message("user", content),)))
    assert answer.text == "image image/png 70"
    assert server.seen[0].body["messages"][0]["content"][1]["image_url"]["detail"] == "high"


async def test_structured_output(transport: ModelTransport, server: ModelServer) -> None:
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
        "additionalProperties": False,
    }
    answer = await ask(transport, at(server), call("json", json_schema=schema))
    assert json.loads(answer.text) == {"n": 1}
    assert server.seen[0].body["response_format"]["json_schema"]["strict"] is True
    text = json.dumps({"name": "n", "schema": {"properties": {"s": {"type": "string"}}}})
    loose = await ask(
        transport, at(server), call("json", parameters={"response_format": "json_schema", "json_schema": text})
    )
    assert json.loads(loose.text) == {"s": "text"}
    assert "strict" not in server.seen[1].body["response_format"]["json_schema"]
    plain = await ask(transport, at(server), call("json", "x", parameters={"response_format": "json_object"}))
    assert json.loads(plain.text) == {"answer": "x"}
    with pytest.raises(InvokeBadRequestError, match="json_schema"):
        await ask(
            transport, at(server), call("json", parameters={"response_format": "json_schema", "json_schema": "{"})
        )


async def test_no_usage_is_left_to_the_caller(transport: ModelTransport, server: ModelServer) -> None:
    assert (await ask(transport, at(server), call("no-usage"))).usage is None


async def test_ten_megabytes_in_one_token(transport: ModelTransport, server: ModelServer) -> None:
    answer = await ask(transport, at(server), call("long:10000000"))
    assert len(answer.text) == 10_000_000


@pytest.mark.parametrize(
    ("model", "kind", "text", "attempts"),
    [
        ("error:400", InvokeBadRequestError, "refused the request (400)", 1),
        ("error:403", InvokeAuthorizationError, "refused the key (403)", 1),
        ("error:404", InvokeBadRequestError, "knows no such model", 1),
        ("error:500", InvokeServerUnavailableError, "failed (500)", 3),
        ("error:529", InvokeServerUnavailableError, "failed (529)", 3),
        ("error:429:7", InvokeRateLimitError, "Try again in 7 s", 3),
        ("error:429:3600", InvokeRateLimitError, "Try again in 3600 s", 1),
        ("hang", InvokeConnectionError, "sent nothing: no byte for 0.15 s", 1),
        ("hang-headers", InvokeConnectionError, "sent nothing: no byte for 0.15 s", 1),
        ("hang-mid", InvokeConnectionError, "stopped in the middle", 1),
        ("cut", InvokeConnectionError, "in the middle of the answer. Try again. The peer cut the connection", 1),
        ("cut-utf8", InvokeConnectionError, "in the middle of the answer. Try again. The peer cut the connection", 1),
        ("end-early", InvokeConnectionError, "cut the answer after", 1),
        ("garbage", InvokeServerUnavailableError, "can't be read", 1),
        ("html", InvokeBadRequestError, "answered with a web page", 1),
        ("error-mid", InvokeServerUnavailableError, "The engine overheated.", 1),
    ],
)
async def test_failures(
    patience: Callable[[str], ModelTransport],
    server: ModelServer,
    model: str,
    kind: type[InvokeError],
    text: str,
    attempts: int,
) -> None:
    error = await failing(patience, server, model)
    assert type(error) is kind
    assert text in str(error)
    assert len(server.seen) == attempts


async def test_what_came_before_a_failure_was_handed_on(transport: ModelTransport, server: ModelServer) -> None:
    got: list[str] = []
    with pytest.raises(InvokeConnectionError):
        async for delta in stream_answer(transport, OpenAIChat(), at(server), call("cut-utf8")):
            got.append(delta.text)
    assert got == ["Grüße "]


async def test_retries_end_well_and_respect_retry_after(
    transport: ModelTransport, patience: Callable[[str], ModelTransport], server: ModelServer, waits: list[float]
) -> None:
    assert (await ask(transport, at(server), call("flaky:2", "yes"))).text == "yes"
    assert len(waits) == 2
    assert 0.3 < waits[0] < 0.7 < waits[1] < 1.3
    waits.clear()
    await failing(patience, server, "error:429:7")
    assert waits == [7.0, 7.0]


async def test_refused_connection(transport: ModelTransport, waits: list[float]) -> None:
    nobody = Endpoint(base_url="http://127.0.0.1:9/v1", label="vLLM")
    with pytest.raises(InvokeConnectionError, match=r"can't be reached\. Check its address in Integrations → vLLM"):
        await ask(transport, nobody, call("echo"))
    assert len(waits) == 2


async def test_a_forbidden_address_is_not_retried(transport: ModelTransport, waits: list[float]) -> None:
    inside = Endpoint(base_url="http://169.254.169.254/v1", label="x")
    with pytest.raises(InvokeBadRequestError, match="not allowed"):
        await ask(transport, inside, call("echo"))
    assert waits == []


async def test_the_key_is_never_shown(transport: ModelTransport, server: ModelServer) -> None:
    with pytest.raises(InvokeAuthorizationError) as caught:
        await ask(transport, at(server, key=REFUSED_KEY), call("echo"))
    assert str(caught.value) == (
        "The model endpoint refused the key (401). Check the key in Integrations → OpenAI. "
        "It said: Incorrect API key provided: ***."
    )


async def test_hanging_up_frees_the_connection(transport: ModelTransport, server: ModelServer) -> None:
    before = len(asyncio.all_tasks())
    stream = stream_answer(transport, OpenAIChat(), at(server), call("slow:20:500"))
    assert (await anext(stream)).text == "w0 "
    assert server.streams_under_way() == 1
    await stream.aclose()
    async with asyncio.timeout(60):
        while server.streams_under_way() or len(asyncio.all_tasks()) > before + 1:
            await asyncio.sleep(0.01)
