"""Texts made clean before they are split (knowledge.md 2.3). Every pattern is linear in the text's length."""

from __future__ import annotations

import re

from orrery.retrieval.rules import ProcessRule

# control characters, U+FFFE, and lone surrogates, which no database and no hash takes
_NEVER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\ud800-\udfff]")
_BLANK_LINES = re.compile(r"\n{3,}")
_BLANKS = re.compile("[\t\f\r \u00a0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000]{2,}")
# the look-behind lets a match begin only where a run begins: without it a long word costs its square
_EMAIL = re.compile(r"(?<![a-zA-Z0-9_.+-])[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9.-]+")
_URL = re.compile(r"(\]\(https?://[^)\s]*)|https?://\S+")

_LINK = re.compile(r"\[[^\]]+\]\(https?://[^)]+\)")
_LEADING = (
    "[]\"#$%&'()*+,./:;<=>?@^_`~"
    + "".join(map(chr, [*range(0x2000, 0x2026), *range(0x2027, 0x2070), *range(0x2E00, 0x2E80)]))
    + "".join(map(chr, [*range(0x3000, 0x3010), *range(0x3011, 0x3040)]))
)


def storable(text: str) -> str:
    """Without the characters that can't be stored, all else untouched."""
    return _NEVER.sub("", text)


def cleaned(text: str, rule: ProcessRule) -> str:
    """One unit of a document as the rule wants it; addresses inside of Markdown links and images stay."""
    text = storable(text.replace("<|", "<").replace("|>", ">"))
    if rule.remove_extra_spaces:
        text = _BLANKS.sub(" ", _BLANK_LINES.sub("\n\n", text))
    if rule.remove_urls_emails:
        text = _URL.sub(_kept, _EMAIL.sub("", text))
    return text


def without_leading_marks(chunk: str) -> str:
    """A chunk of a general document without the punctuation it begins with, unless that opens a Markdown link."""
    # the pattern is tried at the first character only
    return chunk if _LINK.match(chunk) else chunk.lstrip(_LEADING)


def without_leading_stop(chunk: str) -> str:
    """A parent or child chunk without the full stop that it begins with."""
    return chunk[1:] if chunk.startswith((".", "。")) else chunk


def _kept(found: re.Match[str]) -> str:
    return found[1] or ""
