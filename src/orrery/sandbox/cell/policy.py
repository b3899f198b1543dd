"""What a snippet may ask of the kernel: files it can read (opened elsewhere), memory, threads, clocks. Nothing else."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from orrery.sandbox.cell.bpf import ENOSYS, Rule, assemble, fail_with

_FREE = (
    *("read", "write", "readv", "writev", "pread64", "pwrite64", "close", "fstat", "lseek", "dup", "dup2", "dup3"),
    *("mmap", "mprotect", "munmap", "mremap", "madvise", "brk", "membarrier"),
    *("rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall"),
    *("access", "faccessat", "faccessat2", "open", "openat", "stat", "lstat", "newfstatat", "statx"),
    *("getdents64", "readlink", "readlinkat", "getcwd", "pipe", "pipe2", "poll", "ppoll", "select", "pselect6"),
    *("epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "eventfd2"),
    *("futex", "futex_waitv", "sched_yield", "sched_getaffinity", "set_robust_list", "get_robust_list", "rseq"),
    *("gettid", "getpid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getgroups", "getresuid", "getresgid"),
    *("clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "times"),
    *("getrandom", "uname", "sysinfo", "getrusage", "exit", "exit_group"),
)

_NETWORK = (
    *("connect", "bind", "listen", "accept", "accept4", "sendto", "recvfrom", "sendmsg", "recvmsg"),
    *("sendmmsg", "recvmmsg", "getsockname", "getpeername", "setsockopt", "getsockopt", "shutdown"),
)

_CLONE_THREAD = 0x00010000
_CLONE_NAMESPACES = 0x7E020000 | 0x00000080

# TCGETS TIOCGWINSZ FIONREAD FIONBIO FIOCLEX FIONCLEX; TIOCSTI and the like stay out.
_IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5451, 0x5450)
# F_DUPFD..F_SETFL, locks, F_DUPFD_CLOEXEC, F_GETPIPE_SZ. F_SETOWN and F_SETSIG would signal other processes.
_FCNTLS = (0, 1, 2, 3, 4, 5, 6, 7, 1030, 1032)

_AF_UNIX, _AF_INET, _AF_INET6, _SOCK_STREAM, _SOCK_TYPE_MASK = 1, 2, 10, 1, 0xF

# Stands for the process id until `for_process` puts the real one in; no other constant of the program equals it.
_PID_PLACE = 0x5B1D5B1D

_RULES = (
    *(Rule(name) for name in _FREE),
    Rule("ioctl", argument=1, values=_IOCTLS),
    Rule("fcntl", argument=1, values=_FCNTLS),
    # threads only; libc falls back to clone when clone3 does not exist, whose flags a filter could not read
    Rule("clone", argument=0, mask=_CLONE_THREAD | _CLONE_NAMESPACES, values=(_CLONE_THREAD,)),
    Rule("clone3", verdict=fail_with(ENOSYS)),
    Rule("tgkill", argument=0, values=(_PID_PLACE,)),
    Rule("prlimit64", argument=0, values=(0, _PID_PLACE)),
)

_PROGRAM_RULES = tuple(Rule(name) for name in ("execve", "arch_prctl", "set_tid_address", "pkey_alloc", "capget"))

_NETWORK_RULES = (
    *(Rule(name) for name in _NETWORK),
    Rule(
        "socket",
        argument=0,
        values=(_AF_INET, _AF_INET6),
        next_check=Rule("socket", argument=1, mask=_SOCK_TYPE_MASK, values=(_SOCK_STREAM,)),
    ),
)

_HARMLESS = (
    *("alarm", "getitimer", "setitimer", "pause", "rt_sigpending", "rt_sigtimedwait", "rt_sigsuspend"),
    *("timer_create", "timer_settime", "timer_gettime", "timer_getoverrun", "timer_delete"),
    *("timerfd_create", "timerfd_settime", "timerfd_gettime", "signalfd", "signalfd4"),
    *("epoll_create", "epoll_pwait2", "eventfd", "preadv", "pwritev", "preadv2", "pwritev2", "getdents"),
    *("statfs", "fstatfs", "fsync", "fdatasync", "ftruncate", "fallocate", "fadvise64", "readahead"),
    *("mlock", "mlock2", "munlock", "msync", "pkey_alloc", "pkey_mprotect", "pkey_free"),
    *("getcpu", "getpgrp", "getrlimit", "umask", "capget", "arch_prctl", "set_tid_address"),
    *("sched_get_priority_max", "sched_get_priority_min", "wait4", "waitid"),
    # without network these find no socket but the two ends of a pair
    *("sendto", "recvfrom"),
)
_OF_OTHERS = ("getpgid", "getsid", "sched_getparam", "sched_getscheduler", "sched_rr_get_interval")

FURTHER = {
    **{name: Rule(name) for name in _HARMLESS},
    **{name: Rule(name, argument=0, values=(0, _PID_PLACE)) for name in _OF_OTHERS},
    # streams only: an end of a pair of datagrams could still be sent to other addresses
    "socketpair": Rule(
        "socketpair",
        argument=0,
        values=(_AF_UNIX,),
        next_check=Rule("socketpair", argument=1, mask=_SOCK_TYPE_MASK, values=(_SOCK_STREAM,)),
    ),
}
"""Calls that an operator may add: they reach nothing outside the process that makes them."""

FREE = frozenset(_FREE)
"""Calls that every snippet may make."""

BOUND = frozenset({rule.name for rule in (*_RULES, *_NETWORK_RULES)} - FREE)
"""Calls that are let through on conditions: for threads, for harmless arguments, with network."""


def snippet_filter(machine: int, *, network: bool = False, program: bool = False, further: Iterable[str] = ()) -> bytes:
    """The program for children, still without its process id (`for_process`).

    With ``program`` a child may become another program, and that one may start up; which one, Landlock decides.
    ``further`` are names of `FURTHER`.
    """
    rules = (*_RULES, *(_NETWORK_RULES if network else ()), *(_PROGRAM_RULES if program else ()))
    return assemble((*rules, *(FURTHER[name] for name in further)), machine)


def for_process(program: bytes, pid: int) -> bytes:
    """The program in which signals and limits are allowed on ``pid`` only."""
    return program.replace(struct.pack("<I", _PID_PLACE), struct.pack("<I", pid))
