"""The rules of a run, read slowly: one thing after the other, nothing clever (workflow.md 2.3 to 2.8).

`Reference.choose` lets one waiting node go on, as the engine's scheduler did, and tells all that follows from it. A
`Part` is one level: the outer graph, or one round of a container (`reference_containers`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .engine_run import Key, Place, Told
from .random_graphs import NOTE, SCRIPTED, STREAMING, TIMEOUT, Case
from .reference_text import Reader
from .reference_values import Failed, Values, holds

OUTSIDE: Place = (None, None, None, None)
CUT = "Execution cancelled"
RETRYABLE = {"llm", "tool", "code"}
HIDDEN = {"iteration-start", "loop-start"}
TOKENS = 15
Emit = Callable[[Told], None]


class Reference:
    """One run. ``waiting`` are the nodes that can be chosen, ``told`` what was told so far."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.parents = {node["id"]: node.get("parentId") for node in case.graph["nodes"]}
        self.told: list[Told] = [("run",)]
        self.waiting: dict[Key, Callable[[], None]] = {}
        self.forms: dict[Key, Form] = {}
        self.steps = self.tokens = 0
        self.stopped: str | None = None
        self.over = self.pausing = False
        self.rounds: dict[tuple[Place, str], Part] = {}
        """Rounds that somebody may be asked in, by place and container: they go on after a pause."""
        values = Values(self._first_values())
        self.part = Part(self, "start", values, OUTSIDE, case.workers, self.told.append, self._end)

    def _first_values(self) -> dict[str, dict[str, Any]]:
        conversation = {name: value for name, (_, value) in self.case.conversation.items()}
        return {"sys": {"query": "hello"}, "conversation": conversation}

    def begin(self) -> None:
        self.part.go_on()

    def choose(self, key: Key) -> None:
        self.waiting.pop(key)()

    def stop(self, reason: str) -> None:
        self.stopped = reason
        self._end()

    def pause(self) -> None:
        self.pausing = True

    def go_on(self) -> None:
        """The paused run begins again: whoever asked is to look for the answer."""
        self.pausing = self.over = self.part.ended = False
        self.steps -= len(self.part.paused)
        self.part.values.held = self._first_values()
        self.part.recall()
        self.part.ask_again()
        self.told.append(("run",))
        self.part.go_on()

    def check_limits(self) -> None:
        if self.steps > self.case.max_steps and self.stopped is None:
            self.stopped = f"Maximum execution steps exceeded: {self.steps} > {self.case.max_steps}"

    def _end(self) -> None:
        if self.stopped is not None:
            self.part.cut_off()
        part = self.part
        status, error = "succeeded" if not part.failures else "partial-succeeded", None
        if self.stopped is not None:
            status, error = "stopped", self.stopped
        elif part.failure is not None:
            status, error = "failed", part.failure
        elif part.is_paused():
            status = "paused"
        self.told.append(("end", status, part.outputs, error, part.failures, self.tokens, part.steps))
        self.over = True
        self.waiting.clear()


@dataclass
class Form:
    """What somebody is asked; ``handle`` is the way that the answer, or nobody's, leads."""

    content: str
    handle: str = ""
    note: str = ""


