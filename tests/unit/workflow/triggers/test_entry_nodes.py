from __future__ import annotations

from typing import Any

import msgspec
import pytest

from orrery.workflow.events import NodeFinished
from orrery.workflow.nodes.knowledge_services import RateLimitExceeded, RetrievalRequest, RetrievalResult
from orrery.workflow.pool import Pool
from orrery.workflow.testing import MOCK_USAGE, Services, Trial
from workflow.graphs import end, node, run, start, stored


def finished(trial: Trial, node_id: str) -> NodeFinished:
    return next(event for event in trial.events if isinstance(event, NodeFinished) and event.node_id == node_id)


def entry(kind: str, **data: Any) -> dict[str, Any]:
    return stored(node("hook", kind, **data), end(x="hook.x"), edges_="hook > end")


async def webhook(raw: dict[str, Any], **data: Any) -> dict[str, Any]:
    pool = Pool(inputs={"webhook_data": raw}, system={"user_id": "u"})
    return dict(finished(await run(entry("trigger-webhook", **data), pool=pool), "hook").outputs)


async def test_a_webhook_gives_what_it_names() -> None:
    raw = {
        "method": "POST",
        "headers": {"x-request-id": "7"},
        "query_params": {"p": 1},
        "body": {"x": "b", "undeclared": 1},
        "files": {"doc": {"name": "f"}},
    }
    outputs = await webhook(
        raw,
        headers=[{"name": "X-Request-Id"}, {"name": "absent"}],
        params=[{"name": "p", "type": "number"}],
        body=[{"name": "x", "type": "string"}, {"name": "doc", "type": "file"}],
    )
    assert outputs == {
        "X_Request_Id": "7", "absent": None, "p": 1, "x": "b", "doc": {"name": "f"}, "_webhook_raw": raw,
        "sys.user_id": "u",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [("text/plain", "hi", "hi"), ("text/plain", None, ""), ("application/octet-stream", {"f": 1}, {"f": 1})],
)
async def test_raw_bodies_stand_under_the_fields_name(kind: str, raw: Any, value: Any) -> None:
    outputs = await webhook({"body": {"raw": raw}}, content_type=kind, body=[{"name": "x"}])
    assert outputs["x"] == value


async def test_a_schedule_gives_system_values() -> None:
    graph = entry("trigger-schedule", mode="cron", cron_expression="0 9 * * 1")
    trial = await run(graph, pool=Pool(system={"timestamp": 5}))
    assert finished(trial, "hook").outputs == {"sys.timestamp": 5}


async def test_a_plugin_event_gives_its_variables() -> None:
    data = {"provider_id": "a/b/c", "event_name": "pushed", "plugin_unique_identifier": "a/b:1"}
    trial = await run(entry("trigger-plugin", **data), pool=Pool(inputs={"x": 5}))
    assert trial.result.outputs == {"x": 5}
    assert finished(trial, "hook").metadata == {"trigger_info": data}
    data["event_parameters"] = {"repo": {"type": "mixed", "value": "{{#a.b#}}"}}  # type: ignore[assignment]
    trial = await run(entry("trigger-plugin", **data))
    assert "must be a constant" in str(trial.result.error)


async def test_several_triggers_share_a_graph() -> None:
    graph = stored(
        node("a", "trigger-webhook"), node("b", "trigger-schedule"), end("ea", x="a._webhook_raw"), end("eb", y="b.x"),
        edges_="a > ea, b > eb",
    )  # fmt: skip
    trial = await run(graph, pool=Pool(inputs={"webhook_data": {"method": "GET"}}))
    assert trial.result.outputs == {"x": {"method": "GET"}}


class Finding:
    def __init__(self, result: RetrievalResult | Exception) -> None:
        self.result, self.requests = result, list[RetrievalRequest]()

    async def retrieve(self, request: RetrievalRequest) -> RetrievalResult:
        self.requests.append(request)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


