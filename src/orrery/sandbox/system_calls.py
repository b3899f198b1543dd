"""``allowed_syscalls`` of the service's settings: what an operator may add to the calls of snippets, and what never.

The contract's list replaces the whole set and kills for the rest. Here it adds to a set that is complete for Python
and Node: nothing is taken away by it, and what would open a way out keeps the service from starting.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from orrery.sandbox.cell.numbers import NUMBERS, machine
from orrery.sandbox.cell.policy import BOUND, FREE, FURTHER

BREAKING: Mapping[str, tuple[int | None, int | None]] = {
    # other processes
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "process_madvise": (440, 440), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "tkill": (200, 130),
    "pidfd_send_signal": (424, 424), "kill": (62, 129), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281), "setpgid": (109, 154),
    "setsid": (112, 157), "setpriority": (141, 140), "sched_setscheduler": (144, 119), "sched_setattr": (314, 274),
    # namespaces, mounts, roots
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "move_mount": (429, 429), "open_tree": (428, 428), "mount_setattr": (442, 442),
    "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    # the confinement itself
    "seccomp": (317, 277), "prctl": (157, 167), "landlock_create_ruleset": (444, 444),
    "landlock_add_rule": (445, 445), "landlock_restrict_self": (446, 446), "personality": (135, 92),
    "setrlimit": (160, 164), "capset": (126, 91), "setresuid": (117, 147), "setresgid": (119, 149),
    "setreuid": (113, 145), "setregid": (114, 143), "setfsuid": (122, 151), "setfsgid": (123, 152),
    # the kernel and the machine
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "keyctl": (250, 219), "add_key": (248, 217),
    "request_key": (249, 218), "modify_ldt": (154, None), "iopl": (172, None), "ioperm": (173, None),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "quotactl": (179, 60), "acct": (163, 89), "syslog": (103, 116), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266), "sethostname": (170, 161),
    "setdomainname": (171, 162), "memfd_create": (319, 279), "memfd_secret": (447, 447),
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264),
    # what runs would share with one another
    "shmget": (29, 194), "shmat": (30, 196), "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180),
}  # fmt: skip
"""Calls that would break the confinement of snippets, with their numbers on x86_64 and aarch64."""

_EARLIER = {"setuid": (105, 146), "setgid": (106, 144), "setgroups": (116, 159)}
"""In the contract's own list, because its filter stands before the change of user; here that change comes first."""


def further_calls(words: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of `FURTHER` for numbers or names of calls, and notices. Raises ValueError naming what can't be added."""
    here = _names_by_number()
    wanted = dict.fromkeys(here.get(int(w), w) if w.isdecimal() else w.lower() for w in words)
    breaking = [name for name in wanted if name in BREAKING]
    unknown = [name for name in wanted if name not in {*BREAKING, *FREE, *BOUND, *FURTHER, *_EARLIER}]
    if breaking or unknown:
        raise ValueError(_refusal(breaking, unknown))
    notices: list[str] = []
    if bound := sorted(BOUND & wanted.keys()):
        notices.append(f"ALLOWED_SYSCALLS: bound to their conditions as before: {', '.join(bound)}")
    if earlier := sorted(_EARLIER.keys() & wanted.keys()):
        notices.append(f"ALLOWED_SYSCALLS: done before a snippet is read, and refused to it: {', '.join(earlier)}")
    return tuple(name for name in wanted if name in FURTHER), tuple(notices)


def _names_by_number() -> dict[int, str]:
    """Raises ValueError on a computer for which there are no tables."""
    try:
        column = machine()
    except OSError as error:
        raise ValueError(str(error)) from error
    tables = {**NUMBERS, **BREAKING, **_EARLIER}
    return {number: name for name, numbers in tables.items() if (number := numbers[column]) is not None}


def _refusal(breaking: Sequence[str], unknown: Sequence[str]) -> str:
    parts: list[str] = []
    if breaking:
        parts.append(f"{', '.join(sorted(breaking))} would break the confinement of snippets")
    if unknown:
        parts.append(f"{', '.join(sorted(unknown))}: no call that can be added")
    return f"ALLOWED_SYSCALLS can't be followed: {'; '.join(parts)}. What can be added: {', '.join(sorted(FURTHER))}"
