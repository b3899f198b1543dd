"""Settings by the name of their variable: what switches and cron expressions of schedules refer to."""

from __future__ import annotations

from collections.abc import Iterable

from orrery.settings.declare import Group, SettingValue, declared


def setting_values(groups: Iterable[Group]) -> dict[str, SettingValue]:
    """Every variable of ``groups`` with its value; secrets are left out."""
    return {
        one.env.name: getattr(group, one.field)
        for group in groups
        for one in declared(type(group))
        if not one.env.secret
    }
