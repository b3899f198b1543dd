"""Random graphs: joins, branches, error strategies, retries, streams, containers, answers and ends."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

Selector = list[str]
STREAMING = "llm"
SCRIPTED = ("llm", "tool", "code", "question-classifier")
OUTPUTS = {
    **dict.fromkeys(SCRIPTED, "text"),
    "variable-aggregator": "output",
    "iteration": "output",
    "loop": "loop_round",
    "human-input": "note",
}
"""The output that others read, by kind of node."""
STRATEGIES = (None, "default-value", "fail-branch")
ACTIONS = ("ok", "no")
TIMEOUT = "__timeout"
NOTE = "{{#$output.note#}}"
"""Where the answer stands in a form's text."""
ITEM_MODES = ("terminated", "continue-on-error", "remove-abnormal-output")


@dataclass(kw_only=True)
class Case:
    """A graph with what it is run on. ``racing``: timing may decide what it gives."""

    seed: int
    graph: dict[str, Any]
    inputs: dict[str, Any]
    conversation: dict[str, tuple[str, Any]]
    workers: int
    max_steps: int
    racing: bool
    asks_inside: bool


@dataclass
class Part:
    """One level of a graph while it is made; ``sources`` are (node, handle) that edges may start from.

    ``asks``: people may be asked here; in a container nothing may then fail unhandled, as it would be done again.
    """

    inside: str | None
    asks: bool = False
    nodes: list[dict[str, Any]] = field(default_factory=list)
    edges: list[dict[str, Any]] = field(default_factory=list)
    sources: list[tuple[str, str]] = field(default_factory=list)
    before: dict[str, set[str]] = field(default_factory=dict)


def make_case(seed: int) -> Case:
    return Maker(seed).case()


