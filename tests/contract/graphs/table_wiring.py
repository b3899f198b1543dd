"""Shapes of graphs: joins, branches that end, several entries and ends, and the order of text (workflow.md 2.2, 2.3, 2.9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .building import Case, answer, case_of, code, condition, end, graph, if_else, llm, node, start, template

STARTED = "graph_run_started"


def ran(*ids: str) -> dict[str, str]:
    return dict.fromkeys(ids, "succeeded")


def shapes() -> Iterator[Case]:
    yield Case(
        name="start-alone",
        graph=graph(start(), edges=""),
        outputs={},
        events=[STARTED, "node_started", "node_succeeded", "graph_run_succeeded"],
        steps=1,
    )
    yield Case(name="passing-through", graph=graph(start(a="x"), end(r="start.a"), edges="start > end"), inputs={"a": "x"}, outputs={"r": "x"}, steps=2,
               events=[STARTED, "node_started", "stream_chunk", "node_succeeded", "node_started", "node_succeeded", "graph_run_succeeded"], chunks=["x"])  # fmt: skip
    for width in (2, 3, 12, 40):
        names = [f"t{n}" for n in range(width)]
        made = graph(start(), *(template(name, name) for name in names), end(**{name: f"{name}.output" for name in names}),
                     edges=", ".join(f"start > {name} > end" for name in names))  # fmt: skip
        yield Case(name=f"wide-{width}", graph=made, outputs={name: name for name in names}, steps=width + 2)
    for length in (1, 10, 100):
        names = [f"t{n}" for n in range(length)]
        made = graph(
            start(),
            *(template(name, "x") for name in names),
            end(r=f"{names[-1]}.output"),
            edges=" > ".join(["start", *names, "end"]),
        )
        yield Case(
            name=f"long-{length}", graph=made, outputs={"r": "x"}, steps=length + 2, nodes=ran("start", *names, "end")
        )
    yield Case(name="later-end-wins", graph=graph(start(), template("a", "A"), template("b", "B"), end("e1", r="a.output", x="a.output"), end("e2", r="b.output"),
               edges="start > a > e1 > b > e2"), outputs={"r": "B", "x": "A"})  # fmt: skip
    note = graph(
        start(),
        {"id": "n", "type": "custom-note", "data": {"type": "", "text": "hi"}},
        end(r="sys.files"),
        edges="start > end",
    )
    yield Case(name="notes-are-nothing", graph=note, outputs={"r": []}, nodes=ran("start", "end"))
    lost = graph(start(), template("lost", "x"), end(r="sys.files"), edges="start > end, lost > end")
    yield Case(
        name="unreached-nodes-block-nobody", graph=lost, outputs={"r": []}, nodes=ran("start", "end"), loose=True
    )
    loose_edge = graph(start(), end(r="sys.files"), edges="start > end")
    loose_edge["edges"].append({"source": "start", "target": None})
    yield Case(name="edges-without-ends-are-nothing", graph=loose_edge, outputs={"r": []})
    newer = graph(
        start(),
        {**template("t", "x"), "data": {**template("t", "x")["data"], "version": "9"}},
        end(r="t.output"),
        edges="start > t > end",
    )
    yield Case(name="unknown-versions-mean-the-highest", graph=newer, outputs={"r": "x"})


def branches() -> Iterator[Case]:
    for value, way in (("x", "a"), ("y", "b")):
        choice = if_else("if", case_of("true", condition("start.v", "is", "x")))
        diamond = graph(start(v=value), choice, template("a", "A"), template("b", "B"), template("after", "after"), end(r="after.output"),
                        edges="start > if, if:true > a > after > end, if:false > b > after")  # fmt: skip
        yield Case(
            name=f"diamond-{value}",
            graph=diamond,
            inputs={"v": value},
            outputs={"r": "after"},
            nodes=ran("start", "if", way, "after", "end"),
        )
        deep = graph(start(v=value), choice, template("a", "A"), template("a2", "A"), template("b", "B"), end("ea", r="a2.output"), end("eb", r="b.output"),
                     edges="start > if, if:true > a > a2 > ea, if:false > b > eb")  # fmt: skip
        yield Case(
            name=f"skipping-{value}", graph=deep, inputs={"v": value}, outputs={"r": "A" if value == "x" else "B"}
        )
        ends = graph(start(v=value), choice, end(r="sys.files"), edges="start > if, if:true > end")
        yield Case(
            name=f"a-way-that-ends-{value}", graph=ends, inputs={"v": value}, outputs={"r": []} if value == "x" else {}
        )
        half = graph(
            start(v=value),
            choice,
            template("a", "A"),
            template("p", "P"),
            end(r="p.output"),
            edges="start > if, if:true > a > end, start > p > end",
        )
        yield Case(name=f"joins-wait-only-for-what-comes-{value}", graph=half, inputs={"v": value}, outputs={"r": "P"})
    for a, b, way in (("x", "x", "xx"), ("x", "y", "xy"), ("y", "x", "y"), ("y", "y", "y")):
        inner = if_else("i2", case_of("true", condition("start.b", "is", "x")))
        made = graph(start(a=a, b=b), if_else("i1", case_of("true", condition("start.a", "is", "x"))), inner, end("exx", r="start.a"), end("exy", r="start.b"),
                     end("ey", r="sys.files"), edges="start > i1, i1:true > i2, i1:false > ey, i2:true > exx, i2:false > exy")  # fmt: skip
        yield Case(
            name=f"nested-{a}{b}",
            graph=made,
            inputs={"a": a, "b": b},
            nodes=ran("start", "i1", *(["i2"] if a == "x" else []), f"e{way}"),
        )
    count = 12
    names = [f"i{n}" for n in range(count)]
    chain: list[dict[str, Any]] = [
        if_else(name, case_of("true", condition("start.n", "≥", str(n)))) for n, name in enumerate(names)
    ]
    chain += [template(f"t{n}", "x") for n in range(count)]
    edges = "start > i0, " + ", ".join(
        f"i{n}:true > t{n}, i{n}:false > t{n}, t{n} > {f'i{n + 1}' if n + 1 < count else 'end'}" for n in range(count)
    )
    yield Case(
        name="many-diamonds",
        graph=graph(start(n=5), *chain, end(r="start.n"), edges=edges),
        inputs={"n": 5},
        outputs={"r": 5},
        steps=2 * count + 2,
    )


def entries() -> Iterator[Case]:
    hook = node(
        "hook",
        "trigger-webhook",
        method="post",
        body=[{"name": "x", "type": "number"}],
        headers=[{"name": "X-A"}],
        params=[{"name": "p", "type": "string"}],
    )
    raw = {"method": "POST", "headers": {"x-a": "h"}, "query_params": {"p": "q"}, "body": {"x": 5}, "files": {}}
    made = graph(hook, end(x="hook.x", h="hook.X_A", p="hook.p", raw="hook._webhook_raw"), edges="hook > end")
    yield Case(
        name="webhook", graph=made, inputs={"webhook_data": raw}, outputs={"x": 5, "h": "h", "p": "q", "raw": raw}
    )
    yield Case(name="webhook-without-request", graph=made, outputs={"x": None, "h": None, "p": None, "raw": {}})
    for kind in ("text/plain", "application/octet-stream"):
        one = graph(
            node("hook", "trigger-webhook", content_type=kind, body=[{"name": "x", "type": "string"}]),
            end(x="hook.x"),
            edges="hook > end",
        )
        yield Case(
            name=f"webhook-{kind}", graph=one, inputs={"webhook_data": {"body": {"raw": "all"}}}, outputs={"x": "all"}
        )
    for mode, data in (
        ("cron", {"cron_expression": "0 9 * * *"}),
        ("visual", {"frequency": "daily", "visual_config": {"time": "9:00 AM"}}),
    ):
        timed = graph(node("at", "trigger-schedule", mode=mode, **data), end(t="sys.timestamp"), edges="at > end")
        yield Case(name=f"schedule-{mode}", graph=timed, system={"timestamp": 5}, outputs={"t": 5})
    event = graph(
        node("on", "trigger-plugin", event_name="e", event_parameters={"a": {"type": "constant", "value": 1}}),
        end(x="on.x"),
        edges="on > end",
    )
    yield Case(name="plugin-event", graph=event, inputs={"x": "v"}, outputs={"x": "v"})
    mixed = graph(
        node("on", "trigger-plugin", event_parameters={"a": {"type": "mixed", "value": "x"}}),
        end(x="on.x"),
        edges="on > end",
    )
    yield Case(name="plugin-event-not-constant", graph=mixed, status="failed", error="must be a constant, not mixed")
    several = graph(
        hook, node("at", "trigger-schedule"), template("t", "T"), end(r="t.output"), edges="hook > t > end, at > t"
    )
    yield Case(
        name="several-triggers",
        graph=several,
        inputs={"webhook_data": raw},
        outputs={"r": "T"},
        nodes=ran("hook", "t", "end"),
    )
    for step, system in (("Datasource type is not set", {}), ("Datasource info is not set", {"datasource_type": "local_file"}),
                         ("no data source is installed", {"datasource_type": "local_file", "datasource_info": {"a": 1}})):  # fmt: skip
        yield Case(
            name=f"datasource-{step}",
            graph=graph(node("d", "datasource", provider_type="local_file"), edges=""),
            system=system,
            status="failed",
            error=step,
        )


def streams() -> Iterator[Case]:
    model = llm("m", "{{#start.q#}}")
    q = {"q": "why"}
    yield Case(name="text-as-it-comes", graph=graph(start(**q), model, answer("say", "A: {{#m.text#}}."), edges="start > m > say"), inputs=q,
               outputs={"answer": "A: hello there.", "files": []}, chunks=["A: ", "hello", " there", "", "."])  # fmt: skip
    yield Case(
        name="values-in-one-piece",
        graph=graph(start(**q), template("t", "T"), answer("say", "{{#t.output#}}!"), edges="start > t > say"),
        inputs=q,
        chunks=["T", "!"],
    )
    twice = graph(start(**q), answer("a", "one "), answer("b", "two"), edges="start > a > b")
    yield Case(
        name="answers-are-joined",
        graph=twice,
        inputs=q,
        outputs={"answer": "one two", "files": []},
        chunks=["one ", "two"],
    )
    yield Case(
        name="nobody-refers-to-it",
        graph=graph(start(**q), model, answer("say", "done"), edges="start > m > say"),
        inputs=q,
        chunks=["done"],
    )
    skipped = graph(start(**q), if_else("if", case_of("true", condition("start.q", "is", "x"))), template("t", "T"), answer("say", "[{{#t.output#}}]"),
                    edges="start > if, if:true > t > say, if:false > say")  # fmt: skip
    yield Case(name="skipped-references-are-silent", graph=skipped, inputs=q, chunks=["[", "]"])
    ends = graph(start(**q), template("t", "T"), end(a="start.q", b="t.output"), edges="start > t > end")
    yield Case(name="ends-are-lines", graph=ends, inputs=q, chunks=["why", "\n", "T"])
    order = graph(
        start(**q),
        template("a", "A"),
        template("b", "B"),
        answer("say", "{{#b.output#}}{{#a.output#}}"),
        edges="start > a > b > say",
    )
    yield Case(name="reading-order-not-running-order", graph=order, inputs=q, chunks=["B", "A"])
    nothing = graph(start(**q), answer("say", ""), edges="start > say")
    yield Case(name="an-empty-answer", graph=nothing, inputs=q, outputs={"answer": "", "files": []}, chunks=[])
    parallel = graph(start(**q), llm("m1", "a"), llm("m2", "b", model={"provider": "p", "name": "n2"}), answer("say", "{{#m2.text#}}|{{#m1.text#}}"),
                     edges="start > m1 > say, start > m2 > say")  # fmt: skip
    yield Case(
        name="two-models-one-text",
        graph=parallel,
        inputs=q,
        texts={"n2": "second one"},
        outputs={"answer": "second one|hello there", "files": []},
    )
    for value in ("x", "y"):
        chosen = graph(start(q=value), if_else("if", case_of("true", condition("start.q", "is", "x"))), answer("yes", "yes"), answer("no", "no"), code("c", "echo", "start.q"),
                       answer("both", "!"), edges="start > if, if:true > yes > c, if:false > no > c, c > both")  # fmt: skip
        yield Case(
            name=f"only-the-chosen-answer-{value}",
            graph=chosen,
            inputs={"q": value},
            chunks=["yes" if value == "x" else "no", "!"],
        )


def cases() -> Iterator[Case]:
    for table in (shapes, branches, entries, streams):
        yield from table()
