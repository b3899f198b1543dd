"""The faults of a draft, told before anybody runs it."""

from __future__ import annotations

import json

from tests.support import dsl
from tests.support.server import PROVIDER, Console, JsonObject


def imported(console: Console, document: JsonObject) -> str:
    body = {"mode": "yaml-content", "yaml_content": json.dumps(document)}
    return str(console.call("POST", "/apps/imports", body)["app_id"])


def findings(console: Console, app_id: str) -> list[JsonObject]:
    return console.call("GET", f"/apps/{app_id}/findings")["data"]


def asking(provider: str) -> JsonObject:
    """An app with one model."""
    model: JsonObject = {"provider": provider, "name": "gpt-4o-mini", "mode": "chat", "completion_params": {}}
    prompt = [{"role": "user", "text": "{{#start.q#}}"}]
    llm = dsl.node("llm", "llm", model=model, prompt_template=prompt)
    return dsl.workflow("findings", dsl.chain(dsl.start("q"), llm, dsl.end(out=["llm", "text"])))


def test_a_sound_app_has_none(console: Console) -> None:
    assert findings(console, imported(console, asking(PROVIDER))) == []


def test_a_finding_names_the_node_the_field_and_the_mend(console: Console) -> None:
    app_id = imported(console, dsl.workflow("findings", dsl.chain(dsl.start("q"), dsl.end(out=["nobody", "q"]))))
    (found,) = findings(console, app_id)
    assert (found["level"], found["node_id"]) == ("error", "end")
    assert "nobody" in f"{found['message']}{found['field']}"
    assert found["mend"]


def test_models_are_those_of_the_workspace(console: Console) -> None:
    assert [found["level"] for found in findings(console, imported(console, asking("anthropic")))] == ["warning"]
    assert [found["level"] for found in findings(console, imported(console, asking("who/is/this")))] == ["error"]


def test_other_apps_have_nothing_to_examine(console: Console) -> None:
    answer = console.http.get("/apps/00000000-0000-7000-8000-000000000000/findings")
    assert answer.status_code == 404


def test_an_import_says_what_will_not_run(console: Console) -> None:
    def result(document: JsonObject) -> JsonObject:
        return console.call("POST", "/apps/imports", {"mode": "yaml-content", "yaml_content": json.dumps(document)})

    sound = result(asking(PROVIDER))
    assert (sound["status"], sound["error"], sound["findings"]) == ("completed", "", [])
    warned = result(asking("anthropic"))
    assert (warned["status"], [found["level"] for found in warned["findings"]]) == ("completed", ["warning"])
    broken = result(asking("who/is/this"))
    assert broken["status"] == "completed-with-warnings"
    assert broken["app_id"]
    assert broken["findings"] == findings(console, broken["app_id"])
    failed = console.http.post("/apps/imports", json={"mode": "yaml-content", "yaml_content": "nonsense"})
    assert (failed.status_code, failed.json()["status"], failed.json()["findings"]) == (400, "failed", [])
