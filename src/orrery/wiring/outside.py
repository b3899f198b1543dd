"""The outside: HTTP clients under their policies, and the sandbox, as the settings say."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

import msgspec

from orrery.egress import EgressLimits, GuardedHttpClient, ProxyRoutes, operator_policy, untrusted_policy
from orrery.egress.policy import HostPort
from orrery.egress.protocol import HttpClient, Timeouts
from orrery.egress.proxy.rules import ProxyRules
from orrery.egress.proxy.server import ForwardProxy
from orrery.egress.refusals import Refusals
from orrery.egress.retrying import RetryingHttpClient
from orrery.retrieval.extraction.confined import Call, ConfinedExtract, ConfinedUnits
from orrery.retrieval.extraction.in_thread import extract_in_thread, units_in_thread
from orrery.retrieval.extraction.protocol import Extract, ExtractUnits
from orrery.sandbox.cgroups import groups_or_watch
from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.sandbox.limits import Limits
from orrery.sandbox.node import find_node
from orrery.sandbox.protocol import NetworkGate
from orrery.sandbox.relay import RelayGate
from orrery.sandbox.remote import RemoteSandbox
from orrery.settings.groups.egress import Egress
from orrery.settings.load import Settings

_log = logging.getLogger(__name__)

_LONGEST = 300.0
"""Seconds of a whole exchange whose bytes keep dripping."""


class Clients(msgspec.Struct, frozen=True):
    """``untrusted`` for addresses out of users' hands, ``operator`` for those that administrators configured.

    ``fetching`` is the first one, asking again when a file or a description can't be had at once. ``refusals``
    remembers what either of them, and snippets, were refused.
    """

    untrusted: GuardedHttpClient
    operator: GuardedHttpClient
    fetching: HttpClient
    refusals: Refusals

    async def close(self) -> None:
        await self.untrusted.close()
        await self.operator.close()


def open_clients(settings: Settings) -> Clients:
    """Two guarded clients; no connection is made before the first use."""
    egress = settings.egress
    proxies = ProxyRoutes.from_settings(
        all_url=egress.proxy_all, http_url=egress.proxy_http, https_url=egress.proxy_https
    )
    own: tuple[HostPort, ...] = ((settings.server.host, settings.server.port),)
    behind: tuple[HostPort, ...] = (
        (settings.database.host, settings.database.port),
        (settings.cache.host, settings.cache.port),
        *_named(settings.plugins.daemon_url),
        *_named(settings.sandbox.endpoint),
    )
    untrusted = untrusted_policy(
        allow_private_ips=",".join(egress.allow_private_ips),
        allow_private_domains=",".join(egress.allow_private_domains),
        refused=(*own, *(behind if settings.shape == "fleet" else ())),
        proxies=proxies,
    )
    # On one's own machine models may stand beside the server; in a fleet the operator names the networks. Calls to
    # models and to the sandbox service go direct, as the contract has them (sandbox-and-security.md 5.4).
    inside = [*egress.allow_private_domains, urlsplit(settings.sandbox.endpoint).hostname or ""]
    operator = operator_policy(
        allow_private=settings.shape == "embedded",
        allow_private_ips=",".join(egress.allow_private_ips),
        allow_private_domains=",".join(name for name in inside if name),
        refused=own,
    )
    unlimited = EgressLimits(max_connections=0)
    refusals = Refusals()
    guarded = GuardedHttpClient(untrusted, limits=_limits(egress), refusals=refusals)
    return Clients(
        guarded,
        GuardedHttpClient(operator, limits=unlimited, refusals=refusals),
        RetryingHttpClient(guarded, retries=egress.max_retries),
        refusals,
    )


def _named(url: str) -> tuple[HostPort, ...]:
    """The host and port of a service behind us; nothing without one."""
    parts = urlsplit(url)
    if not parts.hostname:
        return ()
    return ((parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)),)


def _limits(egress: Egress) -> EgressLimits:
    """Bounds of the client for users' addresses: where a caller has no time-outs of its own, the settings' hold."""
    return EgressLimits(
        timeouts=Timeouts(
            connect=egress.connect_timeout,
            read=egress.read_timeout,
            write=egress.write_timeout,
            total=_LONGEST,
            place=egress.timeout,
        ),
        max_connections=egress.max_connections,
        keepalive=egress.idle_seconds,
    )


def open_sandbox(settings: Settings, clients: Clients) -> EmbeddedSandbox | RemoteSandbox:
    """Confined child processes of this machine, or the service at ``CODE_EXECUTION_ENDPOINT``."""
    sandbox = settings.sandbox
    if not sandbox.endpoint:
        limits = Limits(timeout=float(sandbox.worker_timeout))
        gate = _snippet_gate(clients) if sandbox.network else None
        return EmbeddedSandbox(
            limits,
            allow_network=gate is not None,
            gate=gate,
            groups=groups_or_watch(limits.memory, sandbox.cgroup),
            js_engine=sandbox.js_engine,
            node=(find_node(sandbox.node) or "") if sandbox.js_engine == "node" else "",
        )
    timeouts = Timeouts(
        connect=sandbox.connect_timeout, read=sandbox.read_timeout, write=sandbox.write_timeout, total=None
    )
    return RemoteSandbox(
        clients.operator, sandbox.endpoint, sandbox.key, timeouts=timeouts, verify_tls=sandbox.tls_verify
    )


def _snippet_gate(clients: Clients) -> NetworkGate | None:
    """The way out of snippets that run here: the configured proxy, else one of our own in this process."""
    proxies = clients.untrusted.policy.proxies
    if not proxies.http:
        return ForwardProxy(ProxyRules(clients.untrusted.policy), refusals=clients.refusals)
    try:
        return RelayGate.from_url(proxies.http)
    except ValueError as error:
        _log.warning("snippets get no network: %s", error)
        return None


def extract_of(settings: Settings, call: Call) -> Extract:
    """How the text is taken out of documents: in a confined process, unless the settings say otherwise."""
    return ConfinedExtract(call) if settings.sandbox.confine_documents else extract_in_thread


def units_of(settings: Settings, call: Call) -> ExtractUnits:
    """How documents come apart into units, in the same way."""
    return ConfinedUnits(call) if settings.sandbox.confine_documents else units_in_thread
