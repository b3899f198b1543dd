"""The APIs describe themselves where the operator allows it, and nowhere else."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.app import browser

from orrery.http.endpoint import BoundEndpoint
from orrery.wiring import settings_of
from orrery.wiring.faces import route_table
from orrery.wiring.process import Process

PAGES = {
    "/v1": "/v1/docs",
    "/console/api": "/console/api/help",
    "/api": "/api/help",
    "/files": "/files/help",
    "/triggers": "/triggers/help",
}


@asynccontextmanager
async def serving(home: Path, **variables: str) -> AsyncGenerator[tuple[httpx.AsyncClient, list[BoundEndpoint]]]:
    process = Process(settings_of(variables, home=home))
    await process.start()
    try:
        async with browser(process.app) as client:
            yield client, route_table(process.settings, process.product, process.operators())
    finally:
        await process.close()


def references(value: Any) -> list[str]:
    return re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(value))


async def test_every_route_is_described_to_anybody(tmp_path: Path) -> None:
    given = {"SWAGGER_UI_ENABLED": "true", "SWAGGER_UI_PATH": "help", "API_COMPRESSION_ENABLED": "true"}
    async with serving(tmp_path / "home", **given) as (client, routes):
        for prefix, address in PAGES.items():
            answer = await client.get(f"{prefix}/swagger.json")
            assert answer.headers.get("content-encoding") == ("gzip" if len(answer.content) >= 500 else None)
            described = answer.json()
            told = {
                f"{method.upper()} {prefix}{path}" for path, methods in described["paths"].items() for method in methods
            }
            declared = {
                f"{route.declaration.method} {route.full_path.replace(':path', '')}"
                for route in routes
                if route.prefix == prefix and route.full_path not in {address, f"{prefix}/swagger.json"}
            }
            assert told == declared
            assert set(references(described["paths"])) <= set(described["components"]["schemas"])
            page = await client.get(address)
            assert page.status_code == 200
            assert page.headers["content-security-policy"].startswith("default-src 'none'")
            assert "<script" not in page.text
            assert page.text.count("<details>") == len(declared)
        chat = (await client.get("/v1/swagger.json")).json()["paths"]["/chat-messages"]["post"]
        assert chat["security"] == [{"service": []}]
        assert chat["requestBody"]["content"]["application/json"]["schema"]["$ref"].startswith("#/components/")


@pytest.mark.parametrize("address", ["/v1/docs", "/v1/swagger.json", "/console/api/swagger-ui.html"])
async def test_nothing_is_described_unasked(tmp_path: Path, address: str) -> None:
    async with serving(tmp_path / "home") as (client, _):
        assert (await client.get(address)).status_code == 404
