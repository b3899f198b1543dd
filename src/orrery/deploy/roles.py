"""The roles a container can take, by the words of ``MODE`` (deployment.md 3.1)."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Mode(StrEnum):
    """The words of ``MODE``."""

    API = "api"
    WORKER = "worker"
    BEAT = "beat"
    MIGRATION = "migration"
    JOB = "job"
    SANDBOX = "sandbox"
    SSRF_PROXY = "ssrf_proxy"
    PLUGIN_DAEMON = "plugin_daemon"


class Role(msgspec.Struct, frozen=True):
    """``command`` is the sub-command of ``orrery`` that takes the role; None where it is given with the container."""

    mode: Mode
    command: str | None


ROLES = {
    role.mode: role
    for role in (
        Role(Mode.API, "api"),
        Role(Mode.MIGRATION, "migrate"),
        Role(Mode.JOB, None),
        Role(Mode.SANDBOX, "sandbox"),
        Role(Mode.WORKER, "worker"),
        Role(Mode.BEAT, "beat"),
        Role(Mode.SSRF_PROXY, "ssrf-proxy"),
        Role(Mode.PLUGIN_DAEMON, "plugin-daemon"),
    )
}


def has_role(mode: Mode) -> bool:
    """Whether this build can take the role."""
    return mode is Mode.JOB or ROLES[mode].command is not None


def mode_of(text: str) -> Mode | None:
    """The mode that a value of ``MODE`` names; empty is the API server, as in the contract. None if there is none."""
    word = text.strip().lower().replace("-", "_") or Mode.API
    return Mode(word) if word in set(Mode) else None
