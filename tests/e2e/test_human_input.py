"""Runs that wait for people, over HTTP: asked, answered, stopped, with the server killed in between."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from tests.contract.openapi.document import document, faults
from tests.support import dsl
from tests.support.dsl import JsonObject
from tests.support.mail_server import MailServer, mail_server
from tests.support.server import EMAIL, Console, OrreryServer, running
from tests.support.sse import Sent, read_frames

PAGE: JsonObject = {"id": "w", "type": "webapp", "enabled": True, "config": {}}


@pytest.fixture(scope="module")
def post() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, post: MailServer) -> Iterator[OrreryServer]:
    """A server that may be killed, and that can send mail."""
    environment = {
        "MAIL_TYPE": "smtp", "SMTP_SERVER": "127.0.0.1", "SMTP_PORT": str(post.port), "SMTP_USE_TLS": "false",
        "MAIL_DEFAULT_SEND_FROM": "Orrery <no-reply@example.com>", "APP_WEB_URL": "http://apps.test/",
        "WEB_FORM_SUBMIT_RATE_LIMIT_MAX_ATTEMPTS": "40",
    }  # fmt: skip
    with running(tmp_path_factory.mktemp("forms") / "home", environment=environment) as up:
        yield up


@pytest.fixture(scope="module")
def owner(own: OrreryServer) -> Console:
    browser = own.console()
    browser.set_up()
    return browser


def ask(*methods: JsonObject, inputs: list[JsonObject] | None = None) -> JsonObject:
    fields: list[JsonObject] = inputs or [{"type": "paragraph", "output_variable_name": "note"}]
    return dsl.node(
        "ask", "human-input", form_content="On {{#start.q#}}: {{#$output.note#}}", inputs=fields,
        user_actions=[{"id": "yes", "title": "Approve", "button_style": "primary"}, {"id": "no", "title": "Reject"}],
        delivery_methods=list(methods or (PAGE,)), timeout=1, timeout_unit="day",
    )  # fmt: skip


def flow(*methods: JsonObject, inputs: list[JsonObject] | None = None) -> JsonObject:
    nodes = [dsl.start("q"), ask(*methods, inputs=inputs), dsl.end(out=["ask", "note"])]
    return dsl.workflow("Asks", dsl.graph(nodes, [dsl.edge("start", "ask"), dsl.edge("ask", "end", "yes")]))


def frames(client: httpx.Client, method: str, path: str, **more: Any) -> list[Sent]:
    """All frames of a stream, to its end."""
    with client.stream(method, path, **more) as answer:
        assert answer.status_code == 200, answer.read()
        return list(read_frames(answer.iter_bytes()))


def run(api: httpx.Client, mode: str = "streaming") -> list[Sent]:
    body = {"inputs": {"q": "it"}, "user": "ann", "response_mode": mode}
    return frames(api, "POST", "/workflows/run", json=body, headers={"Last-Event-ID": "0"})


def data_of(sent: list[Sent], event: str) -> dict[str, Any]:
    return next(one.data["data"] for one in sent if one.event == event)


def names(sent: list[Sent]) -> list[str]:
    return [one.event for one in sent if one.event != "ping"]


def answered(api: httpx.Client, token: str, action: str = "yes", note: str = "fine") -> httpx.Response:
    body = {"inputs": {"note": note}, "action": action, "user": "ann"}
    return api.post(f"/form/human_input/{token}", json=body)


def test_a_run_waits_through_a_kill_and_goes_on(own: OrreryServer, owner: Console) -> None:
    app_id, key = owner.add_app(flow())
    api = own.service(key)
    sent = run(api)
    assert names(sent)[-3:] == ["node_started", "human_input_required", "workflow_paused"]
    asked, run_id = data_of(sent, "human_input_required"), str(sent[0].data["workflow_run_id"])
    reasons = data_of(sent, "workflow_paused")["reasons"]
    assert [(r["TYPE"], r["form_token"]) for r in reasons] == [("human_input_required", asked["form_token"])]
    assert isinstance(asked["expiration_time"], int)
    detail = api.get(f"/workflows/run/{run_id}").json()
    assert (detail["status"], detail["finished_at"], detail["paused_nodes"]) == ("paused", None, ["ask"])
    assert [reason["form_token"] for reason in detail["reasons"]] == [asked["form_token"]]
    details = owner.call("GET", f"/workflow/{run_id}/pause-details")
    assert [node["pause_type"]["form_id"] for node in details["paused_nodes"]] == [asked["form_id"]]
    own.restart()
    shown = api.get(f"/form/human_input/{asked['form_token']}").json()
    assert shown["form_content"] == "On it: {{#$output.note#}}"
    assert sorted(shown) == [
        "expiration_time", "form_content", "inputs", "resolved_default_values", "user_actions",
    ]  # fmt: skip
    assert answered(api, asked["form_token"]).json() == {}
    rest = frames(api, "GET", f"/workflow/{run_id}/events", params={"user": "ann"})
    assert names(rest)[:3] == ["workflow_started", "node_started", "human_input_form_filled"]
    assert data_of(rest, "workflow_started")["reason"] == "resumption"
    assert data_of(rest, "workflow_finished")["outputs"] == {"out": "fine"}
    filled = data_of(rest, "human_input_form_filled")
    assert (filled["rendered_content"], filled["action_text"]) == ("On it: fine", "Approve")
    # Who names the last event that it saw gets what follows it, across the pause, each once.
    last = sent[-1].seq
    again = frames(
        api, "GET", f"/workflow/{run_id}/events", params={"user": "ann"}, headers={"Last-Event-ID": str(last)}
    )
    assert last is not None
    assert [one.seq for one in again] == list(range(last + 1, last + 1 + len(rest)))
    whole = frames(api, "GET", f"/workflow/{run_id}/events", params={"user": "ann", "include_state_snapshot": "true"})
    assert names(whole) == names(sent) + names(rest)
    nodes = owner.call("GET", f"/apps/{app_id}/workflow-runs/{run_id}/node-executions")["data"]
    assert [(node["node_id"], node["status"]) for node in nodes] == [
        ("start", "succeeded"), ("ask", "succeeded"), ("end", "succeeded"),
    ]  # fmt: skip


@pytest.mark.reference
def test_forms_are_as_the_contract_describes_them(own: OrreryServer, owner: Console) -> None:
    path = "/form/human_input/{form_token}"
    note: JsonObject = {"type": "paragraph", "output_variable_name": "note", "default": {"type": "constant"}}
    api = own.service(owner.add_app(flow(inputs=[note]))[1])
    token = data_of(run(api), "human_input_required")["form_token"]
    shown = api.get(f"/form/human_input/{token}").json()
    # What only fields of other types have is missing in this one.
    others = ("option_source", "allowed_file_", "number_limits")
    assert [fault for fault in faults("GET", path, 200, shown) if not any(name in fault for name in others)] == []
    assert faults("POST", path, 200, answered(api, token).json()) == []
    examples = document()["paths"][path]["post"]["responses"]["412"]["content"]["application/json"]["examples"]
    late = answered(api, token)
    assert late.status_code == 412
    assert late.json()["code"] in {example["value"]["code"] for example in examples.values()}


def test_refusals_are_the_contracts(own: OrreryServer, owner: Console) -> None:
    _, key = owner.add_app(flow())
    api = own.service(key)
    token = data_of(run(api), "human_input_required")["form_token"]
    for wrong, code, status in (
        (answered(api, token, "maybe"), "invalid_form_data", 400),
        (answered(api, "nobody-has-this"), "not_found", 404),
        (api.post(f"/form/human_input/{token}", json={"inputs": {}, "action": "yes"}), "invalid_param", 400),
        (api.post(f"/form/human_input/{token}", json={"action": "yes", "user": "u"}), "invalid_param", 400),
        (own.service(owner.add_app(flow())[1]).get(f"/form/human_input/{token}"), "not_found", 404),
    ):
        assert (wrong.status_code, wrong.json()["code"]) == (status, code), wrong.text
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(answered, api, token, note=str(i)) for i in range(6)]
        said = [one.result() for one in asked]
    assert sorted(one.status_code for one in said) == [200, *[412] * 5]
    late = answered(api, token)
    assert (late.status_code, late.json()["code"]) == (412, "human_input_form_submitted")
    assert late.json()["message"].startswith("This form has already been submitted by another user, form_id=")
    assert api.get(f"/form/human_input/{token}").json()["code"] == "human_input_form_submitted"


def test_a_watcher_may_stay_through_the_pause(own: OrreryServer, owner: Console) -> None:
    _, key = owner.add_app(flow())
    api, other = own.service(key), own.service(key)
    sent = run(api)
    run_id, token = str(sent[0].data["workflow_run_id"]), data_of(sent, "human_input_required")["form_token"]
    left = frames(api, "GET", f"/workflow/{run_id}/events", params={"user": "ann"})
    assert names(left)[-1] == "workflow_paused"
    query = {"user": "ann", "continue_on_pause": "true"}
    with api.stream("GET", f"/workflow/{run_id}/events", params=query) as answer:
        seen: list[Sent] = []
        for one in read_frames(answer.iter_bytes()):
            seen.append(one)
            if one.event == "workflow_paused":
                assert answered(other, token).status_code == 200
    assert names(seen)[-1] == "workflow_finished"
    wrong = api.get(f"/workflow/{run_id}/events", params={"user": "bob"})
    assert wrong.status_code == 404


def test_a_blocking_caller_is_told_what_the_run_waits_for(own: OrreryServer, owner: Console) -> None:
    _, key = owner.add_app(flow())
    api = own.service(key)
    told = api.post("/workflows/run", json={"inputs": {"q": "it"}, "user": "ann"}).json()
    assert (told["data"]["status"], told["data"]["finished_at"]) == ("paused", None)
    (reason,) = told["data"]["reasons"]
    assert answered(api, reason["form_token"]).status_code == 200
    end = frames(api, "GET", f"/workflow/{told['workflow_run_id']}/events", params={"user": "ann"})
    assert data_of(end, "workflow_finished")["outputs"] == {"out": "fine"}


def test_a_waiting_run_can_be_stopped(own: OrreryServer, owner: Console) -> None:
    _, key = owner.add_app(flow())
    api = own.service(key)
    sent = run(api)
    task, token = sent[0].data["task_id"], data_of(sent, "human_input_required")["form_token"]
    assert api.post(f"/workflows/tasks/{task}/stop", json={"user": "ann"}).json() == {"result": "success"}
    query = {"user": "ann", "continue_on_pause": "true"}
    rest = frames(api, "GET", f"/workflow/{sent[0].data['workflow_run_id']}/events", params=query)
    assert data_of(rest, "workflow_finished")["status"] == "stopped"
    assert answered(api, token).json()["code"] == "human_input_form_expired"


def test_a_form_goes_out_by_mail_and_is_answered_at_its_page(
    own: OrreryServer, owner: Console, post: MailServer
) -> None:
    me = owner.call("GET", "/account/profile")["id"]
    people = [{"type": "member", "user_id": me}, {"type": "external", "email": "eve@example.com"}]
    config: JsonObject = {
        "recipients": {"items": people},
        "subject": "About {{#start.q#}}",
        "body": "[Open]({{#url#}})",
    }
    files: list[JsonObject] = [
        {"type": "paragraph", "output_variable_name": "note"},
        {
            "type": "file", "output_variable_name": "proof", "allowed_file_types": ["document"],
            "allowed_file_extensions": [], "allowed_file_upload_methods": ["local_file"],
        },
    ]  # fmt: skip
    app_id, key = owner.add_app(flow({"id": "m", "type": "email", "enabled": True, "config": config}, inputs=files))
    sent = run(own.service(key))
    assert data_of(sent, "human_input_required")["form_token"] is None
    mails = {str(mail["To"]): mail for mail in post.wait(2)}
    assert sorted(mails) == sorted([EMAIL, "eve@example.com"])
    mail = mails["eve@example.com"]
    assert mail["Subject"] == "About it"
    body = mail.get_body(("plain",))
    assert body is not None
    token = body.get_content().strip().removeprefix("Open: http://apps.test/form/")
    with httpx.Client(base_url=f"{own.url}/api/form/human_input", timeout=120, trust_env=False) as page:
        shown = page.get(f"/{token}").json()
        assert shown["site"]["site"]["title"] == "Asks"
        assert own.service(key).get(f"/form/human_input/{token}").status_code == 404
        missing = page.post(f"/{token}", json={"inputs": {"note": "x"}, "action": "yes"})
        assert missing.json()["message"] == "Missing required inputs: proof"
        grant = page.post(f"/{token}/upload-token").json()
        file = {"file": ("proof.txt", b"it is so", "text/plain")}
        refused = page.post("/files/upload", files=file, headers={"Authorization": "Bearer nonsense"})
        assert refused.status_code == 403
        header = {"Authorization": f"bearer {grant['upload_token']}"}
        up = page.post("/files/upload", files=file, headers=header)
        assert up.status_code == 201, up.text
        proof = {"transfer_method": "local_file", "upload_file_id": up.json()["id"], "type": "document"}
        foreign = {**proof, "upload_file_id": "00000000-0000-7000-8000-000000000000"}
        for wrong in (foreign, "text", [proof], {"type": "image", **proof, "transfer_method": "nowhere"}):
            bad = page.post(f"/{token}", json={"inputs": {"note": "x", "proof": wrong}, "action": "yes"})
            assert (bad.status_code, bad.json()["code"]) == (400, "invalid_form_data"), bad.text
        done = page.post(f"/{token}", json={"inputs": {"note": "by mail", "proof": proof}, "action": "yes"})
        assert done.json() == {}
        assert page.post("/files/upload", files=file, headers=header).status_code == 403
        page_again = page.get(f"/{token}")
        assert page_again.status_code == 412
    run_id = sent[0].data["workflow_run_id"]
    query = {"user": "ann", "continue_on_pause": "true"}
    frames(own.service(key), "GET", f"/workflow/{run_id}/events", params=query)
    nodes = owner.call("GET", f"/apps/{app_id}/workflow-runs/{run_id}/node-executions")["data"]
    outputs = next(node["outputs"] for node in nodes if node["node_id"] == "ask")
    assert (outputs["note"], outputs["proof"]["filename"]) == ("by mail", "proof.txt")


def test_a_chatflow_waits_too(own: OrreryServer, owner: Console) -> None:
    nodes = [dsl.start("q"), dsl.answer("Wait. "), ask(), {**dsl.answer("You said {{#ask.note#}}."), "id": "after"}]
    drawn = dsl.chain(*nodes)
    drawn["edges"] = [dsl.edge("start", "answer"), dsl.edge("answer", "ask"), dsl.edge("ask", "after", "yes")]
    _, key = owner.add_app(dsl.chatflow("Talks", drawn))
    api = own.service(key)
    body = {"inputs": {"q": "it"}, "query": "hi", "user": "ann", "response_mode": "streaming"}
    sent = frames(api, "POST", "/chat-messages", json=body)
    assert names(sent)[-2:] == ["human_input_required", "workflow_paused"]
    conversation = {"conversation_id": sent[0].data["conversation_id"], "user": "ann"}
    (message,) = api.get("/messages", params=conversation).json()["data"]
    assert (message["answer"], message["status"]) == ("Wait. ", "paused")
    (extra,) = message["extra_contents"]
    assert (extra["submitted"], extra["form_submission_data"]) == (False, None)
    token = extra["form_definition"]["form_token"]
    assert answered(api, token, note="go").status_code == 200
    query = {"user": "ann", "continue_on_pause": "true"}
    rest = frames(api, "GET", f"/workflow/{sent[0].data['workflow_run_id']}/events", params=query)
    assert names(rest)[-1] == "message_end"
    (message,) = api.get("/messages", params=conversation).json()["data"]
    assert (message["answer"], message["status"]) == ("Wait. You said go.", "normal")
    (extra,) = message["extra_contents"]
    assert (extra["submitted"], extra["form_definition"]) == (True, None)
    assert extra["form_submission_data"]["rendered_content"] == "On it: go"


def test_drafts_are_tried(own: OrreryServer, owner: Console, post: MailServer) -> None:
    config: JsonObject = {"recipients": {"whole_workspace": True, "items": []}, "subject": "Try", "body": "{{#url#}}"}
    mail: JsonObject = {"id": "m", "type": "email", "enabled": True, "config": {**config, "debug_mode": True}}
    app_id, _ = owner.add_app(flow(PAGE, mail))
    node = f"/apps/{app_id}/workflows/draft/human-input/nodes/ask"
    shown = owner.call("POST", f"{node}/form/preview", {"inputs": {"start.q": "it"}})
    assert (shown["form_content"], shown["node_title"]) == ("On it: {{#$output.note#}}", "ask")
    body = {"form_inputs": {"note": "x"}, "inputs": {"start.q": "it"}, "action": "yes"}
    outputs = owner.call("POST", f"{node}/form/run", body)
    assert (outputs["note"], outputs["__rendered_content"]) == ("x", "On it: x")
    last = owner.call("GET", f"/apps/{app_id}/workflows/draft/nodes/ask/last-run")
    assert (last["status"], last["outputs"]["__action_id"]) == ("succeeded", "yes")
    for path, wrong, code in (
        ("form/run", {**body, "action": "maybe"}, "invalid_form_data"),
        ("delivery-test", {"delivery_method_id": "w", "inputs": {"start.q": "x"}}, "invalid_param"),
        ("delivery-test", {"delivery_method_id": "z", "inputs": {"start.q": "x"}}, "not_found"),
    ):
        assert owner.http.post(f"{node}/{path}", json=wrong).json()["code"] == code
    before = len(post.mails)
    owner.call("POST", f"{node}/delivery-test", {"delivery_method_id": "m", "inputs": {"start.q": "it"}})
    tried = post.wait(before + 1)[-1]
    assert (tried["To"], tried["Subject"]) == (EMAIL, "Try")
    # A debug run is answered in the console, with a token that is good only there.
    told = frames(owner.http, "POST", f"/apps/{app_id}/workflows/draft/run", json={"inputs": {"q": "it"}})
    token = data_of(told, "human_input_required")["form_token"]
    with httpx.Client(timeout=120, trust_env=False) as stranger:
        assert stranger.get(f"{own.url}/api/form/human_input/{token}").status_code == 404
    assert owner.call("GET", f"/form/human_input/{token}")["user_actions"][0]["id"] == "yes"
    assert owner.call("POST", f"/form/human_input/{token}", {"inputs": {"note": "x"}, "action": "yes"}) == {}
    run_id = told[0].data["workflow_run_id"]
    end = frames(owner.http, "GET", f"/workflow/{run_id}/events", params={"continue_on_pause": "true"})
    assert data_of(end, "workflow_finished")["status"] == "succeeded"


def test_an_address_may_not_try_for_ever(own: OrreryServer, owner: Console) -> None:
    del owner
    # Side by side: one after the other they might take longer than the time that is looked at.
    with (
        httpx.Client(base_url=f"{own.url}/api/form/human_input", timeout=120, trust_env=False) as page,
        ThreadPoolExecutor(8) as pool,
    ):
        said = list(pool.map(lambda _: page.get("/nobody-has-this"), range(60)))
    refused = [one for one in said if one.status_code == 429]
    assert len(refused) >= 5
    assert refused[-1].json()["code"] == "web_form_rate_limit_exceeded"
