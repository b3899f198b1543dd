"""Loads all settings once, at the start of a process."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar, get_type_hints

import msgspec

from orrery.settings.declare import Declared, Group, SettingValue, Shape, declared, scans
from orrery.settings.errors import Problem, SettingsError
from orrery.settings.groups.accounts import Accounts
from orrery.settings.groups.cache import CacheSettings
from orrery.settings.groups.canvas import Canvas
from orrery.settings.groups.code import CodeLimits
from orrery.settings.groups.database import Database
from orrery.settings.groups.egress import Egress
from orrery.settings.groups.http_node import HttpNode
from orrery.settings.groups.human_input import HumanInput
from orrery.settings.groups.jobs import Jobs
from orrery.settings.groups.knowledge import KnowledgeLimits
from orrery.settings.groups.logs import Logs
from orrery.settings.groups.mail import Mail
from orrery.settings.groups.observability import Observability
from orrery.settings.groups.plugin_daemon import PluginDaemon
from orrery.settings.groups.plugins import Plugins
from orrery.settings.groups.remote import Remote
from orrery.settings.groups.sandbox import Sandbox
from orrery.settings.groups.security import Security
from orrery.settings.groups.server import Server
from orrery.settings.groups.storage import Storage
from orrery.settings.groups.tools import Tools
from orrery.settings.groups.upload import Upload
from orrery.settings.groups.urls import Urls
from orrery.settings.groups.workflow import Workflow
from orrery.settings.home import SECRETS_FILE, default_home, open_home
from orrery.settings.parse import ParseError, counts_as_unset, parse
from orrery.settings.refuse import refusals
from orrery.settings.sources import Source, dotenv_source, embedded_defaults, secret_files_source, toml_source

SECRET_FILES = Path("/run/secrets")
_SECRET_KEY = re.compile("KEY|SECRET|PASSWORD|TOKEN|CREDENTIAL", re.IGNORECASE)
"""What the names of secret variables that were gathered by prefix hold."""

G = TypeVar("G", bound=Group)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting, by group. ``home`` is None in a fleet, which keeps nothing on its own disk.

    ``unknown`` names variables of the ``.env`` file that mean nothing here; ``orrery doctor`` shows them.
    """

    shape: Shape = "embedded"
    home: Path | None = None
    unknown: tuple[str, ...] = ()
    server: Server = Server()
    security: Security = Security()
    accounts: Accounts = Accounts()
    database: Database = Database()
    cache: CacheSettings = CacheSettings()
    jobs: Jobs = Jobs()
    storage: Storage = Storage()
    mail: Mail = Mail()
    urls: Urls = Urls()
    logs: Logs = Logs()
    observability: Observability = Observability()
    workflow: Workflow = Workflow()
    code: CodeLimits = CodeLimits()
    http_node: HttpNode = HttpNode()
    sandbox: Sandbox = Sandbox()
    egress: Egress = Egress()
    upload: Upload = Upload()
    plugins: Plugins = Plugins()
    plugin_daemon: PluginDaemon = PluginDaemon()
    tools: Tools = Tools()
    canvas: Canvas = Canvas()
    human_input: HumanInput = HumanInput()
    knowledge: KnowledgeLimits = KnowledgeLimits()
    remote: Remote = Remote()

    def secrets(self) -> frozenset[str]:
        """The values that must never be written anywhere; for the redaction of logs."""
        values = (
            getattr(getattr(self, name), field.field)
            for name, group in groups().items()
            for field in declared(group)
            if field.env.secret
        )
        scanned = (
            value
            for name, group in groups().items()
            for field in scans(group)
            for key, value in getattr(getattr(self, name), field).items()
            if _SECRET_KEY.search(key)
        )
        return frozenset(value for value in (*values, *scanned) if value)


def groups() -> dict[str, type[Group]]:
    """The groups by the name of their field in `Settings`, in order."""
    hints = get_type_hints(Settings)
    return {name: hint for name, hint in hints.items() if isinstance(hint, type) and issubclass(hint, Group)}


