"""OpenAPI and Swagger documents, bent: tools and requests come of them, or a refusal that can be shown."""

from __future__ import annotations

import json
import random
from typing import Any

import yaml

from orrery.tools.errors import ToolError
from orrery.tools.openapi.api_tool import entity_of
from orrery.tools.openapi.credentials import read_credentials
from orrery.tools.openapi.description import read_description
from orrery.tools.openapi.request import RequestBuilder

from .mutations import ODD_TEXTS, ODD_VALUES, bent_bytes, bent_tree
from .target import Ready

PET: dict[str, Any] = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "mother": {"$ref": "#/components/schemas/Pet"}, "tags": {"type": "array", "items": {"type": "string"}}}}  # fmt: skip
OPENAPI: dict[str, Any] = {
    "openapi": "3.1.0", "info": {"title": "Pets", "description": "A shop"}, "servers": [{"url": "https://pets.test/{stage}", "variables": {"stage": {"default": "v1"}}}],
    "components": {"schemas": {"Pet": PET}, "parameters": {"Fields": {"name": "fields", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}}}},
    "paths": {
        "/pets/{pet}": {
            "parameters": [{"name": "pet", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {"operationId": "show", "summary": "One", "parameters": [{"$ref": "#/components/parameters/Fields"}, {"name": "limit", "in": "query", "schema": {"type": "integer", "default": 10}},
                    {"name": "X-Trace", "in": "header", "schema": {"type": "string", "enum": ["a", "b"]}}, {"name": "flavour", "in": "cookie", "schema": {"type": "boolean"}}]},
            "put": {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}}}, "delete": {"operationId": "remove"},
        },
        "/form": {"post": {"operationId": "form", "requestBody": {"content": {"multipart/form-data": {"schema": {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"properties": {"f": {"type": "string", "format": "binary"}}}]}}}}}},
    },
}  # fmt: skip
SWAGGER: dict[str, Any] = {
    "swagger": "2.0", "info": {"title": "Old"}, "host": "pets.test", "basePath": "/v1", "schemes": ["https"], "definitions": {"Pet": {"type": "object", "properties": {"id": {"type": "integer"}}}},
    "paths": {"/pets": {"post": {"operationId": "add", "consumes": ["application/json"], "parameters": [{"in": "body", "name": "pet", "schema": {"$ref": "#/definitions/Pet"}}, {"in": "query", "name": "q", "type": "array", "collectionFormat": "csv"}]},
                        "put": {"parameters": [{"in": "formData", "name": "f", "type": "file"}]}}},
}  # fmt: skip
CREDENTIALS: dict[str, Any] = {
    "auth_type": "api_key_header",
    "api_key_header": "X-Key",
    "api_key_value": "k",
    "api_key_header_prefix": "bearer",
}


class ApiDescriptions(Ready):
    name = "api-descriptions"
    deadline = 3.0

    def make(self, dice: random.Random) -> bytes:
        tree = dice.choice([OPENAPI, SWAGGER])
        made = bent_tree(dice, tree) if dice.random() < 0.8 else tree
        text = json.dumps(made) if dice.random() < 0.6 else yaml.safe_dump(made)
        sent = text.encode("utf-8", "replace")
        if dice.random() < 0.3:
            sent = bent_bytes(dice, sent)
        values = [dice.choice([*ODD_VALUES, *ODD_TEXTS]) for _ in range(3)]
        return json.dumps([sent.decode("utf-8", "replace"), values, bent_tree(dice, CREDENTIALS)]).encode()

    async def check(self, data: bytes) -> None:
        text, values, credentials = json.loads(data)
        try:
            description = read_description(text)
            key = read_credentials(credentials if isinstance(credentials, dict) else {})
        except ToolError as refused:
            assert str(refused)
            return
        for operation in description.operations:
            entity = entity_of("p", operation)
            given = {each.name: values[i % len(values)] for i, each in enumerate(entity.parameters)}
            try:
                await RequestBuilder(operation, key, None).build(given)
            except ToolError as refused:
                assert str(refused)
