r"""Reads ``.env`` files in the dialect that Compose and shells share.

``NAME=value``, optionally after ``export``; single quotes keep the text as it is, double quotes know ``\n \t \" \\
\$``, unquoted values end at `` #``; ``$NAME``, ``${NAME}`` and ``${NAME:-fallback}`` are replaced outside single quotes
by values of the environment or of earlier lines. Quoted values may span lines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_LINE = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_.]*)[ \t]*=[ \t]*"""
    r"""(?:'(?P<single>[^']*)'|"(?P<double>(?:\\.|[^"\\])*)"|(?P<plain>[^\r\n]*))[^\r\n]*(?=[\r\n]|\Z)""",
    re.MULTILINE | re.DOTALL,
)
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_REFERENCE = re.compile(
    r"\\(?P<escaped>[nrt\"\\$'])|\$(?:\{(?P<braced>[A-Za-z_]\w*)(?::?-(?P<fallback>[^}]*))?\}|(?P<bare>[A-Za-z_]\w*))"
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def read_dotenv(text: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of ``text`` in order; a later line replaces an earlier one. Lines of no known form are skipped."""
    values: dict[str, str] = {}
    for match in _LINE.finditer(text):
        known = {**values, **environ}
        single, double = match["single"], match["double"]
        if single is not None:
            value = single
        elif double is not None:
            value = _expand(double, known, escapes=True)
        else:
            value = _expand(_COMMENT.sub("", match["plain"]).strip(), known, escapes=False)
        values[match["name"]] = value
    return values


def write_dotenv(values: Mapping[str, str]) -> str:
    """Lines that `read_dotenv` gives back unchanged."""
    return "".join(f'{name}="{_escape(value)}"\n' for name, value in values.items())


def _escape(value: str) -> str:
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("$", "\\$"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        value = value.replace(plain, escaped)
    return value


def _expand(text: str, known: Mapping[str, str], *, escapes: bool) -> str:
    def replace(match: re.Match[str]) -> str:
        escaped = match["escaped"]
        if escaped is not None:
            return _ESCAPES.get(escaped, escaped) if escapes else match[0]
        return known.get(match["braced"] or match["bare"], "") or match["fallback"] or ""

    return _REFERENCE.sub(replace, text)
