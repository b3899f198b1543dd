"""Iterations and loops of the reference (workflow.md 3.7, 3.8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .engine_run import Told
from .reference import Part
from .reference_values import holds

FAILED = object()


class Box:
    """An open container; ``parts`` are its rounds that run."""

    def __init__(self, around: Part, name: str, data: dict[str, Any]) -> None:
        self.around, self.name, self.data = around, name, data
        self.parts: list[Part] = []
        self.used = 0
        self.over = False

    def tell(self, kind: str, *more: Any) -> None:
        self.around.emit((kind, self.around.place, self.name, *more))

    def round(self, values: Any, number: int, emit: Callable[[Told], None], on_end: Callable[[Part], None]) -> Part:
        place = list(self.around.place)
        at = 0 if self.data["type"] == "iteration" else 2
        place[at], place[at + 1] = self.name, number
        rounds, key = self.around.run.rounds, (tuple(place), self.name)
        part = rounds.get(key) if self.asks() else None
        if part is not None:
            part.values, part.emit, part.on_end, part.ended = values, emit, lambda: on_end(part), False
            part.recall()
            part.ask_again()
            self.parts.append(part)
            return part
        part = rounds[key] = Part(
            self.around.run,
            self.data["start_node_id"],
            values,
            tuple(place),
            min(self.around.run.case.workers, 5),
            emit,
            lambda: on_end(part),
        )
        self.parts.append(part)
        return part

    def asks(self) -> bool:
        nodes, parents = self.around.nodes, self.around.run.parents
        return any(parents[name] == self.name and data["type"] == "human-input" for name, data in nodes.items())

    def pause(self) -> None:
        """Somebody is asked inside: the container waits as a whole."""
        self.over = True
        self.around.arrive(self.name, lambda: self.around._pause(self.name))

    def ended(self, part: Part) -> None:
        self.around.ops.setdefault(self.name, []).extend(part.done_to_conversation())
        self.parts.remove(part)
        self.used += part.tokens
        self.around.tokens += part.tokens

    def begin_anew(self) -> None:
        self.around.ops.pop(self.name, None)

    def end(self, outputs: dict[str, Any], error: str | None) -> None:
        self.over = True
        if error is None:
            self.tell("close", "succeeded", outputs, self.used)
            self.around.arrive(self.name, lambda: self.around.succeed(self.name, outputs, "source"))
        else:
            self.tell("close", "failed", {}, self.used)
            self.around.arrive(self.name, lambda: self.around.fail(self.name, error))

    def quietly_fail(self, error: str) -> None:
        self.over = True
        self.around.arrive(self.name, lambda: self.around.fail(self.name, error))

    def cut_off(self) -> None:
        self.over = True
        for part in list(self.parts):
            part.cut_off()
            self.ended(part)


class Iteration(Box):
    def begin(self) -> None:
        values = self.around.values
        source = self.data["iterator_selector"]
        if not values.exists(source):
            self.quietly_fail(f"iterator variable {source} not found")
            return
        items = values.get(source)
        if not isinstance(items, list):
            self.quietly_fail(f"invalid iterator value: {items}, please provide a list.")
            return
        if not items:
            self.around.arrive(self.name, lambda: self.around.succeed(self.name, {"output": []}, "source"))
            return
        self.items, self.results = items, dict[int, Any]()
        self.tell("open")
        self.next = 0
        if self.data["is_parallel"]:
            for number in range(len(items)):
                self.tell("next", number)
            self.fill()
        else:
            self.in_turn()

    def in_turn(self) -> None:
        if self.next == len(self.items):
            self.finish()
            return
        number, self.next = self.next, self.next + 1
        self.tell("next", number)
        self.start(number, self.around.emit, self.in_turn)

    def fill(self) -> None:
        """Starts rounds while there is room; each one's events come when it is done."""
        while not self.over and self.next < len(self.items) and len(self.parts) < self.data["parallel_nums"]:
            number, self.next = self.next, self.next + 1
            events: list[Told] = []

            def flush(events: list[Told] = events) -> None:
                for event in events:
                    self.around.emit(event)

            self.start(number, events.append, self.fill, flush)
        if not self.over and len(self.results) == len(self.items):
            self.finish()
        elif not self.over and not self.parts and self.next == len(self.items):
            self.pause()

    def start(
        self, number: int, emit: Callable[[Told], None], then: Callable[[], None], flush: Callable[[], None] = lambda: None
    ) -> None:  # fmt: skip
        values = self.around.values.fork()
        values.put(self.name, {"item": self.items[number], "index": number})

        def done(part: Part) -> None:
            self.ended(part)
            flush()
            for what in part.done_to_conversation():
                self.around.values.do(*what)
            if part.paused:
                self.fill() if self.data["is_parallel"] else self.pause()
                return
            self.results[number] = values.get(self.data["output_selector"])
            if part.failure is not None:
                if self.data["error_handle_mode"] == "terminated":
                    self.stop_others()
                    self.end({}, part.failure)
                    return
                self.results[number] = FAILED
            then()

        part = self.round(values, number, emit, done)
        part.flush = flush
        part.go_on()

    def stop_others(self) -> None:
        """Rounds that are cut off by another one's failure tell nothing."""
        self.over = True
        for part in list(self.parts):
            part.emit = lambda _: None
            _silence(part)
            part.cut_off()
            self.ended(part)

    def cut_off(self) -> None:
        asking = [part for part in self.parts if part.paused]
        if self.data["is_parallel"]:
            for part in self.parts:
                if part not in asking:
                    _silence(part)
        super().cut_off()
        for part in asking:
            part.flush()  # who is asked hears of it, also in a round that is cut off

    def finish(self) -> None:
        results = [self.results[i] for i in range(len(self.items))]
        if self.data["error_handle_mode"] == "remove-abnormal-output":
            results = [r for r in results if r is not FAILED and not (self.data["is_parallel"] and r is None)]
        results = [None if r is FAILED else r for r in results]
        made = [r for r in results if r is not None]
        if self.data["flatten_output"] and made and all(isinstance(r, list) for r in made):
            results = [item for r in made for item in r]
        self.end({"output": results}, None)


def _silence(part: Part) -> None:
    part.emit = lambda _: None
    for box in part.running.values():
        if box is not None:
            for inner in box.parts:
                _silence(inner)


class Loop(Box):
    def begin(self) -> None:
        self.around.values.held[self.name] = {"v": 0}
        self.done = 0
        self.tell("open")
        self.next_round() if not self.breaks() else self.end({}, None)

    def breaks(self) -> bool:
        conditions = self.data["break_conditions"]
        return bool(conditions) and holds(conditions, self.data["logical_operator"], self.around.values)

    def next_round(self) -> None:
        if self.done == self.data["loop_count"]:
            self.finish()
            return
        inner = [name for name, parent in self.around.run.parents.items() if parent == self.name]
        for name in inner:
            self.around.values.held.pop(name, None)
        self.round(self.around.values, self.done, self.around.emit, self.round_done).go_on()

    def round_done(self, part: Part) -> None:
        self.ended(part)
        if part.failure is not None:
            self.end({}, part.failure)
            return
        if part.paused:
            self.pause()
            return
        self.around.merge(self.name, part.outputs)
        self.done += 1
        if self.breaks() or "loop-end" in part.done_types:
            self.finish()
            return
        self.tell("next", self.done)
        self.next_round()

    def finish(self) -> None:
        outputs = {"v": self.around.values.get([self.name, "v"]), "loop_round": self.done} if self.done else {}
        self.end(outputs, None)
