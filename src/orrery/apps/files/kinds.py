"""What a file is, by its extension or media type (workflow.md 2.6), and how large its kind may be."""

from __future__ import annotations

import mimetypes
from pathlib import PurePosixPath
from typing import Final, Literal, TypeAlias, cast

from orrery.settings.groups.upload import Upload

FileKind: TypeAlias = Literal["image", "document", "audio", "video", "custom"]

IMAGES: Final = frozenset({"jpg", "jpeg", "png", "webp", "gif", "svg"})
VIDEOS: Final = frozenset({"mp4", "mov", "mpeg", "webm"})
AUDIOS: Final = frozenset({"mp3", "m4a", "wav", "amr", "mpga"})
KNOWLEDGE_DOCUMENTS: Final = frozenset(
    {"txt", "markdown", "md", "mdx", "pdf", "html", "htm", "xlsx", "xls", "docx", "csv", "vtt", "properties"}
)
DOCUMENTS: Final = KNOWLEDGE_DOCUMENTS | {"doc", "msg", "eml", "ppt", "pptx", "xml", "epub", "json", "yaml", "yml"}
KINDS: Final = frozenset({"image", "document", "audio", "video", "custom"})

_BY_EXTENSION: Final[dict[str, FileKind]] = {
    **dict.fromkeys(IMAGES, "image"),
    **dict.fromkeys(VIDEOS, "video"),
    **dict.fromkeys(AUDIOS, "audio"),
    **dict.fromkeys(DOCUMENTS, "document"),
}
_MEGABYTE: Final = 1024 * 1024
UNKNOWN_TYPE: Final = "application/octet-stream"

# Kinds that the interpreter's own table may lack, depending on the machine.
_MORE_TYPES: Final = {
    ".webp": "image/webp",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".m4a": "audio/mp4",
    ".amr": "audio/amr",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}


def kind_of(extension: str, mime_type: str) -> FileKind:
    """The kind by extension (with or without its dot, any case), else by media type, else custom."""
    known = _BY_EXTENSION.get(extension.lower().lstrip("."))
    if known is not None:
        return known
    family = mime_type.partition("/")[0].lower()
    return cast("FileKind", family) if family in {"image", "audio", "video"} else "custom"


def extension_of(filename: str) -> str:
    """The extension in lower case without its dot; empty without one."""
    return PurePosixPath(filename).suffix.lower().lstrip(".")


def type_of(filename: str) -> str:
    """The media type that a name suggests."""
    suffix = PurePosixPath(filename).suffix.lower()
    return mimetypes.guess_type(filename, strict=False)[0] or _MORE_TYPES.get(suffix) or UNKNOWN_TYPE


def suffix_for(mime_type: str) -> str:
    """The extension, with its dot, that a media type suggests; empty when it suggests none."""
    return mimetypes.guess_extension(mime_type.partition(";")[0].strip()) or ""


class SizeLimits:
    """Bytes that files may have, by extension."""

    def __init__(self, upload: Upload) -> None:
        self._by_kind = {
            "image": upload.image_mb * _MEGABYTE,
            "audio": upload.audio_mb * _MEGABYTE,
            "video": upload.video_mb * _MEGABYTE,
        }
        self._other = upload.document_mb * _MEGABYTE

    def for_extension(self, extension: str) -> int:
        """The limit of a file with this extension."""
        return self._by_kind.get(_BY_EXTENSION.get(extension.lower().lstrip("."), "document"), self._other)

    @property
    def largest(self) -> int:
        """The limit that no file of any kind exceeds."""
        return max(self._other, *self._by_kind.values())
