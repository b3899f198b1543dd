"""Tasks of installations as the contract shows them, and how long they are shown (3.4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from orrery.plugins.library.shown import Shown
from orrery.plugins.library.tables import PluginInstallTask

Status = Literal["pending", "running", "success", "failed"]
_SINGLE_IS_SHOWN = timedelta(seconds=60)
_OTHERS_ARE_SHOWN = timedelta(seconds=120)
_LONGEST_MESSAGE = 1024


class TaskPlugin(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one plugin. ``labels`` by language; ``icon`` is an asset's id."""

    plugin_unique_identifier: str
    plugin_id: str
    labels: dict[str, str] = {}
    icon: str = ""
    icon_dark: str = ""
    status: Status
    message: str = ""
    source: str = ""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One installation of one or several plugins."""

    id: str
    created_at: datetime
    updated_at: datetime
    tenant_id: str
    status: Status
    total_plugins: int
    completed_plugins: int
    plugins: list[TaskPlugin]


def entry(
    identifier: str, plugin_id: str, known: Shown | None, status: Status, message: str, source: str
) -> TaskPlugin:
    """One plugin of a task; of a package that is not here only the names are known."""
    declared = known.declared if known else None
    return TaskPlugin(
        plugin_unique_identifier=identifier,
        plugin_id=plugin_id,
        labels=declared.label if declared else {},
        icon=declared.icon if declared else "",
        icon_dark=declared.icon_dark if declared else "",
        status=status,
        message=shortened(message),
        source=source,
    )


def shortened(message: str) -> str:
    """A long message without its middle."""
    half = _LONGEST_MESSAGE // 2
    return message if len(message) <= _LONGEST_MESSAGE else f"{message[:half]}...{message[-half:]}"


def values_of(workspace: str, plugins: Sequence[TaskPlugin], now: datetime) -> dict[str, object]:
    """The columns of a task that is done. One that failed is shown until somebody deletes it."""
    failed = any(plugin.status == "failed" for plugin in plugins)
    shown_for = _SINGLE_IS_SHOWN if len(plugins) == 1 else _OTHERS_ARE_SHOWN
    return {
        "tenant_id": workspace,
        "status": "failed" if failed else "success",
        "total_plugins": len(plugins),
        "completed_plugins": sum(plugin.status == "success" for plugin in plugins),
        "plugins": msgspec.to_builtins(list(plugins)),
        "expires_at": None if failed else now + shown_for,
        "created_at": now,
        "updated_at": now,
    }


def task_of(row: PluginInstallTask) -> Task:
    """A row as the contract shows it."""
    return msgspec.convert(
        {
            "id": row.id,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
            "tenant_id": row.tenant_id,
            "status": row.status,
            "total_plugins": row.total_plugins,
            "completed_plugins": row.completed_plugins,
            "plugins": row.plugins or [],
        },
        Task,
    )
