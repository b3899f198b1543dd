"""Namespaces of a zygote at level 3: its own mounts, network (empty), IPC and host name; one process tree per child."""

from __future__ import annotations

import os

from orrery.sandbox.cell import kernel as k
from orrery.sandbox.cell.confinement import PROCESS_NAMESPACE
from orrery.sandbox.cell.kernel import Kernel

_INSIDE_ID = 65534


def enter(kernel: Kernel) -> None:
    """Leaves the namespaces that this process was started in; an ordinary user gets a user namespace first."""
    flags = k.CLONE_NEWNS | k.CLONE_NEWNET | k.CLONE_NEWIPC | k.CLONE_NEWUTS | k.CLONE_NEWCGROUP
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        kernel.unshare(flags)
    else:
        # a process that changed its uid is not dumpable, and then may not write its own maps
        kernel.prctl(k.PR_SET_DUMPABLE, 1)
        kernel.unshare(flags | k.CLONE_NEWUSER)
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{_INSIDE_ID} {uid} 1"),
            ("gid_map", f"{_INSIDE_ID} {gid} 1"),
        ):
            with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123  pathlib would grow every child
                file.write(text)
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    os.dup2(own, PROCESS_NAMESPACE)
    os.close(own)


def next_child_gets_own_processes(kernel: Kernel) -> None:
    """The next fork becomes the first process of a new process namespace. Undoes the previous such wish first."""
    kernel.setns(PROCESS_NAMESPACE, k.CLONE_NEWPID)
    kernel.unshare(k.CLONE_NEWPID)
