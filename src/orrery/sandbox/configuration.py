"""Settings of the sandbox as a service of its own: the contract's file and environment names (section 2)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import msgspec

from orrery.sandbox.limits import Limits

DEFAULT_KEY = "dify-sandbox"
CONFIGURATION_FILES = ("/conf/config.yaml", "conf/config.yaml")


class Misconfigured(Exception):
    """The service must not start like this; the text says how to mend it."""


class ServiceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``key`` is compared with ``X-Api-Key``; ``packages`` is where the requirements file is installed to.

    ``proxy`` is the forward proxy of snippets with network; without one they reach nothing.
    """

    key: str
    host: str = "0.0.0.0"  # noqa: S104  a container's only door
    port: int = 8194
    socket: str | None = None
    limits: Limits = Limits(timeout=5.0)
    minimum_level: int = 1
    enable_network: bool = True
    packages: str = "/dependencies/site-packages"
    requirements: str = "/dependencies/python-requirements.txt"
    mirror: str = ""
    proxy: str = ""


def read_settings(environment: Mapping[str, str], file: Path | None = None) -> ServiceSettings:
    """Settings from a YAML file and, winning over it, the environment. Raises Misconfigured."""
    written = _read_file(file)
    section = _section(written, "app")

    proxies = _section(written, "proxy")

    def pick(name: str, value: object, default: str) -> str:
        return environment.get(name) or (default if value is None else str(value))

    key = environment.get("API_KEY") or environment.get("SANDBOX_API_KEY") or str(section.get("key") or "")
    _check_key(key, allow_default=_truth(environment.get("SANDBOX_ALLOW_DEFAULT_KEY", "")))
    try:
        limits = Limits(
            workers=int(pick("MAX_WORKERS", written.get("max_workers"), "4")),
            requests=int(pick("MAX_REQUESTS", written.get("max_requests"), "50")),
            timeout=float(pick("WORKER_TIMEOUT", written.get("worker_timeout"), "5")),
        )
        return ServiceSettings(
            key=key,
            port=int(pick("SANDBOX_PORT", section.get("port"), "8194")),
            limits=limits,
            minimum_level=int(environment.get("SANDBOX_MIN_LEVEL") or 1),
            enable_network=_truth(pick("ENABLE_NETWORK", written.get("enable_network"), "true")),
            proxy=pick("HTTPS_PROXY", proxies.get("https"), "") or pick("HTTP_PROXY", proxies.get("http"), ""),
            mirror=pick("PIP_MIRROR_URL", written.get("python_pip_mirror_url"), ""),
        )
    except ValueError as error:
        msg = f"a setting of the sandbox is no number: {error}"
        raise Misconfigured(msg) from error


def _read_file(file: Path | None) -> dict[str, object]:
    if file is None or not file.is_file():
        return {}
    import yaml  # only the service reads a file

    content: object = yaml.safe_load(file.read_text())
    return cast("dict[str, object]", content) if isinstance(content, dict) else {}


def _section(written: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = written.get(name)
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}


def _check_key(key: str, *, allow_default: bool) -> None:
    if key in {"", DEFAULT_KEY} and not allow_default:
        msg = "set API_KEY to a secret of your own: the sandbox does not start with an empty or the default key"
        raise Misconfigured(f"{msg} (SANDBOX_ALLOW_DEFAULT_KEY=1 permits it for development)")


def _truth(text: str) -> bool:
    return text.strip().lower() in {"1", "true", "yes", "on"}
