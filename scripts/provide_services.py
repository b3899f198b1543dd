"""The servers and the browser that some layers of tests need: installed where that is allowed, named where not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

INSTALL_SECONDS = 600
POSTGRESQL = Path("/usr/lib/postgresql")


class Service(NamedTuple):
    """One Debian package, the tests that need it, and the programs that tell that it is there."""

    package: str
    layer: str
    programs: tuple[str, ...]


SERVICES = (
    Service("postgresql", "tests on PostgreSQL", ("postgres", "initdb")),
    Service("mariadb-server", "tests on MariaDB", ("mariadbd", "mysqld")),
    Service("pgbouncer", "tests behind a pooler", ("pgbouncer",)),
    Service("redis-server", "tests on Redis", ("redis-server",)),
    Service("rabbitmq-server", "tests on RabbitMQ", ("rabbitmq-server",)),
    Service("nginx-light", "tests of the edge", ("nginx",)),
    Service("gettext-base", "tests of the edge's templates", ("envsubst",)),
    Service("squid", "tests of the forward proxy", ("squid",)),
    Service("certbot", "tests of certificates", ("certbot",)),
    Service("pebble", "tests of certificates", ("pebble",)),
    Service("faketime", "tests of clocks that step", ("faketime",)),
    Service("chromium", "tests in the browser", ("chromium", "chromium-browser", "google-chrome")),
)


def is_present(service: Service) -> bool:
    """Whether one of the service's programs can be run."""
    folders = [os.environ.get("PATH", ""), "/usr/sbin", *(str(path / "bin") for path in POSTGRESQL.glob("*"))]
    return any(shutil.which(program, path=os.pathsep.join(folders)) for program in service.programs)


def provide() -> list[str]:
    """Installs what is missing if this process may; one line for each layer that is left out, with the reason."""
    missing = [service for service in SERVICES if not is_present(service)]
    if not missing:
        return []
    reason = _why_not()
    if not reason:
        reason = _install([service.package for service in missing])
    return [f"{service.layer} are left out: {reason}" for service in missing if not is_present(service)]


def _why_not() -> str:
    if os.environ.get("ORRERY_TEST_INSTALL") == "0":
        return "ORRERY_TEST_INSTALL=0 forbids installing"
    if shutil.which("apt-get") is None:
        return "not a Debian system; install the package by hand"
    if os.geteuid() != 0:
        return "only root may install packages; install the package by hand"
    return ""


def _install(packages: list[str]) -> str:
    """Installs with apt; the reason if that failed."""
    print(f"test: installing {', '.join(packages)}", flush=True)
    _apt("update")
    if _apt("install", *packages):
        return "the package does not hold the program"
    # One that this system does not know keeps none of the others away.
    for package in packages if len(packages) > 1 else ():
        _apt("install", package)
    return "apt-get could not install it; its words are above"


def _apt(verb: str, *packages: str) -> bool:
    """Whether it went well. RUNLEVEL=1 keeps the packages from starting their servers."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    words = ["apt-get", "-qq", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20", verb]
    options = ["-y", "--no-install-recommends"] if packages else []
    try:
        done = subprocess.run(
            [*words, *options, *packages],
            env=environment,
            timeout=INSTALL_SECONDS,
            check=False,
            stdout=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        print(f"test: apt-get {verb} took too long", file=sys.stderr)
        return False
    if done.returncode != 0:
        print(f"test: apt-get {verb} failed ({done.returncode})", file=sys.stderr)
    return done.returncode == 0
