from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from orrery.egress import GuardedHttpClient, untrusted_policy
from orrery.tools.catalog import tool_of
from orrery.tools.entity import ProviderIdentity
from orrery.tools.errors import (
    ToolApiSchemaError,
    ToolInvokeError,
    ToolParameterValidationError,
    ToolProviderCredentialValidationError,
    ToolSSRFError,
)
from orrery.tools.messages import JsonMessage, TextMessage
from orrery.tools.openapi.api_tool import ApiToolProvider
from orrery.tools.openapi.credentials import read_credentials
from orrery.tools.openapi.description import read_description
from orrery.tools.parameter_values import typed

from .serving import serving

PETS = """
openapi: 3.1.0
info: {title: Pets, description: A shop}
servers: [{url: "BASE/{stage}", variables: {stage: {default: v1}}}]
paths:
  /pets/{pet}:
    parameters:
      - {name: pet, in: path, required: true, schema: {type: string}}
    get:
      operationId: show
      summary: One pet
      parameters:
        - {$ref: '#/components/parameters/Fields'}
        - {name: limit, in: query, schema: {type: integer, default: 10}}
        - {name: X-Trace, in: header, schema: {type: string}}
        - {name: flavour, in: cookie, schema: {type: string}}
    put:
      description: Changes a pet
      requestBody:
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Pet'}
    delete: {operationId: remove}
  /form:
    post:
      operationId: form
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema: {type: object, required: [a], properties: {a: {type: string}, b: {type: array, items: {type: string}}}}
  /upload:
    post:
      operationId: upload
      requestBody:
        content:
          multipart/form-data:
            schema: {type: object, properties: {note: {type: string}, doc: {type: string, format: binary}}}
components:
  parameters:
    Fields: {name: fields, in: query, schema: {type: array, items: {type: string}}}
  schemas:
    Pet:
      type: object
      required: [name]
      properties:
        name: {type: string, description: what it is called}
        age: {type: integer}
        tame: {type: boolean}
        parent: {$ref: '#/components/schemas/Pet'}
        kind: {type: string, enum: [cat, dog], default: cat}
"""


async def echo(request: Request) -> Response:
    body = await request.body()
    kind = request.headers.get("content-type", "")
    return JSONResponse(
        {
            "method": request.method,
            "path": request.scope["raw_path"].decode(),
            "query": request.url.query,
            "headers": {
                k: v for k, v in request.headers.items() if k in {"x-trace", "x-key", "authorization", "cookie"}
            },
            "type": kind.partition(";")[0],
            "body": body.decode("utf-8", "replace"),
        }
    )


async def plain(request: Request) -> Response:
    return {"empty": PlainTextResponse(""), "bad": PlainTextResponse("out of pets", 503)}.get(
        request.path_params["kind"], PlainTextResponse('{"a": 1}')
    )


APP = Starlette(
    routes=[
        Route("/plain/{kind}", plain),
        Route("/{rest:path}", echo, methods=["GET", "POST", "PUT", "DELETE"]),
    ]
)
NONE = {"auth_type": "none"}


async def read_file(file: Any) -> bytes:
    return f"content of {file['filename']}".encode()


async def asked(
    base: str, http: Any, tool: str, credentials: dict[str, object] = NONE, schema: str = PETS, **values: object
) -> list[Any]:
    description = read_description(schema.replace("BASE", base))
    provider = ApiToolProvider.of("p", ProviderIdentity(name="p"), description, credentials, http, read_file=read_file)
    found = tool_of(provider, tool)
    return [message async for message in found.invoke(typed(found.entity, values))]


async def seen(*args: Any, **values: object) -> dict[str, Any]:
    answer, text = await asked(*args, **values)
    assert isinstance(answer, JsonMessage)
    assert json.loads(text.text) == answer.value
    return answer.value  # type: ignore[return-value]


