"""How often one address may ask for forms: tokens can't be guessed by trying."""

from __future__ import annotations

import msgspec

from orrery.apps.forms.errors import FormRateLimited
from orrery.cache.protocol import Cache


class FormRate(msgspec.Struct, frozen=True):
    """``attempts`` of each kind in ``window`` seconds."""

    cache: Cache
    attempts: int
    window: float

    async def count(self, kind: str, address: str) -> None:
        """Counts one request. Raises `FormRateLimited`."""
        hit = await self.cache.hit(f"web_form_{kind}_rate_limit:{address}", limit=self.attempts, window=self.window)
        if not hit.allowed:
            raise FormRateLimited(retry_after=hit.retry_after)
