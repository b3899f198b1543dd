"""The units of a fleet on one machine: the topology's services that exist as programs here."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Literal

import msgspec

from orrery.deploy.envfile.initial import Place, initial
from orrery.deploy.envfile.writing import write_new
from orrery.deploy.environment import shared_environment
from orrery.deploy.interpolation import interpolate
from orrery.deploy.native.caches import CacheKind, CachePlan, redis
from orrery.deploy.native.certificate import EdgeFault
from orrery.deploy.native.databases import mariadb, postgres
from orrery.deploy.native.front import Front, Ports
from orrery.deploy.native.programs import LOOPBACK, own_environment, program
from orrery.deploy.native.unit import Unit
from orrery.deploy.probe import ALIVE
from orrery.deploy.topology.stacks import whole
from orrery.settings.dotenv import read_dotenv
from orrery.telemetry.alive import FILE_VARIABLE

DatabaseKind = Literal["postgresql", "mysql"]
_SANDBOX = "import sys; from orrery.sandbox.role import main; sys.exit(main(sys.argv[1:]))"
_PROXY = "import sys; from orrery.egress.proxy.role import main; sys.exit(main(sys.argv[1:]))"


class NativeStack(msgspec.Struct, frozen=True, kw_only=True):
    """``port`` is the one that people reach; the others are taken upwards from ``inner``. ``apis`` is at least 1.

    ``https_port`` is for those who come over TLS, where it is wanted; None takes the ``.env``'s.
    """

    folder: Path
    port: int = 8080
    https_port: int | None = None
    inner: int = 15400
    apis: int = 2
    workers: int = 1
    beats: int = 1
    database: DatabaseKind = "postgresql"
    cache: CacheKind = "single"


class _Inner(msgspec.Struct, frozen=True):
    """What the product's processes need, and where they find it."""

    environment: dict[str, str]
    needs: tuple[str, ...]


def plan(stack: NativeStack) -> tuple[Unit, ...]:
    """Makes the folders and first files, and gives the units.

    Raises `MissingProgram`, `EdgeFault`, `CalledProcessError`.
    """
    stack.folder.mkdir(parents=True, exist_ok=True)
    dotenv = stack.folder / ".env"
    if not dotenv.exists():
        write_new(dotenv, initial(Place.COMPOSE))
    values = read_dotenv(dotenv.read_text("utf-8"), {})
    ports = count(stack.inner)

    def take() -> int:
        return next(ports)

    # In this order always: what servers keep on disk names the ports that they had.
    database_port = take()
    cache = redis(stack.cache, stack.folder / "redis", take, values)
    sandbox_port, proxy_port, door_port, daemon_port = take(), take(), take(), take()
    apis = [take() for _ in range(stack.apis)]
    front = _front(stack, apis, daemon_port, values)  # it can lack something of people's: before a database is made
    database = _database(stack, database_port, values)
    sandbox = _sandbox(sandbox_port, proxy_port, values)
    proxy = _proxy(proxy_port, door_port, sandbox_port, values)
    environment = _product_environment(stack, database_port, sandbox_port, cache, values)
    environment["PLUGIN_DAEMON_URL"] = f"http://{LOOPBACK}:{daemon_port}"
    inner = _Inner(environment, (database.name, *cache.names, sandbox.name, proxy.name))
    return (
        database,
        *cache.units,
        proxy,
        sandbox,
        _plugin_daemon(stack, daemon_port, database, database_port, values),
        *(_api(stack, number, port, inner) for number, port in enumerate(apis, 1)),
        *(_background(stack, "worker", number, inner) for number in range(1, stack.workers + 1)),
        *(_background(stack, "beat", number, inner) for number in range(1, stack.beats + 1)),
        front.unit(needs=("api-1",)),
    )


def _database(stack: NativeStack, port: int, values: Mapping[str, str]) -> Unit:
    kinds = {"postgresql": (postgres, "postgres"), "mysql": (mariadb, "mysql")}
    make, folder = kinds[stack.database]
    return make(stack.folder / folder, port, values)


def _sandbox(port: int, proxy: int, values: Mapping[str, str]) -> Unit:
    environment = whole().service("sandbox").environment
    resolved = {name: interpolate(text, values) for name, text in environment.items()}
    way_out = f"http://{LOOPBACK}:{proxy}"
    return Unit(
        name="sandbox",
        # Through its own arguments: the command has none for the address, and a container needs none.
        command=(sys.executable, "-c", _SANDBOX, "--host", LOOPBACK, "--port", str(port)),
        environment=own_environment({**resolved, "HTTP_PROXY": way_out, "HTTPS_PROXY": way_out}),
        needs=("ssrf_proxy",),
        address=f"http://{LOOPBACK}:{port}/health",
    )


