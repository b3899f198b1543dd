"""Evaluates a parsed template over plain JSON values, step by counted step (reliability.md 1.3, template shortcut)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias, cast

from jinja2 import nodes

from orrery.sandbox.template_filters import FILTERS

_COMPARISONS: Mapping[str, Callable[[object, object], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "in": lambda a, b: a in cast("Sequence[object]", b),
    "notin": lambda a, b: a not in cast("Sequence[object]", b),
}
_ORDERS: Mapping[str, Callable[[float, float], bool]] = {
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}
# copying or searching this much text takes about as long as one step
_CHARACTERS_PER_STEP = 256
_LOOP_FIELDS = frozenset({"index", "index0", "revindex", "revindex0", "first", "last", "length"})
_SCALARS = (str, int, float, bool, type(None))
# names that dict itself has (items, keys, ...): Jinja2 would find the method
_DICT_MEMBERS = frozenset(dir(dict))
# Jinja2's own globals: a template that names one means the function
_GLOBALS = frozenset({"range", "dict", "lipsum", "cycler", "joiner", "namespace", "self", "super", "caller", "varargs"})
_KNOWN_NODES = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem),
    *(nodes.If, nodes.For, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr),
    *(nodes.Filter, nodes.Concat, nodes.Neg),
)


Container: TypeAlias = dict[object, object] | list[object]


class Unsupported(Exception):
    """The sandbox has to render this: it is beyond the subset, beyond a limit, or an error."""


class _Missing:
    """An undefined name or member: prints as nothing, is false and empty; anything else is an error."""


MISSING = _Missing()


def check_supported(template: nodes.Template) -> None:
    """Raises Unsupported if any part of the template is outside the subset, even one that may not be reached."""
    for node in [template, *template.find_all(nodes.Node)]:
        if not isinstance(node, _KNOWN_NODES):
            raise Unsupported(type(node).__name__)
        match node:
            case nodes.Name(name=name):
                supported = name not in _GLOBALS
            case nodes.For(target=nodes.Name(name=name), test=None, recursive=False):
                supported = name != "loop"
            case nodes.For():
                supported = False
            case nodes.Filter(name=name, args=args, kwargs=[], dyn_args=None, dyn_kwargs=None) if name in FILTERS:
                fewest, most, _ = FILTERS[name]
                supported = node.node is not None and fewest <= len(args) <= most
            case nodes.Filter():
                supported = False
            case nodes.Neg():
                supported = isinstance(node.node, nodes.Const) and type(node.node.value) in {int, float}
            case nodes.Compare(ops=ops):
                supported = all(op.op in _COMPARISONS or op.op in _ORDERS for op in ops)
            case _:
                supported = True
        if not supported:
            raise Unsupported(type(node).__name__)


class Evaluation:
    """One rendering. Values come from ``inputs``; whatever is touched must be plain JSON data."""

    def __init__(self, inputs: Mapping[str, object], *, steps: int, size: int) -> None:
        self._steps, self._size = steps, size
        self._scopes: list[Mapping[str, object]] = [inputs]
        self._out: list[str] = []

    def render(self, template: nodes.Template) -> str:
        """Raises Unsupported."""
        self._run(template.body)
        return "".join(self._out)

    def _step(self, count: int = 1) -> None:
        self._steps -= count
        if self._steps < 0:
            msg = "too many steps"
            raise Unsupported(msg)

    def _write(self, text: str) -> None:
        self._size -= len(text)
        if self._size < 0:
            msg = "too long"
            raise Unsupported(msg)
        self._out.append(text)

    def _run(self, body: Sequence[nodes.Node]) -> None:
        for node in body:
            self._step()
            match node:
                case nodes.Output():
                    for part in node.nodes:
                        self._write(part.data if isinstance(part, nodes.TemplateData) else self._text(part))
                case nodes.If():
                    self._run_if(node)
                case nodes.For():
                    self._run_for(node)
                case _:
                    raise Unsupported(type(node).__name__)

    def _run_if(self, node: nodes.If) -> None:
        for branch in (node, *node.elif_):
            if self._truth(self._value(branch.test)):
                self._run(branch.body)
                return
        self._run(node.else_)

    def _run_for(self, node: nodes.For) -> None:
        items = self._items(self._value(node.iter))
        name = cast("nodes.Name", node.target).name
        for index, item in enumerate(items):
            self._step()
            loop = {
                "index": index + 1, "index0": index, "revindex": len(items) - index,
                "revindex0": len(items) - index - 1, "first": index == 0, "last": index == len(items) - 1,
                "length": len(items),
            }  # fmt: skip
            self._scopes.append({"loop": _Loop(loop), name: item})
            self._run(node.body)
            self._scopes.pop()
        if not items:
            self._run(node.else_)

    def _items(self, value: object) -> list[object]:
        if isinstance(value, _Missing):
            return []
        if type(value) in {list, str, dict}:
            items = cast("Sequence[object]", value)
            self._step(len(items))
            return list(items)
        msg = "not a plain sequence"
        raise Unsupported(msg)

    def _value(self, node: nodes.Node) -> object:
        self._step()
        match node:
            case nodes.Const(value=value):
                return _plain(value)
            case nodes.Name(name=name):
                return self._look_up(name)
            case nodes.Getattr():
                return self._attribute(self._value(node.node), node.attr)
            case nodes.Getitem():
                return self._item(self._value(node.node), self._value(node.arg))
            case nodes.Not():
                return not self._truth(self._value(node.node))
            case nodes.And():
                left = self._value(node.left)
                return self._value(node.right) if self._truth(left) else left
            case nodes.Or():
                left = self._value(node.left)
                return left if self._truth(left) else self._value(node.right)
            case nodes.CondExpr():
                return self._choice(node)
            case nodes.Concat():
                return self._concatenated(node)
            case nodes.Neg(node=nodes.Const(value=value)):
                return -value
            case nodes.Compare():
                return self._compare(node)
            case nodes.Filter():
                return self._filter(node)
            case _:
                raise Unsupported(type(node).__name__)

    def _look_up(self, name: str) -> object:
        for scope in reversed(self._scopes):
            if name in scope:
                return _plain(scope[name])
        return MISSING

    def _attribute(self, owner: object, name: str) -> object:
        if isinstance(owner, _Loop):
            if name in _LOOP_FIELDS:
                return owner.fields[name]
        elif type(owner) is dict and name not in _DICT_MEMBERS:
            return _plain(cast("dict[str, object]", owner).get(name, MISSING))
        msg = f"attribute {name}"
        raise Unsupported(msg)

    def _item(self, owner: object, key: object) -> object:
        owner_kind = type(owner)
        if owner_kind is dict and isinstance(key, str):
            found = cast("dict[str, object]", owner)
            if key in found:
                return _plain(found[key])
            if key not in _DICT_MEMBERS:
                return MISSING
        elif owner_kind in {list, str} and isinstance(key, int) and not isinstance(key, bool):
            sequence = cast("Sequence[object]", owner)
            return _plain(sequence[key]) if -len(sequence) <= key < len(sequence) else MISSING
        msg = "item"
        raise Unsupported(msg)

    def _concatenated(self, node: nodes.Concat) -> str:
        parts: list[str] = []
        room = self._size
        for inner in node.nodes:
            parts.append(self._text(inner))
            room -= len(parts[-1])
            self._weigh(parts[-1])
            if room < 0:
                msg = "too long"
                raise Unsupported(msg)
        return "".join(parts)

    def _choice(self, node: nodes.CondExpr) -> object:
        if self._truth(self._value(node.test)):
            return self._value(node.expr1)
        return MISSING if node.expr2 is None else self._value(node.expr2)

    def _compare(self, node: nodes.Compare) -> bool:
        left = self._value(node.expr)
        for operand in node.ops:
            right = self._value(operand.expr)
            if not self._holds(operand.op, left, right):
                return False
            left = right
        return True

    def _holds(self, name: str, left: object, right: object) -> bool:
        if isinstance(left, (_Missing, _Loop)) or isinstance(right, (_Missing, _Loop)):
            msg = "comparison with undefined"
            raise Unsupported(msg)
        if name in _ORDERS:
            numbers = isinstance(left, (int, float)) and isinstance(right, (int, float))
            if not numbers and not (isinstance(left, str) and isinstance(right, str)):
                msg = "order"
                raise Unsupported(msg)
            return _ORDERS[name](cast("float", left), cast("float", right))
        self._weigh(left)
        self._weigh(right)
        inside, outside = type(left), type(right)
        text_in_text_or_dict = inside is str and outside in {str, dict}
        if name in {"in", "notin"} and outside is not list and not text_in_text_or_dict:
            msg = "membership"
            raise Unsupported(msg)
        return _COMPARISONS[name](left, right)

    def _filter(self, node: nodes.Filter) -> object:
        value = self._value(cast("nodes.Expr", node.node))
        if isinstance(value, _Loop):
            msg = "loop as a value"
            raise Unsupported(msg)
        arguments = [self._value(argument) for argument in node.args]
        if any(isinstance(a, (_Missing, _Loop)) for a in arguments):
            msg = "undefined argument"
            raise Unsupported(msg)
        if isinstance(value, _Missing):
            if node.name in {"default", "d"}:
                return arguments[0] if arguments else ""
            if node.name not in {"upper", "lower", "trim", "string"} or arguments:
                msg = "undefined in a filter"
                raise Unsupported(msg)
            value = ""
        self._weigh(value)
        result = FILTERS[node.name][2](value, *arguments)
        if result is NotImplemented:
            raise Unsupported(node.name)
        return self._made(result)

    def _truth(self, value: object) -> bool:
        if isinstance(value, _Loop):
            msg = "loop as a value"
            raise Unsupported(msg)
        return not isinstance(value, _Missing) and bool(value)

    def _text(self, node: nodes.Node) -> str:
        value = self._value(node)
        if isinstance(value, _Missing):
            return ""
        if type(value) is str:
            return value
        if isinstance(value, _Loop):
            msg = "loop as a value"
            raise Unsupported(msg)
        self._weigh(value)
        try:
            return str(value)
        except ValueError as error:
            raise Unsupported(str(error)) from error

    def _made(self, value: object) -> object:
        """A value that an operation has built: what it cost is counted."""
        self._weigh(value)
        return _plain(value)

    def _weigh(self, value: object) -> None:
        """Counts what lies in a value and sees that all of it is plain."""
        if type(value) is str:
            self._step(len(value) // _CHARACTERS_PER_STEP)
        elif type(value) not in _SCALARS:
            for inner in _walk(cast("Container", value)):
                self._step()
                if type(inner) is str:
                    self._step(len(inner) // _CHARACTERS_PER_STEP)
                elif inner != inner:  # noqa: PLR0124  NaN: whether a list holds it depends on which object it is
                    msg = "NaN in a container"
                    raise Unsupported(msg)
                _plain(inner)


class _Loop:
    """The ``loop`` of a for: only its fields exist here."""

    def __init__(self, fields: Mapping[str, object]) -> None:
        self.fields = fields


def _plain(value: object) -> object:
    """The value, if it is what JSON would have made of it. Raises Unsupported."""
    kind = type(value)
    if kind in _SCALARS or kind is list or kind in {dict, _Missing, _Loop}:
        return value
    raise Unsupported(kind.__name__)


def _walk(value: Container, depth: int = 0) -> Iterator[object]:
    if depth > 50:
        msg = "too deep"
        raise Unsupported(msg)
    if isinstance(value, dict) and any(type(key) is not str for key in value):
        msg = "key"
        raise Unsupported(msg)
    for inner in value.values() if isinstance(value, dict) else value:
        yield inner
        if isinstance(inner, (dict, list)):
            yield from _walk(cast("Container", inner), depth + 1)
