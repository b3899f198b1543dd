"""``.env.example`` and ``middleware.env.example``."""

from __future__ import annotations

import textwrap

from orrery.deploy.contract import contract
from orrery.deploy.example import ExampleVariable, default_of, example
from orrery.deploy.secrets import SECRETS, generate

WIDTH = 118
_HEAD = """# Every variable of the Compose files. Copy this file to .env with:
#
#   orrery stack init
#
# which also makes the secrets. The lines of a comment say what the variable below them does; a variable without
# one is read by the container of its name, or kept for later. docs/settings-map.md knows all of them.
"""
_MIDDLEWARE_HEAD = """# For docker-compose.middleware.yaml: what stands around an Orrery that runs on this machine. Make middleware.env with:
#
#   orrery stack init --for middleware
"""
_MIDDLEWARE_OWN = {"COMPOSE_PROFILES": "${DB_TYPE:-postgresql}"}


def dotenv_example() -> str:
    """The text of ``.env.example``."""
    return _text(_HEAD, example())


def middleware_example() -> str:
    """The text of ``middleware.env.example``."""
    rows = [
        ExampleVariable(v.name, _MIDDLEWARE_OWN.get(v.name, default_of(v)), v.group, "")
        for v in contract()
        if "middleware" in v.sources and not v.name.startswith(("ALIYUN_SLS", "LOGSTORE_"))
    ]
    order = dict.fromkeys(row.group for row in rows)
    return _text(_MIDDLEWARE_HEAD, tuple(row for group in order for row in rows if row.group == group))


def _text(head: str, rows: tuple[ExampleVariable, ...]) -> str:
    lines = [head.rstrip("\n")]
    group = ""
    made = generate({})
    for row in rows:
        if row.group != group:
            group = row.group
            lines += ["", f"# ---- {group} ".ljust(WIDTH, "-")]
        meaning = row.meaning
        if row.name in SECRETS and (row.name in made):
            meaning = f"{meaning or 'secret'}; made by orrery stack init"
        if meaning:
            lines += textwrap.wrap(meaning[0].upper() + meaning[1:], WIDTH, initial_indent="# ", subsequent_indent="# ")
        lines.append(f"{row.name}={_quoted(row.default)}")
    return "\n".join(lines) + "\n"


def _quoted(value: str) -> str:
    """Spaces and # would end an unquoted value in some readers."""
    return f"'{value}'" if any(sign in value for sign in ' #\\"') else value
