"""The home folder of the embedded shape: database, files, and the secrets made at the first start.

Invariants: the folder is 0700, ``secrets.env`` is 0600, a secret once written is never replaced.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from orrery.settings.dotenv import read_dotenv, write_dotenv
from orrery.settings.errors import Problem, SettingsError

SECRETS_FILE = "secrets.env"
GENERATED = (
    "SECRET_KEY",
    "ORRERY_MASTER_KEY",
    "CODE_EXECUTION_API_KEY",
    "SANDBOX_API_KEY",
    "PLUGIN_DAEMON_KEY",
    "INNER_API_KEY_FOR_PLUGIN",
)
_SAME_ON_BOTH_SIDES = {"SANDBOX_API_KEY": "CODE_EXECUTION_API_KEY"}


def default_home(environ: Mapping[str, str]) -> Path:
    """``ORRERY_HOME``, or ``.orrery`` in the user's folder."""
    named = environ.get("ORRERY_HOME", "").strip()
    return Path(named).expanduser().absolute() if named else Path.home() / ".orrery"


def open_home(home: Path) -> dict[str, str]:
    """Makes the folder if need be, completes its secrets file, and gives the secrets back.

    Safe when two processes start at once: one writes, both read the same secrets. Raises `SettingsError`.
    """
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if home.stat().st_uid == os.geteuid():
            home.chmod(0o700)
        path = home / SECRETS_FILE
        known = _read(path)
        missing = [name for name in GENERATED if not known.get(name)]
        if missing:
            known = _complete(path, known, missing)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        mend = "Choose another folder with ORRERY_HOME, or mend its permissions."
        raise SettingsError([Problem("ORRERY_HOME", f"the folder {home} can't be used ({reason}).", mend)]) from error
    return known


def _read(path: Path) -> dict[str, str]:
    return read_dotenv(path.read_text("utf-8"), {}) if path.exists() else {}


def _complete(path: Path, known: dict[str, str], missing: list[str]) -> dict[str, str]:
    complete = dict(known)
    for name in missing:
        complete[name] = complete.get(_SAME_ON_BOTH_SIDES.get(name, "")) or secrets.token_urlsafe(42)
    text = "# Made at the first start. Losing SECRET_KEY signs everybody out; losing ORRERY_MASTER_KEY loses every\n"
    text += "# stored credential. Keep a copy with your backups.\n" + write_dotenv(complete)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if known:
            temporary.replace(path)
            return complete
        try:
            os.link(temporary, path)  # unlike a rename, fails if another process was first
        except FileExistsError:
            return _read(path)
        except OSError:  # a file system without hard links
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return complete
