"""``allowed_syscalls``: calls that may be added, calls that never are, and what those do that were."""

import os
import re
from pathlib import Path

import pytest

from orrery.sandbox.cell.bpf import ALLOW
from orrery.sandbox.cell.numbers import AARCH64, NUMBERS, X86_64
from orrery.sandbox.cell.policy import BOUND, FREE, FURTHER, for_process, snippet_filter
from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.sandbox.limits import Limits
from orrery.sandbox.protocol import SandboxRefusal
from orrery.sandbox.system_calls import BREAKING, further_calls

from .cell.test_policy import EPERM, PID, run

HEADERS = {
    X86_64: Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    AARCH64: Path("/usr/include/asm-generic/unistd.h"),
}
# the sets of the contract's own filter (sandbox-and-security.md 3.1), which people copy to add one more to them
CONTRACT = [
    "newfstatat",
    "fstat",
    "fcntl",
    "ioctl",
    "lseek",
    "getdents64",
    "write",
    "close",
    "openat",
    "read",
    "futex",
    "sched_getaffinity",
    "mmap",
    "brk",
    "mprotect",
    "munmap",
    "rt_sigreturn",
    "mremap",
    "madvise",
    "setgroups",
    "setgid",
    "setuid",
    "getuid",
    "getpid",
    "getppid",
    "gettid",
    "exit",
    "exit_group",
    "tgkill",
    "rt_sigaction",
    "sched_yield",
    "set_robust_list",
    "get_robust_list",
    "rseq",
    "clock_gettime",
    "gettimeofday",
    "nanosleep",
    "epoll_create1",
    "epoll_ctl",
    "clock_nanosleep",
    "pselect6",
    "time",
    "rt_sigprocmask",
    "sigaltstack",
    "getrandom",
    "eventfd2",
    "clone",
    "timerfd_create",
    "timerfd_settime",
    "timerfd_gettime",
    "socket",
    "connect",
    "bind",
    "listen",
    "accept",
    "sendto",
    "recvfrom",
    "getsockname",
    "recvmsg",
    "getpeername",
    "setsockopt",
    "ppoll",
    "uname",
    "sendmsg",
    "sendmmsg",
    "getsockopt",
    "fstatfs",
    "poll",
    "epoll_pwait",
    "open",
    "readlink",
    "dup3",
    "clone3",
    "getgid",
]


@pytest.fixture(autouse=True)
def _x86_only() -> None:
    if os.uname().machine != "x86_64":
        pytest.skip("numbers of x86_64")


def numbers_of(machine: int) -> dict[str, int]:
    header = HEADERS[machine]
    if not header.is_file():
        pytest.skip(f"no {header}")
    found = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)$", header.read_text(), re.MULTILINE)
    return {name: int(number) for name, number in found}


@pytest.mark.parametrize("machine", [X86_64, AARCH64])
def test_numbers_are_those_of_the_kernel(machine: int):
    real = numbers_of(machine)
    ours = {**NUMBERS, **BREAKING}
    differing = {name: n[machine] for name, n in ours.items() if name in real and n[machine] != real[name]}
    missing = {name for name, n in ours.items() if n[machine] is not None and name not in real}
    assert differing == {}
    # some of the generic header have other names there, and old headers lack new calls
    assert missing <= {"newfstatat", "fstat", "futex_waitv", "memfd_secret", "epoll_pwait2", "process_madvise"}


def test_numbers_and_names_are_taken():
    assert further_calls(["283", "socketpair", "ALARM", "283"]) == (("timerfd_create", "socketpair", "alarm"), ())
    assert further_calls([]) == ((), ())


def test_the_contracts_own_list_changes_nothing_that_matters():
    added, notices = further_calls(CONTRACT)
    assert set(added) == {"timerfd_create", "timerfd_settime", "timerfd_gettime", "sendto", "recvfrom", "fstatfs"}
    assert [re.findall(r"\bclone\b|\bsetuid\b", notice) for notice in notices] == [["clone"], ["setuid"]]
    by_number = [str(NUMBERS[name][X86_64]) for name in CONTRACT if name in NUMBERS]
    assert set(further_calls(by_number)[0]) == set(added)


@pytest.mark.parametrize("name", BREAKING)
def test_what_would_break_out_is_refused_by_name(name: str):
    for word in (name, str(BREAKING[name][X86_64])):
        with pytest.raises(ValueError, match=rf"can't be followed: {name} would break the confinement"):
            further_calls(["alarm", word])


def test_all_that_is_wrong_is_named_at_once():
    with pytest.raises(ValueError, match=r"mount, ptrace would break .*; 83, 9999, nonsense: no call .*: alarm, arch_"):
        further_calls(["101", "mount", "nonsense", "9999", "83", "alarm"])


def test_a_call_is_of_one_kind_only():
    assert not BREAKING.keys() & (FREE | BOUND | FURTHER.keys())
    assert not FREE & FURTHER.keys()


@pytest.mark.parametrize("machine", [X86_64, AARCH64])
def test_the_filter_lets_through_what_was_added_and_no_more(machine: int):
    def told(name: str, *arguments: int, further: tuple[str, ...] = tuple(FURTHER)) -> int:
        number = NUMBERS[name][machine]
        assert number is not None
        return run(for_process(snippet_filter(machine, further=further), PID), machine, number, arguments)

    for name in FURTHER:
        if NUMBERS[name][machine] is not None:
            assert told(name, 1, 1, further=()) == EPERM
    assert told("timer_create") == told("wait4") == told("sendto") == ALLOW
    assert told("getsid", PID) == told("getsid", 0) == told("socketpair", 1, 0x80001) == ALLOW
    assert (
        told("getsid", 1) == told("socketpair", 2, 1) == told("socketpair", 1, 2) == told("socketpair", 1, 5) == EPERM
    )
    assert told("execve") == told("socket", 1, 1) == told("connect") == told("clone", 17) == EPERM


@pytest.mark.parametrize("level", [3, 1])
async def test_a_snippet_may_do_what_was_added(level: int):
    code = """
import asyncio, signal, socket
async def main(): return await asyncio.gather(asyncio.sleep(0, 'a'), asyncio.to_thread(lambda: 'b'))
print(asyncio.run(main()))
signal.signal(signal.SIGALRM, lambda *_: print('alarm'))
signal.setitimer(signal.ITIMER_REAL, 0.001)
signal.pause()
for family, kind in ((socket.AF_UNIX, socket.SOCK_DGRAM), (socket.AF_INET, socket.SOCK_STREAM)):
    try: socket.socketpair(family, kind)
    except PermissionError: print('refused')
try: socket.socket(socket.AF_UNIX)
except PermissionError: print('refused')
"""
    expected = "['a', 'b']\nalarm\nrefused\nrefused\nrefused\n"
    added, _ = further_calls(["socketpair", "sendto", "recvfrom", "setitimer", "pause"])
    plain, widened = (
        EmbeddedSandbox(Limits(timeout=60.0), levels=(level,), system_calls=calls) for calls in ((), added)
    )
    try:
        if level == 3:
            try:
                await plain.ready()
            except SandboxRefusal:
                pytest.skip("no level 3 here")
        assert "PermissionError" in (await plain.run("python3", code)).error
        result = await widened.run("python3", code)
        assert result.stdout == expected, result.error
    finally:
        await plain.close()
        await widened.close()
