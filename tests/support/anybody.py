"""Runs a command as containers run under a user that nobody chose: ``python -m tests.support.anybody`` (needs root).

    python -m tests.support.anybody UID:GID FOLDER... -- COMMAND...

The user has no name, no home, no other groups and no privileges; only a fresh ``/tmp`` and the folders are writable.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.integration.sandbox.surroundings import open_the_way

from orrery.sandbox.cell import kernel as k
from orrery.sandbox.cell.kernel import Kernel

ROOT = Path(__file__).parents[2]


def show_read_only(kernel: Kernel, folders: list[str]) -> None:
    """In the mount namespace of this process, which `open_the_way` made."""
    # A checkout may itself lie where the fresh folder comes.
    programs = [path for path in {str(ROOT), sys.prefix, sys.base_prefix} if path.startswith("/tmp/")]
    folders = [*folders, *(path for path in programs if not any(path.startswith(f"{other}/") for other in programs))]
    sources = {folder: os.open(folder, os.O_PATH) for folder in folders}
    kernel.mount("tmpfs", "/tmp", "tmpfs", 0, "mode=1777")
    for folder, source in sources.items():
        Path(folder).mkdir(parents=True, exist_ok=True)
        kernel.mount(f"/proc/self/fd/{source}", folder, None, k.MS_BIND)
        os.close(source)
    kernel.mount(None, "/", None, k.MS_REMOUNT | k.MS_BIND | k.MS_RDONLY)


def main() -> None:
    place = sys.argv.index("--")
    who, *folders = sys.argv[1:place]
    user, group = map(int, who.split(":"))
    kernel = Kernel()
    open_the_way(kernel)
    show_read_only(kernel, folders)
    os.setgroups([])
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)
    kernel.prctl(k.PR_SET_NO_NEW_PRIVS, 1)
    command = sys.argv[place + 1 :]
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
