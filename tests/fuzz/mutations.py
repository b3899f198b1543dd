"""Bends bytes, texts and JSON-like trees. All choices come from the dice that are given."""

from __future__ import annotations

import copy
import random
from typing import Any

ODD_TEXTS = [
    "", " ", "\n", "\x00", "\ud83d", "é", "😀" * 3, "﷽", "null", "true", "-1", "1e400", "0x7f", "{{#start.q#}}", "{{#", "#}}", "{{#a.b#}}" * 50, "{{ x }}", "{% for x in y %}",
    "../../etc/passwd", "a" * 300, "sys.query", "start", "__class__", "%s%n", "1-01-01", "!!python/object:x.Y", "&a [*a]", "<<", "☃.☃", "array[string]", "file", "secret",
]  # fmt: skip
ODD_VALUES: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**40, 0.5, -0.0, 1e308, [], {}, [[]], [None], [{}], {"": ""}, {"a": {"b": {"c": []}}}, ["a", 1, None], [["x"] * 3] * 3,
]  # fmt: skip
ODD_BYTES = [b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\r\n\r\n", b"data: ", b"{", b"}", b"[", b"]", b'"', b"\\u0000", b"\\ud800", b"\xf0\x9f\x98", b"9" * 400, b"[" * 300, b"-", b":", b",", b"&a ", b"*a", b"- ", b"  "]  # fmt: skip


def bent_bytes(dice: random.Random, data: bytes, *, most: int = 6) -> bytes:
    """A few random edits: flipped, cut, doubled, moved or inserted pieces."""
    made = bytearray(data)
    for _ in range(dice.randint(1, most)):
        at = dice.randint(0, len(made))
        length = dice.choice([1, 1, 2, 4, 16, 200])
        choice = dice.randrange(6)
        if choice == 0 and made:
            made[min(at, len(made) - 1)] ^= 1 << dice.randrange(8)
        elif choice == 1:
            del made[at : at + length]
        elif choice == 2:
            made[at:at] = made[at : at + length] * dice.choice([1, 2, 30])
        elif choice == 3:
            made[at:at] = dice.choice(ODD_BYTES)
        elif choice == 4:
            made[at : at + length] = dice.randbytes(length)
        else:
            other = dice.randint(0, len(made))
            made[at:at] = made[other : other + length]
    return bytes(made)


def bent_text(dice: random.Random, text: str) -> str:
    return bent_bytes(dice, text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")


def bent_tree(dice: random.Random, tree: Any, *, most: int = 8) -> Any:
    """A copy with a few values replaced, removed, doubled, renamed or moved somewhere else."""
    made = copy.deepcopy(tree)
    for _ in range(dice.randint(1, most)):
        places = list(_places(made))
        if not places:
            return dice.choice(ODD_VALUES)
        holder, key = dice.choice(places)
        choice = dice.randrange(7)
        if choice == 0:
            holder[key] = copy.deepcopy(dice.choice(ODD_VALUES))
        elif choice == 1:
            holder[key] = dice.choice(ODD_TEXTS)
        elif choice == 2:
            del holder[key]
        elif choice == 3:
            other, name = dice.choice(places)
            holder[key] = copy.deepcopy(other[name]) if _has(other, name) and _size(other[name]) < 2000 else None
        elif choice == 4 and isinstance(holder, dict):
            holder[dice.choice([*ODD_TEXTS[:20], str(key).upper(), f"{key}s"])] = holder.pop(key)
        elif choice == 5 and isinstance(holder, list) and len(holder) < 200:
            holder.insert(0, copy.deepcopy(holder[key]))
        elif isinstance(holder[key], str):
            holder[key] = bent_text(dice, holder[key])
        elif isinstance(holder[key], int):
            holder[key] = dice.choice([-holder[key], holder[key] + 1, holder[key] * 1000, str(holder[key])])
    return made


def _places(tree: Any) -> Any:
    """Every (container, key) of a tree; deep ones are found as often as shallow ones."""
    stack = [tree]
    while stack:
        holder = stack.pop()
        if isinstance(holder, dict):
            for key, value in holder.items():
                yield holder, key
                stack.append(value)
        elif isinstance(holder, list):
            for key, value in enumerate(holder):
                yield holder, key
                stack.append(value)


def _has(holder: Any, key: Any) -> bool:
    return key in holder if isinstance(holder, dict) else key < len(holder)


def _size(tree: Any) -> int:
    return 1 + sum(1 for _ in _places(tree))


def cut(dice: random.Random, data: bytes) -> list[bytes]:
    """The bytes in pieces, as a network might deliver them."""
    pieces: list[bytes] = []
    at = 0
    while at < len(data):
        length = dice.choice([1, 1, 2, 3, 7, 50, 1000, 100_000])
        pieces.append(data[at : at + length])
        at += length
    return pieces
