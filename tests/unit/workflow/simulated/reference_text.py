"""When the text of answers and ends is told (workflow.md 2.9), by listing every path from the root."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .reference_values import REFERENCE, markdown

if TYPE_CHECKING:
    from .reference import Part

Segment = tuple[str, Any]


class Stream:
    def __init__(self) -> None:
        self.unread: deque[str] = deque()
        self.closed = False


class Session:
    """The text of one response node: segments are ("text", text) or ("reference", path)."""

    def __init__(self, name: str, segments: Sequence[Segment], paths: Sequence[Sequence[int]]) -> None:
        self.name, self.segments, self.all, self.paths = name, list(segments), tuple(segments), paths
        self.begun = False


class Reader:
    """One session is read at a time; the others that may begin wait in the order in which they may."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.streams: dict[str, Stream] = {}
        self.sessions = [
            self._session(node["id"])
            for node in part.run.case.graph["nodes"]
            if node["id"] in part.live and node["data"]["type"] in {"answer", "end"}
        ]
        self.open: deque[Session] = deque()

    def _session(self, name: str) -> Session:
        data = self.part.nodes[name]
        if data["type"] == "answer":
            pieces = REFERENCE.split(data["answer"])
            segments: list[Segment] = [
                ("reference", piece.split(".")) if i % 2 else ("text", piece) for i, piece in enumerate(pieces) if piece
            ]
        else:
            segments = []
            for item in data["outputs"]:
                segments += [("text", "\n")] * bool(segments) + [("reference", item["value_selector"])]
        referred = {tuple(path) for kind, path in segments if kind == "reference"}
        blocking = [number for number, edge in enumerate(self.part.edges) if self._blocks(edge["source"], referred)]
        paths = [[number for number in path if number in blocking] for path in self._paths(self.part.root, name)]
        return Session(name, segments, paths)

    def _paths(self, here: str, target: str) -> Iterator[list[int]]:
        if here == target:
            yield []
            return
        for number, edge in enumerate(self.part.edges):
            if edge["source"] == here:
                for rest in self._paths(edge["target"], target):
                    yield [number, *rest]

    def _blocks(self, name: str, referred: set[tuple[str, ...]]) -> bool:
        data = self.part.nodes[name]
        if self.part._branches(name) or data["type"] in {"answer", "end", "iteration", "loop"}:
            return True
        return data["type"] == "assigner" and any(
            tuple(item["variable_selector"]) in referred for item in data["items"]
        )

    def edge_taken(self) -> None:
        """Some edge was taken: sessions with a path whose blocking edges are all taken begin."""
        states = self.part.states
        began = False
        for session in self.sessions:
            if not session.begun and any(all(states[n] == "taken" for n in path) for path in session.paths):
                session.begun = began = True
                self.open.append(session)
        if began:
            self.look()

    def chunk(self, name: str, text: str, *, final: bool) -> None:
        if not any(
            kind == "reference" and path == [name, "text"] for session in self.sessions for kind, path in session.all
        ):
            return
        stream = self.streams.setdefault(name, Stream())
        stream.unread.append(text)
        stream.closed = stream.closed or final
        self.look()

    def forget(self, name: str) -> None:
        """Unread text of an attempt that failed is gone."""
        if name in self.streams:
            self.streams[name].unread.clear()
            self.streams[name].closed = False

    def look(self) -> None:
        """Tells all that can be told now."""
        while self.open and self._tell(self.open[0]):
            self.open.popleft()

    def finish(self) -> None:
        """After a good end nothing comes any more: references without a value are left out."""
        while self.open:
            self.open[0].segments.pop(0)
            self.look()

    def _tell(self, session: Session) -> bool:
        while session.segments:
            kind, what = session.segments[0]
            if kind == "text":
                self._emit(session.name, (session.name, "answer"), what)
            elif not self._tell_reference(session.name, what):
                return False
            session.segments.pop(0)
        return True

    def _tell_reference(self, response: str, path: list[str]) -> bool:
        owner = path[0] if path[0] in self.part.nodes else response
        stream = self.streams.get(path[0]) if path[1] == "text" else None
        if stream is not None:
            while stream.unread:
                self._emit(owner, tuple(path), stream.unread.popleft())
            if stream.closed:
                return True
        if self.part.values.exists(path):
            self._emit(owner, tuple(path), markdown(self.part.values.get(path)))
            return True
        return path[0] in self.part.nodes and self._never(path[0])

    def _never(self, name: str) -> bool:
        """Whether a node is skipped in this part, or belongs to the graph around it."""
        inside = self.part.run.parents.get(name) is not None
        return name in self.part.skipped or (name not in self.part.live and not inside)

    def _emit(self, owner: str, path: tuple[str, ...], text: str) -> None:
        self.part.emit(("text", self.part.place, owner, path, text))
