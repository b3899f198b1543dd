"""Runs the HTTP server around a `Process`."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click
import uvicorn

from orrery.cli.leaving import Transport, leave_ports, until_read
from orrery.telemetry.configure import configure_logging
from orrery.wiring.process import Process

if TYPE_CHECKING:
    from orrery.cli.server_child import Parent
    from orrery.settings.load import Settings

_GRACE_SECONDS = 20
_BACKLOG = 4096
_LAST_ANSWERS_SECONDS = 0.3


async def serve(settings: Settings, parent: Parent | None = None) -> None:
    """Serves until SIGTERM or Ctrl-C, then drains streams and stops. Raises what a start may raise.

    With a parent it serves at the parent's sockets.
    """
    server_settings = settings.server
    configure_logging(
        settings.logs,
        service=server_settings.application_name,
        secrets=settings.secrets(),
        debug=server_settings.debug,
    )
    process = Process(settings)
    try:
        await process.start()
        config = uvicorn.Config(
            process.app,
            host=server_settings.host,
            port=server_settings.port,
            http="httptools",
            loop="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            date_header=True,
            backlog=_BACKLOG,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        server = _Server(config, home=settings.home, parent=parent)
        _favour_the_loop()
        await server.serve()
    finally:
        await process.close()


def _favour_the_loop() -> None:
    """Sets the interpreter up for one busy event loop beside threads that are soon done.

    With a thousand open streams the usual settings stopped all of them for up to 180 ms at a time.
    """
    # What start-up made stays: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    # Objects of open streams are alive: looking at them at every 700 new ones finds nothing. Cycles are kept a little
    # longer for that, at most a million objects.
    gc.set_threshold(5_000, 20, 10)
    # A commit's thread has its turn after this long, not after 5 ms: the frames of many streams wait for it.
    sys.setswitchinterval(0.000_3)


class _Server(uvicorn.Server):
    """Says where it listens once it does."""

    def __init__(self, config: uvicorn.Config, *, home: Path | None, parent: Parent | None) -> None:
        super().__init__(config)
        self._parent = parent
        self._home = home

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Takes SIGTERM and Ctrl-C for good: raised again, as usual, they would end the process with its parts open."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.handle_exit)
        yield
        # Who presses Ctrl-C a second time does not want to wait for running runs.
        signal.signal(signal.SIGINT, signal.default_int_handler)

    async def shutdown(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]  # socket.socket
        """Takes no new connection, serves for a moment what those that are open have sent, then lets them end."""
        await leave_ports(self.servers, self._protocol)
        if self.server_state.connections and not self.force_exit:
            # Told with each answer: a proxy then sends nothing more on a connection that is about to be closed.
            self.server_state.default_headers = [*self.server_state.default_headers, (b"connection", b"close")]
            await asyncio.sleep(_LAST_ANSWERS_SECONDS)
            await until_read(self._transports, _LAST_ANSWERS_SECONDS)
        await super().shutdown()

    def _protocol(self) -> asyncio.Protocol:
        # The class's own constructor, which its base knows nothing of.
        made = cast("Callable[..., asyncio.Protocol]", self.config.http_protocol_class)
        return made(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

    def _transports(self) -> list[Transport]:
        held = (getattr(connection, "transport", None) for connection in self.server_state.connections)
        return [cast("Transport", transport) for transport in held if transport is not None]

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]  # socket.socket
        await super().startup(None if self._parent is None else self._parent.sockets)
        await asyncio.sleep(0)
        if not self.started:
            return
        if self._parent is not None:
            self._parent.say_up()
            return
        for server in self.servers:
            for listening in server.sockets:
                host, port = listening.getsockname()[:2]
                shown = "localhost" if host in {"127.0.0.1", "0.0.0.0", "::"} else host  # noqa: S104  (shown only)
                click.echo(f"Orrery is ready on http://{shown}:{port}")
        if self._home is not None:
            click.echo(f"Data is kept in {self._home}. Stop with Ctrl-C.")
