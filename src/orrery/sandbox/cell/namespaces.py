"""Namespaces of a zygote at level 3: its own mounts, network (empty), IPC and host name; one process tree per child."""

from __future__ import annotations

import fcntl
import os
import socket
import struct

from orrery.sandbox.cell import kernel as k
from orrery.sandbox.cell.kernel import Kernel
from orrery.sandbox.cell.plan import GATE_PORT

# where the zygote keeps a descriptor of the process namespace that it lives in itself
PROCESS_NAMESPACE = 5

_INSIDE_ID = 65534
_HIGHEST_DESCRIPTOR = 4096
_SIGKILL = 9
_SIOCSIFFLAGS, _IFF_UP, _IFF_RUNNING = 0x8914, 0x1, 0x40


def enter(kernel: Kernel) -> None:
    """Leaves the namespaces that this process was started in; an ordinary user gets a user namespace first."""
    flags = k.CLONE_NEWNS | k.CLONE_NEWNET | k.CLONE_NEWIPC | k.CLONE_NEWUTS | k.CLONE_NEWCGROUP
    if os.geteuid() == 0:
        kernel.unshare(flags)
    else:
        _enter_as_user(kernel, flags)
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    os.dup2(own, PROCESS_NAMESPACE)
    os.close(own)


def _enter_as_user(kernel: Kernel, flags: int) -> None:
    """An ordinary user's way: a user namespace that owns the rest, and a process namespace to come back to.

    `next_child_gets_own_processes` may only return to a process namespace that this user namespace owns; so the
    zygote goes on as the first process of one, and the process that was started waits for it.
    """
    uid, gid = os.geteuid(), os.getegid()
    # a process that changed its uid is not dumpable, and then may not write its own maps
    kernel.prctl(k.PR_SET_DUMPABLE, 1)
    kernel.unshare(flags | k.CLONE_NEWUSER | k.CLONE_NEWPID)
    maps = (("setgroups", "deny"), ("uid_map", f"{_INSIDE_ID} {uid} 1"), ("gid_map", f"{_INSIDE_ID} {gid} 1"))
    for name, text in maps:
        with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123  pathlib would grow every child
            file.write(text)
    inner = os.fork()
    if inner:
        os.closerange(0, _HIGHEST_DESCRIPTOR)
        os.waitpid(inner, 0)
        os._exit(0)
    kernel.prctl(k.PR_SET_PDEATHSIG, _SIGKILL)


def next_child_gets_own_processes(kernel: Kernel) -> None:
    """The next fork becomes the first process of a new process namespace. Undoes the previous such wish first."""
    kernel.setns(PROCESS_NAMESPACE, k.CLONE_NEWPID)
    kernel.unshare(k.CLONE_NEWPID)


def open_gate(kernel: Kernel, gate: int) -> None:
    """Gives the calling child an own network of ``lo`` only, and sends its listening socket out through ``gate``.

    Whoever accepts on that socket decides what the snippet reaches; there is no route to anywhere else.
    """
    kernel.unshare(k.CLONE_NEWNET)
    with socket.socket() as listener, socket.socket(fileno=os.dup(gate)) as out:
        fcntl.ioctl(listener, _SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", _IFF_UP | _IFF_RUNNING))
        listener.bind(("127.0.0.1", GATE_PORT))
        listener.listen(16)
        socket.send_fds(out, [b"L"], [listener.fileno()])
