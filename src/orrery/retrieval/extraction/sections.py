"""Markdown by its sections (knowledge.md 3.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orrery.retrieval.extraction.unit import Unit

_HEADING = re.compile(r"#+\s")
_TAG = re.compile(r"<!--.*?-->|</?[A-Za-z][^<>]*>", re.DOTALL)
_FENCE = "```"


def sections_of(text: str) -> Iterator[Unit]:
    """A unit for what stands before the first heading, and one for each heading with what follows it.

    Headings lose their hashes, bodies their HTML tags; inside of fences everything stays.
    """
    heading = ""
    body: list[str] = []
    open_fence = False
    for line in text.splitlines():
        fence = line.startswith(_FENCE)
        if _HEADING.match(line) and not open_fence:
            yield _section(heading, body)
            heading, body = line.replace("#", "").strip(), []
        else:
            body.append(line)
        open_fence ^= fence
    yield _section(heading, body)


def _section(heading: str, lines: list[str]) -> Unit:
    body = "".join(_without_tags(lines)).strip()
    return Unit("\n".join(part for part in (heading, body) if part))


def _without_tags(lines: list[str]) -> Iterator[str]:
    """The text in runs, those between fences as they are."""
    run: list[str] = []
    inside = False
    for line in lines:
        if line.startswith(_FENCE):
            if not inside:
                yield _TAG.sub("", "".join(run))
                run = []
            run.append(f"{line}\n")
            if inside:
                yield "".join(run)
                run = []
            inside = not inside
        else:
            run.append(f"{line}\n")
    yield "".join(run) if inside else _TAG.sub("", "".join(run))
