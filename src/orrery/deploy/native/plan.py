"""The units of a fleet on one machine: the topology's services that exist as programs here."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import msgspec

from orrery.deploy.envfile.initial import Place, initial
from orrery.deploy.envfile.writing import write_new
from orrery.deploy.environment import shared_environment
from orrery.deploy.interpolation import interpolate
from orrery.deploy.native.edge import edge_configuration
from orrery.deploy.native.unit import Unit
from orrery.deploy.topology.stacks import whole
from orrery.settings.dotenv import read_dotenv

POSTGRESQL = Path("/usr/lib/postgresql")
_LOOPBACK = "127.0.0.1"
_FROM_US = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV", "PYTHONPATH")
_BACKGROUND = {"worker": "worker", "worker_beat": "beat"}
_SANDBOX = "import sys; from orrery.sandbox.role import main; sys.exit(main(sys.argv[1:]))"


class MissingProgram(Exception):
    """Something that the stack runs is not installed; the text names it and the package."""


class NativeStack(msgspec.Struct, frozen=True):
    """``port`` is the one that people reach; the others are taken upwards from ``inner``. ``apis`` is at least 1."""

    folder: Path
    port: int = 8080
    apis: int = 2
    inner: int = 15400


def plan(stack: NativeStack) -> tuple[Unit, ...]:
    """Makes the folders and first files, and gives the units. Raises `MissingProgram`, `CalledProcessError`."""
    stack.folder.mkdir(parents=True, exist_ok=True)
    dotenv = stack.folder / ".env"
    if not dotenv.exists():
        write_new(dotenv, initial(Place.COMPOSE))
    values = read_dotenv(dotenv.read_text("utf-8"), {})
    database, redis, sandbox, *apis = range(stack.inner, stack.inner + 3 + stack.apis)
    environment = _product_environment(stack, (database, redis, sandbox), values)
    return (
        _postgres(stack.folder / "postgres", database, values),
        _redis(stack.folder / "redis", redis, values),
        _sandbox(sandbox, values),
        *(_api(stack, port, environment, first=port == apis[0]) for port in apis),
        *(_background(stack, name, command, environment) for name, command in _BACKGROUND.items()),
        _nginx(stack, apis, values),
    )


def program(name: str, package: str) -> str:
    """Where a program is. Raises `MissingProgram`."""
    folders = [os.environ.get("PATH", ""), "/usr/sbin", *map(str, sorted(POSTGRESQL.glob("*/bin"), reverse=True))]
    found = shutil.which(name, path=os.pathsep.join(folders))
    if found is None:
        raise MissingProgram(f"{name} is not installed (Debian: apt install {package})")
    return found


def _own_environment(extra: Mapping[str, str]) -> dict[str, str]:
    return {**{name: os.environ[name] for name in _FROM_US if name in os.environ}, **extra}


def _postgres(folder: Path, port: int, values: Mapping[str, str]) -> Unit:
    server = Path(program("postgres", "postgresql")).resolve()  # its other programs are beside it
    user = group = None
    if os.geteuid() == 0:  # the server refuses to run as root
        account = pwd.getpwnam("postgres")
        user, group = account.pw_uid, account.pw_gid
    folder.mkdir(exist_ok=True)
    if user is not None and group is not None:
        os.chown(folder, user, group)
    data = folder / "data"
    if not (data / "PG_VERSION").exists():
        _make_cluster(server.parent, data, values, user, group)
    return Unit(
        name="db_postgres",
        command=(str(server), "-D", str(data), "-p", str(port), "-h", _LOOPBACK, "-k", str(folder)),
        environment=_own_environment({}),
        folder=folder,
        address=f"tcp://{_LOOPBACK}:{port}",
        stop_signal=signal.SIGINT,  # its fast shutdown
        user=user,
        group=group,
    )


def _make_cluster(programs: Path, data: Path, values: Mapping[str, str], user: int | None, group: int | None) -> None:
    """A new cluster whose only account has the password of the ``.env``, with the product's database in it."""
    password = data.parent / "first-password"
    password.unlink(missing_ok=True)
    write_new(password, values["DB_PASSWORD"])
    if user is not None and group is not None:
        os.chown(password, user, group)
    words = [str(programs / "initdb"), "-D", str(data), "-U", values["DB_USERNAME"], f"--pwfile={password}"]
    words += ["-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-instructions"]
    statement = f'CREATE DATABASE "{values["DB_DATABASE"]}"\n'
    single = [str(programs / "postgres"), "--single", "-D", str(data), "postgres"]
    try:
        for command, text in ((words, ""), (single, statement)):
            subprocess.run(  # noqa: S603  (a program of the package, and values that are no words of its command)
                command, input=text, text=True, check=True, capture_output=True, user=user, group=group, cwd=data.parent
            )
    finally:
        password.unlink()


