"""Answers that a moderation model judges and a speech model reads aloud, through the whole product (workflow.md 4.2)."""

from __future__ import annotations

import base64
from typing import Any

import httpx
from tests.support import dsl
from tests.support.dsl import JsonObject
from tests.support.server import Console, OrreryServer
from tests.support.sse import read_frames

FEATURES: JsonObject = {
    "sensitive_word_avoidance": {
        "enabled": True,
        "type": "openai_moderation",
        "config": {
            "inputs_config": {"enabled": True, "preset_response": "Ask something else."},
            "outputs_config": {"enabled": True, "preset_response": "Never mind."},
        },
    },
    "text_to_speech": {"enabled": True, "voice": "nova", "language": "en-US", "autoPlay": "enabled"},
}


def asked(api: httpx.Client, query: str) -> list[dict[str, Any]]:
    body = {"inputs": {}, "query": query, "user": "ann", "response_mode": "streaming"}
    with api.stream("POST", "/chat-messages", json=body) as answer:
        return [one.data for one in read_frames(answer.iter_bytes()) if one.event != "ping"]


def features_of(document: JsonObject) -> dict[str, Any]:
    block: Any = document["workflow"]
    return block["features"]


def test_a_chatflow_is_judged_and_spoken(server: OrreryServer, console: Console) -> None:
    document = dsl.chatflow("Judged", dsl.chain(dsl.start(), dsl.answer("You said: {{#sys.query#}}")))
    features_of(document).update(FEATURES)
    api = server.service(console.add_app(document)[1])
    fine = asked(api, "ducks. And geese")
    assert [frame["answer"] for frame in fine if frame["event"] == "message"] == ["You said: ", "ducks. And geese"]
    audio = [base64.b64decode(frame["audio"]) for frame in fine if frame["event"] == "tts_message"]
    assert audio == [b"ID3 nova says You said: ducks.", b"ID3 nova says And geese"]
    assert fine[-1]["event"] == "tts_message_end"
    refused = [frame for frame in asked(api, "violence") if not frame["event"].startswith("tts")]
    assert [frame["event"] for frame in refused] == ["message", "message_end"]
    assert refused[0]["answer"] == "Ask something else."
