"""The environment that every role of the product shares: each declared setting, read from the ``.env`` file."""

from __future__ import annotations

from collections.abc import Iterator

from orrery.deploy.contract import contract
from orrery.deploy.roles import Mode, has_role
from orrery.deploy.secrets import BROKER
from orrery.deploy.topology.model import DEFAULTS, secret
from orrery.settings.declare import Declared, Group, declared
from orrery.settings.groups.database import Database
from orrery.settings.groups.logs import Logs
from orrery.settings.groups.plugin_daemon import PluginDaemon
from orrery.settings.load import groups
from orrery.settings.reference import default_text

REQUIRED = ("SECRET_KEY", "DB_PASSWORD", "REDIS_PASSWORD", "CODE_EXECUTION_API_KEY")
"""Without these nothing may start."""

_EXPRESSIONS = {
    **{name: secret(name) for name in REQUIRED},
    BROKER: f"${{{BROKER}:-redis://:${{REDIS_PASSWORD}}@redis:6379/1}}",
    "INNER_API_KEY_FOR_PLUGIN": "${INNER_API_KEY_FOR_PLUGIN:-${PLUGIN_DIFY_INNER_API_KEY:-}}",
    "ORRERY_JOBS": f"${{ORRERY_JOBS:-{'celery' if has_role(Mode.WORKER) else 'process'}}}",
}
_NOT_SHARED = frozenset(
    {
        "MODE",  # each service has its own
        "COMMIT_SHA",  # the image has its own
        "SANDBOX_API_KEY",  # only the sandbox's
        "SANDBOX_PORT",
        "ORRERY_SQLITE_PATH",  # a fleet has a server
        *(field.env.name for field in declared(PluginDaemon)),  # only the daemon's, with the keys of its storage
    }
)


def fields() -> Iterator[Declared]:
    """The declarations of all settings, in order."""
    for group in groups().values():
        yield from declared(group)


def shared_environment() -> dict[str, str]:
    """Expressions by variable, in the order of the settings."""
    return {"ORRERY_SHAPE": "fleet"} | {
        field.env.name: _expression(field) for field in fields() if field.env.name not in _NOT_SHARED
    }


def daemon_environment() -> dict[str, str]:
    """What the plugin daemon gets of the settings. Code of strangers is to run beside it: no more than it needs."""
    chosen: tuple[type[Group], ...] = (Database, Logs, PluginDaemon)
    return {"ORRERY_SHAPE": "fleet"} | {
        field.env.name: _expression(field)
        for group in chosen
        for field in declared(group)
        if field.env.name != "ORRERY_SQLITE_PATH"
    }


def _expression(field: Declared) -> str:
    name = field.env.name
    in_example = {variable.name for variable in contract() if variable.in_example}
    default = DEFAULTS[name] if name in in_example else default_text(field.default)
    return _EXPRESSIONS.get(name) or f"${{{name}:-{default}}}"


def secret_settings() -> frozenset[str]:
    """The settings whose values may not lie open in a cluster's configuration."""
    return frozenset(field.env.name for field in fields() if field.env.secret)
