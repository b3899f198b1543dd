"""The one way out: a guarded HTTP client that checks where a connection really goes.

Product code depends on `protocol.HttpClient`; the composition root builds a `GuardedHttpClient` per `EgressPolicy`.
This room must not know who asks: no tenants, no settings objects, no retries of meaning.
"""

from orrery.egress.client import EgressLimits, GuardedHttpClient
from orrery.egress.policy import EgressPolicy, ProxyRoutes, operator_policy, untrusted_policy

__all__ = [
    "EgressLimits",
    "EgressPolicy",
    "GuardedHttpClient",
    "ProxyRoutes",
    "operator_policy",
    "untrusted_policy",
]
