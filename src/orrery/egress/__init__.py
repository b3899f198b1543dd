"""The one way out: a guarded HTTP client that checks where a connection really goes.

Product code depends on `protocol.HttpClient`; the composition root builds a `GuardedHttpClient` per `EgressPolicy`.
This room must not know who asks: no tenants, no settings objects, no retries of meaning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orrery.egress.policy import EgressPolicy, ProxyRoutes, operator_policy, untrusted_policy

if TYPE_CHECKING:
    from orrery.egress.client import EgressLimits, GuardedHttpClient

__all__ = [
    "EgressLimits",
    "EgressPolicy",
    "GuardedHttpClient",
    "ProxyRoutes",
    "operator_policy",
    "untrusted_policy",
]


def __getattr__(name: str) -> object:
    # aiohttp takes 0.2 s to import; rooms that only speak of `egress.protocol` must not pay for it.
    if name in {"EgressLimits", "GuardedHttpClient"}:
        from orrery.egress import client

        return getattr(client, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
