"""Every kind of node that can fail, under every strategy; retries; what runs end as (workflow.md 2.7, 4.3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .building import (
    MODEL,
    Case,
    answer,
    assigner,
    case_of,
    code,
    condition,
    end,
    file_value,
    graph,
    http,
    if_else,
    llm,
    node,
    start,
    template,
)

INPUTS: dict[str, Any] = {
    "s": "text",
    "n": 3,
    "l": [1],
    "f": file_value("x.zip", mime_type="application/zip", related_id="gone"),
    "d": file_value("gone.txt", related_id="gone"),
}
# node kind → (the node, its error, its error type)
FAILING: dict[str, tuple[dict[str, Any], str, str]] = {
    "code": (code("x", "stumble", "start.n"), "stumbled over 3", "CodeExecutionError"),
    "code-output": (code("x", "nothing", "start.n"), "Output result is missing.", "OutputValidationError"),
    "http-status": (http("x", "https://echo/500"), "Request failed with status code 500", "HTTPResponseCodeError"),
    "http-url": (http("x", "{{#start.s#}}"), "url should start with http:// or https://", "InvalidURLError"),
    "llm-reference": (llm("x", "{{#start.gone#}}"), "Variable #start.gone# not found", "VariableNotFoundError"),
    "llm-empty": (llm("x", ""), "No prompt found in the LLM configuration", "NoPromptFoundError"),
    "list-operator": (node("x", "list-operator", variable=["start", "s"]), "is not an array type", "ListOperatorError"),
    "assigner": (assigner("x", ("conversation.gone", "over-write", "v")), "Variable ['conversation', 'gone'] not found", ""),
    "document": (node("x", "document-extractor", variable_selector=["start", "s"]), "is not an ArrayFileSegment", "DocumentExtractorError"),
    "document-kind": (node("x", "document-extractor", variable_selector=["start", "f"]), "Unsupported Extension Type: .zip", "UnsupportedFileTypeError"),
    "document-gone": (node("x", "document-extractor", variable_selector=["start", "d"]), "Error downloading file: gone", "FileDownloadError"),
    "classifier": (node("x", "question-classifier", model=MODEL, query_variable_selector=["start", "s"], classes=[{"id": "1", "name": "a"}]), "is not JSON", "OutputParserError"),
    "template": (template("x", "{{ 'x' * 400001 }}"), "Output length exceeds 400000 characters", ""),
    "iteration": (node("x", "iteration", iterator_selector=["start", "s"], output_selector=["start", "s"]), "please provide a list.", ""),
    "loop": (node("x", "loop", loop_count=1, loop_variables=[{"label": "v", "var_type": "number", "value_type": "constant", "value": "many"}]), "Invalid value for loop variable v", ""),
    "retrieval": (node("x", "knowledge-retrieval", query_variable_selector=["start", "n"], dataset_ids=["d"]), "Query variable is not string type.", ""),
    "if-else": (if_else("x", case_of("true", condition("start.n", "contains", "1"))), "Invalid actual value type: string or array", ""),
    "unknown": (node("x", "quantum"), "Unknown node type: quantum", ""),
    "broken": (node("x", "code", code_language="cobol"), "code_language of node x must be python3 or javascript", ""),
    "old-human-input": (node("x", "human-input", required_variables=["a.b"], pause_reason="r"), "has no form", "HumanInputError"),
}  # fmt: skip
DEFAULTS = [{"key": "text", "type": "string", "value": "sorry"}, {"key": "n", "type": "number", "value": "5"}, {"key": "o", "type": "object", "value": '{"a": 1}'},
            {"key": "l", "type": "array[string]", "value": '["a"]'}]  # fmt: skip


def strategies() -> Iterator[Case]:
    for name, (item, error, kind) in FAILING.items():
        for strategy in ("none", "default-value", "fail-branch"):
            data = {**item["data"], **({} if strategy == "none" else {"error_strategy": strategy})}
            if strategy == "default-value":
                data["default_value"] = DEFAULTS
            failing = {**item, "data": data}
            if name == "http-status" and strategy == "none":
                continue  # without a strategy a bad status is an answer
            ok = end("ok", text="x.text", n="x.n", o="x.o", l="x.l", error="x.error_message", kind="x.error_type")
            made = graph(start(**INPUTS), failing, ok, end("bad", e="x.error_message", k="x.error_type", text="x.text"),
                         edges="start > x > ok, x:fail-branch > bad" if strategy == "fail-branch" else "start > x > ok")  # fmt: skip
            case: dict[str, Any] = {
                "name": f"{name}-{strategy}",
                "graph": made,
                "inputs": INPUTS,
                "loose": True,
                "exceptions": 1,
            }
            if strategy == "none":
                yield Case(**case, status="failed", error=error, nodes={"start": "succeeded", "x": "failed"})
            elif strategy == "default-value":
                yield Case(**case, status="partial-succeeded", outputs={"text": "sorry", "n": 5.0, "o": {"a": 1}, "l": ["a"], "error": Containing(error), "kind": Typed(kind)},
                           nodes={"start": "succeeded", "x": "exception", "ok": "succeeded"})  # fmt: skip
            else:
                yield Case(**case, status="partial-succeeded", outputs={"e": Containing(error), "k": Typed(kind), "text": None},
                           nodes={"start": "succeeded", "x": "exception", "bad": "succeeded"})  # fmt: skip


class Containing:
    """Equal to every text that contains this one."""

    def __init__(self, part: str) -> None:
        self.part = part

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and self.part in other

    def __hash__(self) -> int:
        return hash(self.part)

    def __repr__(self) -> str:
        return f"...{self.part}..."


class Typed(Containing):
    """Equal to this error type; an unnamed one is equal to any."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and (not self.part or other == self.part)

    __hash__ = Containing.__hash__


