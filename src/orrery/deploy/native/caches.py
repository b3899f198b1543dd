"""Redis of a native stack: one server, a master watched by sentinels, or a cluster of three."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from orrery.deploy.envfile.writing import write_new
from orrery.deploy.native.programs import LOOPBACK, own_environment, program
from orrery.deploy.native.unit import Unit

CacheKind = Literal["single", "sentinel", "cluster"]
MASTER = "orrery"
_SENTINELS = 3
_NODES = 3
_LOST_MS = 2000


class CachePlan(msgspec.Struct, frozen=True):
    """``environment`` tells the product's processes where it is; they need ``names`` to be well first."""

    units: tuple[Unit, ...]
    names: tuple[str, ...]
    environment: dict[str, str]


def redis(kind: CacheKind, folder: Path, take: Callable[[], int], values: Mapping[str, str]) -> CachePlan:
    """``take`` gives a port that is free. Raises `MissingProgram`."""
    folder.mkdir(exist_ok=True)
    return {"single": _single, "sentinel": _watched, "cluster": _cluster}[kind](folder, take, values)


def _single(folder: Path, take: Callable[[], int], values: Mapping[str, str]) -> CachePlan:
    port, password = take(), values["REDIS_PASSWORD"]
    unit = _server(folder, "redis", port, password)
    environment = {
        "REDIS_HOST": LOOPBACK,
        "REDIS_PORT": str(port),
        "CELERY_BROKER_URL": f"redis://:{password}@{LOOPBACK}:{port}/1",
    }
    return CachePlan((unit,), ("redis",), environment)


def _watched(folder: Path, take: Callable[[], int], values: Mapping[str, str]) -> CachePlan:
    """A master, its replica, and three sentinels that make the replica the master when the first one is lost."""
    password = values["REDIS_PASSWORD"]
    first, second = take(), take()
    servers = (
        _server(folder, "redis-1", first, password, keep=True),
        _server(folder, "redis-2", second, password, f"replicaof {LOOPBACK} {first}", keep=True, needs=("redis-1",)),
    )
    watch = (
        f"sentinel monitor {MASTER} {LOOPBACK} {first} 2\nsentinel auth-pass {MASTER} {password}\n"
        f"sentinel down-after-milliseconds {MASTER} {_LOST_MS}\nsentinel failover-timeout {MASTER} 10000\n"
    )
    ports = [take() for _ in range(_SENTINELS)]
    sentinels = tuple(
        _program_unit(folder, f"sentinel-{number}", port, watch, "--sentinel", keep=True, needs=("redis-1", "redis-2"))
        for number, port in enumerate(ports, 1)
    )
    addresses = [f"{LOOPBACK}:{port}" for port in ports]
    environment = {
        "REDIS_USE_SENTINEL": "true",
        "REDIS_SENTINELS": ",".join(addresses),
        "REDIS_SENTINEL_SERVICE_NAME": MASTER,
        "CELERY_BROKER_URL": ";".join(f"sentinel://:{password}@{address}/1" for address in addresses),
        "CELERY_SENTINEL_MASTER_NAME": MASTER,
    }
    return CachePlan((*servers, *sentinels), tuple(unit.name for unit in sentinels), environment)


def _cluster(folder: Path, take: Callable[[], int], values: Mapping[str, str]) -> CachePlan:
    """Three nodes without replicas, and a process that joins them once. Celery can't use it: jobs come by the table."""
    password = values["REDIS_PASSWORD"]
    ports = [take() for _ in range(_NODES)]
    nodes = tuple(
        _server(
            folder,
            f"redis-{number}",
            port,
            password,
            f"cluster-enabled yes\ncluster-config-file nodes-{number}.conf\ncluster-port {take()}",
            keep=True,
        )
        for number, port in enumerate(ports, 1)
    )
    door = take()
    joined = Unit(
        name="redis_cluster",
        command=(sys.executable, "-m", "orrery.deploy.native.joining", str(door), *map(str, ports)),
        environment=own_environment({"REDISCLI_AUTH": password}),
        folder=folder,
        needs=tuple(node.name for node in nodes),
        address=f"tcp://{LOOPBACK}:{door}",
    )
    environment = {
        "REDIS_USE_CLUSTERS": "true",
        "REDIS_CLUSTERS": ",".join(f"{LOOPBACK}:{port}" for port in ports),
        "REDIS_CLUSTERS_PASSWORD": password,
        "CELERY_BROKER_URL": "",
        "ORRERY_JOBS": "process",
    }
    program("redis-cli", "redis-tools")
    return CachePlan((*nodes, joined), ("redis_cluster",), environment)


def _server(
    folder: Path, name: str, port: int, password: str, more: str = "", *, keep: bool = False, needs: Sequence[str] = ()
) -> Unit:
    text = f'requirepass "{password}"\nmasterauth "{password}"\ndbfilename {name}.rdb\n{more}\n'
    return _program_unit(folder, name, port, text, keep=keep, needs=needs)


def _program_unit(
    folder: Path, name: str, port: int, text: str, *words: str, keep: bool = False, needs: Sequence[str] = ()
) -> Unit:
    """``keep``: the server itself writes into its file what it must know at its next start."""
    configuration = folder / f"{name}.conf"
    if not (keep and configuration.exists()):
        configuration.unlink(missing_ok=True)
        # In a file, so that no list of processes shows the password.
        write_new(configuration, f'bind {LOOPBACK}\nport {port}\ndir "{folder}"\ndaemonize no\n{text}')
    return Unit(
        name=name,
        command=(program("redis-server", "redis-server"), str(configuration), *words),
        environment=own_environment({}),
        folder=folder,
        needs=tuple(needs),
        address=f"tcp://{LOOPBACK}:{port}",
    )
