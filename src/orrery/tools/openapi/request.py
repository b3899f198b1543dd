"""Arguments of an operation as one HTTP request."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias, cast
from urllib.parse import quote, urlencode

import msgspec

from orrery.egress.protocol import FilePart
from orrery.tools.errors import ToolParameterValidationError
from orrery.tools.openapi.credentials import ApiKey
from orrery.tools.openapi.description import ApiParameter, Operation

ReadFile: TypeAlias = Callable[[Mapping[str, object]], Awaitable[bytes]]
"""Content of a file value (workflow.md 2.6)."""


class ApiRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to send: ``content`` is the whole body, else ``form`` and ``files`` make a multipart one."""

    method: str
    url: str
    headers: Mapping[str, str]
    params: Sequence[tuple[str, str]]
    content: bytes | None = None
    form: Sequence[tuple[str, str]] | None = None
    files: Sequence[FilePart] | None = None


class RequestBuilder:
    """Builds requests of one operation."""

    def __init__(self, operation: Operation, key: ApiKey, read_file: ReadFile | None) -> None:
        self._operation, self._key, self._read_file = operation, key, read_file

    async def build(self, values: Mapping[str, object]) -> ApiRequest:
        """Raises `ToolParameterValidationError`."""
        operation, key = self._operation, self._key
        path = operation.path
        headers: dict[str, str] = {}
        params = [key.query] if key.query else []
        cookies: list[str] = []
        for parameter in operation.parameters:
            if parameter.place == "body":
                continue
            value = self._value(parameter, values)
            if parameter.place == "path":
                path = path.replace(f"{{{parameter.name}}}", quote(_text(value), safe=""))
            elif value is None or value == "":
                continue
            elif parameter.place == "query":
                params += _pairs(parameter.name, value)
            elif parameter.place == "header":
                headers[parameter.name] = _text(value)
            else:
                cookies.append(f"{parameter.name}={quote(_text(value), safe='')}")
        if cookies:
            headers["Cookie"] = "; ".join(cookies)
        if key.header:
            headers[key.header[0]] = key.header[1]
        request = ApiRequest(
            method=operation.method.upper(), url=operation.server + path, headers=headers, params=params
        )
        return await self._with_body(request, values)

    async def _with_body(self, request: ApiRequest, values: Mapping[str, object]) -> ApiRequest:
        kind = self._operation.body_type
        if not kind:
            return request
        body: dict[str, object] = {}
        files: list[FilePart] = []
        for field in (each for each in self._operation.parameters if each.place == "body"):
            value = self._value(field, values)
            if value is None:
                continue
            if field.is_file or field.is_files:
                files += await self._files(field.name, value)
            else:
                body[field.name] = _as_declared(field, value)
        if files or kind == "multipart/form-data":
            form = [pair for name, value in body.items() for pair in _pairs(name, value)]
            return msgspec.structs.replace(request, form=form, files=files)
        headers = {"Content-Type": kind, **request.headers}
        if "json" in kind:
            content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        else:
            content = urlencode([pair for name, value in body.items() for pair in _pairs(name, value)]).encode()
        return msgspec.structs.replace(request, headers=headers, content=content)

    def _value(self, parameter: ApiParameter, values: Mapping[str, object]) -> object:
        """The argument, or its default, or None."""
        value = values.get(parameter.name)
        if value is None and (parameter.name not in values or not parameter.required):
            value = parameter.schema.get("default")
            if value is None and parameter.required:
                where = f" in operation {self._operation.id}" if parameter.place == "body" else ""
                raise ToolParameterValidationError(f"Missing required parameter {parameter.name}{where}")
        return value

    async def _files(self, name: str, value: object) -> list[FilePart]:
        if self._read_file is None:
            raise ToolParameterValidationError(f"Files can't be sent here (parameter {name}).")
        parts: list[FilePart] = []
        for item in cast("list[object]", value) if isinstance(value, list) else [value]:
            if not isinstance(item, Mapping):
                raise ToolParameterValidationError(f"Parameter {name} must be a file.")
            file = cast("Mapping[str, object]", item)
            kind = str(file.get("mime_type") or "application/octet-stream")
            content = await self._read_file(file)
            parts.append(FilePart(name, str(file.get("filename") or name), content, kind))
        return parts


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else str(value)
    # Models spell halves of characters, which no request can carry.
    return text.encode("utf-8", "replace").decode()


def _pairs(name: str, value: object) -> list[tuple[str, str]]:
    """A list is the same name several times."""
    if isinstance(value, list):
        return [(name, _text(item)) for item in cast("list[object]", value)]
    return [(name, _text(value))]


def _as_declared(field: ApiParameter, value: object) -> object:
    """A text from a graph as what the body's schema says, where it can be read so; else as it is."""
    if not isinstance(value, str):
        return int(value) if field.kind == "integer" and isinstance(value, float) and value.is_integer() else value
    try:
        match field.kind:
            case "integer":
                return int(value)
            case "number":
                return float(value) if "." in value or "e" in value.lower() else int(value)
            case "boolean":
                return {"true": True, "1": True, "false": False, "0": False}.get(value.strip().lower(), value)
            case "object" | "array":
                return cast("object", json.loads(value))
            case "null":
                return None
            case _:
                return value
    except ValueError:
        return value
