"""Bounds of the sandbox, in one place; the defaults are the contract's where it has one (1.3)."""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds, bytes and counts.

    ``requests``: runs admitted at once, waiting ones included; ``workers``: runs at the same time; ``output``: each
    of stdout, stderr and the result; ``jobs_per_zygote`` and ``zygote_growth``: when a zygote is replaced;
    ``start_timeout``: for a zygote to be ready, and for its self-test.
    """

    requests: int = 50
    workers: int = 4
    timeout: float = 15.0
    queue_wait: float = 60.0
    output: int = 4 << 20
    code: int = 16 << 20
    memory: int = 256 << 20
    watch_interval: float = 0.05
    jobs_per_zygote: int = 5000
    zygote_growth: float = 0.3
    start_timeout: float = 30.0

    def patient(self) -> Limits:
        """The same for a process of ours that is still starting: a busy machine may take longer than a snippet may."""
        return msgspec.structs.replace(self, timeout=max(self.timeout, self.start_timeout))
