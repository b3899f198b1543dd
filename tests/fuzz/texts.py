"""Templates, selectors and conditions over values of every shape."""

from __future__ import annotations

import json
import random
from typing import Any

import jinja2
import msgspec

from orrery.sandbox.shortcut import TemplateShortcut
from orrery.whole_text import whole_values
from orrery.workflow.conditions import judge, parse_conditions
from orrery.workflow.node import NodeFailure
from orrery.workflow.nodes.assigner_operations import apply, check_operation, checked_value
from orrery.workflow.pool import Pool
from orrery.workflow.segments import ARRAY_TYPES, fits, infer_type, shown_type
from orrery.workflow.template import split_template

from .mutations import ODD_TEXTS, ODD_VALUES, bent_text, bent_tree
from .target import Ready

VALUES: dict[str, Any] = {
    "text": "héllo", "n": 3, "f": 0.1, "yes": True, "none": None, "empty": "", "list": ["a", "b"], "numbers": [1, 2.5], "map": {"k": {"d": [1, {"z": None}]}},
    "file": {"dify_model_identity": "__dify__file__", "type": "image", "filename": "a.png", "url": "http://x/a.png", "extension": ".png", "size": 3}, "mixed": [1, "a", None, {}],
}  # fmt: skip
PIECES = ["{{#", "#}}", "{{", "}}", "#", ".", "a.text", "a.map.k", "a.file.url", "sys.query", "a.none", "a.gone", "env.x", " ", "\n", "é", "😀", "{{#a.text#}}", "{{#a.map.k.d#}}", "a" * 60]  # fmt: skip
OPERATORS = ["contains", "not contains", "start with", "end with", "is", "is not", "empty", "not empty", "in", "not in", "all of", "=", "≠", ">", "<", "≥", "≤", "null", "not null", "exists", "not exists", "like"]  # fmt: skip
OPERATIONS = [
    "over-write",
    "clear",
    "set",
    "append",
    "extend",
    "remove-first",
    "remove-last",
    "+=",
    "-=",
    "*=",
    "/=",
    "odd",
]
TYPES = [
    *sorted(ARRAY_TYPES),
    "string",
    "number",
    "integer",
    "float",
    "object",
    "boolean",
    "secret",
    "file",
    "none",
    "odd",
]


def value_of(dice: random.Random) -> Any:
    choice = dice.randrange(4)
    if choice == 0:
        return dice.choice(list(VALUES.values()))
    if choice == 1:
        return dice.choice(ODD_VALUES)
    return dice.choice(ODD_TEXTS) if choice == 2 else bent_tree(dice, list(VALUES.values()))


class Templates(Ready):
    """Texts with references and conditions with values: a text, a verdict, or an error with the contract's words."""

    name = "templates"
    deadline = 2.0

    def make(self, dice: random.Random) -> bytes:
        text = "".join(dice.choice(PIECES) for _ in range(dice.choice([3, 20, 200]))) * dice.choice([1, 1, 1, 40])
        selector = [dice.choice(["a", "sys", "env", "gone", "", "é"]), dice.choice([*VALUES, "query", "gone", "", "0"])]
        path = [*selector, *(dice.choice(["k", "d", "url", "0", "", "name"]) for _ in range(dice.choice([0, 0, 1, 3])))]
        sub = {
            "logical_operator": dice.choice(["and", "or", None]),
            "conditions": [
                {
                    "key": dice.choice(["name", "size", "extension", "odd"]),
                    "comparison_operator": dice.choice(OPERATORS),
                    "value": value_of(dice),
                }
            ],
        }
        condition = {
            "variable_selector": path,
            "comparison_operator": dice.choice(OPERATORS),
            "value": value_of(dice),
            **({"sub_variable_condition": sub} if dice.random() < 0.3 else {}),
        }
        operation = [
            dice.choice(OPERATIONS),
            dice.choice(TYPES),
            dice.choice(["variable", "constant"]),
            value_of(dice),
            value_of(dice),
        ]
        values = bent_tree(dice, VALUES)
        return json.dumps(
            {"text": text, "path": path, "conditions": [condition], "operation": operation, "values": values}
        ).encode()

    async def check(self, data: bytes) -> None:
        given: Any = whole_values(json.loads(data))
        values = given["values"] if isinstance(given["values"], dict) else {"text": given["values"]}
        pool = Pool(system={"query": "q", **values}, inputs=values)
        pool.put_all("a", values)
        text = given["text"]
        pieces = split_template(text)
        assert "".join(f"{{{{#{piece.text}#}}}}" if piece.is_reference else piece.text for piece in pieces) == text
        pool.render(text)
        for part in pool.parts(text):
            pool.markdown(part)
        found = pool.get(given["path"])
        assert found is None or pool.exists(given["path"])
        infer_type(found)
        try:
            judge(parse_conditions(given["conditions"]), "and", pool)
        except (ValueError, TypeError) as refused:
            assert str(refused)
        operation, kind, source, old, new = given["operation"]
        try:
            check_operation(operation, kind, source)
            value = checked_value(operation, kind, new)
        except NodeFailure as refused:
            assert str(refused)
            return
        if fits(kind, old):
            made = apply(operation, kind, old, value)
            assert fits(shown_type(kind), made) or kind in {"array[any]", "file", "none", "odd"}
            msgspec.json.encode(made)  # it will be stored


WORDS = ["{{", "}}", "{%", "%}", "{#", "#}", "-", " ", "if", "else", "elif", "endif", "for", "in", "endfor", "x", "text", "list", "map.k", "n", "none", "|", "upper", "length", "join(',')", "default('d')", "first",
         "loop.index", "'a'", "1", "2.5", "==", "<", "and", "or", "not", "~", "(", ")", "[0]", "['k']", ".k", "\n", "é", "raw", "endraw", "trim", "replace('a','b')", "last", "is", "defined", "lower", "true", "+", "*"]  # fmt: skip
WHOLE = [
    "{{ text|upper }}", "{% for x in list %}{{ x }}{{ loop.index }}{% endfor %}", "{% if n > 2 %}{{ map.k }}{% else %}-{% endif %}", "{{ none|default('d', true) }}", "{{ list|join('-') }}",
    "{{ map['k']['d'][1].z }}", "{% raw %}{{ x }}{% endraw %}", "{%- for x in map -%} {{ x }} {%- endfor -%}", "{{ 'a' ~ n }}", "{{ text[0] }}{{ list[-1] }}", "{{ missing }}", "{{ n == 3.0 }}",
]  # fmt: skip


class SandboxTemplates(Ready):
    """A template that is rendered in process is rendered as Jinja2 would; all others are left to the sandbox."""

    name = "sandbox-templates"
    deadline = 3.0

    def __init__(self) -> None:
        self._shortcut = TemplateShortcut()

    def make(self, dice: random.Random) -> bytes:
        choice = dice.randrange(3)
        if choice == 0:
            text = "".join(dice.choice(WORDS) for _ in range(dice.randint(1, 20)))
        else:
            parts = [dice.choice(WHOLE) for _ in range(dice.randint(1, 4))]
            text = "".join(bent_text(dice, part) if choice == 1 and dice.random() < 0.6 else part for part in parts)
        return text.encode("utf-8", "replace")

    async def check(self, data: bytes) -> None:
        template = data.decode("utf-8", "replace")
        rendered = self._shortcut.render(template, VALUES)
        if rendered is not None:
            assert rendered == jinja2.Environment(autoescape=False).from_string(template).render(**VALUES)
