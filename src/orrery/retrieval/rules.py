"""Process rules: how a document is cleaned and split, as clients send them (knowledge.md 2.2).

All lengths are characters: ``max_tokens`` is the contract's name for the most characters of a chunk.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, TypeAlias, TypeGuard, cast

import msgspec

from orrery.errors import InvalidParam

Mode: TypeAlias = Literal["automatic", "custom", "hierarchical"]
ParentMode: TypeAlias = Literal["paragraph", "full-doc"]
Form: TypeAlias = Literal["text_model", "hierarchical_model"]

_SHORTEST = 50
_CLEANING = ("remove_extra_spaces", "remove_urls_emails", "remove_stopwords")
_ESCAPE = re.compile(r"\\(?:[abfnrtv0'\"\\]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U000[0-9a-fA-F]{5}|U0010[0-9a-fA-F]{4})")


class BadRule(InvalidParam):
    """The process rule can't be followed; the message names the part."""


class Segmentation(msgspec.Struct, frozen=True):
    """``separator`` is the text itself, its escapes already read; ``max_tokens`` and ``chunk_overlap`` in characters."""

    separator: str = "\n"
    max_tokens: int = 500
    chunk_overlap: int = 0


class ProcessRule(msgspec.Struct, frozen=True):
    """``segmentation`` is None only where the whole document is one parent; ``subchunks`` where there are no children."""

    mode: Mode
    remove_extra_spaces: bool = False
    remove_urls_emails: bool = False
    segmentation: Segmentation | None = None
    parent_mode: ParentMode = "paragraph"
    subchunks: Segmentation | None = None


AUTOMATIC = ProcessRule(
    mode="automatic",
    remove_extra_spaces=True,
    segmentation=Segmentation("\n", 500, 50),
    # the contract has no children's rule for this mode; this is the one that its pages propose
    subchunks=Segmentation("\n", 512, 0),
)


def read_rule(stored: object, *, longest: int, form: str | None = None) -> ProcessRule:
    """The rule that a client sent or a row holds, ``{"mode": ..., "rules": {...}}``.

    ``longest`` is the most characters that a chunk may have (INDEXING_MAX_SEGMENTATION_TOKENS_LENGTH). With ``form``
    the rule must also have what documents of that form need. Raises `BadRule` with the contract's text.
    """
    if not _is_object(stored) or not stored:
        raise _bad("Process rule is required")
    mode = stored.get("mode")
    if not mode:
        raise _bad("Process rule mode is required")
    if mode == "automatic":
        return AUTOMATIC
    if mode not in ("custom", "hierarchical"):
        raise _bad("Process rule mode is invalid")
    rules = stored.get("rules")
    if not _is_object(rules) or not rules:
        raise _bad("Process rule rules is required")
    cleaning = _cleaning(rules.get("pre_processing_rules"))
    parent_mode = _parent_mode(rules.get("parent_mode")) if mode == "hierarchical" else "paragraph"
    is_whole = parent_mode == "full-doc"
    segmentation = _segmentation(rules.get("segmentation"), "segmentation", longest, is_whole=is_whole)
    subchunks = None
    if mode == "hierarchical" or rules.get("subchunk_segmentation"):
        subchunks = _segmentation(rules.get("subchunk_segmentation"), "subchunk_segmentation", longest)
    rule = ProcessRule(
        mode="hierarchical" if mode == "hierarchical" else "custom",
        remove_extra_spaces="remove_extra_spaces" in cleaning,
        remove_urls_emails="remove_urls_emails" in cleaning,
        segmentation=segmentation,
        parent_mode=parent_mode,
        subchunks=subchunks,
    )
    if form is not None:
        require_form(rule, form)
    return rule


def require_form(rule: ProcessRule, form: str) -> None:
    """Raises `BadRule` unless the rule says all that documents of this form need."""
    if form == "text_model":
        if rule.segmentation is None:
            raise _bad("Process rule parent_mode full-doc needs doc_form hierarchical_model")
    elif form == "hierarchical_model":
        if rule.subchunks is None:
            raise _bad("Process rule subchunk_segmentation is required")
    else:
        raise InvalidParam(f"doc_form {form} can't be split here", params="doc_form")


def unescaped(separator: str) -> str:
    r"""Backslash escapes read (``\n``, ``\t``, ``\u3002`` …); every other character stays as it is, 。 among them."""
    return _ESCAPE.sub(lambda m: m[0].encode().decode("unicode_escape"), separator)


def _cleaning(found: object) -> set[str]:
    if not isinstance(found, (list, tuple)):
        raise _bad("Process rule pre_processing_rules is required")
    wanted: set[str] = set()
    for entry in cast("list[object]", found):
        name = entry.get("id") if _is_object(entry) else None
        if not _is_object(entry) or not name:
            raise _bad("Process rule pre_processing_rules id is required")
        if name not in _CLEANING:
            raise _bad("Process rule pre_processing_rules id is invalid")
        enabled = entry.get("enabled")
        if not isinstance(enabled, bool):
            raise _bad("Process rule pre_processing_rules enabled is invalid")
        if enabled:
            wanted.add(str(name))
    return wanted


def _parent_mode(found: object) -> ParentMode:
    if found is None or found == "paragraph":
        return "paragraph"
    if found != "full-doc":
        raise _bad("Process rule parent_mode is invalid")
    return "full-doc"


def _segmentation(found: object, name: str, longest: int, *, is_whole: bool = False) -> Segmentation | None:
    """None where the document stays whole, so that the lengths say nothing."""
    if not _is_object(found) or not found:
        if is_whole:
            return None
        raise _bad(f"Process rule {name} is required")
    # the contract's own defaults are written with ``delimiter``
    separator = found["separator"] if "separator" in found else found.get("delimiter", "\n")
    if not separator:
        raise _bad(f"Process rule {name} separator is required")
    if not isinstance(separator, str):
        raise _bad(f"Process rule {name} separator is invalid")
    if is_whole:
        return None
    length, overlap = found.get("max_tokens"), found.get("chunk_overlap")
    if not length:
        raise _bad(f"Process rule {name} max_tokens is required")
    if not _is_number(length):
        raise _bad(f"Process rule {name} max_tokens is invalid")
    if overlap is None:
        overlap = 0
    if not _is_number(overlap) or overlap < 0:
        raise _bad(f"Process rule {name} chunk_overlap is invalid")
    if not _SHORTEST <= length <= longest:
        raise _bad(f"Custom segment length should be between {_SHORTEST} and {longest}.")
    if overlap > length:
        raise _bad(f"Got a larger chunk overlap ({overlap}) than chunk size ({length}), should be smaller.")
    return Segmentation(unescaped(separator), length, overlap)


def _is_object(value: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(value, Mapping)


def _is_number(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _bad(message: str) -> BadRule:
    return BadRule(message, params="process_rule")
