"""How an API tool shows who it is: nothing, a header, or a query parameter (product.md 6.11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from orrery.tools.errors import ToolProviderCredentialValidationError

_PREFIXES: Final = {"basic": "Basic ", "bearer": "Bearer "}


class ApiKey(msgspec.Struct, frozen=True):
    """Header or query parameter that every request carries; both None without authorization."""

    header: tuple[str, str] | None = None
    query: tuple[str, str] | None = None


def read_credentials(stored: Mapping[str, object]) -> ApiKey:
    """Raises `ToolProviderCredentialValidationError`. ``api_key`` is an older name of ``api_key_header``."""
    kind = stored.get("auth_type")
    if kind is None:
        raise ToolProviderCredentialValidationError("Missing auth_type")
    if kind == "none":
        return ApiKey()
    if kind in ("api_key_header", "api_key"):
        prefix = _PREFIXES.get(str(stored.get("api_key_header_prefix") or ""), "")
        value = _value(stored)
        name = str(stored.get("api_key_header") or "Authorization")
        return ApiKey(header=(name, f"{prefix}{value}" if value else value))
    if kind == "api_key_query":
        value = _value(stored)
        return ApiKey(query=(str(stored.get("api_key_query_param") or "key"), value) if value else None)
    raise ToolProviderCredentialValidationError(f"Unknown auth_type {kind}")


def _value(stored: Mapping[str, object]) -> str:
    if "api_key_value" not in stored:
        raise ToolProviderCredentialValidationError("Missing api_key_value")
    value = stored["api_key_value"]
    if not isinstance(value, str):
        raise ToolProviderCredentialValidationError("api_key_value must be a string")
    return value
