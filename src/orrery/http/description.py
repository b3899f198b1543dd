"""What a group of routes takes and where, as an OpenAPI document and as a page: derived from their declarations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Final, cast

import msgspec
from starlette.responses import HTMLResponse

from orrery.http.endpoint import Auth, BoundEndpoint, Endpoint

JsonObject = dict[str, object]

_PARAMETER: Final = re.compile(r"\{(\w+)(?::\w+)?\}")
_REFS: Final = "#/components/schemas/{name}"
_SECURITY: Final[Mapping[Auth, JsonObject]] = {
    "console": {"type": "http", "scheme": "bearer", "description": "A session of the console, or its cookies"},
    "service": {"type": "http", "scheme": "bearer", "description": "An app's API key"},
    "knowledge": {"type": "http", "scheme": "bearer", "description": "A key of the workspace's knowledge"},
    "passport": {"type": "apiKey", "in": "header", "name": "X-App-Passport"},
    "signed": {"type": "apiKey", "in": "query", "name": "sign"},
}
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>
:root {{ color-scheme: light dark }}
body {{ font: 14px/1.45 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
h1 {{ font-size: 1.4rem }} code, pre {{ font: 12.5px/1.5 ui-monospace, monospace }}
details {{ border-top: 1px solid #8886; padding: .5rem 0 }} summary {{ cursor: pointer }}
summary b {{ display: inline-block; min-width: 4rem }} pre {{ overflow: auto; padding: .5rem; background: #8882 }}
</style></head><body>
<h1>{title}</h1><p>The same as a document: <a href="{document}">swagger.json</a></p>
{operations}
</body></html>
"""
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


def document(title: str, version: str, prefix: str, endpoints: Sequence[BoundEndpoint]) -> JsonObject:
    """OpenAPI 3.1 of the endpoints mounted at ``prefix``, whose paths it leaves out."""
    kinds = [kind for each in endpoints for kind in (each.declaration.body, each.declaration.query) if kind is not None]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REFS, schema_hook=_foreign)
    known = dict(zip(kinds, schemas, strict=True))
    paths: dict[str, JsonObject] = {}
    for each in endpoints:
        path = _PARAMETER.sub(r"{\1}", each.declaration.path)
        paths.setdefault(path, {})[each.declaration.method.lower()] = _operation(each.declaration, known, components)
    used = {each.declaration.auth for each in endpoints}
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "servers": [{"url": prefix}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {name: scheme for name, scheme in _SECURITY.items() if name in used},
        },
    }


def page(title: str, address: str, description: JsonObject) -> HTMLResponse:
    """The document to be read by people: one page without scripts. ``address`` is that of the document."""
    text = _PAGE.format(title=escape(title), document=escape(address), operations="\n".join(_shown(description)))
    return HTMLResponse(text, headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"})


def _operation(
    declaration: Endpoint, known: Mapping[type[msgspec.Struct], JsonObject], components: Mapping[str, JsonObject]
) -> JsonObject:
    parameters: list[JsonObject] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(declaration.path)
    ]
    if declaration.query is not None:
        parameters += _query(components[str(known[declaration.query]["$ref"]).rpartition("/")[2]])
    found: JsonObject = {"summary": declaration.summary, "parameters": parameters}
    if declaration.body is not None:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": known[declaration.body]}}}
    errors: JsonObject = {"default": {"description": "An error: code, message, status"}}
    found["responses"] = {str(declaration.status): {"description": "Done"}, **errors}
    found["security"] = [] if declaration.auth == "public" else [{declaration.auth: []}]
    return found


def _query(schema: JsonObject) -> Iterator[JsonObject]:
    properties = cast("JsonObject", schema.get("properties", {}))
    names = cast("list[str]", schema.get("required", []))
    for name, kind in properties.items():
        yield {"name": name, "in": "query", "required": name in names, "schema": kind}


def _foreign(kind: type) -> JsonObject:
    """Types that are decoded by a hook of ours are texts on the wire."""
    return {"type": "string", "title": kind.__name__}


def _shown(description: JsonObject) -> Iterator[str]:
    paths = cast("dict[str, dict[str, JsonObject]]", description["paths"])
    for path, methods in paths.items():
        for method, operation in methods.items():
            text = msgspec.json.format(msgspec.json.encode(operation), indent=2).decode()
            summary = escape(str(operation["summary"]))
            yield (
                f"<details><summary><b>{method.upper()}</b> <code>{escape(path)}</code>"
                f" {summary}</summary><pre>{escape(text)}</pre></details>"
            )
