"""The few Linux calls that Python has no function for, each raising OSError when the kernel says no."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Sequence

from orrery.sandbox.cell import numbers

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
MNT_DETACH = 2

LANDLOCK_RULE_PATH, LANDLOCK_RULE_PORT = 1, 2

_SECCOMP_SET_MODE_FILTER = 1
_CAPABILITY_VERSION_3 = 0x20080522


class _FilterProgram(ctypes.Structure):
    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.c_void_p))


class Kernel:
    """The calls of this machine; tests replace single methods to see that a refusal is fatal."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._machine = numbers.machine()

    def _checked(self, result: int, what: str) -> int:
        if result < 0:
            code = ctypes.get_errno()
            raise OSError(code, f"{what}: {os.strerror(code)}")
        return result

    def _syscall(self, what: str, number: int, *args: object) -> int:
        return self._checked(int(self._libc.syscall(number, *args)), what)

    def prctl(self, option: int, first: int = 0) -> None:
        zero = ctypes.c_ulong(0)
        self._checked(int(self._libc.prctl(option, ctypes.c_ulong(first), zero, zero, zero)), f"prctl {option}")

    def unshare(self, flags: int) -> None:
        self._checked(int(self._libc.unshare(flags)), "unshare")

    def setns(self, fd: int, kind: int) -> None:
        self._checked(int(self._libc.setns(fd, kind)), "setns")

    def mount(self, source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
        words = [None if w is None else os.fsencode(w) for w in (source, target, kind, data)]
        result = self._libc.mount(words[0], words[1], words[2], ctypes.c_ulong(flags), words[3])
        self._checked(int(result), f"mount {target}")

    def unmount(self, target: str) -> None:
        self._checked(int(self._libc.umount2(os.fsencode(target), MNT_DETACH)), f"umount {target}")

    def pivot_root(self, new_root: str, put_old: str) -> None:
        self._syscall("pivot_root", numbers.PIVOT_ROOT[self._machine], os.fsencode(new_root), os.fsencode(put_old))

    def drop_capabilities(self) -> None:
        """Empties the ambient, effective, permitted and inheritable sets of this thread."""
        self.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
        header = ctypes.create_string_buffer(struct.pack("=Ii", _CAPABILITY_VERSION_3, 0))
        nothing = ctypes.create_string_buffer(24)
        self._syscall("capset", numbers.CAPSET[self._machine], header, nothing)

    def landlock_abi(self) -> int:
        """Version of Landlock; 0 when the kernel has none or it is switched off."""
        version = int(self._libc.syscall(numbers.LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), 1))
        return max(version, 0)

    def landlock_create(self, attributes: Sequence[int]) -> int:
        """A ruleset handling ``attributes`` (64-bit words: files, ports, scopes). Returns its descriptor."""
        packed = struct.pack(f"={len(attributes)}Q", *attributes)
        return self._syscall(
            "landlock_create_ruleset",
            numbers.LANDLOCK_CREATE_RULESET,
            ctypes.create_string_buffer(packed, len(packed)),
            ctypes.c_size_t(len(packed)),
            0,
        )

    def landlock_allow_path(self, ruleset: int, access: int, fd: int) -> None:
        rule = ctypes.create_string_buffer(struct.pack("=Qi", access, fd), 12)
        self._syscall("landlock_add_rule", numbers.LANDLOCK_ADD_RULE, ruleset, LANDLOCK_RULE_PATH, rule, 0)

    def landlock_allow_port(self, ruleset: int, access: int, port: int) -> None:
        rule = ctypes.create_string_buffer(struct.pack("=QQ", access, port), 16)
        self._syscall("landlock_add_rule", numbers.LANDLOCK_ADD_RULE, ruleset, LANDLOCK_RULE_PORT, rule, 0)

    def landlock_restrict(self, ruleset: int) -> None:
        self._syscall("landlock_restrict_self", numbers.LANDLOCK_RESTRICT_SELF, ruleset, 0)

    def seccomp(self, program: bytes) -> None:
        """Installs a filter, for good. ``program`` is an array of 8-byte BPF instructions."""
        buffer = ctypes.create_string_buffer(program, len(program))
        header = _FilterProgram(len(program) // 8, ctypes.addressof(buffer))
        self._syscall("seccomp", numbers.SECCOMP[self._machine], _SECCOMP_SET_MODE_FILTER, 0, ctypes.byref(header))
