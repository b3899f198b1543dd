"""Opens the object storage that the settings name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from orrery.storage.local import LocalStorage
from orrery.storage.protocol import ObjectStorage

if TYPE_CHECKING:
    from orrery.settings.groups.storage import Storage


class StorageConfigurationError(Exception):
    """The settings name a storage that can't be had; the message names the variable and the mend."""


def open_storage(settings: Storage) -> ObjectStorage:
    """The storage of ``settings``. Raises `StorageConfigurationError`, `StorageUnavailable`."""
    opener = KINDS.get(settings.type)
    if opener is None:
        supported = ", ".join(sorted(KINDS))
        raise StorageConfigurationError(
            f"STORAGE_TYPE is {settings.type!r}, which is not supported. Set it to one of: {supported}."
        )
    return opener(settings)


def _open_local(settings: Storage) -> ObjectStorage:
    return LocalStorage(settings.local_path)


def _open_opendal(settings: Storage) -> ObjectStorage:
    if settings.opendal_scheme != "fs":
        raise StorageConfigurationError(
            f"OPENDAL_SCHEME is {settings.opendal_scheme!r}, which is not supported. Set it to fs."
        )
    return LocalStorage(settings.opendal_fs_root)


KINDS: Mapping[str, Callable[[Storage], ObjectStorage]] = {"local": _open_local, "opendal": _open_opendal}
