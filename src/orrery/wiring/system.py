"""What the console shows of the installation, from this process's own parts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec

from orrery import __version__
from orrery.http.console.system import EgressRules, SystemParts
from orrery.jobs.inspection import JobInspection
from orrery.mail.opening import open_mail
from orrery.operations.examination import Finding, Parts, examine, without_login
from orrery.settings.groups.urls import Urls
from orrery.settings.load import Settings
from orrery.wiring.ground import Ground
from orrery.workspaces.members.installation import Installation

Broker = Callable[[], Awaitable[str | None]]


def system_parts(ground: Ground, jobs: JobInspection, broker: Broker | None, pages: Path) -> SystemParts:
    """``broker`` says what is wrong with it; None where there is none."""
    settings, clients = ground.settings, ground.clients
    parts = Parts(
        settings=settings,
        database=ground.database,
        cache=ground.cache,
        storage=ground.storage,
        sandbox=ground.code,
        http=clients.untrusted,
        mail=open_mail(settings.mail, clients.operator),
        jobs=jobs,
        broker=broker,
        pages=pages,
    )

    async def look() -> Sequence[Finding]:
        return await examine(parts)

    egress = settings.egress
    return SystemParts(
        examine=look,
        database=ground.database,
        jobs=jobs,
        installation=Installation(ground.database),
        rules=EgressRules(
            egress.allow_private_ips,
            egress.allow_private_domains,
            without_login(clients.untrusted.policy.proxies.http or ""),
        ),
        refusals=clients.refusals.latest,
        urls=msgspec.structs.replace(settings.urls, trigger=trigger_address(settings)),
        security=settings.security,
        trust_forwarded=settings.server.trust_forwarded,
        version=__version__,
        shape=settings.shape,
    )


def trigger_address(settings: Settings) -> str:
    """The address that is shown for webhooks; empty means the address of the request.

    On one's own machine the console's address, port and all, is the webhooks' too, unless somebody says otherwise.
    """
    unsaid = settings.shape == "embedded" and settings.urls.trigger == Urls().trigger
    return "" if unsaid else settings.urls.trigger
