"""YAML files of a package as typed structs; faults name the file and the field.

Bounded: aliases are counted at every place where they stand, so that a short file can't unfold into a large one. A
null means the same as nothing at all, as it does to those who write such files.
"""

from __future__ import annotations

import math
import re
from typing import TypeVar, cast

import msgspec
import yaml

from orrery.plugins.package.archive import Archive
from orrery.plugins.package.faults import PackageFault

T = TypeVar("T")

MOST_YAML_BYTES = 2 * 1024 * 1024
MOST_YAML_BYTES_TOGETHER = 16 * 1024 * 1024
MOST_VALUES = 200_000
DEEPEST = 64
_MOST_MERGED = 10_000
_LONGEST_INTEGER_BITS = 256
_PLACE = re.compile(r"^(?P<what>.*?) - at `(?P<where>key in )?\$(?P<field>.*)`$", re.DOTALL)
_KEPT_WHOLE = frozenset({"output_schema"})
"""JSON schemas: a null in them says something."""


class _Unfolding(Exception):
    """The file holds too much."""


class _Loader(yaml.CSafeLoader):
    """Times stay texts, and merged mappings stay small."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        super().flatten_mapping(node)
        if len(node.value) > _MOST_MERGED:
            raise _Unfolding


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag != "tag:yaml.org,2002:timestamp"]
    for first, known in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


class Reader:
    """The YAML files of one package. Each is read once, and all together are bounded."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self._seen: set[str] = set()
        self._left = MOST_YAML_BYTES_TOGETHER

    def plain(self, file: str) -> object:
        """The file's values. Raises `PackageFault`."""
        content = self.archive.text(file)
        if file in self._seen:
            raise PackageFault("the file is named twice by others", file=file)
        self._seen.add(file)
        self._left -= len(content)
        if self._left < 0:
            raise PackageFault(f"the package's YAML files are larger than {MOST_YAML_BYTES_TOGETHER} bytes together")
        return read_yaml(file, content)

    def mapping(self, file: str) -> dict[str, object]:
        """The file's values by name. Raises `PackageFault`."""
        return self.struct(file, dict[str, object])

    def struct(self, file: str, kind: type[T]) -> T:
        """The file as ``kind``. Raises `PackageFault`."""
        return as_struct(file, self.plain(file), kind)


def as_struct(file: str, value: object, kind: type[T]) -> T:
    """Plain values as ``kind``. Raises `PackageFault`."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        match = _PLACE.match(str(error))
        if match is None:
            raise PackageFault(str(error), file=file) from error
        field = match["field"].removeprefix(".")
        raise PackageFault(match["what"], file=file, field=field) from error


def read_yaml(file: str, content: bytes) -> object:
    """Plain values without nulls: mappings with text keys, lists, texts, numbers, booleans. Raises `PackageFault`."""
    if len(content) > MOST_YAML_BYTES:
        raise PackageFault(f"the file is larger than {MOST_YAML_BYTES} bytes", file=file)
    try:
        text = content.decode("utf-8-sig")
        loaded: object = yaml.load(text, Loader=_Loader)  # noqa: S506  (a safe loader)
        return _Plain().of(loaded)
    except UnicodeDecodeError as error:
        raise PackageFault("the file is not UTF-8 text", file=file) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise PackageFault(f"the file is not YAML: {_first_line(error)}", file=file) from error
    except _Unfolding as error:
        raise PackageFault(
            f"the file holds more than {MOST_VALUES} values, or is nested deeper than {DEEPEST}", file=file
        ) from error


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


class _Plain:
    """Copies values without nulls, and counts them."""

    def __init__(self) -> None:
        self._left = MOST_VALUES

    def of(self, value: object, depth: int = 0, *, nulls: bool = False) -> object:
        self._left -= 1
        if self._left < 0 or depth > DEEPEST:
            raise _Unfolding
        if isinstance(value, dict):
            known = cast("dict[object, object]", value)
            return {
                _key(key): self.of(inner, depth + 1, nulls=nulls or key in _KEPT_WHOLE)
                for key, inner in known.items()
                if inner is not None or nulls
            }
        if isinstance(value, list):
            return [
                self.of(inner, depth + 1, nulls=nulls)
                for inner in cast("list[object]", value)
                if inner is not None or nulls
            ]
        return _scalar(value)


def _key(key: object) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, bool):
        return "true" if key else "false"
    if key is None or isinstance(key, int | float):
        return "null" if key is None else str(key)
    raise yaml.YAMLError("a key is no text")


def _scalar(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        raise yaml.YAMLError("a number is infinite or none at all")
    if isinstance(value, int) and value.bit_length() > _LONGEST_INTEGER_BITS:
        raise yaml.YAMLError("a number is too long")
    if isinstance(value, str) and not value.isascii():
        value.encode()  # half of a pair of surrogates is no text: ValueError
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise yaml.YAMLError(f"a value of the kind {type(value).__name__} means nothing here")
