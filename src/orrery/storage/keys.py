"""Which keys an object may have: names that mean the same on every kind of storage and can't leave their root."""

from __future__ import annotations

from orrery.storage.protocol import InvalidKey

LONGEST_KEY_BYTES = 1024
LONGEST_NAME_BYTES = 255


def check_key(key: str) -> tuple[str, ...]:
    """The names of ``key``. Raises `InvalidKey`."""
    names = tuple(key.split("/"))
    try:
        too_long = len(key.encode()) > LONGEST_KEY_BYTES or any(len(n.encode()) > LONGEST_NAME_BYTES for n in names)
    except UnicodeEncodeError:
        raise InvalidKey(f"The storage key {key!r} is not valid text.") from None
    if too_long:
        raise InvalidKey(f"The storage key {key[:60]!r}... is too long.")
    if any(name in {"", ".", ".."} for name in names) or not key.isprintable() or "\\" in key:
        raise InvalidKey(f"The storage key {key!r} is not a path of plain names.")
    return names


def is_key(text: str) -> bool:
    """Whether an object of ours may have this key; others may keep objects beside ours."""
    try:
        check_key(text)
    except InvalidKey:
        return False
    return True


def is_below(key: str, prefix: str) -> bool:
    """Whether ``prefix`` is empty, the key itself, or a folder that the key lies in."""
    folder = prefix.rstrip("/")
    return not folder or key == folder or key.startswith(folder + "/")
