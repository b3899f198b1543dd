"""Slows down the guessing of passwords: per mail and address first, per mail over all addresses much later.

The contract locks a mail for a day after more than five failures, from wherever they came, so that anybody can lock
anybody out. Here the wait belongs to the pair of mail and address and grows with each further failure up to that day;
guesses that come from many addresses slow the mail itself, but never for more than a quarter of an hour.
"""

from __future__ import annotations

from orrery.cache.protocol import Cache
from orrery.security.tokens import fingerprint
from orrery.workspaces.accounts.errors import SignInLocked

MOST_FAILURES = 5
MOST_FAILURES_OF_MAIL = 100
FIRST_WAIT_SECONDS = 60
LONGEST_WAIT_OF_MAIL_SECONDS = 900
_MOST_DOUBLINGS = 20


class Lockout:
    """Counts attempts; ``lockout_seconds`` is LOGIN_LOCKOUT_DURATION: how long failures are remembered."""

    def __init__(self, cache: Cache, *, lockout_seconds: int) -> None:
        self._cache = cache
        self._lockout = lockout_seconds

    async def begin(self, email: str, ip: str) -> None:
        """Counts an attempt before the password is looked at, so that attempts at once count as well.

        Raises `SignInLocked` while the pair or the mail has to wait, with the whole wait and not what is left of it;
        such attempts are not counted.
        """
        pair, mail = _keys(email, ip)
        for key in (pair, mail):
            wait = await self._cache.get(f"{key}:wait")
            if wait is not None:
                raise SignInLocked(retry_after=float(wait))
        await self._count(pair, MOST_FAILURES, self._lockout)
        await self._count(mail, MOST_FAILURES_OF_MAIL, LONGEST_WAIT_OF_MAIL_SECONDS)

    async def succeed(self, email: str, ip: str) -> None:
        """Forgets the failures of the pair, and this attempt of the mail's."""
        pair, mail = _keys(email, ip)
        await self._cache.delete(pair, f"{pair}:wait")
        await self._cache.increment(mail, by=-1, ttl=self._lockout)

    async def _count(self, key: str, most: int, longest: float) -> None:
        count = await self._cache.increment(key, ttl=self._lockout, renew=True)
        if count <= most:
            return
        # The attempt that passes the limit is still looked at, and all that come after it wait. Of several at once
        # only one gets to leave the mark.
        wait = min(longest, FIRST_WAIT_SECONDS * 2 ** min(count - most - 1, _MOST_DOUBLINGS))
        if not await self._cache.add(f"{key}:wait", b"%d" % wait, ttl=wait):
            raise SignInLocked(retry_after=wait)


def _keys(email: str, ip: str) -> tuple[str, str]:
    # Fingerprints bound the length of keys that strangers choose.
    mail = email.strip().lower()
    return f"login_error_rate_limit:{fingerprint(f'{mail}|{ip}')}", f"login_error_rate_limit:{fingerprint(mail)}"