def load_settings(
    environ: Mapping[str, str],
    *,
    home: Path | None = None,
    dotenv: Path | None = None,
    shape: Shape = "embedded",
    arguments: Mapping[str, str] | None = None,
    toml: Path | None = None,
    remote: Callable[[Remote], Source | None] | None = None,
    required_secrets: Collection[str] | None = None,
) -> Settings:
    """Reads the chain of sources and checks every value.

    ``home`` defaults to ``ORRERY_HOME`` or ``~/.orrery`` and is made in the embedded shape. ``arguments`` are
    variables given on the command line, ``toml`` a file with variables as keys. ``remote`` asks the configuration
    server that the other sources name; its values come right after the environment. ``required_secrets`` names the secrets a fleet's role can't do without; None
    derives them from what is switched on. Raises `SettingsError` with every problem at once.
    """
    environment = Source.of("environment", environ)
    given = [Source.of("arguments", arguments or {}), environment]
    from_dotenv = dotenv_source(dotenv, environ) if dotenv else Source(".env", {})
    secret_files = secret_files_source(Path(environ.get("ORRERY_SECRETS_DIR") or SECRET_FILES))
    files = [from_dotenv, secret_files, *([toml_source(toml)] if toml else [])]
    chain = [*given, *_asked(remote, [*given, *files]), *files]
    if shape == "embedded":
        home = home or default_home(environment.values)
        chain += [Source(str(home / SECRETS_FILE), open_home(home)), embedded_defaults(home)]
    reader = _Reader(chain)
    built = {name: reader.build(group) for name, group in groups().items()}
    if reader.problems:
        raise SettingsError(reader.problems)
    known = {name for field in _all_fields() for name in (field.env.name, *field.env.aliases)}
    prefixes = tuple(scan.prefix for group in groups().values() for scan in scans(group).values())
    unknown = tuple(sorted(name for name in set(from_dotenv.values) - known if not name.startswith(prefixes)))
    settings = msgspec.structs.replace(Settings(shape=shape, home=home, unknown=unknown), **built)
    if shape == "fleet":
        _refuse_known_secrets(settings, reader.written, required_secrets)
    return settings


def _asked(remote: Callable[[Remote], Source | None] | None, chain: Sequence[Source]) -> list[Source]:
    """What the configuration server says, if one is named. Raises `SettingsError`."""
    if remote is None:
        return []
    reader = _Reader(chain)
    named = reader.build(Remote)
    if reader.problems:
        raise SettingsError(reader.problems)
    found = remote(named)
    return [] if found is None else [found]


def _all_fields() -> Iterator[Declared]:
    for group in groups().values():
        yield from declared(group)


class _Reader:
    """Builds groups from a chain of sources, gathering problems and the names of variables that were set."""

    def __init__(self, chain: Sequence[Source]) -> None:
        self._chain = chain
        self.problems: list[Problem] = []
        self.written: set[str] = set()

    def build(self, group: type[G]) -> G:
        values: dict[str, SettingValue | dict[str, str]] = {
            field: self._gather(scan.prefix) for field, scan in scans(group).items()
        }
        for field in declared(group):
            found = self._find(field)
            if found is None:
                continue
            name, text, label = found
            self.written.add(field.env.name)
            try:
                values[field.field] = parse(field, text)
            except ParseError as error:
                shown = "" if field.env.secret else f" (got {text[:60]!r} from {label})"
                self.problems.append(Problem(name, error.text.removesuffix(".") + shown + ".", error.mend))
        return group(**values)

    def _gather(self, prefix: str) -> dict[str, str]:
        """What the sources know of variables with this prefix; an earlier source wins, empty values count as unset."""
        return {
            name.removeprefix(prefix): text
            for source in reversed(self._chain)
            for name, text in source.values.items()
            if name.startswith(prefix) and text
        }

    def _find(self, field: Declared) -> tuple[str, str, str] | None:
        for source in self._chain:
            for name in (field.env.name, *field.env.aliases):
                text = source.values.get(name)
                if text is not None and not counts_as_unset(field, text):
                    return name, text, source.label
        return None


def _refuse_known_secrets(settings: Settings, written: Collection[str], required: Collection[str] | None) -> None:
    if required is None:
        required = {"SECRET_KEY"}
        if settings.sandbox.endpoint:
            required.add("CODE_EXECUTION_API_KEY")
        if settings.plugins.daemon_url:
            required.update({"PLUGIN_DAEMON_KEY", "INNER_API_KEY_FOR_PLUGIN"})
        if settings.security.admin_key_enabled:
            required.add("ADMIN_API_KEY")
    secrets = {
        field.env.name: str(getattr(getattr(settings, name), field.field))
        for name, group in groups().items()
        for field in declared(group)
        if field.env.secret
    }
    problems = refusals(secrets, written=written, required=required)
    if problems:
        raise SettingsError(problems)
