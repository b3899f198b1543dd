"""Where files are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from orrery.settings.declare import Env, Group


class Storage(Group, frozen=True, kw_only=True):
    """Where files are kept."""

    type: Annotated[str, Env("STORAGE_TYPE", "kind of object storage")] = "opendal"
    local_path: Annotated[Path, Env("STORAGE_LOCAL_PATH", "folder of the local kind")] = Path("storage")
    opendal_scheme: Annotated[str, Env("OPENDAL_SCHEME", "service of the opendal kind")] = "fs"
    opendal_fs_root: Annotated[Path, Env("OPENDAL_FS_ROOT", "folder of the opendal fs service")] = Path("storage")
