"""``orrery up`` and ``orrery api``: serve until told to stop."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from orrery.cli.failing import failing_clearly


@click.command("up")
@click.option("--host", default=None, help="Address to listen on. Default: 127.0.0.1, this machine only.")
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="Port to listen on. Default: 5001.")
@click.option("--home", type=click.Path(path_type=Path), default=None, help="Folder for data. Default: ~/.orrery.")
def up(host: str | None, port: int | None, home: Path | None) -> None:
    """Start everything in one process: API, pages, workflows, sandbox, on SQLite."""
    _serve(host, port, home)


@click.command("api")
@click.option("--host", default=None, help="Address to listen on. Default: DIFY_BIND_ADDRESS.")
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="Port to listen on. Default: DIFY_PORT.")
def api(host: str | None, port: int | None) -> None:
    """Start the API server of a fleet, configured by the environment."""
    _serve(host, port, None)


def _serve(host: str | None, port: int | None, home: Path | None) -> None:
    with failing_clearly():
        # Lazy: the help of this command need not load the server.
        from orrery.cli.server import serve

        arguments = {"DIFY_BIND_ADDRESS": host, "DIFY_PORT": None if port is None else str(port)}
        given = {name: value for name, value in arguments.items() if value is not None}
        run = asyncio.run
        if sys.platform != "win32":
            import uvloop

            run = uvloop.run
        run(serve(given, home))
