"""Brings an old ``.env`` up to date: what is new in the example is added, nothing that is there is touched."""

from __future__ import annotations

import msgspec

from orrery.deploy.contract import contract
from orrery.deploy.secrets import SECRETS
from orrery.settings.declare import declared
from orrery.settings.dotenv import read_dotenv
from orrery.settings.load import groups
from orrery.settings.refuse import PUBLISHED_DEFAULTS

_MASK = "***"
_LONG_ENOUGH_TO_SEARCH = 12


class BrokenFile(Exception):
    """The file can't be added to without changing what it says; the text names the variable."""


class Difference(msgspec.Struct, frozen=True):
    """A value that is not the default; secrets are masked."""

    name: str
    value: str
    default: str


class Report(msgspec.Struct, frozen=True):
    """What a synchronisation does, or would do.

    ``added`` were missing, ``kept`` differ from the default and stay, ``retired`` are not in the example any more and
    stay, ``published`` hold a secret that everybody can look up: Orrery refuses to start with them.
    """

    text: str
    added: tuple[str, ...]
    kept: tuple[Difference, ...]
    retired: tuple[str, ...]
    published: tuple[str, ...]


def synchronised(old: str, example: str) -> Report:
    """``old`` with the variables that only ``example`` has at its end. Raises `BrokenFile`."""
    values, defaults = read_dotenv(old, {}), read_dotenv(example, {})
    added = tuple(name for name in defaults if name not in values)
    text = old if not added else _with(old, example, added)
    _check(old, text, added)
    return Report(
        text=text,
        added=added,
        kept=tuple(
            _difference(name, values[name], default)
            for name, default in defaults.items()
            if name in values and values[name] != default
        ),
        retired=tuple(name for name in values if name not in defaults),
        published=tuple(name for name, value in values.items() if name in _secret_names() and _is_published(value)),
    )


def _with(old: str, example: str, added: tuple[str, ...]) -> str:
    missing = set(added)
    lines = [old.rstrip("\n"), "", "# ---- added by orrery stack env-sync ".ljust(118, "-")] if old.strip() else []
    comment: list[str] = []
    for line in example.splitlines():
        if line.startswith("#"):
            comment.append(line)
            continue
        name = line.partition("=")[0]
        if name in missing:
            lines += [*(c for c in comment if not c.startswith("# ----")), line]
        comment = []
    return "\n".join(lines) + "\n"


def _check(old: str, new: str, added: tuple[str, ...]) -> None:
    """A quote that is never closed would swallow what is added behind it."""
    before, after = read_dotenv(old, {}), read_dotenv(new, {})
    for name, value in before.items():
        if after.get(name) != value:
            raise BrokenFile(f"the value of {name} is not well quoted; mend it first")
    for name in added:
        if name not in after:
            raise BrokenFile(f"a quote that is never closed hides {name}; close it first")


def _difference(name: str, value: str, default: str) -> Difference:
    hidden = name in _secret_names() and value
    return Difference(name, _MASK if hidden else value, default)


def _secret_names() -> frozenset[str]:
    settings = {
        name
        for group in groups().values()
        for field in declared(group)
        if field.env.secret
        for name in (field.env.name, *field.env.aliases)
    }
    words = ("PASSWORD", "SECRET", "TOKEN", "_KEY", "_DSN")
    looks = {v.name for v in contract() if v.name.endswith(words)}
    return SECRETS | settings | looks


def _is_published(value: str) -> bool:
    return value in PUBLISHED_DEFAULTS or any(
        word in value for word in PUBLISHED_DEFAULTS if len(word) >= _LONG_ENOUGH_TO_SEARCH
    )
