"""Where values come from. A chain of sources is asked in order; the first that knows a variable wins.

Order: arguments, environment, a configuration server, ``.env`` file, secret files, a TOML file, secrets of the home
folder, the defaults of the shape, and last the declared default.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import msgspec

from orrery.settings.dotenv import read_dotenv
from orrery.settings.errors import Problem, SettingsError

MAX_SECRET_FILE_BYTES = 64 * 1024


class Source(msgspec.Struct, frozen=True):
    """Variables of one origin; ``label`` tells people where a value was written. Names are upper case."""

    label: str
    values: Mapping[str, str]

    @classmethod
    def of(cls, label: str, values: Mapping[str, str]) -> Source:
        """A source whose names are made upper case; a name written in upper case wins over other spellings."""
        upper = {name.upper(): text for name, text in values.items() if not name.isupper()}
        upper.update({name: text for name, text in values.items() if name.isupper()})
        return cls(label, upper)


def dotenv_source(path: Path, environ: Mapping[str, str]) -> Source:
    """The variables of a ``.env`` file; a file that does not exist has none. Raises `SettingsError` if unreadable."""
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        text = ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([_unreadable(path, error)]) from error
    return Source.of(str(path), read_dotenv(text, environ))


def secret_files_source(folder: Path) -> Source:
    """One variable for each file of ``folder``: the file's name and its text without the last line break.

    A folder that does not exist has none. Raises `SettingsError` if a file can't be read.
    """
    values: dict[str, str] = {}
    try:
        entries = sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        entries = []
    except OSError as error:
        raise SettingsError([_unreadable(folder, error)]) from error
    for entry in entries:
        try:
            if entry.is_file() and entry.stat().st_size <= MAX_SECRET_FILE_BYTES:
                values[entry.name] = entry.read_text("utf-8").removesuffix("\n").removesuffix("\r")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError([_unreadable(entry, error)]) from error
    return Source.of(str(folder), values)


def toml_source(path: Path) -> Source:
    """Variables as top-level keys of a TOML file; lists stand for comma separated texts. Tables mean nothing here.

    A file that does not exist has none. Raises `SettingsError` if it can't be read.
    """
    try:
        content = tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        content = {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([_unreadable(path, error)]) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([Problem(str(path), f"the file is not TOML ({error}).", "Mend that line.")]) from error
    return Source.of(
        str(path), {name: text for name, value in content.items() if (text := _as_text(value)) is not None}
    )


def _as_text(value: object) -> str | None:
    match value:
        case bool():
            return str(value).lower()
        case str() | int() | float():
            return str(value)
        case list():
            return ",".join(str(item) for item in cast("list[object]", value))
        case _:
            return None


def embedded_defaults(home: Path) -> Source:
    """What a single process on one machine takes when nothing else is said: no outside service at all."""
    values = {
        "DIFY_BIND_ADDRESS": "127.0.0.1",
        "DB_TYPE": "sqlite",
        "ORRERY_SQLITE_PATH": str(home / "orrery.db"),
        "ORRERY_CACHE": "memory",
        "ORRERY_JOBS": "process",
        "STORAGE_TYPE": "local",
        "STORAGE_LOCAL_PATH": str(home / "storage"),
        "OPENDAL_FS_ROOT": str(home / "storage"),
        "CODE_EXECUTION_ENDPOINT": "",
    }
    return Source("embedded defaults", values)


def _unreadable(path: Path, error: OSError | UnicodeDecodeError) -> Problem:
    reason = "is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else f"can't be read ({error.strerror})"
    return Problem(str(path), f"the file {reason}.", "Mend its encoding or its permissions, or move it away.")