RETRYING = {
    "llm": (llm("x", "hi"), "x.text", "hello there", "model down"), "http-request": (http("x", body="hi"), "x.body", "hi", "no route"),
    "code": (code("x", "echo", "start.s"), "x.result", "text", "sandbox down"),
}  # fmt: skip


def retries() -> Iterator[Case]:
    for kind, (item, path, result, error) in RETRYING.items():
        for fails, most in ((0, 2), (1, 2), (2, 2), (3, 2), (1, 0)):
            data = {**item["data"], "retry_config": {"retry_enabled": True, "max_retries": most, "retry_interval": 0}}
            made = graph(start(**INPUTS), {**item, "data": data}, end(r=path), edges="start > x > end")
            tries = min(fails, most)
            case: dict[str, Any] = {
                "name": f"retry-{kind}-{fails}-of-{most}",
                "graph": made,
                "inputs": INPUTS,
                "fails": fails,
            }
            told = ["graph_run_started", "node_started", "node_succeeded", "node_started", *["node_retry"] * tries]
            if fails > most:
                yield Case(
                    **case,
                    status="failed",
                    error=error,
                    exceptions=most + 1,
                    steps=2 + most,
                    events=[*told, "node_failed", "graph_run_failed"],
                )
            else:
                yield Case(
                    **case,
                    status="partial-succeeded" if fails else "succeeded",
                    outputs={"r": result},
                    exceptions=fails,
                    steps=3 + tries,
                )
        once = graph(start(**INPUTS), item, end(r=path), edges="start > x > end")
        yield Case(
            name=f"no-retry-{kind}", graph=once, inputs=INPUTS, fails=1, status="failed", error=error, exceptions=1
        )
        unsure = {
            **item["data"],
            "retry_config": {"retry_enabled": True, "max_retries": 1, "retry_interval": 0},
            "error_strategy": "fail-branch",
        }
        made = graph(
            start(**INPUTS),
            {**item, "data": unsure},
            end(r=path),
            end("bad", e="x.error_message"),
            edges="start > x > end, x:fail-branch > bad",
        )
        yield Case(
            name=f"retry-then-strategy-{kind}",
            graph=made,
            inputs=INPUTS,
            fails=2,
            status="partial-succeeded",
            outputs={"e": error},
            exceptions=2,
        )
    deaf = node(
        "x",
        "list-operator",
        variable=["start", "s"],
        retry_config={"retry_enabled": True, "max_retries": 3, "retry_interval": 0},
    )
    yield Case(name="kinds-that-never-retry", graph=graph(start(**INPUTS), deaf, end(r="x.result"), edges="start > x > end"), inputs=INPUTS, status="failed",
               exceptions=1, steps=2)  # fmt: skip


