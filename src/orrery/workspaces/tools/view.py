"""A tool provider as people see it, whatever its kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from orrery.tools.entity import I18n, ToolEntity

ProviderKind = Literal["builtin", "api", "workflow", "mcp"]


class ProviderView(msgspec.Struct, frozen=True, kw_only=True):
    """``icon`` is an emoji on a colour or an address; ``credentials`` are masked; ``more`` is what only this kind has.

    ``is_authorized``: a tool could be asked now, as far as that can be known without asking.
    """

    kind: ProviderKind
    id: str
    name: str
    author: str
    label: I18n
    description: I18n
    icon: object
    tools: Sequence[ToolEntity]
    is_authorized: bool
    labels: Sequence[str] = ()
    credentials: Mapping[str, object] = {}
    allow_delete: bool = True
    plugin_id: str | None = None
    created_at: datetime | None = None
    more: Mapping[str, object] = {}
