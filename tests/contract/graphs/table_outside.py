"""Nodes that reach outside: models, requests, documents, knowledge, people (workflow.md 3.10 to 3.19)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .building import MODEL, Case, answer, end, file_value, graph, http, llm, node, start

Q = {"q": "why?"}


def models() -> Iterator[Case]:
    for name, prompt in (
        ("text", [{"role": "user", "text": "{{#start.q#}}"}]), ("roles", [{"role": "system", "text": "be kind"}, {"role": "user", "text": "{{#start.q#}}"}]),
        ("jinja", [{"role": "user", "text": "", "edition_type": "jinja2", "jinja2_text": "{{ a }}"}]), ("completion", {"text": "{{#start.q#}} A:"}),
    ):  # fmt: skip
        config = {"jinja2_variables": [{"variable": "a", "value_selector": ["start", "q"]}]}
        mode = {**MODEL, "mode": "completion"} if name == "completion" else MODEL
        item = node("m", "llm", model=mode, prompt_template=prompt, prompt_config=config)
        made = graph(
            start(**Q),
            item,
            end(t="m.text", u="m.usage.total_tokens", f="m.finish_reason", r="m.reasoning_content"),
            edges="start > m > end",
        )
        yield Case(
            name=f"llm-{name}", graph=made, inputs=Q, outputs={"t": "hello there", "u": 15, "f": "stop", "r": ""}
        )
    thought = "<think>hm</think>yes"
    for form, text, reasoning in (("tagged", thought, ""), ("separated", "yes", "hm")):
        made = graph(
            start(**Q),
            llm("m", "x", reasoning_format=form),
            end(t="m.text", r="m.reasoning_content"),
            edges="start > m > end",
        )
        yield Case(
            name=f"llm-reasoning-{form}",
            graph=made,
            inputs=Q,
            texts={"m": thought},
            outputs={"t": text, "r": reasoning},
        )
    schema = {"type": "object", "properties": {"n": {"type": "number"}}, "required": ["n"]}
    structured = llm("m", "x", structured_output_enabled=True, structured_output={"schema": schema})
    made = graph(start(**Q), structured, end(n="m.structured_output.n"), edges="start > m > end")
    yield Case(name="llm-structured", graph=made, inputs=Q, texts={"m": '{"n": 5}'}, outputs={"n": 5})
    yield Case(
        name="llm-structured-broken",
        graph=made,
        inputs=Q,
        texts={"m": "no json at all"},
        status="failed",
        error="Failed to parse structured output",
    )
    for number, value in enumerate(("known", ["a", "b"], [{"content": "c"}])):
        made = graph(
            start(k=value),
            llm("m", "C: {{#context#}}", context={"enabled": True, "variable_selector": ["start", "k"]}),
            end(t="m.text"),
            edges="start > m > end",
        )
        yield Case(name=f"llm-context-{number}", graph=made, inputs={"k": value}, outputs={"t": "hello there"})
    wrong = graph(
        start(k=[{"a": 1}]),
        llm("m", "x", context={"enabled": True, "variable_selector": ["start", "k"]}),
        end(t="m.text"),
        edges="start > m > end",
    )
    yield Case(
        name="llm-context-wrong",
        graph=wrong,
        inputs={"k": [{"a": 1}]},
        status="failed",
        error="Invalid context structure",
    )


def deciding() -> Iterator[Case]:
    classes = [{"id": "1", "name": "praise"}, {"id": "2", "name": "complaint about {{#start.q#}}"}]
    item = node("c", "question-classifier", model=MODEL, query_variable_selector=["start", "q"], classes=classes)
    ends = [end(f"e{n}", name="c.class_name", chosen="c.class_id") for n in (1, 2)]
    made = graph(start(**Q), item, *ends, edges="start > c, c:1 > e1, c:2 > e2")
    for name, text, chosen in (
        ("named", '{"category_id": "2", "category_name": "complaint"}', "2"), ("first", '{"category_id": "1", "category_name": "praise"}', "1"),
        ("fenced", '```json\n{"category_id": "2", "category_name": "x"}\n```', "2"), ("unknown", '{"category_id": "9", "category_name": "x"}', "1"),
        ("without-keys", '{"kind": "x"}', "1"), ("thinking", '<think>2?</think>{"category_id": "2", "category_name": "x"}', "2"),
    ):  # fmt: skip
        outputs = {"name": "praise" if chosen == "1" else "complaint about why?", "chosen": chosen}
        yield Case(name=f"classifier-{name}", graph=made, inputs=Q, texts={"m": text}, outputs=outputs)
    kinds = [("s", "string"), ("n", "number"), ("b", "boolean"), ("l", "array[string]")]
    parameters = [{"name": name, "type": kind, "description": "", "required": False} for name, kind in kinds]
    extract = node(
        "x", "parameter-extractor", model=MODEL, query=["start", "q"], parameters=parameters, reasoning_mode="prompt"
    )
    made = graph(
        start(**Q), extract, end(ok="x.__is_success", s="x.s", n="x.n", b="x.b", l="x.l"), edges="start > x > end"
    )
    empty: dict[str, Any] = {"s": "", "n": 0, "b": False, "l": []}
    answers: list[tuple[str, str, dict[str, Any]]] = [
        ("all", '{"s": "a", "n": 5, "b": true, "l": ["x"]}', {"ok": 1, "s": "a", "n": 5, "b": True, "l": ["x"]}), ("nothing", "I can't", {"ok": 0, **empty}),
        ("too-few", '{"s": "a"}', {"ok": 0, **empty, "s": "a"}), ("in-text", 'Here: {"s": "a", "n": 1, "b": false, "l": []} done', {"ok": 1, **empty, "s": "a", "n": 1}),
    ]  # fmt: skip
    for name, text, outputs in answers:
        yield Case(name=f"extractor-{name}", graph=made, inputs=Q, texts={"m": text}, outputs=outputs)


def requests() -> Iterator[Case]:
    def sent(name: str, item: dict[str, Any], inputs: dict[str, Any], **expected: Any) -> Case:
        made = graph(
            start(**inputs), item, end(body="x.body", code="x.status_code", files="x.files"), edges="start > x > end"
        )
        outputs: dict[str, Any] | None = {"code": 200, "files": [], **expected} if "status" not in expected else None
        return Case(name=f"http-{name}", graph=made, inputs=inputs, outputs=outputs, **({} if outputs else expected))

    def bodied(kind: str, data: Any) -> dict[str, Any]:
        return {**http("x"), "data": {**http("x")["data"], "body": {"type": kind, "data": data}}}

    for method in ("get", "POST", "put", "patch", "delete", "head"):
        item = node("x", "http-request", method=method, url="https://echo/path", body={"type": "none"})
        yield sent(method, item, Q, body=f"{method.upper()} /path")
    yield sent(
        "params",
        node("x", "http-request", method="get", url="https://echo/a", params="q:{{#start.q#}}\nn:1"),
        Q,
        body="GET /a?q=why%3F&n=1",
    )
    yield sent("raw", http("x", body="[{{#start.q#}}]"), Q, body="[why?]")
    yield sent("json", bodied("json", [{"type": "text", "value": '{"a": "{{#start.q#}}"}'}]), Q, body='{"a":"why?"}')
    yield sent("json-old", bodied("json", '{"a": 1}'), Q, body='{"a":1}')
    form = [{"key": "a", "type": "text", "value": "{{#start.q#}}"}, {"key": "b", "type": "text", "value": "1"}]
    yield sent("form", bodied("x-www-form-urlencoded", form), Q, body="a=why%3F&b=1")
    yield sent("status", http("x", "https://echo/503", "text"), Q, body="text", code=503)
    doc = {"f": file_value("d.txt")}
    yield sent("binary", bodied("binary", [{"type": "file", "file": ["start", "f"]}]), doc, body="d.txt")
    yield sent(
        "no-scheme", http("x", "{{#start.q#}}"), Q, status="failed", error="url should start with http:// or https://"
    )
    yield sent("no-url", http("x", "{{#start.e#}}"), {"e": ""}, status="failed", error="url is required")


def documents() -> Iterator[Case]:
    def read(name: str, value: Any, **expected: Any) -> Case:
        made = graph(
            start(f=value),
            node("x", "document-extractor", variable_selector=["start", "f"]),
            end(t="x.text"),
            edges="start > x > end",
        )
        return Case(name=f"document-{name}", graph=made, inputs={"f": value}, **expected)

    for kind in ("txt", "md", "py", "html", "csv", "log", "sql"):
        one = file_value(f"a.{kind}")
        if kind != "csv":
            yield read(kind, one, outputs={"t": f"a.{kind}"})
    yield read("list", [file_value("a.txt"), file_value("b.txt")], outputs={"t": ["a.txt", "b.txt"]})
    yield read("empty-list", [], outputs={"t": []})
    yield read("nothing", None, status="failed", error="File variable not found for selector: ['start', 'f']")
    yield read(
        "one-bad",
        [file_value("a.txt"), file_value("b.zip", mime_type="application/zip")],
        status="failed",
        error="Unsupported Extension Type: .zip",
    )


def knowledge() -> Iterator[Case]:
    found: list[tuple[str, str, dict[str, Any]]] = [
        ("found", "why?", {"r": [{"content": "why?", "title": "d", "metadata": {"score": 1.0}}]}),
        ("no-question", "", {"r": []}),
    ]
    for name, value, outputs in found:
        item = node("k", "knowledge-retrieval", query_variable_selector=["start", "q"], dataset_ids=["d"])
        yield Case(
            name=f"knowledge-{name}",
            graph=graph(start(q=value), item, end(r="k.result"), edges="start > k > end"),
            inputs={"q": value},
            outputs=outputs,
        )
    item = node("k", "knowledge-retrieval", query_variable_selector=["start", "q"], dataset_ids=["d"])
    chained = graph(start(**Q), item, llm("m", "{{#context#}}", context={"enabled": True, "variable_selector": ["k", "result"]}), answer("say", "{{#m.text#}}"),
                    edges="start > k > m > say")  # fmt: skip
    yield Case(name="knowledge-to-model", graph=chained, inputs=Q, outputs={"answer": "hello there", "files": []})


def ingestion() -> Iterator[Case]:
    for chunks, error in (
        ([], "Index chunk variable is required."),
        (["start", "e"], "Chunks is required."),
        (["start", "q"], "can't run here"),
    ):
        made = graph(
            start(q="text", e=""), node("i", "knowledge-index", index_chunk_variable_selector=chunks), edges="start > i"
        )
        yield Case(name=f"index-{error}", graph=made, inputs={"q": "text", "e": ""}, status="failed", error=error)


def people() -> Iterator[Case]:
    ask = node(
        "ask",
        "human-input",
        form_content="{{#start.q#}}",
        user_actions=[{"id": "ok", "title": "OK"}],
        delivery_methods=[{"type": "webapp", "enabled": True}],
    )
    made = graph(start(**Q), ask, end(a="ask.__action_id"), edges="start > ask, ask:ok > end")
    started = [
        "graph_run_started",
        "node_started",
        "node_succeeded",
        "node_started",
        "human_input_required",
        "node_paused",
        "graph_run_paused",
    ]
    yield Case(name="human-input-waits", graph=made, inputs=Q, status="paused", outputs={}, events=started)
    said = graph(
        start(**Q),
        answer("before", "One moment. "),
        ask,
        answer("after", "Thanks."),
        edges="start > before > ask, ask:ok > after",
    )
    yield Case(
        name="text-before-the-question",
        graph=said,
        inputs=Q,
        status="paused",
        chunks=["One moment. "],
        outputs={"answer": "One moment. ", "files": []},
    )
    beside = graph(
        start(**Q),
        ask,
        llm("m", "x"),
        end("e1", a="ask.__action_id"),
        end("e2", t="m.text"),
        edges="start > ask, ask:ok > e1, start > m > e2",
    )
    yield Case(name="others-finish-beside-a-question", graph=beside, inputs=Q, status="paused")


def cases() -> Iterator[Case]:
    for table in (models, deciding, requests, documents, knowledge, ingestion, people):
        yield from table()
