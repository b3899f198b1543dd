"""Settings of the proxy as a process of its own: the contract's names, inside its container and outside (1.8, 2.2)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from orrery.egress.policy import EgressPolicy, untrusted_policy


class Misconfigured(Exception):
    """The proxy must not start like this; the text names the setting."""


class ProxySettings(msgspec.Struct, frozen=True, kw_only=True):
    """``port`` is the forward proxy's, ``door`` leads to the sandbox at ``sandbox_host``:``sandbox_port``."""

    policy: EgressPolicy
    host: str = "0.0.0.0"  # noqa: S104  a container's only door; strangers are refused by their address
    port: int = 3128
    door: int = 8194
    sandbox_host: str = "sandbox"
    sandbox_port: int = 8194


def read_settings(environment: Mapping[str, str]) -> ProxySettings:
    """The names inside the contract's container win over those of an ``.env`` file. Raises Misconfigured."""

    def pick(default: str, *names: str) -> str:
        return next((environment[name] for name in names if environment.get(name)), default)

    def port(default: str, *names: str) -> int:
        text = pick(default, *names)
        if not text.isdecimal() or not 0 <= int(text) <= 65535:
            msg = f"{next(n for n in names if environment.get(n))}={text} is no port"
            raise Misconfigured(msg)
        return int(text)

    try:
        policy = untrusted_policy(
            allow_private_ips=environment.get("SSRF_PROXY_ALLOW_PRIVATE_IPS", ""),
            allow_private_domains=environment.get("SSRF_PROXY_ALLOW_PRIVATE_DOMAINS", ""),
        )
    except ValueError as error:
        raise Misconfigured(str(error)) from error
    return ProxySettings(
        policy=policy,
        port=port("3128", "HTTP_PORT", "SSRF_HTTP_PORT"),
        door=port("8194", "REVERSE_PROXY_PORT", "SSRF_REVERSE_PROXY_PORT", "SSRF_SANDBOX_PROXY_PORT"),
        sandbox_host=pick("sandbox", "SANDBOX_HOST", "SSRF_SANDBOX_HOST", "SSRF_SANDBOX_PROXY_HOST"),
        sandbox_port=port("8194", "SANDBOX_PORT"),
    )
