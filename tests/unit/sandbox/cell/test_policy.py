"""The seccomp program, run by a small interpreter of its own for both machines."""

import re
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.sandbox.cell.bpf import ALLOW, Rule, assemble
from orrery.sandbox.cell.numbers import AARCH64, NUMBERS, X86_64
from orrery.sandbox.cell.policy import for_process, snippet_filter

ARCH = {X86_64: 0xC000003E, AARCH64: 0xC00000B7}
EPERM, ENOSYS = 0x50001, 0x50026
PID = 4711


def run(program: bytes, machine: int, number: int, arguments: tuple[int, ...] = (), arch: int | None = None) -> int:
    """The verdict on one call (``struct seccomp_data``)."""
    padded = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("<IIQ6Q", number, ARCH[machine] if arch is None else arch, 0, *padded)
    code = [struct.unpack("<HBBI", program[i : i + 8]) for i in range(0, len(program), 8)]
    at, accumulator = 0, 0
    while True:
        operation, on_true, on_false, k = code[at]
        at += 1
        match operation:
            case 0x20:
                (accumulator,) = struct.unpack_from("<I", data, k)
            case 0x54:
                accumulator &= k
            case 0x15:
                at += on_true if accumulator == k else on_false
            case 0x35:
                at += on_true if accumulator >= k else on_false
            case 0x06:
                return k
            case _:
                raise AssertionError(operation)


def verdict(name: str, *arguments: int, machine: int = X86_64, network: bool = False) -> int:
    number = NUMBERS[name][machine]
    assert number is not None
    return run(for_process(snippet_filter(machine, network=network), PID), machine, number, arguments)


@pytest.mark.parametrize("machine", [X86_64, AARCH64])
def test_conditions_hold_on_both_machines(machine: int):
    def told(name: str, *arguments: int, network: bool = False) -> int:
        return verdict(name, *arguments, machine=machine, network=network)

    assert told("read") == told("openat") == told("exit_group") == ALLOW
    assert told("execve") == told("prctl") == told("socket", 2, 1) == told("connect") == EPERM
    assert told("clone3") == ENOSYS
    assert told("clone", 0x3D0F00) == ALLOW
    assert told("clone", 17) == told("clone", 0x3D0F00 | 0x40000000) == told("clone", 0x10000000 | 0x10000) == EPERM
    assert told("tgkill", PID, PID, 6) == ALLOW
    assert told("tgkill", PID + 1, PID + 1, 9) == told("tgkill", 0) == told("tgkill", 2**32 - 1) == EPERM
    assert told("prlimit64", 0) == told("prlimit64", PID) == ALLOW
    assert told("prlimit64", 1) == EPERM
    assert told("ioctl", 1, 0x5401) == told("fcntl", 1, 3) == ALLOW
    assert told("ioctl", 1, 0x5412) == told("fcntl", 1, 8) == told("fcntl", 1, 10) == EPERM
    assert told("socket", 2, 1, network=True) == told("socket", 10, 0x80801, network=True) == ALLOW
    assert told("socket", 2, 2, network=True) == told("socket", 1, 1, network=True) == EPERM
    assert told("socket", 16, 3, network=True) == told("execve", network=True) == EPERM


def test_foreign_doors_are_shut():
    program = snippet_filter(X86_64)
    assert run(program, X86_64, 0, arch=0x40000003) == EPERM  # i386
    assert run(program, X86_64, 0, arch=ARCH[AARCH64]) == EPERM
    assert run(program, X86_64, 0x40000000) == EPERM  # x32
    assert run(program, X86_64, 0xFFFFFFFF) == EPERM


@given(st.integers(0, 600), st.sampled_from([X86_64, AARCH64]), st.booleans())
@settings(max_examples=300, deadline=None)
def test_what_is_not_named_is_refused(number: int, machine: int, network: bool):
    named = {numbers[machine] for numbers in NUMBERS.values()}
    if number not in named:
        assert run(snippet_filter(machine, network=network), machine, number) == EPERM


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=20), st.integers(0, 2**64 - 1))
@settings(max_examples=100, deadline=None)
def test_argument_rules_compare_the_low_half(values: list[int], argument: int):
    program = assemble([Rule("read", argument=1, values=tuple(values))], X86_64)
    expected = ALLOW if argument & 0xFFFFFFFF in values else EPERM
    assert run(program, X86_64, 0, (7, argument)) == expected


def test_programs_fit_the_kernels_limit():
    assert len(snippet_filter(X86_64, network=True)) // 8 < 4096


@pytest.mark.parametrize(
    ("machine", "header"),
    [(X86_64, "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), (AARCH64, "/usr/include/aarch64-linux-gnu/asm/unistd_64.h")],
)  # fmt: skip
def test_numbers_are_those_of_the_kernel(machine: int, header: str):
    path = Path(header)
    if not path.is_file():
        pytest.skip(f"no {header}")
    real = dict(re.findall(r"#define __NR_(\w+) (\d+)", path.read_text()))
    assert {n: p[machine] for n, p in NUMBERS.items() if n in real} == {n: int(real[n]) for n in NUMBERS if n in real}
