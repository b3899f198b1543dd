"""Models that fail in every way (F16): a clear error, a message that says so, and no key in anything that anybody reads."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from tests.fault.holdings import OBSERVED, Holdings, holdings, wait_until_let_go
from tests.fault.scale import THOROUGH, scaled
from tests.support import dsl
from tests.support.ports import free_port
from tests.support.server import MODEL_KEY, Console, OrreryServer, model_server, running
from tests.support.sse import read_frames

IMPATIENT = {"APP_MAX_EXECUTION_TIME": "3", "WORKFLOW_MAX_EXECUTION_TIME": "3"}
"""Only for models that hang: a busy machine may take longer than this for any other."""

# The model's name, what the error must speak of, and the text that came before it.
FAULTS = [
    ("error:500", "500", ""),
    ("error:429:60", "429", ""),
    ("error:400", "400", ""),
    ("error-mid", "", "Grüße aus Köln "),
    ("cut", "", "Grüße aus Köln "),
    ("cut-utf8", "", "Grüße "),
    ("garbage", "", "Grüße aus Köln "),
    ("html", "", ""),
    ("hang", "", ""),
    ("hang-headers", "", ""),
    ("hang-mid", "", "Grüße aus Köln "),
]


ODD = ["bytewise", "flaky:1", "long:300000", "no-usage", "end-early", *(["long:10000000"] if THOROUGH else [])]
ROUNDS = scaled(1, 20)

pytestmark = pytest.mark.row("F16")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrreryServer]:
    with running(tmp_path_factory.mktemp("models") / "home", environment=OBSERVED) as up:
        yield up


@pytest.fixture(scope="module")
def hurried(tmp_path_factory: pytest.TempPathFactory, models: str) -> Iterator[tuple[OrreryServer, Console]]:
    """A server that gives a run three seconds, so that models that hang can be waited for."""
    with running(tmp_path_factory.mktemp("hurried") / "home", environment={**OBSERVED, **IMPATIENT}) as up:
        console = up.console()
        console.set_up()
        console.use_models(models)
        yield up, console


def ask(client: httpx.Client, mode: str) -> httpx.Response:
    body: dict[str, object] = {"inputs": {}, "query": "hello", "user": "ann", "response_mode": mode}
    return client.post("/chat-messages", json=body)


def quiet(server: OrreryServer) -> Holdings:
    """What the server holds when no run is under way and connections that idle were closed."""
    until, last = time.monotonic() + 120, holdings(server)
    while time.monotonic() < until:
        time.sleep(1)
        now = holdings(server)
        if now == last and now.runs == 0:
            return now
        last = now
    raise AssertionError(f"no rest: {last}")


def message(server: OrreryServer, message_id: str) -> tuple[Any, ...]:
    with closing(sqlite3.connect(f"file:{server.database}?mode=ro", uri=True)) as connection:
        query = "SELECT status, error, answer, message_tokens, answer_tokens FROM messages WHERE id = ?"
        return connection.execute(query, (message_id,)).fetchone()


@pytest.mark.parametrize(("model", "word", "said"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_a_chat_with_a_failing_model(
    request: pytest.FixtureRequest, server: OrreryServer, console: Console, model: str, word: str, said: str
) -> None:
    if model.startswith("hang"):
        server, console = request.getfixturevalue("hurried")
    client = server.service(console.add_app(dsl.basic(f"fault {model}", "chat", model))[1])
    streamed = ask(client, "streaming")
    assert streamed.status_code == 200
    frames = list(read_frames([streamed.content]))
    last = frames[-1].data
    assert [frame.event for frame in frames].count("error") == 1
    assert list(last) == ["event", "conversation_id", "message_id", "created_at", "code", "status", "message"]
    assert (last["event"], last["status"], bool(last["message"].strip())) == ("error", 400, True)
    assert word in last["message"]
    text = "".join(frame.data["answer"] for frame in frames if frame.event == "message")
    assert said.startswith(text)
    status, error, answer, *tokens = message(server, last["message_id"])
    assert (status, answer) == ("error", text)
    assert error
    # The vendor charges for what it had sent, also when it is hung up on at the time limit.
    assert all(number > 0 for number in tokens) == bool(text)
    assert MODEL_KEY not in streamed.text + error + server.log


def test_a_model_that_fails_in_a_blocking_call(server: OrreryServer, console: Console) -> None:
    for model in ("error:500", "cut"):
        client = server.service(console.add_app(dsl.basic(f"blocking {model}", "chat", model))[1])
        answer = ask(client, "blocking")
        assert (answer.status_code, answer.json()["code"]) == (400, "completion_request_error")
        assert answer.json()["message"]
        assert MODEL_KEY not in answer.text


def test_a_model_server_that_is_not_there(server: OrreryServer, console: Console) -> None:
    """Connection refused: told at once, in a chatflow and in a chat; and mended by mending the address."""
    path = f"/workspaces/current/model-providers/{dsl.PROVIDER}/credentials"
    nowhere = {"openai_api_key": MODEL_KEY, "openai_api_base": f"http://127.0.0.1:{free_port()}"}
    refused = console.http.post(path, json={"credentials": nowhere, "name": "nowhere"})
    assert (refused.status_code, MODEL_KEY in refused.text) == (400, False)


def test_a_chatflow_with_a_failing_model(server: OrreryServer, console: Console) -> None:
    drawn = dsl.chain(dsl.start(), dsl.llm("error:500"), dsl.answer("{{#llm.text#}}"))
    client = server.service(console.add_app(dsl.chatflow("flow fault", drawn))[1])
    streamed = ask(client, "streaming")
    frames = list(read_frames([streamed.content]))
    assert [frame.event for frame in frames[-3:]] == ["node_finished", "workflow_finished", "error"]
    assert frames[-1].data["message"].startswith("Run failed: ")
    assert message(server, frames[-1].data["message_id"])[0] == "error"
    assert MODEL_KEY not in streamed.text + server.log


@pytest.mark.parametrize("model", ODD)
def test_oddities_that_are_no_failures(server: OrreryServer, console: Console, model: str) -> None:
    client = server.service(console.add_app(dsl.basic(f"odd {model}", "chat", model))[1])
    frames = list(read_frames([ask(client, "streaming").content]))
    text = "".join(frame.data["answer"] for frame in frames if frame.event == "message")
    if model == "end-early":
        assert frames[-1].event in {"message_end", "error"}
        return
    assert frames[-1].event == "message_end"
    assert text == ("x" * int(model.partition(":")[2]) if model.startswith("long") else "hello")


def test_a_model_server_that_went_away(server: OrreryServer, console: Console) -> None:
    """Connections are refused: an error that says so; as soon as another address is chosen, all is well."""
    client = server.service(console.add_app(dsl.basic("gone", "chat", "echo"))[1])
    path = f"/workspaces/current/model-providers/{dsl.PROVIDER}/credentials"
    here = console.call("GET", path)["credentials"]["openai_api_base"]
    with model_server() as other:
        console.use_models(other)
        choose(console, path, newest=True)
        assert console.call("GET", path)["credentials"]["openai_api_base"] == other != here
        assert ask(client, "blocking").json()["answer"] == "hello"
    try:
        frames = list(read_frames([ask(client, "streaming").content]))
        last = frames[-1].data
        assert (last["event"], last.get("status"), last.get("code")) == ("error", 400, "completion_request_error")
        assert "connect" in last["message"].lower()
        assert message(server, last["message_id"])[0] == "error"
    finally:
        choose(console, path, newest=False)
    assert ask(client, "blocking").json()["answer"] == "hello"


def choose(console: Console, path: str, *, newest: bool) -> None:
    """Uses the credentials that were added last, or first."""
    providers = console.call("GET", "/workspaces/current/model-providers")["data"]
    (known,) = [each["custom_configuration"]["available_credentials"] for each in providers
                if each["provider"] == dsl.PROVIDER]  # fmt: skip
    ids = [each["credential_id"] for each in known]
    console.call("POST", f"{path}/switch", {"credential_id": ids[-1 if newest else 0]})


async def test_failing_models_leave_nothing_behind(
    hurried: tuple[OrreryServer, Console], measured: Callable[[str, object], None]
) -> None:
    """Tasks, connections, files and threads after all these failures, side by side, are those before."""
    server, console = hurried
    names = [fault[0] for fault in FAULTS]
    keys = [console.add_app(dsl.basic(f"left {name}", "chat", name))[1] for name in [*names, "bytewise", "end-early"]]
    body: dict[str, object] = {"inputs": {}, "query": "hello", "user": "ann", "response_mode": "streaming"}

    async def fail_all() -> None:
        async with httpx.AsyncClient(base_url=f"{server.url}/v1", timeout=60, trust_env=False) as client:
            asked = (
                client.post("/chat-messages", json=body, headers={"Authorization": f"Bearer {key}"}) for key in keys
            )
            assert {answer.status_code for answer in await asyncio.gather(*asked)} == {200}

    await fail_all()  # what is opened once and kept, is
    before = await asyncio.to_thread(quiet, server)
    for _ in range(ROUNDS):
        await fail_all()
    after = await asyncio.to_thread(wait_until_let_go, server, before)
    measured(f"{ROUNDS * len(keys)} failures: tasks", f"{before.tasks} -> {after.tasks}")
    measured("files", f"{before.files} -> {after.files}")
    assert "was never retrieved" not in server.log
    assert "Traceback" not in server.log
