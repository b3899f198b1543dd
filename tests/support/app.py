"""The real ASGI app in process, on a real SQLite file: built from any route groups, called over HTTP.

Use it like this::

    async with new_database(tmp_path) as database:
        app = asgi_app([("/console/api", group)], authenticators)
        async with browser(app) as client:
            await client.get("/console/api/ping")

With ORRERY_TEST_DATABASE_URL set (an async URL of an empty PostgreSQL or MySQL database) the same tests run there.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import httpx
from sqlalchemy import create_engine
from starlette.types import ASGIApp

from orrery.database import Database
from orrery.http.app import Authenticator, HttpFace, OrreryApp
from orrery.http.cors import CorsPolicy
from orrery.http.endpoint import RouteGroup
from orrery.http.router import Router
from orrery.schema import schema

SERVER_URL = "ORRERY_TEST_DATABASE_URL"
ORIGIN = "http://orrery.test"


@cache
def _template() -> Path:
    # Making every table takes longer than most tests: it is done once per process, and the file copied.
    path = Path(tempfile.mkdtemp(prefix="orrery-schema-")) / "template.db"
    atexit.register(shutil.rmtree, path.parent, ignore_errors=True)
    engine = create_engine(f"sqlite:///{path}")
    schema().create_all(engine)
    engine.dispose()
    return path


@asynccontextmanager
async def new_database(folder: Path) -> AsyncGenerator[Database]:
    """An empty database with every table, in ``folder``."""
    server = os.environ.get(SERVER_URL)
    if server:
        database = Database(server)
        await _empty(database)
    else:
        path = folder / "orrery.db"
        shutil.copyfile(_template(), path)
        database = Database(f"sqlite+aiosqlite:///{path}")
    try:
        yield database
    finally:
        await database.close()


async def _empty(database: Database) -> None:
    tables = schema()
    async with database.writer.begin() as connection:
        await connection.run_sync(tables.create_all)
        for table in reversed(tables.sorted_tables):
            await connection.execute(table.delete())


def asgi_app(
    groups: Iterable[tuple[str, RouteGroup]],
    authenticators: Mapping[str, Authenticator],
    *,
    face: HttpFace | None = None,
) -> OrreryApp:
    """The app that serves the groups below their prefixes."""
    endpoints = [endpoint for prefix, group in groups for endpoint in group.endpoints(prefix)]
    return OrreryApp(
        Router(endpoints),
        authenticators,
        CorsPolicy([ORIGIN], ["*"]),
        face or HttpFace(version="0.0.0", environment="TESTING"),
    )


def browser(app: ASGIApp, *, ip: str = "192.0.2.1", headers: Mapping[str, str] | None = None) -> httpx.AsyncClient:
    """A client with cookies of its own, at an address of its own."""
    transport = httpx.ASGITransport(app=app, client=(ip, 40000), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers)
