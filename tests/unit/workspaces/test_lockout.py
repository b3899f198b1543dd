from __future__ import annotations

import pytest
from tests.support.clock import MovableClock

from orrery.cache.memory import MemoryCache
from orrery.workspaces.accounts.errors import SignInLocked
from orrery.workspaces.accounts.lockout import Lockout

MAIL, IP = "ada@example.com", "192.0.2.1"


def lockout(clock: MovableClock, seconds: int = 86400) -> Lockout:
    return Lockout(MemoryCache(clock=clock.monotonic), lockout_seconds=seconds)


async def fails(door: Lockout, ip: str = IP, mail: str = MAIL) -> float | None:
    """None when the attempt is looked at, else how long to wait."""
    try:
        await door.begin(mail, ip)
    except SignInLocked as locked:
        return locked.retry_after or 0.0
    return None


async def test_waits_double_up_to_the_setting() -> None:
    clock = MovableClock()
    door = lockout(clock, seconds=600)
    assert [await fails(door) for _ in range(6)] == [None] * 6
    for wait in (60, 120, 240, 480):
        assert await fails(door) is not None
        clock.advance(seconds=wait - 1)
        assert await fails(door) is not None, f"still locked just before {wait} s"
        clock.advance(seconds=2)
        assert await fails(door) is None, f"one more try after {wait} s"
    clock.advance(seconds=599)
    assert await fails(door) is not None
    clock.advance(seconds=1)
    assert [await fails(door) for _ in range(6)] == [None] * 6, "the longest wait is the setting's, which forgets all"


async def test_failures_are_forgotten_a_lockout_after_the_last_one() -> None:
    clock = MovableClock()
    door = lockout(clock)
    for _ in range(6):
        await fails(door)
    clock.advance(seconds=86401)
    assert [await fails(door) for _ in range(6)] == [None] * 6


async def test_spelling_of_the_mail_makes_no_difference() -> None:
    door = lockout(MovableClock())
    for spelling in ("ada@example.com", "ADA@example.com", " Ada@Example.com ") * 2:
        assert await fails(door, mail=spelling) is None
    assert await fails(door) is not None


async def test_success_clears_the_pair_but_not_what_others_did() -> None:
    door = lockout(MovableClock())
    for n in range(99):
        await fails(door, ip=f"198.51.100.{n}")
    await door.begin(MAIL, IP)
    await door.succeed(MAIL, IP)
    for n in range(2):
        assert await fails(door, ip=f"203.0.113.{n}") is None, "success did not count as a failure of the mail"
    with pytest.raises(SignInLocked):
        await door.begin(MAIL, IP)
