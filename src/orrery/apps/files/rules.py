"""Which files a form field or an app takes (workflow.md 1.6, 1.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import msgspec

DEFAULT_MOST = 3


class FileRules(msgspec.Struct, frozen=True, kw_only=True):
    """Empty sets allow everything; ``extensions`` are lower case without dots; ``most`` 0 sets no limit."""

    kinds: frozenset[str] = frozenset()
    extensions: frozenset[str] = frozenset()
    methods: frozenset[str] = frozenset()
    most: int = 0

    def allow(self, *, said_kind: str, extension: str, method: str) -> bool:
        """Whether a file that its sender calls ``said_kind`` may come in."""
        if self.methods and method not in self.methods:
            return False
        if said_kind == "custom":
            return extension.lower().lstrip(".") in self.extensions
        return not self.kinds or said_kind in self.kinds


def rules_of_field(field: Mapping[str, object]) -> FileRules:
    """The rules of a ``file`` or ``file-list`` field; how many it takes is checked with the form."""
    return FileRules(
        kinds=_words(field.get("allowed_file_types")),
        extensions=_extensions(field.get("allowed_file_extensions")),
        methods=_words(field.get("allowed_file_upload_methods")),
    )


def rules_of_feature(features: Mapping[str, object]) -> FileRules | None:
    """The rules for files of messages; None when the app takes none. Reads the older shape with images only."""
    feature = features.get("file_upload")
    if not isinstance(feature, dict):
        return None
    upload = cast("Mapping[str, object]", feature)
    if upload.get("enabled"):
        return FileRules(
            kinds=_words(upload.get("allowed_file_types")),
            extensions=_extensions(upload.get("allowed_file_extensions")),
            methods=_words(upload.get("allowed_file_upload_methods")),
            most=_count(upload.get("number_limits")),
        )
    image = upload.get("image")
    if isinstance(image, dict) and cast("Mapping[str, object]", image).get("enabled"):
        old = cast("Mapping[str, object]", image)
        return FileRules(
            kinds=frozenset({"image"}),
            methods=_words(old.get("transfer_methods")),
            most=_count(old.get("number_limits")),
        )
    return None


def _words(value: object) -> frozenset[str]:
    items = cast("Sequence[object]", value) if isinstance(value, list) else ()
    return frozenset(item for item in items if isinstance(item, str))


def _extensions(value: object) -> frozenset[str]:
    return frozenset(word.lower().lstrip(".") for word in _words(value))


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return DEFAULT_MOST
    try:
        return max(int(value), 0) or DEFAULT_MOST
    except ValueError:
        return DEFAULT_MOST