def _proxy(port: int, door: int, sandbox: int, values: Mapping[str, str]) -> Unit:
    environment = whole().service("ssrf_proxy").environment
    resolved = {name: interpolate(text, values) for name, text in environment.items()}
    own = {"SANDBOX_HOST": LOOPBACK, "SANDBOX_PORT": str(sandbox)}
    return Unit(
        name="ssrf_proxy",
        command=(sys.executable, "-c", _PROXY, "--host", LOOPBACK, "--port", str(port), "--door", str(door)),
        environment=own_environment({**resolved, **own}),
        address=f"tcp://{LOOPBACK}:{port}",
    )


def _plugin_daemon(
    stack: NativeStack, port: int, database: Unit, database_port: int, values: Mapping[str, str]
) -> Unit:
    environment = whole().service("plugin_daemon").environment
    resolved = {name: interpolate(text, values) for name, text in environment.items()}
    storage = stack.folder / "plugin_daemon"
    storage.mkdir(mode=0o700, exist_ok=True)
    own = {
        **_reached(stack, database_port),
        "DIFY_BIND_ADDRESS": LOOPBACK,
        "PLUGIN_DAEMON_PORT": str(port),
        "PLUGIN_STORAGE_LOCAL_ROOT": str(storage),
    }
    return Unit(
        name="plugin_daemon",
        command=(sys.executable, "-m", "orrery", "plugin-daemon"),
        environment=own_environment({**resolved, **own}),
        folder=stack.folder,
        needs=(database.name,),
        address=f"http://{LOOPBACK}:{port}/health/check",
    )


def _reached(stack: NativeStack, database: int) -> dict[str, str]:
    """Where the database is."""
    return {"DB_TYPE": stack.database, "DB_HOST": LOOPBACK, "DB_PORT": str(database)}


def _product_environment(
    stack: NativeStack, database: int, sandbox: int, cache: CachePlan, values: Mapping[str, str]
) -> dict[str, str]:
    """What API processes, workers and beat have in common."""
    storage = stack.folder / "storage"
    storage.mkdir(mode=0o700, exist_ok=True)
    shared = {name: interpolate(text, values) for name, text in shared_environment().items()}
    return shared | {
        "DIFY_BIND_ADDRESS": LOOPBACK,
        **_reached(stack, database),
        "ORRERY_JOBS": "celery" if find_spec("celery") else "process",
        "CODE_EXECUTION_ENDPOINT": f"http://{LOOPBACK}:{sandbox}",
        # Each process holds to the same rules itself: one hop less than through the proxy.
        "SSRF_PROXY_ALL_URL": "",
        "SSRF_PROXY_HTTP_URL": "",
        "SSRF_PROXY_HTTPS_URL": "",
        "STORAGE_LOCAL_PATH": str(storage),
        "OPENDAL_FS_ROOT": str(storage),
        "MIGRATION_ENABLED": "false",
        "ORRERY_FLEET_APIS": str(stack.apis),
        "ORRERY_FLEET_WORKERS": str(stack.workers),
        "ORRERY_FLEET_BEATS": str(stack.beats),
        **cache.environment,
    }


def _api(stack: NativeStack, number: int, port: int, inner: _Inner) -> Unit:
    # One brings the schema up to date, the others come when it has.
    first = number == 1
    own = {"DIFY_PORT": str(port), "MIGRATION_ENABLED": "true" if first else "false"}
    return Unit(
        name=f"api-{number}",
        command=(sys.executable, "-m", "orrery", "api"),
        environment=own_environment({**inner.environment, **own}),
        folder=stack.folder,
        needs=inner.needs if first else (*inner.needs, "api-1"),
        address=f"http://{LOOPBACK}:{port}/health",
    )


def _background(stack: NativeStack, command: str, number: int, inner: _Inner) -> Unit:
    name = f"{command}-{number}"
    alive = stack.folder / f"{name}.alive"
    return Unit(
        name=name,
        command=(sys.executable, "-m", "orrery", command),
        environment=own_environment({**inner.environment, FILE_VARIABLE: str(alive)}),
        folder=stack.folder,
        needs=(*inner.needs, "api-1"),
        address=f"{ALIVE}{alive}",
    )


def _front(stack: NativeStack, apis: list[int], daemon: int, values: Mapping[str, str]) -> Front:
    environment = whole().service("nginx").environment
    resolved = {name: interpolate(text, values) for name, text in environment.items()}
    ports = Ports(stack.port, _https_port(stack, resolved), tuple(apis), daemon)
    front = Front(program("nginx", "nginx-light"), stack.folder / "nginx", ports, resolved)
    front.prepare()
    return front


def _https_port(stack: NativeStack, values: Mapping[str, str]) -> int:
    if stack.https_port is not None:
        return stack.https_port
    text = values["NGINX_SSL_PORT"]
    if not (text.isdecimal() and 0 < int(text) < 65536):
        raise EdgeFault(f"NGINX_SSL_PORT={text} is no port", "write a number from 1 to 65535, as 443")
    return int(text)