async def test_requests_as_the_description_wants_them(http: GuardedHttpClient):
    async with serving(APP) as base:
        got = await seen(
            base, http, "show", pet="a/b c", fields='["x","y"]', **{"X-Trace": "t", "flavour": "dark; x=1"}
        )
        assert got["path"] == "/v1/pets/a%2Fb%20c"
        assert got["query"] == "fields=x&fields=y&limit=10"
        assert got["headers"] == {"x-trace": "t", "cookie": "flavour=dark%3B%20x%3D1"}

        got = await seen(base, http, "petspet_put", pet="1", name="Rex", age="3", tame="false", parent={"name": "Old"})
        assert got["method"] == "PUT"
        assert got["type"] == "application/json"
        assert json.loads(got["body"]) == {
            "name": "Rex",
            "age": 3,
            "tame": False,
            "parent": {"name": "Old"},
            "kind": "cat",
        }
        got = await seen(base, http, "form", a="x y", b=["1", "2"])
        assert (got["type"], got["body"]) == ("application/x-www-form-urlencoded", "a=x+y&b=1&b=2")
        got = await seen(base, http, "upload", note="n", doc={"filename": "d.txt", "mime_type": "text/plain"})
        assert got["type"] == "multipart/form-data"
        assert "content of d.txt" in got["body"]
        assert 'name="note"' in got["body"]
        assert (await seen(base, http, "remove", pet="1"))["body"] == ""


@pytest.mark.parametrize(
    ("credentials", "header", "query"),
    [
        ({"auth_type": "api_key_header", "api_key_value": "k"}, {"authorization": "k"}, ""),
        (
            {"auth_type": "api_key", "api_key_header_prefix": "bearer", "api_key_value": "k"},
            {"authorization": "Bearer k"},
            "",
        ),
        (
            {"auth_type": "api_key_header", "api_key_header_prefix": "basic", "api_key_value": "a2s="},
            {"authorization": "Basic a2s="},
            "",
        ),
        (
            {
                "auth_type": "api_key_header",
                "api_key_header": "X-Key",
                "api_key_header_prefix": "custom",
                "api_key_value": "k",
            },
            {"x-key": "k"},
            "",
        ),
        ({"auth_type": "api_key_query", "api_key_value": "k&1"}, {}, "key=k%261"),
        ({"auth_type": "api_key_query", "api_key_query_param": "token", "api_key_value": "k"}, {}, "token=k"),
    ],
)
async def test_keys(credentials: dict[str, object], header: dict[str, str], query: str, http: GuardedHttpClient):
    async with serving(APP) as base:
        got = await seen(base, http, "remove", credentials, pet="1")
    assert got["headers"] == header
    assert got["query"] == query


def test_keys_that_are_not_there():
    for stored, text in [
        ({}, "Missing auth_type"),
        ({"auth_type": "api_key_header"}, "Missing api_key_value"),
        ({"auth_type": "api_key_query", "api_key_value": 3}, "api_key_value must be a string"),
        ({"auth_type": "magic"}, "Unknown auth_type magic"),
    ]:
        with pytest.raises(ToolProviderCredentialValidationError, match=text):
            read_credentials(stored)


PLAIN = """
openapi: 3.0.0
servers: [{url: BASE}]
paths: {"/plain/{kind}": {get: {operationId: get, parameters: [{name: kind, in: path, required: true}]}}}
"""


async def test_answers_and_failures(http: GuardedHttpClient):
    async with serving(APP) as base:
        # What doesn't say that it is JSON stays text.
        assert await asked(base, http, "get", schema=PLAIN, kind="text") == [TextMessage('{"a": 1}')]
        [empty] = await asked(base, http, "get", schema=PLAIN, kind="empty")
        assert empty == TextMessage("Empty response from the tool, please check your parameters and try again.")
        with pytest.raises(ToolInvokeError, match="Request failed with status code 503 and out of pets"):
            await asked(base, http, "get", schema=PLAIN, kind="bad")
        with pytest.raises(ToolParameterValidationError, match="Missing required parameter pet"):
            await asked(base, http, "show")
        with pytest.raises(
            ToolParameterValidationError, match="Missing required parameter name in operation petspet_put"
        ):
            await asked(base, http, "petspet_put", pet="1")
        async with GuardedHttpClient(untrusted_policy()) as guarded:
            with pytest.raises(ToolSSRFError) as refused:
                await asked(base, guarded, "remove", pet="1")
    assert str(refused.value) == (
        f"Access to '{base}/v1/pets/1' was blocked by SSRF protection. "
        "The URL may point to a private or local network address. "
    )


