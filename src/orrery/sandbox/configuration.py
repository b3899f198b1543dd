"""Settings of the sandbox as a service of its own: the contract's file and environment names (section 2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar, cast

import msgspec

from orrery.sandbox.durations import seconds_of
from orrery.sandbox.libraries import library_folders
from orrery.sandbox.limits import Limits
from orrery.sandbox.node import JsEngine
from orrery.sandbox.system_calls import further_calls

DEFAULT_KEY = "dify-sandbox"
CONFIGURATION_FILES = ("/conf/config.yaml", "conf/config.yaml")

_TRUE, _FALSE = {"1", "true", "yes", "on", "t"}, {"0", "false", "no", "off", "f", ""}
_UNFOLLOWED = {
    ("python_path", "PYTHON_PATH"): "snippets run on the interpreter of the service",
    ("", "SYSTEM_LIB_REQUIREMENTS"): "system libraries are mounted as they are, not copied",
}
_T = TypeVar("_T")


class Misconfigured(Exception):
    """The service must not start like this; the text says how to mend it."""


class ServiceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``key`` is compared with ``X-Api-Key``; ``packages`` is where the requirements file is installed to,
    ``shipped`` what an image brings along for snippets.

    ``proxy`` is the forward proxy of snippets with network; without one they reach nothing. ``environment`` is what
    snippets find besides. ``update_interval`` is in seconds, 0 never. ``cgroup`` is
    a subtree of control groups for runs, from the root of their tree. ``libraries`` are folders that snippets may read
    and import from besides, ``system_calls`` what they may ask of the kernel besides (`policy.FURTHER`). ``notices``
    tell what is set but not followed.
    """

    key: str
    host: str = "0.0.0.0"  # noqa: S104  a container's only door
    port: int = 8194
    socket: str | None = None
    debug: bool = False
    limits: Limits = Limits(timeout=5.0)
    minimum_level: int = 1
    enable_network: bool = True
    packages: str = "/dependencies/site-packages"
    shipped: str = "/app/snippets"
    requirements: str = "/dependencies/python-requirements.txt"
    mirror: str = ""
    update_interval: float = 1800.0
    js_engine: JsEngine | None = None
    node: str = ""
    proxy: str = ""
    no_proxy: str = ""
    environment: Mapping[str, str] = {}
    log_path: str = ""
    cgroup: str = ""
    libraries: tuple[str, ...] = ()
    system_calls: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def read_settings(environment: Mapping[str, str], file: Path | None = None) -> ServiceSettings:
    """Settings from a YAML file and, winning over it, the environment. Raises Misconfigured."""
    source = _Source(environment, _read_file(file))
    key = source.text("app.key", "API_KEY", "SANDBOX_API_KEY")
    _check_key(key, allow_default=source.number("", ("SANDBOX_ALLOW_DEFAULT_KEY",), False, _truth))
    limits = Limits(
        workers=source.number("max_workers", ("MAX_WORKERS",), 4, _count),
        requests=source.number("max_requests", ("MAX_REQUESTS",), 50, _count),
        timeout=source.number("worker_timeout", ("WORKER_TIMEOUT",), 5.0, _positive),
    )
    log_path = source.text("log_path")
    own = [*([Path(log_path)] if log_path else []), *([file.resolve().parent] if file is not None else [])]
    system_calls, libraries, notices = _additions(source, [folder.resolve() for folder in own])
    return ServiceSettings(
        key=key,
        port=source.number("app.port", ("SANDBOX_PORT",), 8194, int),
        debug=source.number("app.debug", ("DEBUG",), False, _truth),
        limits=limits,
        minimum_level=source.number("", ("SANDBOX_MIN_LEVEL",), 1, int),
        enable_network=source.number("enable_network", ("ENABLE_NETWORK",), True, _truth),
        mirror=source.text("python_pip_mirror_url", "PIP_MIRROR_URL"),
        update_interval=source.number(
            "python_deps_update_interval", ("PYTHON_DEPS_UPDATE_INTERVAL",), 1800.0, seconds_of
        ),
        js_engine=source.number("js_engine", ("JS_ENGINE", "ORRERY_JS_ENGINE"), None, _engine),
        node=source.text("nodejs_path", "NODEJS_PATH", "ORRERY_NODE"),
        proxy=_proxy(source),
        no_proxy=source.text("proxy.no_proxy", "NO_PROXY"),
        environment=_forwarded(source, environment),
        log_path=log_path,
        cgroup=source.text("cgroup", "SANDBOX_CGROUP"),
        libraries=libraries,
        system_calls=system_calls,
        notices=(*notices, *_notices(source)),
    )


