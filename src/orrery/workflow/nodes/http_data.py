"""The fields of an ``http-request`` node, as DSL files hold them, and the installation's limits (workflow.md 3.15)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from orrery.egress.protocol import Timeouts

REPEATABLE_METHODS = frozenset({"get", "head"})
SENDABLE_METHODS = frozenset({"get", "post", "put", "patch", "delete", "head"})
KNOWN_METHODS = SENDABLE_METHODS | {"options"}


class ApiKeyConfig(msgspec.Struct, frozen=True):
    type: Literal["basic", "bearer", "custom"] = "bearer"
    api_key: str | None = ""
    header: str | None = ""


class Authorization(msgspec.Struct, frozen=True):
    type: Literal["no-auth", "api-key"] = "no-auth"
    config: ApiKeyConfig | None = None


class BodyItem(msgspec.Struct, frozen=True):
    key: str | None = ""
    type: Literal["text", "file"] = "text"
    value: str | None = ""
    file: tuple[str, ...] | None = ()


class Body(msgspec.Struct, frozen=True):
    """``data`` of old files is one text."""

    type: Literal["none", "form-data", "x-www-form-urlencoded", "raw-text", "json", "binary"] = "none"
    data: tuple[BodyItem, ...] | str | None = ()

    @property
    def items(self) -> tuple[BodyItem, ...]:
        """The data items. An old file's text is a form's lines of ``key:value``, or the one item of other bodies."""
        if not isinstance(self.data, str):
            return self.data or ()
        if not self.data:
            return ()
        if self.type in {"form-data", "x-www-form-urlencoded"}:
            pairs = (line.partition(":") for line in self.data.splitlines() if line.strip())
            return tuple(BodyItem(key=key.strip(), value=value.strip()) for key, _, value in pairs)
        return (BodyItem(value=self.data),)


class TimeoutConfig(msgspec.Struct, frozen=True):
    connect: float | None = None
    read: float | None = None
    write: float | None = None


class RetryConfig(msgspec.Struct, frozen=True):
    retry_enabled: bool = False


class HttpData(msgspec.Struct, frozen=True, kw_only=True):
    """Data of an ``http-request`` node."""

    method: str = "get"
    url: str | None = ""
    authorization: Authorization | None = None
    headers: str | None = ""
    params: str | None = ""
    body: Body | None = None
    timeout: TimeoutConfig | None = None
    ssl_verify: bool | None = None
    error_strategy: str | None = None
    retry_config: RetryConfig | None = None

    @property
    def retries(self) -> bool:
        return self.retry_config is not None and self.retry_config.retry_enabled

    @property
    def refuses_bad_status(self) -> bool:
        """Whether a status outside of 2xx is a failure; only for apps that do something about failures."""
        return self.retries or bool(self.error_strategy and self.error_strategy != "none")

    @property
    def api_key(self) -> ApiKeyConfig | None:
        if self.authorization is None or self.authorization.type == "no-auth":
            return None
        return self.authorization.config or ApiKeyConfig()


class HttpNodeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the installation: ``HTTP_REQUEST_MAX_*_TIMEOUT`` in seconds, ``HTTP_REQUEST_NODE_*`` in bytes.

    ``max_upload_bytes`` bounds one file that a request carries.
    """

    max_connect_timeout: float = 10
    max_read_timeout: float = 600
    max_write_timeout: float = 600
    max_text_bytes: int = 1024 * 1024
    max_binary_bytes: int = 10 * 1024 * 1024
    max_upload_bytes: int = 100 * 1024 * 1024
    ssl_verify: bool = True

    def timeouts(self, wanted: TimeoutConfig | None) -> Timeouts:
        """What the app wants, at most the maxima; unset and 0 mean the maxima."""
        wanted = wanted or TimeoutConfig()
        return Timeouts(
            connect=_at_most(self.max_connect_timeout, wanted.connect),
            read=_at_most(self.max_read_timeout, wanted.read),
            write=_at_most(self.max_write_timeout, wanted.write),
        )


def _at_most(maximum: float, wanted: float | None) -> float:
    return min(wanted, maximum) if wanted and wanted > 0 else maximum


def parse_data(data: Mapping[str, object]) -> HttpData:
    """Raises ValueError that names the field."""
    parsed = msgspec.convert(data, HttpData, strict=False)
    if parsed.method.lower() not in KNOWN_METHODS:
        raise ValueError(f"Invalid http method {parsed.method} - at `$.method`")
    return parsed
