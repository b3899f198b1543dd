"""Reading the settings of one kind of storage: what is missing is told by its variable's name, all at once."""

from __future__ import annotations

from collections.abc import Mapping


class StorageConfigurationError(Exception):
    """The settings name a storage that can't be had; the message names the variable and the mend."""


def given(text: str) -> str:
    """The value, or nothing for the placeholders that the contract's ``.env`` file comes with."""
    text = text.strip()
    return "" if text.startswith("your-") or "<your" in text or "//your-" in text else text


def require(kind: str, values: Mapping[str, str]) -> None:
    """Raises `StorageConfigurationError` unless every variable has a value."""
    missing = [name for name, text in values.items() if not given(text)]
    if missing:
        names = " and ".join((", ".join(missing[:-1]), missing[-1])) if len(missing) > 1 else missing[0]
        verb = "are" if len(missing) > 1 else "is"
        raise StorageConfigurationError(
            f"STORAGE_TYPE is {kind}, but {names} {verb} not set. Set them, or another kind."
        )


def missing_library(kind: str, package: str) -> StorageConfigurationError:
    """The error for a kind whose library is not installed."""
    return StorageConfigurationError(
        f"STORAGE_TYPE is {kind}, whose library is not installed. Install it: pip install '{package}'."
    )
