"""Tools and agents: every way to answer and to fail, under every strategy (workflow.md 3.16, 3.17)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .building import MODEL, Case, answer, end, graph, node, start

Q = {"q": "why?", "n": 3}
DEFAULTS = [{"key": "text", "type": "string", "value": "sorry"}]


def tool(name: str = "search", parameters: dict[str, Any] | None = None, **data: Any) -> dict[str, Any]:
    given = {"q": {"type": "mixed", "value": "{{#start.q#}}"}} if parameters is None else parameters
    return node("x", "tool", provider_id=data.pop("provider", "acme"), provider_type="api", provider_name="Acme", tool_name=name, tool_label=name,
                tool_parameters=given, tool_configurations={}, **data)  # fmt: skip


def asked(item: dict[str, Any], **outputs: str) -> dict[str, Any]:
    return graph(start(**Q), item, end(**outputs), edges="start > x > end")


def tools() -> Iterator[Case]:
    shown: list[tuple[str, dict[str, str], dict[str, Any]]] = [
        ("search", {"t": "x.text"}, {"t": "found"}), ("silent", {"t": "x.text", "j": "x.json"}, {"t": "", "j": [{"data": []}]}),
        ("every", {"t": "x.text", "j": "x.json", "s": "x.score", "y": "x.story"}, {"t": "aLink: https://x.test\n", "j": [{"n": 1}], "s": 3, "y": "once upon"}),
    ]  # fmt: skip
    for name, paths, outputs in shown:
        yield Case(name=f"tool-{name}", graph=asked(tool(name), **paths), inputs=Q, outputs=outputs)
    filed = graph(start(**Q), tool("file"), answer("say", "{{#x.files#}}"), edges="start > x > say")
    yield Case(name="tool-file", graph=filed, inputs=Q, chunks=["[file-1.png](http://files/file-1.png)"])
    streamed = graph(start(**Q), tool("every"), answer("say", "{{#x.text#}}|{{#x.story#}}"), edges="start > x > say")
    yield Case(
        name="tool-streams",
        graph=streamed,
        inputs=Q,
        outputs={"answer": "aLink: https://x.test\n|once upon", "files": []},
    )
    values: list[tuple[str, dict[str, Any], str | None]] = [
        ("constant", {"q": {"type": "constant", "value": "x"}}, None), ("variable", {"q": {"type": "variable", "value": ["start", "q"]}}, None),
        ("number", {"q": {"type": "mixed", "value": "x"}, "n": {"type": "variable", "value": ["start", "n"]}, "b": {"type": "constant", "value": True}}, None),
        ("gone", {"q": {"type": "variable", "value": ["start", "gone"]}}, "Variable ['start', 'gone'] does not exist"),
    ]  # fmt: skip
    for name, parameters, error in values:
        made = asked(tool("fair", parameters), t="x.text")
        if error is None:
            yield Case(name=f"tool-value-{name}", graph=made, inputs=Q, outputs={"t": "found"})
        else:
            yield Case(name=f"tool-value-{name}", graph=made, inputs=Q, status="failed", error=error, loose=True)


FAILING: dict[str, tuple[dict[str, Any], str, str]] = {
    "broken": (tool("broken"), "Failed to invoke tool Acme: no luck", "ToolInvokeError"),
    "away": (tool("away"), "Failed to invoke tool, error: gone", "PluginUnreachableError"),
    "unknown": (tool("nobody"), "Failed to get tool runtime: ", "ToolProviderNotFoundError"),
    "provider": (tool(provider="nobody"), "Failed to get tool runtime: ", "ToolProviderNotFoundError"),
}


def failures() -> Iterator[Case]:
    from .table_failures import Containing

    for name, (item, error, kind) in FAILING.items():
        for strategy in ("none", "default-value", "fail-branch"):
            data = {**item["data"], **({} if strategy == "none" else {"error_strategy": strategy})}
            if strategy == "default-value":
                data["default_value"] = DEFAULTS
            made = graph(start(**Q), {**item, "data": data}, end("ok", t="x.text", e="x.error_message", k="x.error_type"), end("bad", e="x.error_message", k="x.error_type"),
                         edges="start > x > ok, x:fail-branch > bad" if strategy == "fail-branch" else "start > x > ok")  # fmt: skip
            case: dict[str, Any] = {
                "name": f"tool-{name}-{strategy}",
                "graph": made,
                "inputs": Q,
                "exceptions": 1,
                "loose": True,
            }
            told = {"e": Containing(error), "k": kind}
            if strategy == "none":
                yield Case(**case, status="failed", error=error)
            else:
                yield Case(
                    **case,
                    status="partial-succeeded",
                    outputs=told if strategy == "fail-branch" else {"t": "sorry", **told},
                )
    for fails, most in ((0, 2), (1, 2), (2, 2), (3, 2)):
        item = tool("unsteady", retry_config={"retry_enabled": True, "max_retries": most, "retry_interval": 0})
        case = {
            "name": f"tool-retry-{fails}-of-{most}",
            "graph": asked(item, t="x.text"),
            "inputs": Q,
            "fails": fails,
            "exceptions": min(fails, most + 1),
        }
        if fails > most:
            yield Case(**case, status="failed", error="Failed to invoke tool Acme: tool down", steps=2 + most)
        else:
            yield Case(
                **case,
                status="partial-succeeded" if fails else "succeeded",
                outputs={"t": "found why?"},
                steps=3 + fails,
            )


def constant(value: object) -> dict[str, object]:
    return {"type": "constant", "value": value}


def agent(strategy: str, names: tuple[str, ...] = ("search",), **more: Any) -> dict[str, Any]:
    entries = [{"enabled": True, "type": "builtin", "provider_name": "acme", "tool_name": name} for name in names]
    parameters = {
        "model": constant({**MODEL, "model_type": "llm", "completion_params": {}}), "instruction": {"type": "mixed", "value": "be kind"},
        "query": {"type": "mixed", "value": "{{#start.q#}}"}, "maximum_iterations": constant(2), "tools": constant(entries),
    }  # fmt: skip
    return node("x", "agent", agent_strategy_provider_name="langgenius/agent/agent", agent_strategy_name=strategy, agent_strategy_label="Agent",
                agent_parameters=parameters, **more)  # fmt: skip


ACTION = 'Thought: look Action: ``` {"action": "search", "action_input": {"q": "x"}} ```'


def agents() -> Iterator[Case]:
    talks: list[tuple[str, str, tuple[str, ...], str]] = [
        ("plain", "function_calling", ("all is well",), "all is well"), ("tool", "function_calling", ('CALL search {"q": "x"}', "it is so"), "it is so"),
        ("tool-fails", "function_calling", ('CALL broken {"q": "x"}', "no luck then"), "no luck then"),
        ("unknown-tool", "function_calling", ("CALL nobody {}", "never mind"), "never mind"),
        ("bad-arguments", "function_calling", ("CALL search {broken", "never mind"), "never mind"),
        ("react-plain", "ReAct", ("Final Answer: so",), "so"), ("react-tool", "ReAct", (ACTION, "Final Answer: so"), "so"),
    ]  # fmt: skip
    for name, strategy, said, text in talks:
        made = graph(
            start(**Q), agent(strategy, ("search", "broken")), answer("say", "{{#x.text#}}"), edges="start > x > say"
        )
        yield Case(name=f"agent-{name}", graph=made, inputs=Q, answers=said, outputs={"answer": text, "files": []})
    for strategy in ("none", "default-value", "fail-branch"):
        data = {} if strategy == "none" else {"error_strategy": strategy, "default_value": DEFAULTS}
        item = agent("divination", **data)
        made = graph(start(**Q), item, end("ok", t="x.text"), end("bad", t="x.text", k="x.error_type"),
                     edges="start > x > ok, x:fail-branch > bad" if strategy == "fail-branch" else "start > x > ok")  # fmt: skip
        case: dict[str, Any] = {"name": f"agent-no-strategy-{strategy}", "graph": made, "inputs": Q, "loose": True}
        if strategy == "none":
            yield Case(
                **case,
                status="failed",
                error="Failed to get agent strategy: langgenius/agent/agent has no strategy named divination",
            )
        else:
            outputs = {"t": "sorry"} if strategy == "default-value" else {"t": None, "k": "AgentStrategyNotFoundError"}
            yield Case(**case, status="partial-succeeded", outputs=outputs, exceptions=1)
    made = graph(start(**Q), agent("function_calling"), end(t="x.text"), edges="start > x > end")
    yield Case(name="agent-model-down", graph=made, inputs=Q, fails=1, status="failed", error="model down")


def cases() -> Iterator[Case]:
    for table in (tools, failures, agents):
        yield from table()
