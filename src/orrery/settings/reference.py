"""The Markdown page of all settings, derived from their declarations: ``python -m orrery.settings.reference``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from orrery.settings.declare import Declared, SettingValue, declared
from orrery.settings.load import groups
from orrery.settings.sources import embedded_defaults

_HEAD = """# Settings

Every variable that Orrery reads, by group. A value is looked for in this order: command-line arguments, environment,
a configuration server (group Remote), `.env` file, secret files (one file per variable in `/run/secrets`, or in the
folder named by `ORRERY_SECRETS_DIR`), `orrery.toml` beside `.env`, `secrets.env` in the home folder, defaults of the
shape, defaults below. Names may be written in any case. An empty number, switch or secret counts as not set. Variables
that are not listed are ignored.

`ORRERY_HOME` names the home folder of the embedded shape (`~/.orrery`); it is made at the first start with its secrets.

This page is written by `python -m orrery.settings.reference`.
"""
_HOME = Path("<home>")


def render() -> str:
    """The whole page."""
    embedded = embedded_defaults(_HOME).values
    parts = [_HEAD]
    for group in groups().values():
        title = (group.__doc__ or "").strip()
        parts.append(f"\n## {group.__name__.removesuffix('Settings')}\n\n{title}\n")
        parts.append("| variable | type | default | meaning |\n|---|---|---|---|")
        parts.extend(_row(field, embedded) for field in declared(group))
    return "\n".join(parts) + "\n"


def default_text(value: SettingValue) -> str:
    """A default as it would be written in an environment."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ",".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _row(field: Declared, embedded: Mapping[str, str]) -> str:
    env = field.env
    default = _code(default_text(field.default))
    overlay = embedded.get(env.name)
    if overlay is not None:
        default = f"{default or 'empty'}; embedded {_code(overlay) or 'empty'}"
    names = " or ".join(f"`{name}`" for name in (env.name, *env.aliases))
    meaning = env.meaning[0].upper() + env.meaning[1:] + (" (secret)" if env.secret else "")
    return f"| {names} | {_kind(field)} | {default} | {meaning} |"


def _kind(field: Declared) -> str:
    if field.words:
        return ", ".join(f"`{word}`" if word else "empty" for word in field.words)
    names = {str: "text", int: "whole number", float: "number", bool: "true or false", tuple: "list", Path: "path"}
    return names[field.base]


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


if __name__ == "__main__":
    sys.stdout.write(render())
