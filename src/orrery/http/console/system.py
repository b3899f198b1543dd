"""The installation as its operators see it: parts, addresses, failed jobs, refused destinations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Protocol

import msgspec

from orrery.database import Database
from orrery.egress.refusals import RefusedDestination
from orrery.http.call import Call
from orrery.http.console.addresses import AddressFinding, Seen, examine_addresses
from orrery.http.console.people_shapes import DONE, Done, acting, seconds
from orrery.http.endpoint import RouteGroup, route
from orrery.jobs.inspection import JobInspection, JobView
from orrery.security.permissions import Permission
from orrery.settings.groups.security import Security
from orrery.settings.groups.urls import Urls
from orrery.workspaces.audit.service import record
from orrery.workspaces.members.installation import Installation

PROBE = "/files/reachable.svg"
"""What a browser loads to see whether it reaches the address of file links."""


class PartFinding(Protocol):
    """One part: how it is configured; ``problem`` and ``mend`` when it does not work."""

    @property
    def part(self) -> str: ...
    @property
    def configured(self) -> str: ...
    @property
    def problem(self) -> str | None: ...
    @property
    def mend(self) -> str: ...


class EgressRules(msgspec.Struct, frozen=True):
    """What addresses of users may reach although it is private, and the proxy they go through, if any."""

    addresses: Sequence[str]
    domains: Sequence[str]
    proxy: str


class SystemParts(msgspec.Struct, frozen=True, kw_only=True):
    """What these routes ask. ``urls.trigger`` is the address that is really shown for webhooks."""

    examine: Callable[[], Awaitable[Sequence[PartFinding]]]
    database: Database
    jobs: JobInspection
    installation: Installation
    rules: EgressRules
    refusals: Callable[[], Sequence[RefusedDestination]]
    urls: Urls
    security: Security
    trust_forwarded: bool
    version: str
    shape: str


class PartView(msgspec.Struct, frozen=True):
    """A finding on the wire; ``mend`` is empty where nothing is to be done."""

    part: str
    configured: str
    problem: str | None
    mend: str


class PartViews(msgspec.Struct, frozen=True):
    """All parts of an installation."""

    version: str
    shape: str
    data: list[PartView]


class OriginQuery(msgspec.Struct, frozen=True):
    """The page's own ``location.origin``."""

    origin: Annotated[str, msgspec.Meta(pattern=r"^https?://[^/?#\s]+$", max_length=300)]


class AddressViews(msgspec.Struct, frozen=True):
    """All addresses; ``probe`` is a picture that the browser can load if file links reach it."""

    data: list[AddressFinding]
    probe: str


class JobsQuery(msgspec.Struct, frozen=True):
    """Which page of the failed jobs."""

    page: Annotated[int, msgspec.Meta(ge=1, le=99999)] = 1
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20


class FailedJob(msgspec.Struct, frozen=True, kw_only=True):
    """A failed job without its payload; ``error`` is the reason that it gave."""

    id: str
    name: str
    queue: str
    attempts: int
    error: str
    created_at: int | None
    finished_at: int | None


class FailedJobs(msgspec.Struct, frozen=True):
    """A page of failed jobs, the latest first."""

    page: int
    limit: int
    total: int
    has_more: bool
    data: list[FailedJob]


class Refused(msgspec.Struct, frozen=True):
    """A destination that was refused, how often, and when last."""

    host: str
    port: int
    times: int
    last: int | None


class EgressView(msgspec.Struct, frozen=True):
    """The exemptions, and what this process refused since it started."""

    addresses: Sequence[str]
    domains: Sequence[str]
    proxy: str
    refused: list[Refused]


class SystemRoutes(RouteGroup):
    """For the owner and the admins of the first workspace: what is shown belongs to no workspace."""

    def __init__(self, parts: SystemParts) -> None:
        self._parts = parts

    @route("GET", "/system/parts", auth="console", scope="workspace", permission=Permission.SYSTEM_VIEW)
    async def parts(self, call: Call) -> PartViews:
        """Looks at every part, as `orrery doctor` does."""
        await self._parts.installation.check(call.account.workspace_id)
        found = await self._parts.examine()
        views = [PartView(one.part, one.configured, one.problem, one.mend if one.problem else "") for one in found]
        return PartViews(self._parts.version, self._parts.shape, views)

    @route(
        "GET",
        "/system/addresses",
        auth="console",
        scope="workspace",
        permission=Permission.SYSTEM_VIEW,
        query=OriginQuery,
    )
    async def addresses(self, call: Call, query: OriginQuery) -> AddressViews:
        """Compares the installation's addresses with the one that the browser used."""
        parts = self._parts
        await parts.installation.check(call.account.workspace_id)
        seen = Seen(
            origin=query.origin.lower(),
            forwarded="x-forwarded-for" in call.request.headers,
            trusted=parts.trust_forwarded,
        )
        found = examine_addresses(parts.urls, parts.security, seen)
        return AddressViews(found, (parts.urls.file_links() or seen.origin) + PROBE)

    @route("GET", "/system/jobs", auth="console", scope="workspace", permission=Permission.SYSTEM_VIEW, query=JobsQuery)
    async def jobs(self, call: Call, query: JobsQuery) -> FailedJobs:
        """Lists the jobs that failed for good, the latest first."""
        parts, skip = self._parts, (query.page - 1) * query.limit
        await parts.installation.check(call.account.workspace_id)
        total = sum(count.number for count in await parts.jobs.counts() if count.status == "failed")
        rows = await parts.jobs.list("failed", limit=query.limit, skip=skip)
        return FailedJobs(query.page, query.limit, total, skip + len(rows) < total, [_failed(row) for row in rows])

    @route(
        "POST",
        "/system/jobs/{job_id}/retry",
        auth="console",
        scope="workspace",
        permission=Permission.SYSTEM_MANAGE,
    )
    async def retry(self, call: Call) -> Done:
        """Puts a failed job back into its queue, with all its attempts."""
        job_id = await self._job(call)
        await self._parts.jobs.retry(job_id)
        return await self._recorded(call, "system.job.retry", job_id)

    @route("DELETE", "/system/jobs/{job_id}", auth="console", scope="workspace", permission=Permission.SYSTEM_MANAGE)
    async def forget(self, call: Call) -> Done:
        """Deletes a failed job for good."""
        job_id = await self._job(call)
        await self._parts.jobs.forget(job_id)
        return await self._recorded(call, "system.job.delete", job_id)

    @route("GET", "/system/egress", auth="console", scope="workspace", permission=Permission.SYSTEM_VIEW)
    async def egress(self, call: Call) -> EgressView:
        """Shows which private destinations are exempt, and which were refused lately."""
        await self._parts.installation.check(call.account.workspace_id)
        rules = self._parts.rules
        refused = [Refused(one.host, one.port, one.times, seconds(one.last)) for one in self._parts.refusals()]
        return EgressView(rules.addresses, rules.domains, rules.proxy, refused)

    async def _job(self, call: Call) -> str:
        await self._parts.installation.check(call.account.workspace_id)
        return call.id("job_id")

    async def _recorded(self, call: Call, action: str, job_id: str) -> Done:
        async with self._parts.database.write() as session:
            record(session, acting(call), action, job_id)
        return DONE


def _failed(row: JobView) -> FailedJob:
    return FailedJob(
        id=row.id,
        name=row.name,
        queue=row.queue,
        attempts=row.attempts,
        error=row.error or "",
        created_at=seconds(row.created_at),
        finished_at=seconds(row.finished_at),
    )