class Maker:
    def __init__(self, seed: int) -> None:
        self.seed, self.dice = seed, random.Random(seed)
        self.racing = self.dice.random() < 0.4
        self.count = 0
        self.nodes: list[dict[str, Any]] = []
        self.edges: list[dict[str, Any]] = []
        self.written: set[str] = set()
        self.frail = self.dice.random() < 0.4
        self.asks_inside = False
        self.asking = self.dice.random() < 0.35

    def case(self) -> Case:
        dice = self.dice
        part = Part(None, asks=self.asking)
        self._add(part, "start", "start", [], [])
        self._fill(part, dice.randint(2, 10), [], depth=0)
        self._last(part)
        return Case(
            seed=self.seed,
            graph={"nodes": self.nodes, "edges": self.edges},
            inputs={"q": dice.choice(["x", "y"]), "items": dice.choice([[], ["a"], ["a", "b"], ["a", "b", "c"]])},
            conversation={"log": ("array[string]", []), "n": ("number", 0)},
            workers=dice.choice([1, 2, 3, 10, 10]),
            max_steps=dice.randint(3, 25) if dice.random() < 0.08 and not self.asks_inside else 500,
            racing=self.racing,
            asks_inside=self.asks_inside,
        )

    def _last(self, part: Part) -> None:
        """A last node that shows what was made, in most graphs."""
        seen = [[node["id"], "text"] for node in part.nodes if node["data"]["type"] in SCRIPTED]
        lasts = [source for source in part.sources if not any(edge["source"] == source[0] for edge in part.edges)]
        if self.dice.random() < 0.7 and lasts:
            known = seen if self.racing else [path for path in seen if path[0] in self._ancestors(part, lasts)]
            outputs = [{"variable": f"o{i}", "value_selector": path} for i, path in enumerate(known[-4:])]
            self._add(part, "last", "end", lasts, [], outputs=outputs)

    def _fill(self, part: Part, size: int, outer: list[Selector], depth: int) -> None:
        for _ in range(size):
            self.count += 1
            dice = self.dice
            sources = dice.sample(part.sources, min(len(part.sources), dice.choice([1, 1, 1, 2, 2, 3])))
            reads = self._readable(part, sources, outer)
            kind = dice.choices(
                ["scripted", "if-else", "answer", "end", "variable-aggregator", "assigner", "container", "human-input"],
                [
                    50,
                    12,
                    14,
                    3,
                    7,
                    8,
                    (8 if depth or not self.asking else 25) if depth < 2 else 0,
                    (60 if depth else 25) if part.asks else 0,
                ],
            )[0]
            getattr(self, "_" + kind.replace("-", "_"))(part, f"n{self.count}", sources, reads, depth)

    def _readable(self, part: Part, sources: list[tuple[str, str]], outer: list[Selector]) -> list[Selector]:
        if self.racing:
            known = {node["id"] for node in part.nodes}
        else:
            known = self._ancestors(part, sources)
        own = [
            [node["id"], OUTPUTS[node["data"]["type"]]]
            for node in part.nodes
            if node["id"] in known and node["data"]["type"] in OUTPUTS
        ]
        variables = [["conversation", "log"], ["conversation", "n"]] if self.racing else []
        return [["start", "q"], ["sys", "query"], *outer, *own, *own, *variables]

    def _ancestors(self, part: Part, sources: list[tuple[str, str]]) -> set[str]:
        found: set[str] = set()
        for name, _ in sources:
            found |= {name} | part.before[name]
        return found

    def _add(
        self, part: Part, node_id: str, kind: str, sources: list[tuple[str, str]], handles: list[str], **data: Any
    ) -> None:
        parent = {} if part.inside is None else {"parentId": part.inside}
        node = {"id": node_id, "type": "custom", "data": {"type": kind, "title": node_id, **data}, **parent}
        part.nodes.append(node)
        self.nodes.append(node)
        part.before[node_id] = self._ancestors(part, sources)
        made = [{"source": name, "sourceHandle": handle, "target": node_id} for name, handle in sources]
        part.edges += made
        self.edges += made
        if data.get("error_strategy") == "fail-branch":
            handles = [*(handles or ["source"]), "fail-branch"]
        part.sources += [(node_id, handle) for handle in handles or ["source"]]

    def _failing(self, part: Part) -> dict[str, Any]:
        strategy = self.dice.choice(STRATEGIES[1:] if part.asks and part.inside else STRATEGIES)
        if strategy is None:
            return {}
        default = [{"key": "text", "type": "string", "value": "instead"}] if strategy == "default-value" else []
        return {"error_strategy": strategy, "default_value": default}

    def _scripted(
        self, part: Part, node_id: str, sources: list[tuple[str, str]], reads: list[Selector], depth: int
    ) -> None:
        dice = self.dice
        kind = dice.choices(SCRIPTED, [45, 25, 15, 15])[0]
        retry = kind in {"llm", "tool", "code"} and dice.random() < 0.3
        most = dice.randint(0, 2) if retry else 0
        data: dict[str, Any] = self._failing(part)
        fails = dice.choice([0, 0, 1, 2, 9]) if data or retry or self.frail else 0
        if fails > most and not data and dice.random() < 0.8:
            fails = 0
        data["attempts"] = [self._attempt(kind, "fail" if i < fails else "ok") for i in range(min(fails, most + 1) + 1)]
        data["reads"] = dice.sample(reads, min(len(reads), dice.randint(0, 2)))
        if part.inside is not None and dice.random() < 0.25:
            data["fail_on"] = dice.choice(["a", "b", "1"])
        if retry:
            data["retry_config"] = {"retry_enabled": True, "max_retries": most, "retry_interval": 1}
        handles: list[str] = []
        if kind == "question-classifier":
            handles = ["1", "2"]
            data["choose"] = dice.choice(["1", "2", "2", "3"])
        self._add(part, node_id, kind, sources, handles, **data)

    def _attempt(self, kind: str, end: str) -> list[str]:
        actions = ["wait"]
        for _ in range(self.dice.randint(0, 3)):
            actions.append("say" if kind == STREAMING and self.dice.random() < 0.6 else "wait")
        if kind == STREAMING and end == "ok" and self.dice.random() < 0.85:
            actions.append("close")
        return [*actions, end]

    def _if_else(
        self, part: Part, node_id: str, sources: list[tuple[str, str]], reads: list[Selector], depth: int
    ) -> None:
        dice = self.dice
        cases = [
            {"case_id": f"c{i}", "logical_operator": dice.choice(["and", "or"]), "conditions": [self._condition(reads) for _ in range(dice.randint(1, 2))]}
            for i in range(dice.randint(1, 2))
        ]  # fmt: skip
        data = self._failing(part)
        self._add(
            part, node_id, "if-else", sources, [case["case_id"] for case in cases] + ["false"], cases=cases, **data
        )

    def _condition(self, reads: list[Selector]) -> dict[str, Any]:
        operator = self.dice.choice(["contains", "not contains", "is", "is not", "empty", "not empty"])
        value = self.dice.choice(["x", "n", "a", ""])
        return {"variable_selector": self.dice.choice(reads), "comparison_operator": operator, "value": value}

    def _answer(
        self, part: Part, node_id: str, sources: list[tuple[str, str]], reads: list[Selector], depth: int
    ) -> None:
        parts = [self.dice.choice([f"[{node_id}]", " and ", *(f"{{{{#{'.'.join(path)}#}}}}" for path in reads)])
                 for _ in range(self.dice.randint(0, 4))]  # fmt: skip
        self._add(part, node_id, "answer", sources, [], answer="".join(parts))

    def _end(self, part: Part, node_id: str, sources: list[tuple[str, str]], reads: list[Selector], depth: int) -> None:
        chosen = self.dice.sample(reads, min(len(reads), 2))
        owner = "" if self.racing else node_id
        outputs = [{"variable": f"{owner}v{i}", "value_selector": path} for i, path in enumerate(chosen)]
        self._add(part, node_id, "end", sources, [], outputs=outputs)

    def _variable_aggregator(
        self, part: Part, node_id: str, sources: list[tuple[str, str]], reads: list[Selector], depth: int
    ) -> None:
        chosen = self.dice.sample(reads, min(len(reads), 3))
        self._add(part, node_id, "variable-aggregator", sources, [], variables=chosen, output_type="any")

    def _assigner(
        self, part: Part, node_id: str, sources: list[tuple[str, str]], reads: list[Selector], depth: int
    ) -> None:
        append = {"variable_selector": ["conversation", "log"], "operation": "append", "input_type": "variable"}
        source = self.dice.choice(
            [["start", "q"], ["sys", "query"], *([["conversation", "gone"]] if self.frail else [])]
        )
        add = {"variable_selector": ["conversation", "n"], "operation": "+=", "input_type": "constant", "value": 1}
        if part.inside is not None and part.inside.startswith("loop"):
            add["variable_selector"] = [part.inside, "v"]
        elif not self.racing and (part.inside is not None or "n" in self.written):
            add = {}
        self.written.add("n")
        items = [add] if add else []
        if self.racing or ("log" not in self.written and part.inside is None):
            self.written.add("log")
            items.append({**append, "value": source})
        self._add(part, node_id, "assigner", sources, [], version="2", items=items, **self._failing(part))

    def _human_input(
        self, part: Part, node_id: str, sources: list[tuple[str, str]], reads: list[Selector], depth: int
    ) -> None:
        self.asks_inside = self.asks_inside or part.inside is not None
        path = ".".join(self.dice.choice(reads))
        actions = self.dice.choice([["ok"], ["ok", "no"]])
        self._add(
            part, node_id, "human-input", sources, [*actions, *([TIMEOUT] if self.dice.random() < 0.7 else [])],
            form_content=f"{node_id} {{{{#{path}#}}}}: {NOTE}",
            inputs=[{"type": "paragraph", "output_variable_name": "note"}],
            user_actions=[{"id": action, "title": action.title()} for action in actions],
            delivery_methods=[{"type": "webapp", "enabled": True}], timeout=1, timeout_unit="hour",
        )  # fmt: skip

    def _container(
        self, part: Part, node_id: str, sources: list[tuple[str, str]], reads: list[Selector], depth: int
    ) -> None:
        kind = "iteration" if self.dice.random() < 0.5 else "loop"
        if part.inside is not None:
            kind = "loop" if part.inside.startswith("iteration") else "iteration"
        name = kind + node_id
        data = getattr(self, "_" + kind)(name, reads)
        inner = Part(name, asks=self.asking and part.inside is None and self.dice.random() < 0.8)
        outer = [path for path in reads if path[0] != "conversation"]
        outer += [[name, "item"], [name, "index"]] * 2 if kind == "iteration" else [[name, "v"]] * (2 * self.racing)
        self._add(part, name, kind, sources, [], **data, **self._failing(part))
        self._add(inner, f"{name}start", f"{kind}-start", [], [])
        self._fill(inner, self.dice.randint(1, 4), outer, depth + 1)
        if kind == "loop" and self.dice.random() < 0.3:
            self._add(inner, f"{name}end", "loop-end", [self.dice.choice(inner.sources)], [])
        made = [[node["id"], "text"] for node in inner.nodes if node["data"]["type"] in SCRIPTED] or [[name, "item"]]
        part.nodes[-1]["data"]["output_selector"] = self.dice.choice(made)

    def _iteration(self, name: str, reads: list[Selector]) -> dict[str, Any]:
        dice = self.dice
        source = (
            dice.choice([*([["start", "items"]] * 6), ["start", "q"], ["start", "gone"]])
            if self.frail
            else ["start", "items"]
        )
        return {
            "iterator_selector": source, "start_node_id": f"{name}start", "is_parallel": dice.random() < 0.5, "parallel_nums": dice.randint(1, 3),
            "error_handle_mode": dice.choice(ITEM_MODES), "flatten_output": dice.random() < 0.5, "output_selector": ["start", "q"],
        }  # fmt: skip

    def _loop(self, name: str, reads: list[Selector]) -> dict[str, Any]:
        dice = self.dice
        breaks = [{"variable_selector": [name, "v"], "comparison_operator": "≥", "value": str(dice.randint(0, 3))}]
        variable = {"label": "v", "var_type": "number", "value_type": "constant", "value": "0"}
        return {
            "loop_count": dice.randint(0, 3), "start_node_id": f"{name}start", "logical_operator": dice.choice(["and", "or"]),
            "break_conditions": breaks if dice.random() < 0.5 else [], "loop_variables": [variable], "output_selector": [],
        }  # fmt: skip
