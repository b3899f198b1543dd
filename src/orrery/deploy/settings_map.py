"""What becomes of every variable of the contract, as a page: ``python -m orrery.deploy.settings_map``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Literal

import msgspec

from orrery.deploy.contract import contract
from orrery.deploy.interpolation import names_in
from orrery.deploy.settings_map_rules import rule_of
from orrery.deploy.topology.model import Service
from orrery.deploy.topology.stacks import middleware, whole
from orrery.settings.declare import declared
from orrery.settings.load import groups

_HEAD = """# The contract's variables

Every variable that an `.env` of the contract may hold, and what Orrery makes of it. Unknown or ignored variables never
stop a start. Four things can become of one:

- **setting**: Orrery reads it; the word behind it is its place in the settings (see settings.md).
- **stack**: a container of the Compose files reads it, or the Compose file itself.
- **replaced**: something else does the work.
- **ignored**: accepted, without effect, for the reason given.

This page is written by `python -m orrery.deploy.settings_map`.
"""


class Entry(msgspec.Struct, frozen=True):
    """One variable's fate; ``text`` is the setting, the services, the substitute or the reason."""

    name: str
    group: str
    fate: Literal["setting", "stack", "replaced", "ignored"]
    text: str


class ForgottenVariable(Exception):
    """Neither a setting nor a container reads the variable, and the table has no row for it."""


def entries() -> tuple[Entry, ...]:
    """All variables in the contract's order. Raises `ForgottenVariable`."""
    settings, stack = _settings(), stack_names()
    return tuple(_entry(v.name, v.group, settings, stack) for v in contract())


def _entry(name: str, group: str, settings: dict[str, str], stack: dict[str, list[str]]) -> Entry:
    if name in settings:
        return Entry(name, group, "setting", settings[name])
    if name in stack:
        return Entry(name, group, "stack", ", ".join(stack[name]))
    rule = rule_of(name, group)
    if rule is None:
        raise ForgottenVariable(name)
    return Entry(name, group, rule.fate, rule.text)


def _settings() -> dict[str, str]:
    return {
        name: f"{group}.{field.field}"
        for group, kind in groups().items()
        for field in declared(kind)
        for name in (field.env.name, *field.env.aliases)
    }


def stack_names() -> dict[str, list[str]]:
    """The services that read each variable of the Compose files for themselves."""
    found: dict[str, list[str]] = {"COMPOSE_PROFILES": ["profiles"]}
    for service in (*whole().services, *middleware().services):
        for name in sorted(name for text in _texts(service) for name in names_in(text)):
            users = found.setdefault(name, [])
            if service.name not in users:
                users.append(service.name)
    return found


def _texts(service: Service) -> Iterator[str]:
    yield service.image
    yield from service.entrypoint
    yield from service.command
    yield from service.environment.values()
    for port in service.ports:
        yield from (port.published, str(port.number))
    for mount in service.mounts:
        yield mount.source
    if service.health is not None:
        yield from service.health.test
        yield from (service.health.interval, service.health.timeout, service.health.disable)
    for soft, hard in service.ulimits.values():
        yield from (soft, hard)


def render() -> str:
    """The whole page."""
    found = entries()
    counts = {fate: sum(e.fate == fate for e in found) for fate in ("setting", "stack", "replaced", "ignored")}
    lines = [_HEAD, ", ".join(f"{count} {fate}" for fate, count in counts.items()) + f"; {len(found)} in all."]
    for group in dict.fromkeys(entry.group for entry in found):
        lines += [f"\n## {group[0].upper()}{group[1:]}\n", "| variable | becomes | |", "|---|---|---|"]
        for entry in found:
            if entry.group == group:
                text = f"`{entry.text}`" if entry.fate == "setting" else entry.text
                lines.append(f"| `{entry.name}` | {entry.fate} | {text} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(render())
