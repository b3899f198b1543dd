"""Turns the text of a variable into its field's type, or says in plain words why that can't be done."""

from __future__ import annotations

import math
from pathlib import Path

from orrery.settings.declare import Declared, SettingValue

_TRUE = frozenset({"true", "1", "yes", "on", "t", "y"})
_FALSE = frozenset({"false", "0", "no", "off", "f", "n"})


class ParseError(Exception):
    """The text does not fit; ``text`` is the problem without the value, ``mend`` what to write."""

    def __init__(self, text: str, mend: str) -> None:
        self.text = text
        self.mend = mend
        super().__init__(f"{text} {mend}")


def counts_as_unset(field: Declared, text: str) -> bool:
    """Whether an empty variable stands for "not set": so for secrets and all that has no empty form."""
    if text.strip():
        return False
    return field.env.secret or field.base in {int, float, bool} or (bool(field.words) and "" not in field.words)


def parse(field: Declared, text: str) -> SettingValue:
    """The value of ``field`` written as ``text``. Raises `ParseError`."""
    if field.base is str:
        return _word(field, text)
    if field.base is tuple:
        return tuple(part for part in (piece.strip() for piece in text.split(",")) if part)
    if field.base is Path:
        return _path(field, text)
    stripped = text.strip()
    if field.base is bool:
        return _boolean(stripped)
    if field.base is int:
        return _whole(field, stripped)
    return _number(field, stripped)


def _word(field: Declared, text: str) -> str | None:
    if not field.words:
        return text if text or not field.optional else None
    for word in field.words:
        if word.lower() == text.strip().lower():
            return word
    allowed = ", ".join(word or "(empty)" for word in field.words)
    raise ParseError("the value is not one of the allowed words.", f"Set it to one of: {allowed}.")


def _path(field: Declared, text: str) -> Path | None:
    if text.strip():
        return Path(text.strip()).expanduser()
    if field.optional:
        return None
    raise ParseError("the path is empty.", "Set it to a path, or remove the variable.")


def _boolean(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ParseError("the value is neither true nor false.", "Set it to true or false.")


def _whole(field: Declared, text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        raise ParseError("the value is not a whole number.", _bounds(field, "a whole number")) from None
    _check_bounds(field, value, "a whole number")
    return value


def _number(field: Declared, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ParseError("the value is not a number.", _bounds(field, "a number")) from None
    if not math.isfinite(value):
        raise ParseError("the value is not a finite number.", _bounds(field, "a number"))
    _check_bounds(field, value, "a number")
    return value


def _check_bounds(field: Declared, value: float, noun: str) -> None:
    env = field.env
    too_small = (env.at_least is not None and value < env.at_least) or (env.above is not None and value <= env.above)
    if too_small or (env.at_most is not None and value > env.at_most):
        raise ParseError("the value is out of range.", _bounds(field, noun))


def _bounds(field: Declared, noun: str) -> str:
    env = field.env
    words: list[str] = []
    if env.at_least is not None:
        words.append(f"at least {env.at_least:g}")
    if env.above is not None:
        words.append(f"above {env.above:g}")
    if env.at_most is not None:
        words.append(f"at most {env.at_most:g}")
    return f"Set it to {noun}{', ' if words else ''}{' and '.join(words)}."