def _redis(folder: Path, port: int, values: Mapping[str, str]) -> Unit:
    folder.mkdir(exist_ok=True)
    configuration = folder / "redis.conf"
    configuration.unlink(missing_ok=True)
    # In a file, so that no list of processes shows the password.
    write_new(
        configuration,
        f'bind {_LOOPBACK}\nport {port}\ndir "{folder}"\nrequirepass "{values["REDIS_PASSWORD"]}"\ndaemonize no\n',
    )
    return Unit(
        name="redis",
        command=(program("redis-server", "redis-server"), str(configuration)),
        environment=_own_environment({}),
        folder=folder,
        address=f"tcp://{_LOOPBACK}:{port}",
    )


def _sandbox(port: int, values: Mapping[str, str]) -> Unit:
    environment = whole().service("sandbox").environment
    resolved = {name: interpolate(text, values) for name, text in environment.items()}
    without_proxy = {name: value for name, value in resolved.items() if not name.endswith("_PROXY")}
    return Unit(
        name="sandbox",
        # Through its own arguments: the command has none for the address, and a container needs none.
        command=(sys.executable, "-c", _SANDBOX, "--host", _LOOPBACK, "--port", str(port)),
        environment=_own_environment(without_proxy),
        address=f"http://{_LOOPBACK}:{port}/health",
    )


def _product_environment(stack: NativeStack, inner: tuple[int, int, int], values: Mapping[str, str]) -> dict[str, str]:
    """What API processes, workers and beat have in common."""
    database, redis, sandbox = inner
    storage = stack.folder / "storage"
    storage.mkdir(mode=0o700, exist_ok=True)
    shared = {name: interpolate(text, values) for name, text in shared_environment().items()}
    return shared | {
        "DIFY_BIND_ADDRESS": _LOOPBACK,
        "DB_HOST": _LOOPBACK,
        "DB_PORT": str(database),
        "REDIS_HOST": _LOOPBACK,
        "REDIS_PORT": str(redis),
        "CELERY_BROKER_URL": f"redis://:{values['REDIS_PASSWORD']}@{_LOOPBACK}:{redis}/1",
        "ORRERY_JOBS": "celery" if find_spec("celery") else "process",
        "CODE_EXECUTION_ENDPOINT": f"http://{_LOOPBACK}:{sandbox}",
        "SSRF_PROXY_ALL_URL": "",
        "SSRF_PROXY_HTTP_URL": "",
        "SSRF_PROXY_HTTPS_URL": "",
        "STORAGE_LOCAL_PATH": str(storage),
        "OPENDAL_FS_ROOT": str(storage),
        "MIGRATION_ENABLED": "false",
    }


def _api(stack: NativeStack, port: int, environment: Mapping[str, str], *, first: bool) -> Unit:
    # One brings the schema up to date, the others come when it has.
    own = {"DIFY_PORT": str(port), "MIGRATION_ENABLED": "true" if first else "false"}
    return Unit(
        name=f"api-{port}",
        command=(sys.executable, "-m", "orrery", "api"),
        environment=_own_environment({**environment, **own}),
        folder=stack.folder,
        needs=("db_postgres", "redis", "sandbox") if first else ("db_postgres", "redis", "sandbox", _leader(stack)),
        address=f"http://{_LOOPBACK}:{port}/health",
    )


def _background(stack: NativeStack, name: str, command: str, environment: Mapping[str, str]) -> Unit:
    return Unit(
        name=name,
        command=(sys.executable, "-m", "orrery", command),
        environment=_own_environment(environment),
        folder=stack.folder,
        needs=("db_postgres", "redis", _leader(stack)),
    )


def _leader(stack: NativeStack) -> str:
    """The API process that brings the schema up to date."""
    return f"api-{stack.inner + 3}"


def _nginx(stack: NativeStack, apis: list[int], values: Mapping[str, str]) -> Unit:
    folder = stack.folder / "nginx"
    folder.mkdir(exist_ok=True)
    configuration = folder / "nginx.conf"
    configuration.write_text(edge_configuration(stack.port, apis, folder, values), "utf-8")
    return Unit(
        name="nginx",
        command=(program("nginx", "nginx-light"), "-c", str(configuration), "-e", "stderr"),
        environment=_own_environment({}),
        folder=folder,
        needs=tuple(f"api-{port}" for port in apis[:1]),
        address=f"http://{_LOOPBACK}:{stack.port}/health",
        stop_signal=signal.SIGQUIT,
    )
