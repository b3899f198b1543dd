"""Values that a chart lets people change. Plain manifests take the default; a chart takes a reference to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol, cast

Object = dict[str, object]
"""One object of a cluster, or a part of one."""

_TOKEN = re.compile(
    r"^(?P<lead>(?P<indent> *)(?:- )?.*?)'?@@(?P<kind>[a-z]+):(?P<path>[A-Za-z0-9_.]+)@@'?(?P<rest>.*)$", re.MULTILINE
)
_FILTERS = {"text": " | quote", "number": ""}


class Slots(Protocol):
    """Gives the value that stands in an object for ``path`` of the chart's values."""

    def __call__(self, path: str, default: object) -> object: ...


def fixed(path: str, default: object) -> object:  # noqa: ARG001  (a plain manifest has no paths)
    """The slots of plain manifests."""
    return default


class ChartSlots:
    """Gathers ``values`` of a chart while its objects are built."""

    def __init__(self) -> None:
        self.values: Object = {}

    def __call__(self, path: str, default: object) -> object:
        place = self.values
        *parents, last = path.split(".")
        for parent in parents:
            place = cast("Object", place.setdefault(parent, {}))
        place[last] = default
        kind = "block" if isinstance(default, Mapping | list) else "text" if isinstance(default, str) else "number"
        return f"@@{kind}:{path}@@"


def with_references(text: str) -> str:
    """The YAML ``text`` with what `ChartSlots` gave turned into the chart's template expressions."""
    return _TOKEN.sub(_reference, text)


def _reference(match: re.Match[str]) -> str:
    path, kind = match["path"], match["kind"]
    if kind == "block":
        indent = len(match["indent"]) + 2
        return f"{match['lead'].rstrip()} {{{{- toYaml .Values.{path} | nindent {indent} }}}}"
    return f"{match['lead']}{{{{ .Values.{path}{_FILTERS[kind]} }}}}{match['rest']}"