class _Source:
    """One value by its dotted place in the file and its names in the environment; empty counts as not given."""

    def __init__(self, environment: Mapping[str, str], written: Mapping[str, object]) -> None:
        self._environment, self._written = environment, written

    def given(self, place: str, *names: str) -> object:
        for name in names:
            if self._environment.get(name):
                return self._environment[name]
        value: object = self._written
        for step in place.split("."):
            value = _entry(value, step)
        return value if value not in ("", [], None) else None

    def text(self, place: str, *names: str) -> str:
        value = self.given(place, *names)
        return "" if value is None else str(value)

    def number(self, place: str, names: tuple[str, ...], default: _T, convert: Callable[[str], _T]) -> _T:
        """Raises Misconfigured naming the setting."""
        value = self.given(place, *names)
        if value is None:
            return default
        try:
            return convert(str(value))
        except ValueError as error:
            msg = f"{(names or (place,))[0]}={value} can't be used: {error}"
            raise Misconfigured(msg) from error

    def words(self, place: str, *names: str) -> list[str]:
        """A list in the file, or words between commas."""
        value = self.given(place, *names)
        items = cast("list[object]", value) if isinstance(value, list) else str(value or "").split(",")
        return [word for item in items if (word := str(item).strip())]


def _proxy(source: _Source) -> str:
    """SOCKS wins, then the one for https."""
    return (
        source.text("proxy.socks5", "SOCKS5_PROXY")
        or source.text("proxy.https", "HTTPS_PROXY")
        or source.text("proxy.http", "HTTP_PROXY")
    )


def _forwarded(source: _Source, environment: Mapping[str, str]) -> Mapping[str, str]:
    names = source.words("allowed_env_vars", "ALLOWED_ENV_VARS") or source.words("proxy.allowed_env_vars")
    secret = {"API_KEY", "SANDBOX_API_KEY"} & set(names)
    if secret:
        msg = f"ALLOWED_ENV_VARS names {', '.join(sorted(secret))}: snippets must not see the key of the service"
        raise Misconfigured(msg)
    return {name: environment[name] for name in names if name in environment}


def _additions(source: _Source, own: Sequence[Path]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """System calls and folders that snippets get besides, and notices. Raises Misconfigured."""
    try:
        calls, about_calls = further_calls(source.words("allowed_syscalls", "ALLOWED_SYSCALLS"))
        libraries, about_libraries = library_folders(source.words("python_lib_path", "PYTHON_LIB_PATH"), own=own)
    except ValueError as error:
        raise Misconfigured(str(error)) from error
    return calls, libraries, (*about_calls, *about_libraries)


def _notices(source: _Source) -> tuple[str, ...]:
    notices = [
        f"{name} is set but not followed: {why}"
        for (place, name), why in _UNFOLLOWED.items()
        if source.given(place or name.lower(), name) is not None
    ]
    if source.number("enable_preload", ("ENABLE_PRELOAD",), False, _truth):
        notices.append("ENABLE_PRELOAD is set but not followed: nothing of a request runs before its confinement")
    return tuple(notices)


def _read_file(file: Path | None) -> Mapping[str, object]:
    """Raises Misconfigured for a file that is no YAML mapping."""
    if file is None or not file.is_file():
        return {}
    import yaml  # only the service reads a file

    try:
        content: object = yaml.safe_load(file.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        msg = f"{file} can't be read: {error}"
        raise Misconfigured(msg) from error
    if content is not None and not isinstance(content, dict):
        msg = f"{file} holds no settings: names and values are expected"
        raise Misconfigured(msg)
    return cast("dict[str, object]", content or {})


def _entry(section: object, name: str) -> object:
    return cast("dict[str, object]", section).get(name) if isinstance(section, dict) else None


def _check_key(key: str, *, allow_default: bool) -> None:
    if key in {"", DEFAULT_KEY} and not allow_default:
        msg = "set API_KEY to a secret of your own: the sandbox does not start with an empty or the default key"
        raise Misconfigured(f"{msg} (SANDBOX_ALLOW_DEFAULT_KEY=1 permits it for development)")


def _truth(text: str) -> bool:
    word = text.strip().lower()
    if word not in _TRUE | _FALSE:
        msg = "true or false is expected"
        raise ValueError(msg)
    return word in _TRUE


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        msg = "at least 1 is expected"
        raise ValueError(msg)
    return number


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number <= 86400:
        msg = "seconds above 0 are expected"
        raise ValueError(msg)
    return number


def _engine(text: str) -> JsEngine:
    if text == "node":
        return "node"
    if text == "quickjs":
        return "quickjs"
    msg = "quickjs or node is expected"
    raise ValueError(msg)
