"""Looking at every part of an installation, from the command line or from the console: the same questions.

Whoever asks opens the parts and closes them. Each answer says how a part is configured, and where it does not work,
what is wrong and how to mend it; none holds a secret.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from orrery.cache.protocol import Cache, CacheUnavailable
from orrery.database import Database
from orrery.database.ids import new_id
from orrery.database.migrate import HEAD, schema_state
from orrery.egress.policy import ProxyRoutes
from orrery.egress.protocol import EgressBlocked, EgressError, HttpClient
from orrery.errors import OrreryError
from orrery.jobs.inspection import JobInspection
from orrery.mail.protocol import MailRefused, MailTransport, MailUnavailable
from orrery.operations.connections import read_budget
from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.sandbox.protocol import CodeRunner
from orrery.settings.load import Settings
from orrery.storage.opening import where_it_is
from orrery.storage.protocol import ObjectStorage

_PATIENCE = 30
_SANDBOX_PATIENCE = 60
_OVERDUE = timedelta(minutes=10)
"""A job that waits longer than this after its time has nobody who takes it."""
_NOWHERE = "http://orrery-doctor.invalid/"
"""A name that never resolves (RFC 6761): a proxy that says so works."""


class Finding(msgspec.Struct, frozen=True):
    """One part: how it is configured; ``problem`` and ``mend`` when it does not work."""

    part: str
    configured: str
    problem: str | None = None
    mend: str = ""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """The opened parts. ``storage`` is the reason where it could not be opened.

    ``http`` goes the way of users' addresses, through the proxy if there is one. ``broker`` says what is wrong with
    the broker, None when nothing is; it is None itself where there is no broker. ``pages`` is the folder of the
    console's pages.
    """

    settings: Settings
    database: Database
    cache: Cache
    storage: ObjectStorage | Exception
    sandbox: CodeRunner
    http: HttpClient
    mail: MailTransport | None
    jobs: JobInspection
    broker: Callable[[], Awaitable[str | None]] | None
    pages: Path


async def examine(parts: Parts) -> list[Finding]:
    """Looks at every part at the same time. Never raises for what a part does."""
    found = [
        _settings(parts.settings),
        *await asyncio.gather(
            _database(parts),
            _connections(parts),
            _cache(parts),
            _storage(parts),
            _sandbox(parts),
            _proxy(parts),
            _mail(parts),
            _queue(parts),
        ),
        _pages(parts.pages),
    ]
    return [finding for finding in found if finding is not None]


def _settings(settings: Settings) -> Finding:
    where = f"{settings.shape} shape" + (f", home {settings.home}" if settings.home else "")
    if settings.unknown:
        return Finding("settings", f"{where}; without effect here: {', '.join(settings.unknown)}")
    return Finding("settings", where)


async def _database(parts: Parts) -> Finding:
    shown = make_url(parts.settings.database.url()).render_as_string(hide_password=True)
    try:
        async with asyncio.timeout(_PATIENCE):
            state = await schema_state(parts.database)
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        reason = str(error).partition("\n")[0] or "no answer"
        return Finding("database", shown, reason, "Check that the server runs and that DB_* name it and its password.")
    if state.serves:
        return Finding("database", f"{shown}, schema {state.revision}")
    if not state.tables and parts.settings.shape == "embedded":
        return Finding("database", f"{shown}, new: the first start makes the schema")
    found = f"The schema is at {state.revision or 'no revision'}, this version needs {HEAD}."
    if state.doubt is not None:
        found = f"A migration between {state.doubt.low} and {state.doubt.high} is under way, or broke off."
    return Finding("database", shown, found, "Run: orrery migrate")


async def _connections(parts: Parts) -> Finding | None:
    """None where nothing counts them, and where the database's own finding says why nothing is known."""
    try:
        async with asyncio.timeout(_PATIENCE):
            found = await read_budget(parts.database, parts.settings)
    except (SQLAlchemyError, OSError, TimeoutError):
        return None
    return None if found is None else Finding("connections", str(found), found.problem, found.mend)


async def _cache(parts: Parts) -> Finding:
    configured = parts.settings.cache.backend
    try:
        async with asyncio.timeout(_PATIENCE):
            await parts.cache.set("orrery:doctor", b"1", ttl=5)
    except (CacheUnavailable, TimeoutError) as error:
        reason = str(error) or _silent(_PATIENCE)
        return Finding("cache", configured, reason, "Check that Redis runs and that REDIS_* name it.")
    return Finding("cache", "in this process" if configured == "memory" else configured)


async def _storage(parts: Parts) -> Finding:
    configured, storage = where_it_is(parts.settings.storage), parts.storage
    if isinstance(storage, Exception):
        return Finding("storage", configured, str(storage), "Set what is missing in the environment or in .env.")
    key = f"orrery-doctor-{new_id()}"  # others may be looking at the same time
    try:
        async with asyncio.timeout(_PATIENCE):
            await storage.save(key, b"1")
            read = await storage.load(key)
            await storage.delete(key)
    except (OrreryError, OSError, TimeoutError) as error:
        reason = str(error) or _silent(_PATIENCE)
        return Finding("storage", configured, reason, "Check STORAGE_TYPE, its variables, and that it can be written.")
    problem = None if read == b"1" else "An object came back changed."
    return Finding("storage", configured, problem, "Check what stands between this machine and the storage.")


