"""The process role ``sandbox``: the service on TCP 8194, or on a Unix socket."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import uvicorn

from orrery.sandbox.cgroups import groups_or_watch
from orrery.sandbox.configuration import CONFIGURATION_FILES, Misconfigured, ServiceSettings, read_settings
from orrery.sandbox.dependencies import Dependencies
from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.sandbox.node import CONTRACT_NODE, find_node
from orrery.sandbox.relay import RelayGate, proxy_environment
from orrery.sandbox.service import SandboxService

# base64 or escapes may blow a snippet up on the wire
_ENCODING_FACTOR = 2

_log = logging.getLogger(__name__)


def application(settings: ServiceSettings) -> SandboxService:
    """The service for ``settings``; it starts its sandbox when its server starts it. Raises ValueError."""
    shipped = Path(settings.shipped)
    dependencies = Dependencies(
        Path(settings.packages), Path(settings.requirements), mirror=settings.mirror, shipped=shipped
    )
    node = _node(settings)
    sandbox = EmbeddedSandbox(
        settings.limits,
        minimum_level=settings.minimum_level,
        packages=(settings.packages, *([str(shipped)] if shipped.is_dir() else []), *settings.libraries),
        allow_network=settings.enable_network,
        gate=RelayGate.from_url(settings.proxy) if settings.proxy else None,
        js_engine=settings.js_engine,
        node=node,
        environment=settings.environment,
        groups=groups_or_watch(settings.limits.memory, settings.cgroup),
        network_environment=proxy_environment(urlsplit(settings.proxy).scheme or "http", settings.no_proxy),
        system_calls=settings.system_calls,
    )
    return SandboxService(
        sandbox,
        dependencies,
        key=settings.key,
        body_limit=settings.limits.code * _ENCODING_FACTOR,
        update_interval=settings.update_interval,
    )


def _node(settings: ServiceSettings) -> str:
    """The program that the settings name, or one of this machine; empty when there is none.

    Files of the contract name its own place, whether somebody chose that or not.
    """
    if settings.node not in {"", CONTRACT_NODE}:
        found = find_node(settings.node)
        if found is None and settings.js_engine is None:
            _log.warning("JavaScript runs on QuickJS: there is no program %s (NODEJS_PATH)", settings.node)
        return found or ""
    return find_node(CONTRACT_NODE) or find_node() or ""


async def serve(settings: ServiceSettings) -> None:
    """Serves until SIGINT or SIGTERM; runs that are under way end first."""
    if settings.enable_network and not settings.proxy:
        _log.warning("snippets reach nothing, whatever they ask for: HTTP_PROXY names no proxy")
    config = uvicorn.Config(
        application(settings),
        host=settings.host,
        port=settings.port,
        uds=settings.socket,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=int(settings.limits.timeout) + 1,
    )
    await uvicorn.Server(config).serve()


def main(argv: Sequence[str] | None = None) -> int:
    """Reads arguments, file and environment, then serves. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="orrery sandbox", description="Run code snippets for other services.")
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    parser.add_argument("--socket", help="path of a Unix socket to listen on instead of TCP")
    parser.add_argument("--config", type=Path, help="YAML file; default: conf/config.yaml")
    arguments = parser.parse_args(argv)
    found = next((Path(p) for p in CONFIGURATION_FILES if Path(p).is_file()), None)
    try:
        settings = read_settings(os.environ, arguments.config or found)
    except Misconfigured as error:
        sys.stderr.write(f"{error}\n")
        return 78  # EX_CONFIG
    given = {k: v for k in ("host", "port", "socket") if (v := getattr(arguments, k)) is not None}
    _open_log(settings)
    for notice in settings.notices:
        _log.warning(notice)
    try:
        asyncio.run(serve(msgspec.structs.replace(settings, **given)))
    except ValueError as error:  # a proxy of a kind that can't be used
        sys.stderr.write(f"{error}\n")
        return 78
    return 0


def _open_log(settings: ServiceSettings) -> None:
    """To the output, and to a file of the folder that ``log_path`` names."""
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    if settings.log_path:
        try:
            Path(settings.log_path).mkdir(parents=True, exist_ok=True)
            handlers.append(logging.FileHandler(Path(settings.log_path) / "sandbox.log"))
        except OSError as error:
            sys.stderr.write(f"log_path can't be written: {error}\n")
    logging.basicConfig(level=logging.DEBUG if settings.debug else logging.INFO, handlers=handlers)
