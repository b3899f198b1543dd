"""Programs of this machine that the stack runs, and the environment that they get."""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Mapping
from pathlib import Path

LOOPBACK = "127.0.0.1"
POSTGRESQL = Path("/usr/lib/postgresql")
_FROM_US = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV", "PYTHONPATH")


class MissingProgram(Exception):
    """Something that the stack runs is not installed; the text names it and the package."""


def program(name: str, package: str) -> str:
    """Where a program is. Raises `MissingProgram`."""
    folders = [os.environ.get("PATH", ""), "/usr/sbin", *map(str, sorted(POSTGRESQL.glob("*/bin"), reverse=True))]
    found = shutil.which(name, path=os.pathsep.join(folders))
    if found is None:
        raise MissingProgram(f"{name} is not installed (Debian: apt install {package})")
    return found


def own_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """What a unit may see of our environment, and ``extra``."""
    return {**{name: os.environ[name] for name in _FROM_US if name in os.environ}, **extra}


def server_account(name: str, folder: Path) -> tuple[int | None, int | None]:
    """User and group for a server that refuses to run as root; it gets ``folder``. Both None when we are not root."""
    folder.mkdir(exist_ok=True)
    if os.geteuid() != 0:
        return None, None
    account = pwd.getpwnam(name)
    os.chown(folder, account.pw_uid, account.pw_gid)
    return account.pw_uid, account.pw_gid
