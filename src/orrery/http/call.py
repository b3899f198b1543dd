"""One request as a route sees it, and who makes it."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec
from starlette.requests import Request

from orrery.apps.catalog.access import AppRecord
from orrery.errors import InvalidParam, NotFound, OrreryError

# Its escape in JSON; one after an odd number of other backslashes is an escaped backslash and plain text.
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


class PayloadTooLarge(OrreryError):
    """The body is larger than the route takes."""

    status = 413
    code = "request_entity_too_large"
    default_message = "The request is too large."


class ConsoleCaller(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in account in its current workspace."""

    account_id: str
    account_name: str
    email: str
    workspace_id: str
    role: str
    session_id: str | None = None


class AppCaller(msgspec.Struct, frozen=True, kw_only=True):
    """The holder of an app's key."""

    app: AppRecord


class EndUserCaller(msgspec.Struct, frozen=True, kw_only=True):
    """The holder of a passport: one end user of one app's page."""

    app: AppRecord
    end_user_id: str
    session_id: str


class KnowledgeCaller(msgspec.Struct, frozen=True, kw_only=True):
    """The holder of a key of a workspace's knowledge; ``account_id`` is the owner's, in whose name he calls."""

    workspace_id: str
    account_id: str


Caller = ConsoleCaller | AppCaller | EndUserCaller | KnowledgeCaller | None


class Call:
    """What a handler gets: the request, its path parameters, the caller, and the client's address."""

    __slots__ = ("caller", "ip", "path", "request", "trace_id")

    def __init__(self, request: Request, path: Mapping[str, str], caller: Caller, *, ip: str, trace_id: str) -> None:
        self.request = request
        self.path = path
        self.caller = caller
        self.ip = ip
        self.trace_id = trace_id

    @property
    def account(self) -> ConsoleCaller:
        """The signed-in account; only for routes with auth ``console``."""
        assert isinstance(self.caller, ConsoleCaller)
        return self.caller

    @property
    def app(self) -> AppRecord:
        """The app; only for routes with auth ``service`` or ``passport``."""
        assert isinstance(self.caller, AppCaller | EndUserCaller)
        return self.caller.app

    @property
    def end_user(self) -> EndUserCaller:
        """The passport's end user; only for routes with auth ``passport``."""
        assert isinstance(self.caller, EndUserCaller)
        return self.caller

    @property
    def knowledge(self) -> KnowledgeCaller:
        """The knowledge key's holder; only for routes with auth ``knowledge``."""
        assert isinstance(self.caller, KnowledgeCaller)
        return self.caller

    def id(self, name: str) -> str:
        """A path parameter that must be a UUID, in lower case. Raises `NotFound`: no other text can name a thing."""
        text = self.path[name].lower()
        if len(text) != 36 or text.count("-") != 4 or not all(c in "0123456789abcdef-" for c in text):
            raise NotFound
        return text

    async def bytes(self, limit: int) -> bytes:
        """The raw body. Raises `PayloadTooLarge` beyond ``limit`` bytes, before reading them."""
        declared = self.request.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > limit:
            raise PayloadTooLarge(f"The request is too large: at most {limit} bytes are taken.")
        body = bytearray()
        async for chunk in self.request.stream():
            body += chunk
            if len(body) > limit:
                raise PayloadTooLarge(f"The request is too large: at most {limit} bytes are taken.")
        return bytes(body)


def _without_nul(raw: bytes) -> bytes:
    """The JSON without NUL in its texts: PostgreSQL has no room for it, and nobody means it."""
    return _NUL.sub(rb"\1", raw) if b"\\u0000" in raw else raw


def decode_body(raw: bytes, kind: type[msgspec.Struct]) -> object:
    """A JSON body as its struct. Raises `InvalidParam` that names the field and the problem."""
    try:
        return msgspec.json.decode(_without_nul(raw) or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise _invalid(error) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidParam(f"The body is not valid JSON: {error}") from error
    except RecursionError as error:
        raise _too_deep() from error


def decode_object(raw: bytes) -> dict[str, object]:
    """A JSON body that is an object of any keys. Raises `InvalidParam`."""
    try:
        return msgspec.json.decode(_without_nul(raw) or b"{}", type=dict[str, object])
    except msgspec.ValidationError as error:
        raise _invalid(error) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidParam(f"The body is not valid JSON: {error}") from error
    except RecursionError as error:
        raise _too_deep() from error


def decode_query(request: Request, kind: type[msgspec.Struct]) -> object:
    """The query string as its struct; repeated names become lists where the struct has a list."""
    fields = {f.encode_name: f.type for f in msgspec.structs.fields(kind)}
    values: dict[str, object] = {}
    for name in request.query_params:
        if name in fields:
            many = request.query_params.getlist(name)
            values[name] = many if getattr(fields[name], "__origin__", None) is list else many[-1]
    try:
        return msgspec.convert(values, type=kind, strict=False)
    except msgspec.ValidationError as error:
        raise _invalid(error) from error


def _too_deep() -> InvalidParam:
    return InvalidParam("The body is not valid JSON: its values are nested too deeply.")


def _invalid(error: msgspec.ValidationError) -> InvalidParam:
    # msgspec says: "Expected `str`, got `int` - at `$.query`".
    text, _, place = str(error).partition(" - at `$")
    field = place.rstrip("`").lstrip(".")
    if not field and "missing required field" in text:
        field = text.rpartition(" ")[2].strip("`")
    return InvalidParam(f"{field}: {text}" if field and field not in text else text, params=field or None)