def test_what_the_editor_is_told():
    found = read_description(PETS.replace("BASE", "https://x.test"))
    assert (found.schema_type, found.title, found.description) == ("openapi", "Pets", "A shop")
    assert [(op.id, op.method, op.server, op.summary) for op in found.operations][:2] == [
        ("show", "get", "https://x.test/v1", "One pet"),
        ("petspet_put", "put", "https://x.test/v1", "Changes a pet"),
    ]


SWAGGER = {
    "swagger": "2.0",
    "info": {"title": "Old"},
    "host": "old.test",
    "basePath": "/api/",
    "schemes": ["http", "https"],
    "paths": {
        "/things": {
            "post": {
                "operationId": "make",
                "summary": "Makes",
                "parameters": [
                    {"name": "dry", "in": "query", "type": "boolean"},
                    {"name": "body", "in": "body", "schema": {"$ref": "#/definitions/Thing"}},
                ],
            },
            "put": {
                "operationId": "send",
                "parameters": [
                    {"name": "file", "in": "formData", "type": "file", "required": True},
                    {"name": "n", "in": "formData", "type": "integer"},
                ],
            },
        }
    },
    "definitions": {"Thing": {"type": "object", "properties": {"size": {"type": "number"}}, "required": ["size"]}},
}


def test_swagger_is_read_too():
    found = read_description(json.dumps(SWAGGER))
    assert found.schema_type == "swagger"
    make, send = found.operations
    assert (make.server, make.body_type) == ("https://old.test/api", "application/json")
    assert [(p.name, p.place, p.kind, p.required) for p in make.parameters] == [
        ("dry", "query", "boolean", False),
        ("size", "body", "number", True),
    ]
    assert send.body_type == "multipart/form-data"
    assert [(p.name, p.is_file, p.required) for p in send.parameters] == [("file", True, True), ("n", False, False)]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "Invalid openapi yaml."),
        ("- a\n- b", "Invalid openapi yaml."),
        ("a: [", "neither json nor yaml"),
        ("openapi: 3.0.0\npaths: {}", "No server found in the openapi yaml."),
        ("openapi: 3.0.0\nservers: [{url: /v1}]\npaths: {}", "should start with http"),
        ("openapi: 3.0.0\nservers: [{url: 'https://x'}]\npaths: {}", "No paths found in the openapi yaml."),
        ("swagger: '2.0'\npaths: {/a: {get: {}}}", "No server found in the swagger yaml."),
        ("swagger: '2.0'\nhost: x", "No paths found in the swagger yaml."),
        (
            "openapi: 3.0.0\nservers: [{url: 'https://x'}]\npaths: {/a: {$ref: '#/a'}}\na: {$ref: '#/a'}",
            "goes in circles",
        ),
        ("openapi: 3.0.0\nservers: [{url: 'https://x'}]\npaths: {/a: {$ref: 'file:///etc/passwd'}}", "only local ones"),
    ],
)
def test_descriptions_that_can_t_be_read(text: str, error: str):
    with pytest.raises(ToolApiSchemaError, match=error):
        read_description(text)


def test_a_schema_of_itself_ends_somewhere():
    [_, put, *_] = read_description(PETS.replace("BASE", "https://x.test")).operations
    parent = next(p for p in put.parameters if p.name == "parent")
    assert len(json.dumps(parent.schema)) < 20_000


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.sampled_from(["get", "#/paths", "query", "https://x", "object"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "paths",
                        "servers",
                        "url",
                        "$ref",
                        "get",
                        "parameters",
                        "schema",
                        "in",
                        "name",
                        "requestBody",
                        "content",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_any_document_is_read_or_refused(document: Any):
    rest = document if isinstance(document, dict) else {"paths": {"/a": document}}
    text = json.dumps({"openapi": "3.0.0", "servers": [{"url": "https://x"}], **rest})
    with contextlib.suppress(ToolApiSchemaError):
        assert read_description(text).operations
