from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.workflow.nodes.trigger_webhook_data import parse_webhook
from orrery.workflow.nodes.trigger_webhook_request import WebhookRefused, WebhookRequest, reply_of, run_inputs

JSON = {"Content-Type": "application/json; charset=utf-8"}


def webhook(**data: Any) -> Any:
    return parse_webhook({"method": "post", **data})


def request(body: Any = b"", headers: dict[str, str] = JSON, **given: Any) -> WebhookRequest:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields: dict[str, Any] = {"method": "POST", "headers": headers, "body": raw, **given}
    return WebhookRequest(**fields)


def body_field(kind: str, *, required: bool = True) -> dict[str, Any]:
    return {"name": "x", "type": kind, "required": required}


def test_the_runs_inputs() -> None:
    trigger = webhook(params=[{"name": "n", "type": "number"}], body=[body_field("string")])
    inputs = run_inputs(trigger, request({"x": "a", "more": 1}, query={"n": "3", "other": "o"}))
    assert inputs["webhook_data"] == {
        "method": "POST",
        "headers": JSON,
        "query_params": {"n": 3, "other": "o"},
        "body": {"x": "a", "more": 1},
        "files": {},
    }
    assert inputs["webhook_headers"] == JSON
    assert inputs["webhook_query_params"] == {"n": 3, "other": "o"}
    assert inputs["webhook_body"] == {"x": "a", "more": 1}


@pytest.mark.parametrize(
    ("trigger", "given", "text"),
    [
        ({}, request(method="GET"), "HTTP method mismatch. Expected POST, got GET"),
        ({}, request(headers={"content-type": "text/plain"}), "Content-type mismatch. Expected application/json, got text/plain"),
        ({}, request(b"{"), "Invalid JSON body: "),
        ({"headers": [{"name": "X-Key", "required": True}]}, request(), "Required header missing: X-Key"),
        ({"params": [{"name": "p", "required": True}]}, request(), "Required parameter missing: p"),
        ({"params": [{"name": "p", "type": "number"}]}, request(query={"p": "many"}), "Parameter 'p' validation failed: "),
        ({"params": [{"name": "p", "type": "boolean"}]}, request(query={"p": "maybe"}), "Parameter 'p' validation failed: "),
        ({"body": [body_field("string")]}, request({}), "Required body parameter missing: x"),
        ({"body": [body_field("string")]}, request({"x": 1}), "Parameter 'x' validation failed: Expected string, got int"),
        ({"body": [body_field("number")]}, request({"x": True}), "Parameter 'x' validation failed: Expected number, got bool"),
        ({"body": [body_field("array[number]")]}, request({"x": [1, "2"]}), "Expected array[number], got list"),
        ({"body": [body_field("object")]}, request({"x": []}), "Expected object, got list"),
        (
            {"content_type": "text/plain", "body": [body_field("string")]},
            request(headers={"Content-Type": "text/plain"}),
            "Required body content missing for text/plain request",
        ),
        (
            {"content_type": "application/octet-stream", "body": [body_field("file")]},
            request(headers={"Content-Type": "application/octet-stream"}),
            "Required body content missing for application/octet-stream request",
        ),
        (
            {"content_type": "multipart/form-data", "body": [body_field("file")]},
            request(headers={"Content-Type": "multipart/form-data; boundary=x"}),
            "Required body parameter missing: x",
        ),
    ],
)  # fmt: skip
def test_refusals_have_the_contracts_texts(trigger: dict[str, Any], given: WebhookRequest, text: str) -> None:
    with pytest.raises(WebhookRefused) as refused:
        run_inputs(webhook(**trigger), given)
    assert text in str(refused.value)
    assert refused.value.status == 400


def body_of(trigger: dict[str, Any], given: WebhookRequest) -> Any:
    return run_inputs(webhook(**trigger), given)["webhook_body"]


def test_an_empty_json_body_is_an_object_and_missing_headers_mean_json() -> None:
    assert body_of({}, request(headers={})) == {}
    assert body_of({}, request([1, 2])) == {"raw": [1, 2]}


def test_forms_are_converted() -> None:
    form = {
        "content_type": "application/x-www-form-urlencoded",
        "body": [body_field("number"), {"name": "b", "type": "boolean"}],
    }
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert body_of(form, request(b"x=1.5&b=YES&z=%C3%A9&e=", headers)) == {"x": 1.5, "b": True, "z": "é", "e": ""}
    parts = {"content_type": "multipart/form-data", "body": [body_field("number"), {"name": "f", "type": "file"}]}
    sent = request(headers={"content-type": "multipart/form-data"}, form={"x": "2"}, files={"f": {"name": "a"}})
    inputs = run_inputs(webhook(**parts), sent)
    assert inputs["webhook_body"] == {"x": 2}
    assert inputs["webhook_data"]["files"] == {"f": {"name": "a"}}  # type: ignore[index]


def test_raw_bodies() -> None:
    assert body_of({"content_type": "text/plain"}, request(b"caf\xc3\xa9", {"Content-Type": "text/plain"})) == {
        "raw": "café"
    }
    binary = request(headers={"Content-Type": "application/octet-stream"}, stream_file={"name": "b"})
    assert body_of({"content_type": "application/octet-stream"}, binary) == {"raw": {"name": "b"}}


@pytest.mark.parametrize(
    ("data", "reply"),
    [
        ({}, (200, {"status": "success", "message": "Webhook processed successfully"})),
        ({"response_body": "thanks", "status_code": 202}, (202, {"message": "thanks"})),
        ({"response_body": '{"ok": true}'}, (200, {"ok": True})),
        ({"response_body": "[1]"}, (200, [1])),
        ({"response_body": "{broken"}, (200, {"message": "{broken"})),
    ],
)
def test_replies(data: dict[str, Any], reply: tuple[int, Any]) -> None:
    assert reply_of(webhook(**data)) == reply


@pytest.mark.parametrize(
    "data", [{"method": "trace"}, {"content_type": "image/png"}, {"body": [{"name": "x", "type": "y"}]}]
)
def test_wrong_data_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"at `\$"):
        webhook(**data)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=40))
def test_any_body_is_taken_in_or_refused(body: bytes) -> None:
    try:
        taken = body_of({}, request(body))
    except WebhookRefused as refused:
        assert refused.message.startswith("Invalid JSON body")
    else:
        assert isinstance(taken, dict)
