"""The values that one node is tried out with: what the caller gave, else what is known from earlier runs.

workflow.md 7.3: each variable that the node reads is taken from ``inputs["<node>.<key>"]`` or ``inputs["<key>"]``,
where key is the node's own name for it, else from draft variables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from orrery.errors import InvalidParam
from orrery.workflow.fields import as_list, as_mapping
from orrery.workflow.node_inputs import NodeInput, named
from orrery.workflow.pool import Pool

FileReader: TypeAlias = Callable[[Mapping[str, object]], object]
"""Makes a file value of the mapping that a caller sends."""

_SYSTEM_INPUTS = ("query", "files")


class MissingInput(InvalidParam):
    """A variable that nobody gave; the text is the contract's."""


class SingleInputs:
    """What the caller gave, by the names that callers use."""

    def __init__(self, inputs: Mapping[str, object], read_file: FileReader | None = None) -> None:
        self._inputs, self._read_file = inputs, read_file

    def fill(self, pool: Pool, owner_id: str, wanted: Iterable[tuple[str, NodeInput]]) -> None:
        """Puts a value for everything wanted, (node id, input), that the pool lacks. Raises `MissingInput`.

        ``owner_id`` is the node that is tried out: of a container, its inner nodes' inputs come with their own ids.
        """
        for node_id, item in wanted:
            if len(item.selector) < 2:
                continue
            found, value = self._given(owner_id, node_id, item)
            if found and value is not None and item.selector[0] != "env":
                _put(pool, item.selector, self._converted(value))
            elif not found and not pool.exists(item.selector) and not _may_lack(item):
                raise MissingInput(f"Variable key {node_id}.{item.key} not found in user inputs.")

    def _given(self, owner_id: str, node_id: str, item: NodeInput) -> tuple[bool, object]:
        reference = named(item.selector)
        for name in (
            f"{node_id}.{item.key}",
            f"{owner_id}.{node_id}.{item.key}",
            item.key,
            f"{node_id}.{reference}",
            reference,
            ".".join(item.selector),
        ):
            if name in self._inputs:
                return True, self._inputs[name]
        return False, None

    def _converted(self, value: object) -> object:
        if self._read_file is None:
            return value
        if _is_file_mapping(value):
            return self._read_file(as_mapping(value))
        items = as_list(value)
        if items and all(_is_file_mapping(item) for item in items):
            return [self._read_file(as_mapping(item)) for item in items]
        return value


def _may_lack(item: NodeInput) -> bool:
    """Whether the node is tried out without it. What has a name of its own is asked for, even if a run goes without."""
    return item.optional and item.key == named(item.selector)


def _is_file_mapping(value: object) -> bool:
    fields = as_mapping(value)
    return "type" in fields and "transfer_method" in fields and "dify_model_identity" not in fields


def _put(pool: Pool, selector: tuple[str, ...], value: object) -> None:
    """Puts a value at a selector; a path into an object keeps the object's other fields."""
    namespace, name, *rest = selector
    for depth in range(len(rest), 0, -1):
        around = pool.get(selector[: 1 + depth])
        value = {**as_mapping(around), rest[depth - 1]: value}
    pool.put(namespace, name, value)


def known_pool(
    inputs: Mapping[str, object], draft_values: Mapping[str, Mapping[str, object]], around: Pool | None
) -> Pool:
    """A pool of what is known before: ``around`` holds env, conversation and sys, drafts come by namespace and name.

    A chat app's ``query`` and ``files`` are read from ``sys``, so that callers may give them by their plain names.
    """
    pool = Pool() if around is None else around.fork()
    for namespace, values in draft_values.items():
        pool.put_all(namespace, values)
    for name in _SYSTEM_INPUTS:
        for key in (f"sys.{name}", f"#sys.{name}#"):
            if key in inputs:
                pool.put("sys", name, inputs[key])
    return pool
