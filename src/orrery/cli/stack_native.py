"""``orrery stack up|ps|logs|down``: a fleet as plain processes of this machine."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from orrery.cli.exit_codes import EXIT_CONFIGURATION
from orrery.cli.failing import failing_clearly
from orrery.deploy.native.caches import CacheKind
from orrery.deploy.native.certificate import EdgeFault
from orrery.deploy.native.journal import AlreadyRunning, Journal
from orrery.deploy.native.plan import DatabaseKind, NativeStack, plan
from orrery.deploy.native.programs import MissingProgram
from orrery.deploy.native.supervisor import Supervisor
from orrery.deploy.native.unit import Unit

_FOLDER = click.option(
    "--home", type=click.Path(path_type=Path), default=None, help="Folder of the stack. Default: ~/.orrery/stack."
)
_DOWN_SECONDS = 120
_LOOK_SECONDS = 0.2


def _home(given: Path | None) -> Path:
    return (given or Path.home() / ".orrery" / "stack").expanduser().absolute()


@click.command("up")
@_FOLDER
@click.option("--port", type=click.IntRange(1, 65535), default=8080, help="Port to listen on. Default: 8080.")
@click.option(
    "--https-port",
    type=click.IntRange(1, 65535),
    default=None,
    help="Port of HTTPS, where NGINX_HTTPS_ENABLED=true. Default: NGINX_SSL_PORT of the .env.",
)
@click.option("--apis", type=click.IntRange(1, 64), default=2, help="API processes. Default: 2.")
@click.option("--workers", type=click.IntRange(0, 64), default=1, help="Worker processes. Default: 1.")
@click.option("--beats", type=click.IntRange(0, 16), default=1, help="Beat processes. Default: 1.")
@click.option(
    "--database", type=click.Choice(["postgresql", "mysql"]), default="postgresql", help="Default: postgresql."
)
@click.option(
    "--cache",
    type=click.Choice(["single", "sentinel", "cluster"]),
    default="single",
    help="One Redis, a watched pair, or a cluster of three. Default: single.",
)
@click.option("--inner-ports", type=click.IntRange(1, 65000), default=15400, help="First port of the inner services.")
def up(
    home: Path | None,
    port: int,
    https_port: int | None,
    apis: int,
    workers: int,
    beats: int,
    database: DatabaseKind,
    cache: CacheKind,
    inner_ports: int,
) -> None:
    """Run database, Redis, proxy, sandbox, API, worker, beat and nginx here until Ctrl-C or stack down."""
    folder = _home(home)
    with failing_clearly():
        try:
            stack = NativeStack(
                folder=folder,
                port=port,
                https_port=https_port,
                inner=inner_ports,
                apis=apis,
                workers=workers,
                beats=beats,
                database=database,
                cache=cache,
            )
            Journal(folder).expect_free()  # a plan writes files that a stack under way reads
            units = plan(stack)
            asyncio.run(_supervise(units, folder))
        except (MissingProgram, AlreadyRunning) as error:
            click.echo(f"orrery: {error}", err=True)
            raise SystemExit(1) from None
        except EdgeFault as fault:
            click.echo(f"orrery: {fault}\n  mend: {fault.mend}", err=True)
            raise SystemExit(EXIT_CONFIGURATION) from None
        except subprocess.CalledProcessError as error:
            click.echo(f"orrery: {error.cmd[0]} failed: {str(error.stderr).strip()}", err=True)
            raise SystemExit(1) from None


async def _supervise(units: tuple[Unit, ...], folder: Path) -> None:
    width = max(len(unit.name) for unit in units)
    supervisor = Supervisor(units, Journal(folder), lambda name, text: click.echo(f"{name:<{width}} | {text}"))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.stop)
    ready = asyncio.create_task(_tell_when_well(supervisor, folder, units))
    try:
        await supervisor.run()
    finally:
        ready.cancel()


async def _tell_when_well(supervisor: Supervisor, folder: Path, units: tuple[Unit, ...]) -> None:
    await supervisor.all_well()
    addresses = [address for unit in units for address in unit.addresses]
    click.echo(f"Orrery is ready on {' and '.join(addresses)}")
    click.echo(f"Data and logs are kept in {folder}. Stop with Ctrl-C, or: orrery stack down")


@click.command("ps")
@_FOLDER
def ps(home: Path | None) -> None:
    """Show the processes of the stack; exit code 1 when not all of them are well."""
    journal = Journal(_home(home))
    state = journal.read()
    if state is None or not journal.is_held():
        click.echo("The stack is not running.")
        raise SystemExit(1)
    for unit in state.units:
        since = datetime.fromtimestamp(unit.since, UTC)
        click.echo(
            f"{unit.name:<14} {unit.state:<10} {unit.pid or '-':>8}  {since:%Y-%m-%d %H:%M:%S}Z  "
            f"{'  '.join((str(unit.restarts), *unit.addresses))}"
        )
    if any(unit.state != "well" for unit in state.units):
        raise SystemExit(1)


@click.command("logs")
@_FOLDER
@click.argument("names", nargs=-1)
@click.option("--lines", type=click.IntRange(1), default=100, help="Last lines of each. Default: 100.")
def logs(home: Path | None, names: tuple[str, ...], lines: int) -> None:
    """Print the last output of each process, or of those that are named."""
    folder = Journal(_home(home)).logs
    files = {path.stem: path for path in sorted(folder.glob("*.log"))}
    unknown = [name for name in names if name not in files]
    if unknown:
        click.echo(f"orrery: no log of {', '.join(unknown)}; there are: {', '.join(files) or 'none'}", err=True)
        raise SystemExit(1)
    for name in names or files:
        for line in files[name].read_text("utf-8", "replace").splitlines()[-lines:]:
            click.echo(f"{name} | {line}")


@click.command("down")
@_FOLDER
def down(home: Path | None) -> None:
    """Stop the stack and wait until it has stopped. Its data stays."""
    journal = Journal(_home(home))
    state = journal.read()
    if state is None or not journal.is_held():
        click.echo("The stack is not running.")
        return
    os.kill(state.supervisor, signal.SIGTERM)
    deadline = time.monotonic() + _DOWN_SECONDS
    while journal.is_held():
        if time.monotonic() > deadline:
            click.echo(f"orrery: the stack did not stop within {_DOWN_SECONDS} s", err=True)
            raise SystemExit(1)
        time.sleep(_LOOK_SECONDS)
    click.echo("The stack has stopped.")
