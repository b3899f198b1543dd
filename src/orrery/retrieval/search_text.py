"""Texts as full text search reads them: one tokeniser for every store, without dictionaries (knowledge.md 2.6, 9.4).

Text is brought to compatibility form and lower case. Words of spaced scripts are terms as they stand; scripts that put
no spaces between words give overlapping pairs of characters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from unicodedata import normalize

from orrery.retrieval.stop_words import CHINESE, CHINESE_PARTICLES, ENGLISH

LONGEST_TERM = 64
"""Characters; what is longer is no word, and found by its beginning."""

_HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_KANA = "\u3040-\u30ff\u31f0-\u31ff"
_HANGUL = "\uac00-\ud7af"
_SOUTH_EAST = "\u0e00-\u0e4e\u0e80-\u0ecd\u1000-\u1049\u1780-\u17d3"  # Thai, Lao, Burmese, Khmer
_UNSPACED = _HAN + _KANA + _HANGUL + _SOUTH_EAST
# vowels of the scripts of India and marks of Arabic are no \w, but part of their words
_MARKS = "\u0300-\u036f\u064b-\u065f\u0900-\u0963\u0966-\u0dff"
_RUN = re.compile(f"(?P<unspaced>[{_UNSPACED}]+)|(?:[^\\W{_UNSPACED}]|[{_MARKS}])+")
_ONLY_KANA = re.compile(f"[{_KANA}]+")


def terms(text: str) -> list[str]:
    """Every term in the order of the text, repeated ones too; the query goes through the same function."""
    return list(_terms(text))


def keywords(text: str, limit: int | None) -> list[str]:
    """The terms that say most about a text: frequent ones first, words that say nothing left out, each once.

    With None all of them.
    """
    counts = Counter(term for term in _terms(text) if _says_something(term))
    return [term for term, _ in counts.most_common(limit)]  # those equally frequent as they come in the text


def keyword_terms(given: Iterable[str]) -> list[str]:
    """Keywords as the index keeps them: each as it is written, in lower case, and the words of which it is made."""
    found: dict[str, None] = {}
    for keyword in given:
        whole = normalize("NFKC", keyword).lower().strip()[:LONGEST_TERM]
        if not whole:
            continue
        found[whole] = None
        parts = [run[0] for run in _RUN.finditer(whole)]
        if len(parts) > 1:
            found.update((part, None) for part in parts if _says_something(part))
    return list(found)


def _terms(text: str) -> Iterator[str]:
    for run in _RUN.finditer(normalize("NFKC", text).lower()):
        found = run[0]
        if run.lastgroup is None:
            yield found[:LONGEST_TERM]
        elif len(found) == 1:
            yield found
        else:
            for start in range(len(found) - 1):
                yield found[start : start + 2]


def _says_something(term: str) -> bool:
    if term in ENGLISH or term in CHINESE or not CHINESE_PARTICLES.isdisjoint(term):
        return False
    if len(term) == 1:
        return not term.isascii() and not _ONLY_KANA.fullmatch(term) and term.isalpha()
    return not _ONLY_KANA.fullmatch(term) or any("\u30a0" <= c <= "\u30ff" for c in term)