class Part:
    """One level of the graph. Edges and nodes are unknown, taken or skipped."""

    def __init__(
        self, run: Reference, root: str, values: Values, place: Place, workers: int, emit: Emit, on_end: Callable[[], None]
    ) -> None:  # fmt: skip
        self.run, self.root, self.values, self.place, self.workers = run, root, values, place, workers
        self.emit, self.on_end = emit, on_end
        self.nodes: dict[str, dict[str, Any]] = {node["id"]: node["data"] for node in run.case.graph["nodes"]}
        self.edges = self._live_edges()
        self.states = ["unknown"] * len(self.edges)
        self.skipped: set[str] = set()
        self.queue = [root]
        self.came: list[str] = [root]
        self.paused: list[str] = []
        self.settled: dict[str, dict[str, Any]] = {}
        self.ops: dict[str, list[Any]] = {}
        self.merged: list[tuple[str, dict[str, Any], bool]] = []
        self.running: dict[str, Any] = {}
        self.outputs: dict[str, Any] = {}
        self.done_types: set[str] = set()
        self.steps = self.failures = self.tokens = 0
        self.failure: str | None = None
        self.wrote: dict[str, list[Any]] = {}
        self.flush: Callable[[], None] = lambda: None
        self.ended = False
        self.reader = Reader(self)

    def _live_edges(self) -> list[dict[str, Any]]:
        stored = self.run.case.graph["edges"]
        live = {self.root}
        while more := {edge["target"] for edge in stored if edge["source"] in live} - live:
            live |= more
        self.live = live
        return [edge for edge in stored if edge["source"] in live]

    # -- scheduling (2.3)

    def halted(self) -> bool:
        return self.failure is not None or self.run.stopped is not None

    def go_on(self) -> None:
        """Starts what is ready; the part ends when nothing is queued and nothing runs."""
        # A pause lets what runs go on, rounds of containers included; nothing more begins outside, and in the round
        # that waits itself.
        pauses = (self.run.pausing and self.place == OUTSIDE) or bool(self.paused)
        while self.queue and len(self.running) < self.workers and not self.halted() and not pauses:
            self._start(self.queue.pop(0))
        if self.ended or (self.running and not self.halted()):
            return
        self.ended = True
        if self.run.stopped is not None:
            self.run._end() if not self.run.over else None
            return
        if self.failure is not None:
            self.cut_off()
        elif not self.is_paused():
            self.reader.finish()
        self.on_end()

    def is_paused(self) -> bool:
        return bool(self.paused) or (self.run.pausing and self.place == OUTSIDE and bool(self.queue))

    def ask_again(self) -> None:
        """All that is not done is to be begun, in the order in which it came to be ready."""
        self.steps -= len(self.paused)
        self.paused = []
        self.queue = [name for name in self.came if name not in self.settled]

    def recall(self) -> None:
        """Does to the values and outputs what the nodes did that are done."""
        for name, outputs in self.settled.items():
            self.values.put(name, outputs)
            for what in self.ops.get(name, ()):
                self.values.do(*what)
        merged, self.merged, self.outputs = self.merged, [], {}
        for name, outputs, append in merged:
            if name in self.settled:
                self.merge(name, outputs, append=append)

    def done_to_conversation(self) -> list[Any]:
        return [what for ops in self.ops.values() for what in ops if what[0] == "conversation"]

    def _start(self, name: str) -> None:
        data = self.nodes[name]
        self.run.steps += 1
        self.steps += 1
        if data["type"] not in HIDDEN:
            self.emit(("start", self.place, name))
        if data["type"] in SCRIPTED:
            self.running[name] = None
            work = self._script(name, data)
            self._advance(name, work)
        elif data["type"] in {"iteration", "loop"}:
            self.running[name] = None
            self._wait(name, lambda: self._open(name, data))
        elif data["type"] == "human-input":
            self.running[name] = None
            self._wait(name, lambda: self._ask(name, data))
        else:
            try:
                outputs, handle = self._at_once(name, data)
            except Failed as failure:
                self.fail(name, str(failure))
            else:
                self.succeed(name, outputs, handle)

    def _wait(self, name: str, then: Callable[[], None]) -> None:
        self.run.waiting[self.place, name] = then

    def _advance(self, name: str, work: Iterator[None]) -> None:
        try:
            next(work)
        except StopIteration as stop:
            outputs, handle = stop.value
            self.arrive(name, lambda: self.succeed(name, outputs, handle))
        except Failed as failure:
            text = str(failure)
            self.arrive(name, lambda: self.fail(name, text))
        else:
            self._wait(name, lambda: self._advance(name, work))

    def arrive(self, name: str, take_in: Callable[[], None]) -> None:
        """A node that waited is done."""
        del self.running[name]
        take_in()
        self.go_on()

    # -- nodes

    def _script(self, name: str, data: dict[str, Any]) -> Iterator[None]:
        config = data.get("retry_config", {})
        most = config["max_retries"] if config.get("retry_enabled") and data["type"] in RETRYABLE else 0
        for attempt in range(most + 1):
            try:
                return (yield from self._attempt(name, data, attempt))
            except Failed as failure:
                if attempt == most:
                    raise
                self.failures += 1
                yield  # the retry's interval
                self.reader.forget(name)
                self.run.steps += 1
                self.steps += 1
                self.emit(("retry", self.place, name, attempt + 1, str(failure)))
        raise AssertionError

    def _attempt(self, name: str, data: dict[str, Any], attempt: int) -> Iterator[None]:
        actions = data["attempts"][min(attempt, len(data["attempts"]) - 1)]
        said: list[str] = []
        pieces: list[str] = []
        for action in actions:
            if action == "wait":
                yield
                if not pieces:
                    pieces = [f"<{name}", *(self.values.shown(path) for path in data["reads"]), ">"]
            elif action == "say" and len(said) < len(pieces) - 1:
                said.append(pieces[len(said)])
                self.reader.chunk(name, said[-1], final=False)
            elif action == "close":
                self.reader.chunk(name, "".join(pieces[len(said) :]), final=True)
            elif action == "fail":
                raise Failed(f"{name} failed")
        if data.get("fail_on") in pieces[1:-1]:
            raise Failed(f"{name} can't take it")
        if data["type"] == STREAMING:
            self.run.tokens += TOKENS
            self.tokens += TOKENS
        return {"text": "".join(pieces)}, data.get("choose", "source")

    def _at_once(self, name: str, data: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        values = self.values
        kind = data["type"]
        if kind == "start":
            return {**self.run.case.inputs, "sys.query": "hello"}, "source"
        if kind == "end":
            return {item["variable"]: values.get(item["value_selector"]) for item in data["outputs"]}, "source"
        if kind == "answer":
            return {"answer": values.answer(data["answer"]), "files": []}, "source"
        if kind == "variable-aggregator":
            found = [path for path in data["variables"] if values.exists(path)]
            return ({"output": values.get(found[0])} if found else {}), "source"
        if kind == "assigner":
            before = len(values.did)
            try:
                values.assign(data["items"])
            finally:
                self.ops[name] = values.did[before:]
            self.wrote[name] = [what[1:] for what in self.ops[name] if what[0] == "conversation"]
            return {}, "source"
        if kind == "if-else":
            chosen = next(
                (
                    case["case_id"]
                    for case in data["cases"]
                    if holds(case["conditions"], case["logical_operator"], values)
                ),
                "false",
            )
            return {"result": chosen != "false", "selected_case_id": chosen}, chosen
        return {}, "source"

    def _open(self, name: str, data: dict[str, Any]) -> None:
        from .reference_containers import Iteration, Loop

        box = (Iteration if data["type"] == "iteration" else Loop)(self, name, data)
        self.running[name] = box
        box.begin_anew()
        box.begin()

    def _ask(self, name: str, data: dict[str, Any]) -> None:
        form = self.run.forms.setdefault((self.place, name), Form(self.values.prompt(data["form_content"])))
        if not form.handle:
            self.emit(("asked", name, form.content))
            self.arrive(name, lambda: self._pause(name))
            return
        text = form.content.replace(NOTE, form.note)
        outputs: dict[str, Any] = {"__action_id": "", "__rendered_content": text}
        if form.handle == TIMEOUT:
            self.emit(("nobody", name))
        else:
            self.emit(("filled", name, form.handle, text))
            outputs |= {"note": form.note, "__action_id": form.handle, "__action_value": form.handle.title()}
        self.arrive(name, lambda: self.succeed(name, outputs, form.handle))

    def _pause(self, name: str) -> None:
        self.paused.append(name)
        self.run.pausing = True
        self.emit(("pause", self.place, name))

    # -- results (2.3, 2.7)

    def succeed(self, name: str, outputs: dict[str, Any], handle: str) -> None:
        self._settle(name, outputs, handle)
        if self.nodes[name]["type"] not in HIDDEN:
            for what in self.wrote.pop(name, ()):
                self.emit(("write", self.place, name, *what))
            self.emit(("done", self.place, name, "succeeded", None, outputs))
        self.run.check_limits()

    def fail(self, name: str, error: str) -> None:
        self.failures += 1
        data = self.nodes[name]
        strategy = data.get("error_strategy")
        if strategy is None:
            self.failure = error
            self.emit(("done", self.place, name, "failed", error, {}))
        else:
            kind = "" if data["type"] in {*SCRIPTED, "if-else", "assigner"} else None
            outputs = {"error_message": error, "error_type": kind}
            if strategy == "default-value":
                outputs |= {item["key"]: item["value"] for item in data["default_value"]}
            self._settle(name, outputs, "fail-branch" if strategy == "fail-branch" else "source")
            self.emit(("done", self.place, name, "exception", error, outputs))
        self.run.check_limits()

    def _branches(self, name: str) -> bool:
        data = self.nodes[name]
        return (
            data["type"] in {"if-else", "question-classifier", "human-input"}
            or data.get("error_strategy") == "fail-branch"
        )

    def _settle(self, name: str, outputs: dict[str, Any], handle: str) -> None:
        self.settled[name] = outputs
        self.values.put(name, outputs)
        self.reader.look()
        outgoing = [number for number, edge in enumerate(self.edges) if edge["source"] == name]
        chosen = [n for n in outgoing if not self._branches(name) or self.edges[n]["sourceHandle"] == handle]
        for number in outgoing:
            if number not in chosen:
                self._skip(number)
        for number in chosen:
            self.states[number] = "taken"
            self.reader.edge_taken()
            if "unknown" not in self._incoming(self.edges[number]["target"]):
                self._ready(self.edges[number]["target"])
        kind = self.nodes[name]["type"]
        if kind in {"end", "answer"}:
            self.merge(name, outputs, append=kind == "answer")
        self.done_types.add(kind)

    def merge(self, name: str, outputs: Mapping[str, Any], *, append: bool = True) -> None:
        """Takes the outputs of a node, or of a container's round, into those of this level."""
        self.merged.append((name, dict(outputs), append))
        for key, value in outputs.items():
            joined = append and key == "answer" and isinstance(self.outputs.get(key), str)
            self.outputs[key] = self.outputs[key] + value if joined else value

    def _ready(self, name: str) -> None:
        self.queue.append(name)
        self.came.append(name)

    def _incoming(self, name: str) -> list[str]:
        return [state for state, edge in zip(self.states, self.edges, strict=True) if edge["target"] == name]

    def _skip(self, number: int) -> None:
        self.states[number] = "skipped"
        target = self.edges[number]["target"]
        states = self._incoming(target)
        if "unknown" in states:
            return
        if "taken" in states:
            self._ready(target)
            return
        self.skipped.add(target)
        for following, edge in enumerate(self.edges):
            if edge["source"] == target:
                self._skip(following)

    def cut_off(self) -> None:
        """Tells the end of what still ran, deepest first; what waited can't be chosen any more."""
        for name, box in self.running.items():
            if box is not None:
                box.cut_off()
            self.run.waiting.pop((self.place, name), None)
            self.emit(("done", self.place, name, "failed", CUT, {}))
        self.running.clear()
        self.ended = True
