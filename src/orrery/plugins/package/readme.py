"""The texts for people: ``README.md`` in English, ``readme/README_<language>.md`` in others (1.1)."""

from __future__ import annotations

import re

from orrery.plugins.package.archive import Archive
from orrery.plugins.package.faults import PackageFault

ENGLISH = "en_US"
MOST_BYTES = 1024 * 1024
_OTHERS = re.compile(r"readme/README_([a-z]{2}_[A-Za-z]{2,8})\.md", re.ASCII)


def readmes_of(archive: Archive) -> dict[str, str]:
    """The texts by language. Raises `PackageFault` for one that is no text."""
    found: dict[str, str] = {}
    for path, content in archive.files.items():
        match = _OTHERS.fullmatch(path)
        language = ENGLISH if path == "README.md" else match[1] if match else ""
        if not language:
            continue
        if len(content) > MOST_BYTES:
            raise PackageFault(f"the file is larger than {MOST_BYTES} bytes", file=path)
        try:
            found[language] = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise PackageFault("the file is not UTF-8 text", file=path) from error
    return found