def around() -> Iterator[Case]:
    status = graph(start(), http("x", "https://echo/404"), end(code="x.status_code"), edges="start > x > end")
    yield Case(name="a-bad-status-is-an-answer", graph=status, outputs={"code": 404})
    join = graph(start(n=3), code("x", "stumble", "start.n", "number", error_strategy="fail-branch"),
                 template("mend", "mended"), node("join", "variable-aggregator", output_type="string", variables=[["x", "result"], ["mend", "output"]]), end(r="join.output"),
                 edges="start > x > join > end, x:fail-branch > mend > join")  # fmt: skip
    yield Case(
        name="both-ways-join",
        graph=join,
        inputs={"n": 3},
        status="partial-succeeded",
        outputs={"r": "mended"},
        exceptions=1,
    )
    yield Case(name="both-ways-join-well", graph=join, inputs={"n": 4}, outputs={"r": 4}, exceptions=0)
    said = graph(
        start(n=3), code("x", "stumble", "start.n"), answer("say", "before {{#x.result#}}"), edges="start > x > say"
    )
    yield Case(
        name="text-before-a-failure-was-told",
        graph=said,
        inputs={"n": 3},
        status="failed",
        error="stumbled over 3",
        chunks=["before "],
    )
    many = graph(
        start(),
        *(template(f"t{n}", "x") for n in range(501)),
        edges="start > " + " > ".join(f"t{n}" for n in range(501)),
    )
    yield Case(name="too-many-steps", graph=many, status="stopped", error="Maximum execution steps exceeded: 501 > 500")


def others() -> Iterator[Case]:
    """Kinds whose failures show elsewhere too: a model that is down, and an ingestion, whose outputs are the run's."""
    for strategy in ("none", "default-value", "fail-branch"):
        data: dict[str, Any] = {} if strategy == "none" else {"error_strategy": strategy, "default_value": DEFAULTS}
        extract = node("x", "parameter-extractor", model=MODEL, query=["start", "s"], parameters=[], **data)
        index = node("x", "knowledge-index", index_chunk_variable_selector=[], **data)
        for name, item, error, kind in (
            ("extractor", extract, "model down", "InvokeError"),
            ("index", index, "Index chunk variable is required.", ""),
        ):
            chain = "start > x > ok, x:fail-branch > bad" if strategy == "fail-branch" else "start > x > ok"
            made = graph(
                start(**INPUTS),
                item,
                end("ok", t="x.text", e="x.error_message"),
                end("bad", e="x.error_message"),
                edges=chain,
            )
            case: dict[str, Any] = {
                "name": f"{name}-{strategy}",
                "graph": made,
                "inputs": INPUTS,
                "fails": 1,
                "exceptions": 1,
                "loose": True,
            }
            own = {"error_message": error, "error_type": kind} if name == "index" else {}
            if strategy == "none":
                yield Case(**case, status="failed", error=error)
            elif strategy == "default-value":
                more = {"text": "sorry", "n": 5.0, "o": {"a": 1}, "l": ["a"]} if name == "index" else {}
                yield Case(**case, status="partial-succeeded", outputs={"t": "sorry", "e": error, **own, **more})
            else:
                yield Case(**case, status="partial-succeeded", outputs={"e": error, **own})


def cases() -> Iterator[Case]:
    for table in (strategies, retries, around, others):
        yield from table()
