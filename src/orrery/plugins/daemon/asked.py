"""A request, read as the contract binds it: query, JSON body or both; what does not fit is a 400 (3.1, 3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec
from starlette.requests import Request

from orrery.plugins.daemon.wire import bad_binding
from orrery.plugins.library.library import identifier_of
from orrery.plugins.package.identity import UniqueIdentifier

T = TypeVar("T")

MOST_BODY_BYTES = 16 * 1024 * 1024
MOST_PER_PAGE = 256


class Asked:
    """``workspace`` is from the path (empty where there is none), ``parts`` are the other named parts of it."""

    def __init__(self, request: Request, parts: Mapping[str, str]) -> None:
        self.request, self.parts = request, parts
        self.workspace = parts.get("tenant_id", "")

    async def body(self) -> bytes:
        """Raises `AtStatus` when it is too large."""
        taken = bytearray()
        async for chunk in self.request.stream():
            taken += chunk
            if len(taken) > MOST_BODY_BYTES:
                raise bad_binding(f"the request is larger than {MOST_BODY_BYTES} bytes")
        return bytes(taken)

    async def json(self, kind: type[T]) -> T:
        """The body. Raises `AtStatus`."""
        try:
            return msgspec.json.decode(await self.body(), type=kind)
        except msgspec.MsgspecError as error:
            raise bad_binding(str(error)) from error

    def query(self, name: str, default: str | None = None) -> str:
        """A parameter of the address. Raises `AtStatus` for one that is missing and has no default."""
        found = self.request.query_params.get(name) or default
        if found is None:
            raise bad_binding(f"the parameter {name} is missing")
        return found

    def number(self, name: str, most: int, default: int | None = None) -> int:
        """A parameter from 1 to ``most``. Raises `AtStatus`."""
        text = self.query(name, None if default is None else str(default))
        if not text.isascii() or not text.isdigit() or len(text) > 9 or not 1 <= int(text) <= most:
            raise bad_binding(f"the parameter {name} has to be a number from 1 to {most}")
        return int(text)

    def page(self, *, most: int = MOST_PER_PAGE) -> tuple[int, int]:
        """Number and size of a page. Raises `AtStatus`."""
        return self.number("page", 10**8), self.number("page_size", most)

    async def identifier(self, name: str = "plugin_unique_identifier") -> UniqueIdentifier:
        """From the query, or from a JSON body even of a GET: clients send either. Raises `AtStatus`, `InvalidIdentifier`."""
        text = self.request.query_params.get(name)
        if not text:
            body = await self.body()
            try:
                text = str(msgspec.json.decode(body, type=dict[str, object]).get(name) or "") if body else ""
            except msgspec.MsgspecError as error:
                raise bad_binding(str(error)) from error
        if not text:
            raise bad_binding(f"the parameter {name} is missing")
        return identifier_of(text)