class Knowing(Services):
    retrieval: Finding = msgspec.field(default_factory=lambda: Finding(RetrievalResult([])))


async def retrieve(services: Services, value: Any = "why?", **data: Any) -> Trial:
    graph = stored(
        start(),
        node("k", "knowledge-retrieval", **{"query_variable_selector": ["start", "q"], "dataset_ids": ["d1"], **data}),
        end(found="k.result"),
        edges_="start > k > end",
    )
    return await run(graph, pool=Pool(inputs={"q": value, "n": 5}), services=services)


async def test_knowledge_is_asked_for_what_the_node_says() -> None:
    found = RetrievalResult([{"content": "because", "metadata": {"score": 0.5}}], MOCK_USAGE)
    services = Knowing(retrieval=Finding(found))
    conditions = [
        {"name": "author", "comparison_operator": "is", "value": "  Ann   Lee {{#start.q#}}"},
        {"name": "year", "comparison_operator": ">", "value": "{{#start.n#}}"},
    ]
    trial = await retrieve(
        services,
        multiple_retrieval_config={"top_k": 2},
        metadata_filtering_mode="manual",
        metadata_filtering_conditions={"logical_operator": "or", "conditions": conditions},
    )
    assert trial.result.outputs == {"found": [{"content": "because", "metadata": {"score": 0.5}}]}
    assert trial.result.total_tokens == 15
    (request,) = services.retrieval.requests
    assert (request.query, list(request.dataset_ids), request.mode, request.settings) == (
        "why?",
        ["d1"],
        "multiple",
        {"top_k": 2},
    )
    assert [(c.name, c.value) for c in request.metadata.conditions] == [("author", "Ann Lee"), ("year", 5)]
    assert request.metadata.logical_operator == "or"


@pytest.mark.parametrize(
    ("services", "value", "data", "error"),
    [
        (Services(), "q", {}, "This run has no knowledge to search in"),
        (Knowing(), 5, {}, "Query variable is not string type."),
        (Knowing(), "q", {"query_attachment_selector": ["start", "q"]}, "Attachments variable is not array file or file type."),
        (Knowing(retrieval=Finding(RateLimitExceeded("too often"))), "q", {}, "too often"),
    ],
)  # fmt: skip
async def test_failures_of_retrieval(services: Services, value: Any, data: dict[str, Any], error: str) -> None:
    trial = await retrieve(services, value, **data)
    assert (trial.result.status, trial.result.error) == ("failed", error)
    if error == "too often":
        assert trial.result.error_type == "RateLimitExceeded"


async def test_nothing_to_search_for_is_no_failure() -> None:
    assert (await retrieve(Services(), query_variable_selector=[])).result.outputs == {"found": None}
    assert (await retrieve(Services(), "")).result.outputs == {"found": []}


@pytest.mark.parametrize(
    ("system", "error"),
    [
        ({}, "Datasource type is not set"),
        ({"datasource_type": "local_file"}, "Datasource info is not set"),
        ({"datasource_type": "local_file", "datasource_info": "x"}, "Invalid datasource info format"),
        ({"datasource_type": "local_file", "datasource_info": {"a": 1}}, "no data source is installed"),
    ],
)
async def test_data_sources_import_and_say_that_they_cannot_run(system: dict[str, Any], error: str) -> None:
    trial = await run(entry("datasource", provider_type="local_file"), pool=Pool(system=system))
    assert error in str(trial.result.error)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({}, "Index chunk variable is required."),
        ({"index_chunk_variable_selector": ["start", "none"]}, "Chunks is required."),
        ({"index_chunk_variable_selector": ["start", "q"]}, "can't run here"),
    ],
)
async def test_the_index_node_imports_and_says_that_it_cannot_run(data: dict[str, Any], error: str) -> None:
    graph = stored(start(), node("i", "knowledge-index", **data), edges_="start > i")
    trial = await run(graph, pool=Pool(inputs={"q": "chunks"}))
    assert error in str(trial.result.error)
