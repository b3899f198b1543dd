"""What a fleet refuses to start with: missing secrets, and secrets that everybody can look up."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from orrery.settings.errors import Problem

PUBLISHED_DEFAULTS = frozenset(
    {
        "sk-9f73s3ljTXVcMT3Blb3ljTqtsKiGHXVcMT3BlbkFJLK7U",
        "difyai123456",
        "dify-sandbox",
        "lYkiYYT6owG+71oLerGzA7GXCgOT++6ovaezWAjpCjf+Sjc3ZtU+qUEi",
        "QaHbTe77CtuXmsfyhR7+vRjI/+XbV1AaFy691iy+kGDv2Jvy0/eAh8Y1",
        "plugin-api-key",
        "inner-api-key",
        "changeme",
        "password",
        "secret",
    }
)
SHORTEST_SECRET_KEY = 16
_LONG_ENOUGH_TO_SEARCH = 12


def refusals(secrets: Mapping[str, str], *, written: Collection[str], required: Collection[str]) -> list[Problem]:
    """The problems that keep a fleet from starting.

    ``secrets`` maps variables to values, ``written`` names those that somebody set (an untouched default that nothing
    uses is no problem), ``required`` names those that must hold a value of their own.
    """
    problems: list[Problem] = []
    for name, value in secrets.items():
        text = _fault(name, value, required=name in required)
        if text and (name in written or name in required):
            mend = f"Set {name} to a value of its own, for example the output of: openssl rand -base64 42"
            problems.append(Problem(name, text, mend))
    return problems


def _fault(name: str, value: str, *, required: bool) -> str:
    if not value:
        return "the secret is not set." if required else ""
    if value in PUBLISHED_DEFAULTS:
        return "the value is a published default that anybody can look up."
    if any(word in value for word in PUBLISHED_DEFAULTS if len(word) >= _LONG_ENOUGH_TO_SEARCH):
        return "the value contains a published default password."
    if name == "SECRET_KEY" and len(value) < SHORTEST_SECRET_KEY:
        return f"the value is shorter than {SHORTEST_SECRET_KEY} characters."
    return ""
