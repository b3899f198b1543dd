"""Who may ask the proxy, for which ports, and which addresses it may connect to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

from orrery.egress.addresses import AddressSet, looks_numeric, pack
from orrery.egress.lookup import Lookup, system_lookup
from orrery.egress.policy import AddressRules, EgressPolicy
from orrery.egress.proxy.refusal import Refusal, denied

TUNNEL_PORTS = frozenset({443})
"""Where CONNECT leads."""

_NEIGHBOURS = AddressSet((
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.168.0.0/16", "::1/128", "fc00::/7", "fe80::/10",
))  # fmt: skip
_PORTS = frozenset({21, 70, 80, 210, 280, 443, 488, 591, 777})
_FIRST_FREE_PORT = 1025


def asker(writer: asyncio.StreamWriter) -> str:
    """The address at the other end; empty when it has none."""
    peer: object = writer.get_extra_info("peername")
    return str(cast("tuple[object, ...]", peer)[0]) if isinstance(peer, tuple) else ""


class ProxyRules:
    """The verdicts; each raises `Refusal` for what is not allowed.

    ``policy`` says which addresses are exempt; ``patience`` is how long a name may take to resolve, seconds.
    """

    def __init__(self, policy: EgressPolicy, *, lookup: Lookup = system_lookup, patience: float = 30.0) -> None:
        self._policy, self._addresses = policy, AddressRules(policy)
        self._lookup, self._patience = lookup, patience

    def check_source(self, address: str) -> None:
        """Neighbours only: loopback, private and link-local addresses."""
        packed = pack(address)
        if packed is None or packed not in _NEIGHBOURS:
            raise denied(f"{address} is no neighbour")

    def check_port(self, port: int, *, tunnel: bool) -> None:
        """Ports that speak HTTP; only one of them for tunnels, whose content can't be seen."""
        if tunnel and port not in TUNNEL_PORTS:
            raise denied(f"no tunnel to port {port}")
        if port not in _PORTS and not _FIRST_FREE_PORT <= port <= 65535:
            raise denied(f"port {port} is not allowed")

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Where ``host`` may be reached: all of its addresses, if every one of them is allowed."""
        literal = pack(host) is not None
        if (not literal and (looks_numeric(host) or ":" in host)) or not self._addresses.allows_name(host, port):
            raise denied(f"{host} is not allowed")
        exempt = self._policy.is_exempt(host)
        found = [host] if literal else await self._resolve(host, port)
        if not all(self._addresses.allows(address, port, exempt=exempt) for address in found):
            raise denied(f"{host} leads inside")
        return found

    async def _resolve(self, host: str, port: int) -> Sequence[str]:
        try:
            async with asyncio.timeout(self._patience):
                found = await self._lookup(host, port)
        except (OSError, UnicodeError) as error:  # a name that no resolver could take is a UnicodeError
            raise Refusal(503, f"{host} can't be resolved", "ERR_DNS_FAIL") from error
        if not found:
            raise Refusal(503, f"{host} has no address", "ERR_DNS_FAIL")
        return found
