"""Swagger 2 as OpenAPI 3: addresses, bodies and definitions stand elsewhere, the rest stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from orrery.tools.errors import ToolApiSchemaError
from orrery.tools.openapi.references import JsonObject, References, as_array, as_object, as_string

METHODS: Final = ("get", "post", "put", "delete", "patch", "head", "options", "trace")
_FORM: Final = "application/x-www-form-urlencoded"
_MULTIPART: Final = "multipart/form-data"


def is_swagger(document: JsonObject) -> bool:
    return "swagger" in document and "openapi" not in document


def to_openapi(swagger: JsonObject) -> JsonObject:
    """Raises `ToolApiSchemaError`."""
    paths = as_object(swagger.get("paths"))
    if not paths:
        raise ToolApiSchemaError("No paths found in the swagger yaml.")
    # Definitions keep their place, so references to them still lead there.
    references = References(swagger)
    return {
        **swagger,
        "servers": _servers(swagger),
        "paths": {path: _path_item(swagger, item, references) for path, item in paths.items()},
    }


def _servers(swagger: JsonObject) -> Sequence[object]:
    servers = as_array(swagger.get("servers"))
    if servers:
        return servers
    host = as_string(swagger.get("host"))
    if not host:
        raise ToolApiSchemaError("No server found in the swagger yaml.")
    schemes = as_array(swagger.get("schemes")) or ["https"]
    scheme = "https" if "https" in schemes else as_string(schemes[0]) or "https"
    return [{"url": f"{scheme}://{host}{as_string(swagger.get('basePath')).rstrip('/')}"}]


def _path_item(swagger: JsonObject, item: object, references: References) -> JsonObject:
    shared = as_array(as_object(item).get("parameters"))
    return {
        method: _operation(swagger, as_object(operation), shared, references)
        for method, operation in as_object(item).items()
        if method in METHODS
    }


def _operation(
    swagger: JsonObject, operation: JsonObject, shared: Sequence[object], references: References
) -> JsonObject:
    own = [references.follow(parameter) for parameter in as_array(operation.get("parameters"))]
    taken = {_identity(parameter) for parameter in own}
    inherited = [references.follow(parameter) for parameter in shared]
    parameters = own + [each for each in inherited if _identity(each) not in taken]
    result = dict(operation)
    result["parameters"] = [_plain(each) for each in parameters if each.get("in") not in ("body", "formData")]
    body = next((each for each in parameters if each.get("in") == "body"), None)
    fields = [each for each in parameters if each.get("in") == "formData"]
    consumes = [as_string(kind) for kind in as_array(operation.get("consumes") or swagger.get("consumes"))]
    if body is not None:
        kind = next((kind for kind in consumes if "json" in kind), "application/json")
        result["requestBody"] = {"required": body.get("required"), "content": {kind: {"schema": body.get("schema")}}}
    elif fields:
        result["requestBody"] = {"content": {_form_kind(fields, consumes): {"schema": _form(fields)}}}
    return result


def _identity(parameter: JsonObject) -> tuple[str, str]:
    return as_string(parameter.get("name")), as_string(parameter.get("in"))


def _plain(parameter: JsonObject) -> JsonObject:
    """Swagger writes the type beside the name; OpenAPI keeps it in a schema."""
    if "schema" in parameter:
        return parameter
    schema = {
        key: parameter[key] for key in ("type", "format", "items", "enum", "default", "description") if key in parameter
    }
    return {**parameter, "schema": schema}


def _form_kind(fields: Sequence[JsonObject], consumes: Sequence[str]) -> str:
    files = any(field.get("type") == "file" for field in fields)
    return _MULTIPART if files or (_MULTIPART in consumes and _FORM not in consumes) else _FORM


def _form(fields: Sequence[JsonObject]) -> JsonObject:
    properties: dict[str, Mapping[str, object]] = {}
    for field in fields:
        schema = dict(as_object(_plain(field).get("schema")))
        if schema.get("type") == "file":
            schema |= {"type": "string", "format": "binary"}
        properties[as_string(field.get("name"))] = schema
    required = [as_string(field.get("name")) for field in fields if field.get("required")]
    return {"type": "object", "properties": properties, "required": required}
