"""Tool calls put together from the pieces in which models stream them."""

from __future__ import annotations

import secrets

from orrery.inference.types import ToolCall


class ToolCallPieces:
    """Collects pieces by the vendor's index; vendors that leave it out, or repeat 0, are told apart by id."""

    def __init__(self) -> None:
        self._calls: list[_Open] = []
        self._by_index: dict[int, _Open] = {}

    def add(self, index: int | None, call_id: str, name: str, arguments: str, signature: str = "") -> None:
        open_call = self._find(index, call_id)
        if not open_call.name:
            open_call.name = name
        elif name and name != open_call.name and not open_call.arguments:
            open_call.name += name
        if arguments:
            open_call.arguments.append(arguments)
        open_call.signature = open_call.signature or signature

    def whole(self) -> tuple[ToolCall, ...]:
        """All calls so far, ids invented where the vendor gave none, empty arguments as an empty object."""
        return tuple(
            ToolCall(
                id=c.id or f"call_{secrets.token_hex(12)}",
                name=c.name,
                arguments="".join(c.arguments).strip() or "{}",
                signature=c.signature,
            )
            for c in self._calls
            if c.name
        )

    def _find(self, index: int | None, call_id: str) -> _Open:
        found = self._by_index.get(index) if index is not None else (self._calls[-1] if self._calls else None)
        if found is not None and call_id and found.id and call_id != found.id:
            found = next((c for c in self._calls if c.id == call_id), None)
        if found is None:
            found = _Open(call_id)
            self._calls.append(found)
        if index is not None:
            self._by_index[index] = found
        found.id = found.id or call_id
        return found


class _Open:
    __slots__ = ("arguments", "id", "name", "signature")

    def __init__(self, call_id: str) -> None:
        self.id, self.name, self.signature = call_id, "", ""
        self.arguments: list[str] = []
