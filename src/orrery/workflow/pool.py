"""The variable pool of one run: namespaces of named raw values (workflow.md 2.5).

Namespaces are node ids, ``sys``, ``env``, ``conversation`` and ``rag``. Declared types are kept only where somebody
declared one (conversation, environment and loop variables); all others are inferred when asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast

from orrery.workflow.conversation_writes import ConversationWrite
from orrery.workflow.segments import (
    FileUrl,
    ValueType,
    file_attribute,
    infer_type,
    is_file,
    markdown_of,
    spellings_of,
    text_of,
)
from orrery.workflow.template import split_template


class _Missing:
    """Marks a selector that leads nowhere, since None is a value."""


_MISSING: Final = _Missing()


class Pool:
    """Variables of one run, or of one item of an iteration. Values are shared, never changed in place."""

    def __init__(
        self,
        *,
        inputs: Mapping[str, object] | None = None,
        system: Mapping[str, object] | None = None,
        file_url: FileUrl | None = None,
    ) -> None:
        """``inputs`` are the checked user inputs, ``system`` the ``sys.*`` values by bare name."""
        self.inputs: Mapping[str, object] = dict(inputs or {})
        self._values: dict[str, dict[str, object]] = {"sys": dict(system or {})}
        self._types: dict[tuple[str, str], ValueType] = {}
        self._file_url = file_url
        self._secrets: tuple[tuple[str, str], ...] = ()

    def declare(self, namespace: str, name: str, value_type: ValueType, value: object) -> None:
        """Puts a variable whose type stays, whatever is assigned to it later."""
        self._types[namespace, name] = value_type
        self._values.setdefault(namespace, {})[name] = value
        if value_type == "secret" and isinstance(value, str) and value:
            # Of secrets that hold one another the longer is looked for first.
            known = dict((*self._secrets, *spellings_of(value)))
            self._secrets = tuple(sorted(known.items(), key=lambda item: -len(item[0])))

    def put(self, namespace: str, name: str, value: object) -> None:
        """Puts one value; a declared type stays declared."""
        self._values.setdefault(namespace, {})[name] = value

    def put_all(self, namespace: str, values: Mapping[str, object]) -> None:
        """Puts each output of a finished node."""
        if values:
            held = self._values.get(namespace)
            if held is None:
                self._values[namespace] = dict(values)
            else:
                held.update(values)

    def write(self, write: ConversationWrite) -> None:
        """Does to a conversation variable of this pool what was done to it elsewhere."""
        held = self._values.setdefault("conversation", {})
        held[write.name] = write.on(held.get(write.name))

    def clear(self, namespace: str) -> None:
        """Forgets all values of a namespace."""
        self._values.pop(namespace, None)

    def namespace(self, name: str) -> Mapping[str, object]:
        """The values of a namespace as they are now; empty when there is none."""
        return self._values.get(name, {})

    def fork(self) -> Pool:
        """A pool of its own with the same values, for one item of an iteration."""
        child = Pool(file_url=self._file_url)
        child.inputs = self.inputs
        child._values = {name: dict(values) for name, values in self._values.items()}
        child._types = dict(self._types)
        child._secrets = self._secrets
        return child

    def get(self, selector: Sequence[str]) -> object | None:
        """The value at a selector, None when it leads nowhere (or to null: `exists` tells)."""
        found = self._find(selector)
        return None if found is _MISSING else found

    def exists(self, selector: Sequence[str]) -> bool:
        """Whether a selector leads to a value; null counts."""
        return self._find(selector) is not _MISSING

    def type_of(self, selector: Sequence[str]) -> ValueType:
        """The declared type, or the one inferred from the value."""
        declared = self._types.get((selector[0], selector[1])) if len(selector) == 2 else None
        return declared if declared is not None else infer_type(self.get(selector))

    def render(self, template: str) -> str:
        """The template's text; an unresolved reference leaves its bare path."""
        return "".join(
            piece.text
            if piece.selector is None or (found := self._find(piece.selector)) is _MISSING
            else text_of(found)
            for piece in split_template(template)
        )

    def parts(self, template: str) -> list[object]:
        """The template as values: literals as text, each resolved reference as its raw value."""
        return [
            piece.text if piece.selector is None or (found := self._find(piece.selector)) is _MISSING else found
            for piece in split_template(template)
        ]

    def markdown(self, value: object) -> str:
        """A value as answers show it, with this run's file URLs."""
        return markdown_of(value, self._file_url)

    @property
    def has_secrets(self) -> bool:
        """Whether there is anything to obfuscate."""
        return bool(self._secrets)

    def masked(self, value: object) -> object:
        """A copy of a value in which secrets are obfuscated, for logs and records; the value itself without secrets."""
        if not self._secrets:
            return value
        if isinstance(value, str):
            for spelling, masked in self._secrets:
                value = value.replace(spelling, masked)
            return value
        if isinstance(value, Mapping):
            return {key: self.masked(item) for key, item in cast("Mapping[str, object]", value).items()}
        if isinstance(value, (list, tuple)):
            return [self.masked(item) for item in cast("Sequence[object]", value)]
        return value

    def _find(self, selector: Sequence[str]) -> object:
        depth = len(selector)
        if depth < 2:
            return _MISSING
        values = self._values.get(selector[0])
        if values is None:
            return _MISSING
        found = values.get(selector[1], _MISSING)
        return found if depth == 2 else self._walk(found, selector[2:])

    def _walk(self, found: object, rest: Sequence[str]) -> object:
        if is_file(found):
            attribute = file_attribute(cast("Mapping[str, object]", found), rest[0], self._file_url)
            return _MISSING if attribute is None else attribute
        for key in rest:
            if not isinstance(found, Mapping):
                return _MISSING
            found = cast("Mapping[str, object]", found).get(key, _MISSING)
        return found
