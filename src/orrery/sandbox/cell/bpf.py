"""Turns a list of allowed system calls into a seccomp program (classic BPF, ``struct sock_filter``).

Whatever is not listed fails with EPERM instead of killing the process: the snippet then sees an ordinary exception,
and a C library that probes for a newer call falls back. Calls through a foreign ABI (i386, x32) are refused whole.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from orrery.sandbox.cell.numbers import NUMBERS, X86_64

ALLOW = 0x7FFF0000
EPERM, ENOSYS = 1, 38

_AUDIT_ARCH = (0xC000003E, 0xC00000B7)
_X32_BIT = 0x40000000
_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_OFFSET_NUMBER, _OFFSET_ARCH, _OFFSET_ARGUMENTS = 0, 4, 16


def fail_with(errno: int) -> int:
    """The filter's verdict "return this errno"."""
    return 0x00050000 | errno


@dataclass(frozen=True)
class Rule:
    """Lets a call through; with ``argument`` only if ``argument & mask`` is one of ``values``.

    ``next_check`` is a second condition that must hold too.

    Only the low 32 bits of an argument are compared: use it for those that the kernel takes as int.
    ``verdict`` other than ALLOW answers without running the call.
    """

    name: str
    argument: int | None = None
    mask: int = 0xFFFFFFFF
    values: tuple[int, ...] = ()
    verdict: int = ALLOW
    next_check: Rule | None = None


def _instruction(code: int, k: int, on_true: int = 0, on_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, on_true, on_false, k)


def _body(rule: Rule) -> list[bytes]:
    """Instructions after the call's number has matched; always ends in a verdict."""
    if rule.argument is None:
        return [_instruction(_RETURN, rule.verdict)]
    after = [_instruction(_RETURN, rule.verdict)] if rule.next_check is None else _body(rule.next_check)
    body = [_instruction(_LOAD, _OFFSET_ARGUMENTS + 8 * rule.argument), _instruction(_AND, rule.mask)]
    count = len(rule.values)
    # each comparison jumps over the rest and over the refusal, to the verdict
    body += [_instruction(_JUMP_EQUAL, value, count - i, 0) for i, value in enumerate(rule.values)]
    return [*body, _instruction(_RETURN, fail_with(EPERM)), *after]


def assemble(rules: Sequence[Rule], machine: int) -> bytes:
    """The program for one machine (`numbers.machine`). Calls that the machine lacks are left out."""
    refuse = _instruction(_RETURN, fail_with(EPERM))
    program = [
        _instruction(_LOAD, _OFFSET_ARCH),
        _instruction(_JUMP_EQUAL, _AUDIT_ARCH[machine], 1, 0),
        refuse,
        _instruction(_LOAD, _OFFSET_NUMBER),
    ]
    if machine == X86_64:
        program += [_instruction(_JUMP_GREATER_EQUAL, _X32_BIT, 0, 1), refuse]
    for rule in rules:
        number = NUMBERS[rule.name][machine]
        if number is None:
            continue
        body = _body(rule)
        program += [_instruction(_JUMP_EQUAL, number, 0, len(body)), *body]
    program.append(refuse)
    return b"".join(program)
