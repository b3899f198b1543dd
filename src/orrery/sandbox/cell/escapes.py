"""The self-test: tries to break out of a confined child and tells which tries got through.

It runs as the first job of every zygote. A try "gets through" when its call succeeds; any OSError is a refusal.
"""

# ruff: noqa: PTH102, PTH106, PTH108, PTH118, PTH120, PTH208
# pathlib stays out: it would be one more import in every zygote
from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import sys
from collections.abc import Callable

# Calls that the filter must refuse before the kernel looks at their arguments (all zero here, so that none does harm).
_REFUSED_X86 = {
    "ptrace": 101, "mount": 165, "unshare": 272, "setns": 308, "bpf": 321, "keyctl": 250, "add_key": 248,
    "io_uring_setup": 425, "userfaultfd": 323, "perf_event_open": 298, "process_vm_readv": 310, "chroot": 161,
    "pidfd_open": 434, "pidfd_getfd": 438, "memfd_create": 319, "open_by_handle_at": 304, "name_to_handle_at": 303,
    "personality": 135, "modify_ldt": 154, "kexec_load": 246, "swapon": 167, "quotactl": 179, "prctl": 157,
    "setuid": 105, "capset": 126, "shmget": 29, "mq_open": 240, "execveat": 322,
}  # fmt: skip
_REFUSED_ARM = {
    "ptrace": 117, "mount": 40, "unshare": 97, "setns": 268, "bpf": 280, "keyctl": 219, "add_key": 217,
    "io_uring_setup": 425, "userfaultfd": 282, "perf_event_open": 241, "process_vm_readv": 270, "chroot": 51,
    "pidfd_open": 434, "pidfd_getfd": 438, "memfd_create": 279, "open_by_handle_at": 265, "name_to_handle_at": 264,
    "personality": 92, "kexec_load": 104, "swapon": 224, "quotactl": 60, "prctl": 167,
    "setuid": 146, "capset": 91, "shmget": 194, "mq_open": 180, "execveat": 281,
}  # fmt: skip
_NO_SUCH_REQUEST = 0x7FFF
_X32_GETPID = 0x40000000 + 39


def _read(path: str) -> Callable[[], object]:
    return lambda: os.close(os.open(path, os.O_RDONLY))


def _write(path: str) -> Callable[[], object]:
    def attempt() -> None:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        os.unlink(path)

    return attempt


def _make_folder(path: str) -> Callable[[], object]:
    def attempt() -> None:
        os.mkdir(path)
        os.rmdir(path)

    return attempt


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def _connect(family: int, kind: int) -> Callable[[], object]:
    return lambda: socket.socket(family, kind).close()


def _call(name: str, number: int) -> Callable[[], object]:
    # ptrace's 0 means "trace me", after which the next signal would stop the self-test for good
    first = _NO_SUCH_REQUEST if name == "ptrace" else 0

    def attempt() -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.syscall(ctypes.c_long(number), first, 0, 0, 0, 0, 0) < 0:
            code = ctypes.get_errno()
            # EPERM is the filter's answer: any other one means that the kernel has looked at the arguments
            if code == 1:
                raise OSError(code, "refused")

    return attempt


def _tries() -> dict[str, Callable[[], object]]:
    x86 = os.uname().machine == "x86_64"
    tries: dict[str, Callable[[], object]] = {
        "read /etc/passwd": _read("/etc/passwd"),
        "read /proc/self/environ": _read("/proc/self/environ"),
        "read /proc/1/environ": _read("/proc/1/environ"),
        "read /sys/kernel": _read("/sys/kernel"),
        "list /root": lambda: os.listdir("/root"),
        "write /tmp": _write("/tmp/canary"),  # noqa: S108  must fail
        "write beside the library": _write(os.path.join(os.path.dirname(os.__file__), "canary")),
        "make a folder": _make_folder("/tmp/canary"),  # noqa: S108  must fail
        "fork": _fork,
        "exec": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606  must fail
        "spawn": lambda: os.posix_spawn("/bin/true", ["true"], {}),
        "signal parent": lambda: os.kill(os.getppid() or -1, 0),
        "signal all": lambda: os.kill(-1, signal.SIGCONT),
        "tcp": _connect(socket.AF_INET, socket.SOCK_STREAM),
        "udp": _connect(socket.AF_INET, socket.SOCK_DGRAM),
        "unix": _connect(socket.AF_UNIX, socket.SOCK_STREAM),
        "netlink": _connect(16, socket.SOCK_RAW),
        "vsock": _connect(40, socket.SOCK_STREAM),
        "alg": _connect(38, socket.SOCK_SEQPACKET),
    }
    tries |= {name: _call(name, number) for name, number in (_REFUSED_X86 if x86 else _REFUSED_ARM).items()}
    if x86:
        tries["x32 call"] = _call("getpid", _X32_GETPID)
    return tries


def run_escapes(code: str, inputs: str, send: Callable[[bytes], None]) -> int:
    """Sends ``{"tried": count, "breaches": [names]}``; a leftover environment or privilege is a breach too."""
    del code, inputs
    breaches: list[str] = []
    tries = _tries()
    for name, attempt in tries.items():
        try:
            attempt()
        except OSError:
            continue
        breaches.append(name)
    if os.environ or len(sys.argv) > 1:
        breaches.append("environment left")
    open_descriptors = [fd for fd in range(6, 64) if _is_open(fd)]
    if open_descriptors:
        breaches.append(f"descriptors left: {open_descriptors}")
    # a child that can't read the standard library would fail on a snippet's first import: raises OSError
    _read(os.__file__)()
    send(json.dumps({"tried": len(tries), "breaches": breaches}).encode())
    return 0


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True
