"""``orrery up`` and ``orrery api``: serve until told to stop."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orrery.cli.failing import failing_clearly

if TYPE_CHECKING:
    from orrery.settings.load import Settings

_WORKERS = "SERVER_WORKER_AMOUNT"


@click.command("up")
@click.option("--host", default=None, help="Address to listen on. Default: 127.0.0.1, this machine only.")
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="Port to listen on. Default: 5001.")
@click.option("--home", type=click.Path(path_type=Path), default=None, help="Folder for data. Default: ~/.orrery.")
def up(host: str | None, port: int | None, home: Path | None) -> None:
    """Start everything in one process: API, pages, workflows, sandbox, on SQLite."""
    with failing_clearly():
        settings = _configured(host, port, home=home)
        _refuse_several(settings, "orrery up is everything in one process")
        _serve(settings)


@click.command("api")
@click.option("--host", default=None, help="Address to listen on. Default: DIFY_BIND_ADDRESS.")
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="Port to listen on. Default: DIFY_PORT.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=None,
    help="Processes that share the port; SIGHUP replaces them one after the other. Default: SERVER_WORKER_AMOUNT, or 1.",
)
@click.option("--inherited", default=None, hidden=True, help="Open files that a parent of several processes gives.")
def api(host: str | None, port: int | None, workers: int | None, inherited: str | None) -> None:
    """Start the API server of a fleet, configured by the environment."""
    with failing_clearly():
        settings = _configured(host, port, workers=workers)
        if inherited is not None:
            _serve(settings, inherited)
        elif settings.server.workers > 1:
            _refuse_several(settings, "one process owns the SQLite home", unless=settings.shape == "fleet")
            # Lazy: one process alone needs none of it, and the parent of several none of the product.
            from orrery.cli.server_workers import serve_with_workers

            code = asyncio.run(serve_with_workers(settings))
            raise SystemExit(code)
        else:
            _serve(settings)


def _configured(
    host: str | None, port: int | None, *, workers: int | None = None, home: Path | None = None
) -> Settings:
    # Lazy: the help of these commands need not load the settings.
    from orrery.wiring import settings_of

    arguments = {"DIFY_BIND_ADDRESS": host, "DIFY_PORT": port, _WORKERS: workers}
    given = {name: str(value) for name, value in arguments.items() if value is not None}
    return settings_of(given, home=home, watch=True)


def _refuse_several(settings: Settings, reason: str, *, unless: bool = False) -> None:
    """Raises `SettingsError` when several processes are asked for, and ``unless`` is false."""
    if settings.server.workers == 1 or unless:
        return
    from orrery.settings.errors import Problem, SettingsError

    mend = "Set it to 1, or run a fleet on a database server (ORRERY_SHAPE=fleet, orrery api)."
    raise SettingsError([Problem(_WORKERS, f"is {settings.server.workers}, but {reason}.", mend)])


def _serve(settings: Settings, inherited: str | None = None) -> None:
    # Lazy, as above.
    from orrery.cli.server import serve

    run: Callable[[Coroutine[object, object, None]], None] = asyncio.run
    if sys.platform != "win32":
        import uvloop

        run = uvloop.run
    run(serve(settings) if inherited is None else _serve_inherited(settings, inherited))


async def _serve_inherited(settings: Settings, inherited: str) -> None:
    from orrery.cli.server import serve
    from orrery.cli.server_child import Inherited, Parent

    parent = Parent(Inherited.parse(inherited))
    try:
        await serve(settings, parent)
    finally:
        parent.close()
