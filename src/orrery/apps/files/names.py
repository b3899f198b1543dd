"""Names of files as people give them, and the keys under which contents are kept."""

from __future__ import annotations

from pathlib import PurePosixPath

from orrery.apps.files.errors import FilenameMissing, InvalidFilename
from orrery.apps.files.kinds import extension_of

LONGEST_STEM = 200
_LONGEST_EXTENSION = 32
_REFUSED = frozenset('/\\:*?"<>|')


def checked_name(filename: str | None) -> str:
    """The name, its stem cut to 200 characters. Raises `FilenameMissing`, `InvalidFilename`."""
    if not filename or not filename.strip():
        raise FilenameMissing
    if any(character in _REFUSED or ord(character) < 32 for character in filename):
        raise InvalidFilename
    if len(filename) <= LONGEST_STEM:
        return filename
    suffix = PurePosixPath(filename).suffix[: _LONGEST_EXTENSION + 1]
    return filename[: len(filename) - len(suffix)][:LONGEST_STEM] + suffix


def upload_key(workspace_id: str, file_id: str, filename: str) -> str:
    """Where an uploaded file's content is kept."""
    return f"upload_files/{workspace_id}/{file_id}{_key_suffix(filename)}"


def tool_key(workspace_id: str, file_id: str, filename: str) -> str:
    """Where the content of a file that a run made is kept."""
    return f"tools/{workspace_id}/{file_id}{_key_suffix(filename)}"


def _key_suffix(filename: str) -> str:
    # The key must be a plain name on every storage: an extension that is not is left out of it.
    extension = extension_of(filename)
    plain = extension.isascii() and extension.isalnum() and len(extension) <= _LONGEST_EXTENSION
    return f".{extension}" if plain else ""
