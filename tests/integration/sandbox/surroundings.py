"""Runs a command as it would run elsewhere: ``python surroundings.py KIND COMMAND...`` (needs root).

container: a default container's 14 capabilities, namespaces and mounts refused by an outer filter;
user: an ordinary user; restricted-user: an ordinary user who may not make namespaces.
"""

import ctypes
import os
import struct
import sys
from pathlib import Path

from orrery.sandbox.cell import kernel as k
from orrery.sandbox.cell.kernel import Kernel
from orrery.sandbox.cell.numbers import PIVOT_ROOT, SECCOMP, machine

CONTAINER_CAPABILITIES = (0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31)
# unshare, setns, mount, umount2, pivot_root
REFUSED = ((272, 97), (308, 268), (165, 40), (166, 39), PIVOT_ROOT)
USER = 1000


def refuse_namespaces(kernel: Kernel, *, privileged: bool) -> None:
    load, equal, give = 0x20, 0x15, 0x06
    program = struct.pack("<HBBI", load, 0, 0, 0)
    for numbers in REFUSED:
        program += struct.pack("<HBBI", equal, 0, 1, numbers[machine()]) + struct.pack("<HBBI", give, 0, 0, 0x50001)
    program += struct.pack("<HBBI", give, 0, 0, 0x7FFF0000)
    if not privileged:
        kernel.prctl(k.PR_SET_NO_NEW_PRIVS, 1)
    assert SECCOMP
    kernel.seccomp(program)


def keep_container_capabilities() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(41):
        if capability not in CONTAINER_CAPABILITIES:
            libc.prctl(24, capability, 0, 0, 0)
    mask = sum(1 << c for c in CONTAINER_CAPABILITIES)
    sets = struct.pack("<6I", mask, mask, 0, mask >> 32, mask >> 32, 0)
    header = struct.pack("<Ii", 0x20080522, 0)
    assert libc.capset(header, sets) == 0


def open_the_way(kernel: Kernel) -> None:
    """Makes the interpreter reachable for everybody, in a mount namespace of our own, where its folder is closed."""
    kernel.unshare(k.CLONE_NEWNS)
    kernel.mount(None, "/", None, k.MS_REC | k.MS_PRIVATE)
    for wanted in {Path(sys.base_prefix), Path(sys.prefix)}:
        closed = next((p for p in reversed(wanted.parents) if not p.stat().st_mode & 1), None)
        if closed is None:
            continue
        source = os.open(wanted, os.O_PATH)
        kernel.mount("tmpfs", str(closed), "tmpfs", 0, "mode=755")
        wanted.mkdir(parents=True)
        kernel.mount(f"/proc/self/fd/{source}", str(wanted), None, k.MS_BIND)


def become_user(kernel: Kernel) -> None:
    open_the_way(kernel)
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)


def main() -> None:
    kind, *command = sys.argv[1:]
    kernel = Kernel()
    if kind == "container":
        refuse_namespaces(kernel, privileged=True)
        keep_container_capabilities()
    elif kind == "user":
        become_user(kernel)
    elif kind == "restricted-user":
        become_user(kernel)
        refuse_namespaces(kernel, privileged=False)
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