async def _sandbox(parts: Parts) -> Finding:
    sandbox = parts.sandbox
    configured = parts.settings.sandbox.endpoint or "confined child processes"
    try:
        async with asyncio.timeout(_SANDBOX_PATIENCE):
            result = await sandbox.call_main("python3", "def main():\n    return {'result': 1}", {})
    except (EgressError, OSError, TimeoutError, ValueError) as error:
        reason = str(error) or _silent(_SANDBOX_PATIENCE)
        return Finding("sandbox", configured, reason, "Check CODE_EXECUTION_ENDPOINT and its key.")
    except Exception as error:  # noqa: BLE001  (whatever a sandbox says is the finding)
        mend = (
            "Use a Linux kernel with Landlock or user namespaces, or set CODE_EXECUTION_ENDPOINT to a sandbox service."
        )
        return Finding("sandbox", configured, str(error), mend)
    if isinstance(sandbox, EmbeddedSandbox):
        bound = "control groups" if sandbox.grouped else "a watch"
        configured += f", level {sandbox.level}, memory bounded by {bound}"
    problem = None if result == {"result": 1} else f"A snippet gave {result}."
    return Finding("sandbox", configured, problem, "Look at the sandbox's log.")


async def _proxy(parts: Parts) -> Finding:
    egress = parts.settings.egress
    routes = ProxyRoutes.from_settings(
        all_url=egress.proxy_all, http_url=egress.proxy_http, https_url=egress.proxy_https
    )
    if routes.http is None:
        if egress.proxy_http or egress.proxy_https:
            problem = "Only one of SSRF_PROXY_HTTP_URL and SSRF_PROXY_HTTPS_URL is set, so no proxy is used."
            return Finding("proxy", "none", problem, "Set both, or SSRF_PROXY_ALL_URL, or neither.")
        return Finding("proxy", "none: addresses are checked in this process")
    configured = without_login(routes.http)
    try:
        async with asyncio.timeout(_PATIENCE):
            await parts.http.request("GET", _NOWHERE, max_bytes=64 * 1024)
    except EgressBlocked:
        return Finding("proxy", configured)
    except (EgressError, TimeoutError) as error:
        reason = str(error) or _silent(_PATIENCE)
        return Finding("proxy", configured, reason, "Check that it runs and that SSRF_PROXY_* name it.")
    return Finding("proxy", configured)


async def _mail(parts: Parts) -> Finding:
    mail = parts.settings.mail
    if not mail.type:
        return Finding("mail", "none: invitations are links to hand over")
    where = f"{mail.smtp_server}:{mail.smtp_port}" if mail.type == "smtp" else mail.type
    if parts.mail is None:
        missing = {"smtp": "SMTP_SERVER", "resend": "RESEND_API_KEY", "sendgrid": "SENDGRID_API_KEY"}[mail.type]
        return Finding("mail", mail.type, f"{missing} is not set, so no mail is sent.", f"Set {missing}.")
    try:
        async with asyncio.timeout(_PATIENCE):
            await parts.mail.check()
    except (MailUnavailable, MailRefused, TimeoutError) as error:
        reason = str(error) or _silent(_PATIENCE)
        return Finding("mail", where, reason, "Check the variables of the mail service: SMTP_*, RESEND_*, SENDGRID_*.")
    return Finding("mail", where)


async def _queue(parts: Parts) -> Finding:
    configured = "in this process" if parts.settings.jobs.backend == "process" else "Celery"
    if parts.broker is not None:
        problem = await parts.broker()
        if problem is not None:
            return Finding(
                "queue", configured, problem, "Check that the broker runs and that CELERY_BROKER_URL names it."
            )
    try:
        async with asyncio.timeout(_PATIENCE):
            counts = await parts.jobs.counts()
    except (SQLAlchemyError, OSError, TimeoutError):
        return Finding("queue", f"{configured}; its jobs can't be read, see the database")
    failed = sum(count.number for count in counts if count.status == "failed")
    waiting = [count for count in counts if count.status == "waiting"]
    # Those that are held wait for others of their own workspace: no worker would change that.
    later = sum(count.number for count in counts if count.status == "held")
    configured += f", {sum(count.number for count in waiting) + later} waiting, {failed} failed"
    overdue = sorted({count.queue for count in waiting if count.oldest < datetime.now(UTC) - _OVERDUE})
    if not overdue:
        return Finding("queue", configured)
    problem = f"Jobs wait for more than {_OVERDUE.seconds // 60} minutes in: {', '.join(overdue)}."
    mend = (
        "Look at this server's log for what holds them up."
        if parts.settings.shape == "embedded"
        else "Start a worker that serves these queues (orrery worker), or look at its log."
    )
    return Finding("queue", configured, problem, mend)


def _pages(folder: Path) -> Finding:
    if (folder / "index.html").is_file():
        return Finding("pages", "built")
    return Finding("pages", "not built", "The console can't be shown; the APIs work.", "Run ./orrery in the checkout.")


def without_login(url: str) -> str:
    """An address without the name and password that it may hold."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _silent(seconds: float) -> str:
    return f"No answer in {seconds:g} seconds."
