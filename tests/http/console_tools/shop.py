"""An HTTP API with a description of itself, that notes how it was asked."""

from __future__ import annotations

import json
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route


class Shop:
    """``asked`` are the requests that came, newest last."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.app = Starlette(
            routes=[
                Route("/items/{id}", self.item),
                Route("/orders", self.order, methods=["POST"]),
                Route("/search", self.search),
                Route("/schema.json", self.schema),
                Route("/page.html", self.page),
            ]
        )

    async def item(self, request: Request) -> JSONResponse:
        await self._note(request)
        if request.path_params["id"] == "0":
            return JSONResponse({"error": "no such item"}, 404)
        return JSONResponse(
            {"id": request.path_params["id"], "name": "lamp", "tags": request.query_params.getlist("tag")}
        )

    async def order(self, request: Request) -> JSONResponse:
        note = await self._note(request)
        return JSONResponse({"ordered": json.loads(note["body"])}, 201)

    async def search(self, request: Request) -> JSONResponse:
        """As a SearXNG answers."""
        await self._note(request)
        if request.headers.get("authorization") == "Bearer wrong":
            return JSONResponse({"message": "who are you?"}, 401)
        found = {"title": f"About {request.query_params['q']}", "url": "https://found.test", "content": "words"}
        return JSONResponse({"query": request.query_params["q"], "results": [found]})

    async def schema(self, request: Request) -> JSONResponse:
        return JSONResponse(description(str(request.base_url).rstrip("/")))

    async def page(self, request: Request) -> PlainTextResponse:
        return PlainTextResponse("<html>not a schema</html>")

    async def _note(self, request: Request) -> dict[str, Any]:
        note = {
            "path": request.url.path,
            "headers": dict(request.headers),
            "query": dict(request.query_params),
            "body": (await request.body()).decode(),
        }
        self.asked.append(note)
        return note


def description(base: str) -> dict[str, Any]:
    """What the shop says of itself."""
    order = {
        "type": "object",
        "required": ["item"],
        "properties": {"item": {"type": "string"}, "count": {"type": "integer", "default": 1}},
    }
    return {
        "openapi": "3.0.0",
        "info": {"title": "Shop", "description": "Sells things.", "version": "1"},
        "servers": [{"url": base}],
        "paths": {
            "/items/{id}": {
                "get": {
                    "operationId": "getItem",
                    "summary": "One item",
                    "parameters": [
                        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                        {"name": "tag", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
                    ],
                }
            },
            "/orders": {
                "post": {
                    "operationId": "order",
                    "summary": "Orders an item",
                    "requestBody": {"content": {"application/json": {"schema": order}}},
                }
            },
        },
    }
