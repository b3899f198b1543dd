"""A pasted API description as a list of operations (product.md 6.11, API tools)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

import msgspec

from orrery.tools.errors import ToolApiSchemaError
from orrery.tools.openapi.document import read_document
from orrery.tools.openapi.references import JsonObject, References, as_array, as_object, as_string
from orrery.tools.openapi.swagger import METHODS, is_swagger, to_openapi

Place: TypeAlias = Literal["path", "query", "header", "cookie", "body"]
_PLACES: Final[Mapping[str, Place]] = {"path": "path", "query": "query", "header": "header", "cookie": "cookie"}
MAX_OPERATIONS: Final = 1_000
_NOT_IN_NAMES: Final = re.compile(r"[^a-zA-Z0-9_-]")


class ApiParameter(msgspec.Struct, frozen=True, kw_only=True):
    """One argument of an operation; ``schema`` has no references any more."""

    name: str
    place: Place
    required: bool = False
    description: str = ""
    schema: JsonObject = {}

    @property
    def kind(self) -> str:
        """JSON Schema type; of several the first that isn't null; empty when it says nothing."""
        wanted = self.schema.get("type")
        for name in [wanted] if isinstance(wanted, str) else as_array(wanted):
            if isinstance(name, str) and name != "null":
                return name
        return ""

    @property
    def is_file(self) -> bool:
        return self.schema.get("format") == "binary"

    @property
    def is_files(self) -> bool:
        return self.kind == "array" and as_object(self.schema.get("items")).get("format") == "binary"


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One request that the API knows. ``body_type`` is empty when it takes no body."""

    server: str
    path: str
    method: str
    id: str
    summary: str = ""
    parameters: tuple[ApiParameter, ...] = ()
    body_type: str = ""


class ApiDescription(msgspec.Struct, frozen=True, kw_only=True):
    """``warnings``: what was odd, by kind, for the editor to show."""

    schema_type: Literal["openapi", "swagger"]
    title: str
    description: str
    operations: tuple[Operation, ...]
    warnings: Mapping[str, str]


def read_description(text: str) -> ApiDescription:
    """Reads JSON or YAML. Raises `ToolApiSchemaError`."""
    document = read_document(text)
    schema_type: Literal["openapi", "swagger"] = "openapi"
    if is_swagger(document):
        schema_type, document = "swagger", to_openapi(document)
    info = as_object(document.get("info"))
    warnings: dict[str, str] = {}
    return ApiDescription(
        schema_type=schema_type,
        title=as_string(info.get("title")),
        description=as_string(info.get("description")),
        operations=tuple(_operations(document, warnings)),
        warnings=warnings,
    )


def _operations(document: JsonObject, warnings: dict[str, str]) -> list[Operation]:
    server = _server(document)
    references = References(document)
    found: list[Operation] = []
    for path, stored in as_object(document.get("paths")).items():
        item = references.follow(stored)
        shared = as_array(item.get("parameters"))
        for method in METHODS:
            if method in item:
                if len(found) >= MAX_OPERATIONS:
                    raise ToolApiSchemaError(f"The api schema has more than {MAX_OPERATIONS} operations.")
                operation = as_object(item[method])
                parameters = _parameters([*as_array(operation.get("parameters")), *shared], references)
                body_type, fields = _body(operation, references)
                _warn_of_duplicates([*parameters, *fields], warnings)
                found.append(
                    Operation(
                        server=server,
                        path=str(path),
                        method=method,
                        id=as_string(operation.get("operationId")) or _name(str(path), method),
                        summary=as_string(operation.get("description")) or as_string(operation.get("summary")),
                        parameters=(*parameters, *fields),
                        body_type=body_type,
                    )
                )
    if not found:
        raise ToolApiSchemaError("No paths found in the openapi yaml.")
    return found


def _server(document: JsonObject) -> str:
    servers = as_array(document.get("servers"))
    if not servers:
        raise ToolApiSchemaError("No server found in the openapi yaml.")
    server = as_object(servers[0])
    url = as_string(server.get("url"))
    for name, variable in as_object(server.get("variables")).items():
        url = url.replace(f"{{{name}}}", str(as_object(variable).get("default", "")))
    if not url.startswith(("http://", "https://")):
        raise ToolApiSchemaError(f"The server address '{url}' should start with http:// or https://.")
    return url.rstrip("/")


def _name(path: str, method: str) -> str:
    return f"{_NOT_IN_NAMES.sub('', path.removeprefix('/')) or 'root'}_{method}"


def _parameters(stored: list[object], references: References) -> list[ApiParameter]:
    """The operation's own parameters come first, so they win over those of the path."""
    found: dict[tuple[str, str], ApiParameter] = {}
    for item in stored:
        parameter = references.follow(item)
        name, place = as_string(parameter.get("name")), _PLACES.get(as_string(parameter.get("in")))
        if not name or place is None or (name, place) in found:
            continue
        schema = references.whole(parameter.get("schema"))
        if not schema:
            content = next(iter(as_object(parameter.get("content")).values()), None)
            schema = references.whole(as_object(content).get("schema"))
        found[name, place] = ApiParameter(
            name=name,
            place=place,
            required=bool(parameter.get("required")) or place == "path",
            description=as_string(parameter.get("description")) or as_string(schema.get("description")),
            schema=schema,
        )
    return list(found.values())


def _body(operation: JsonObject, references: References) -> tuple[str, list[ApiParameter]]:
    """The body's content type and its top-level fields; JSON is preferred where there is a choice."""
    content = as_object(references.follow(operation.get("requestBody")).get("content"))
    if not content:
        return "", []
    kind = next((kind for kind in content if "json" in kind), next(iter(content)))
    schema = references.whole(as_object(content[kind]).get("schema"))
    properties: dict[str, object] = {}
    required: set[object] = set()
    for part in (schema, *(as_object(each) for each in as_array(schema.get("allOf")))):
        properties |= as_object(part.get("properties"))
        required |= {name for name in as_array(part.get("required")) if isinstance(name, str)}
    fields = [
        ApiParameter(
            name=str(name),
            place="body",
            required=name in required,
            description=as_string(as_object(field).get("description")),
            schema=as_object(field),
        )
        for name, field in properties.items()
    ]
    return kind, fields


def _warn_of_duplicates(parameters: list[ApiParameter], warnings: dict[str, str]) -> None:
    names = [parameter.name for parameter in parameters]
    for name in names:
        if names.count(name) > 1:
            warnings["duplicated_parameter"] = f"Parameter {name} is duplicated."
