"""The roles a container can take, by the words of ``MODE`` (deployment.md 3.1).

A role that this build does not have yet stays in the topology behind a profile of its own, so that nothing starts a
container that could only fail.
"""

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
    """``command`` is the sub-command of ``orrery`` that takes the role; None when this build can't take it.

    ``instead`` then says what does the work meanwhile.
    """

    mode: Mode
    command: str | None
    instead: str = ""


ROLES = {
    role.mode: role
    for role in (
        Role(Mode.API, "api"),
        Role(Mode.MIGRATION, "migrate"),
        Role(Mode.JOB, None, "give the command as arguments of the container"),
        Role(Mode.SANDBOX, "sandbox"),
        Role(Mode.WORKER, "worker"),
        Role(Mode.BEAT, "beat"),
        Role(Mode.SSRF_PROXY, "ssrf-proxy"),
        Role(Mode.PLUGIN_DAEMON, None, "leave PLUGIN_DAEMON_URL empty"),
    )
}


def has_role(mode: Mode) -> bool:
    """Whether this build can take the role."""
    return mode is Mode.JOB or ROLES[mode].command is not None


def mode_of(text: str) -> Mode | None:
    """The mode that a value of ``MODE`` names; empty is the API server, as in the contract. None if there is none."""
    word = text.strip().lower().replace("-", "_") or Mode.API
    return Mode(word) if word in set(Mode) else None
