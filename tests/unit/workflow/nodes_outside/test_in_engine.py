"""The nodes inside of the real engine: branches, streams, failures and default values meet here."""

from __future__ import annotations

import json
from collections.abc import Mapping

from orrery.inference.types import LLMDelta, Usage
from orrery.workflow.graph import Graph
from orrery.workflow.nodes.http_request import HttpRequestNode
from orrery.workflow.nodes.llm import LlmNode
from orrery.workflow.nodes.question_classifier import QuestionClassifierNode
from orrery.workflow.pool import Pool
from orrery.workflow.registry import NodeRegistry
from orrery.workflow.testing import ListJournal, Services, Trial, try_graph

from .outside import AiohttpClient, MemoryFiles, ScriptedModels, answer, http_server

KINDS = {
    "llm": {"1": LlmNode},
    "http-request": {"1": HttpRequestNode},
    "question-classifier": {"1": QuestionClassifierNode},
}
MODEL = {"provider": "p", "name": "m", "mode": "chat", "completion_params": {}}
END = LLMDelta(finish_reason="stop", usage=Usage(total_tokens=2, prompt_tokens=1, completion_tokens=1))


def node(name: str, kind: str, **data: object) -> dict[str, object]:
    return {"id": name, "type": "custom", "data": {"type": kind, "title": name, **data}}


def edge(source: str, target: str, handle: str = "source") -> dict[str, str]:
    return {"source": source, "target": target, "sourceHandle": handle}


async def try_app(nodes: list[dict[str, object]], edges: list[dict[str, str]], **options: object) -> Trial:
    stored: Mapping[str, object] = {"nodes": nodes, "edges": edges}
    graph = Graph.parse(stored, registry=NodeRegistry().extended(KINDS))
    return await try_graph(graph, Pool(system={"query": "why?"}), **options)


async def test_a_classified_question_is_answered_as_it_streams():
    chosen = LLMDelta(text=json.dumps({"category_id": "b", "category_name": "B"}))
    models = ScriptedModels([chosen, END], [LLMDelta(text="be"), LLMDelta(text="cause"), END])
    classes = [{"id": "a", "name": "A"}, {"id": "b", "name": "B"}]
    journal = ListJournal()
    trial = await try_app(
        [
            node("start", "start", variables=[]),
            node("sort", "question-classifier", model=MODEL, query_variable_selector=["sys", "query"], classes=classes),
            node("llm", "llm", model=MODEL, prompt_template=[{"role": "user", "text": "{{#sys.query#}}"}]),
            node("no", "answer", answer="not this"),
            node("yes", "answer", answer="Well, {{#llm.text#}}."),
        ],
        [edge("start", "sort"), edge("sort", "no", "a"), edge("sort", "llm", "b"), edge("llm", "yes")],
        services=Services(models=models),
        journal=journal,
    )
    assert trial.result.status == "succeeded"
    assert "".join(trial.chunks()) == "Well, because."
    assert models.calls[1].messages[0].text() == "why?"
    assert journal.durable > 0


async def test_a_bad_status_takes_the_failure_branch():
    async with http_server(answer(b"", status="503 Later")) as (base, _):
        trial = await try_app(
            [
                node("start", "start", variables=[]),
                node("call", "http-request", method="get", url=base, error_strategy="fail-branch"),
                node("good", "answer", answer="good"),
                node("bad", "answer", answer="{{#call.error_type#}}: {{#call.error_message#}}"),
            ],
            [edge("start", "call"), edge("call", "good"), edge("call", "bad", "fail-branch")],
            services=Services(http_client=AiohttpClient(), file_access=MemoryFiles()),
        )
    assert "".join(trial.chunks()) == "HTTPResponseCodeError: Request failed with status code 503"
