"""What a model call died of, in words for the person who must act; never with a key in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from time import time

import msgspec

from orrery.egress.protocol import EgressBlocked, EgressError, EgressInvalidRequest, EgressTimeout, EgressTlsFailed
from orrery.inference.endpoint import Endpoint
from orrery.inference.json_shapes import is_array, is_object
from orrery.inference.types import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
)

MAX_VENDOR_TEXT = 500
_KEY_LIKE = re.compile(
    r"\b(?:sk|pk|gsk|xai)[-_][A-Za-z0-9_\-*.]{6,}|AIza[0-9A-Za-z_\-]{20,}|Bearer [A-Za-z0-9_\-.=]{16,}"
)
_QUOTA_WORDS = ("insufficient_quota", "exceeded your current quota", "billing", "insufficient balance")
_KEY_WORDS = ("api_key_invalid", "api key not valid", "invalid api key", "incorrect api key", "invalid_api_key")


def refused(endpoint: Endpoint, status: int, headers: Sequence[tuple[str, str]], body: bytes) -> InvokeError:
    """The error for an answer that is not 2xx."""
    vendor = vendor_text(body)
    said = _said(endpoint, vendor)
    place = f"Integrations → {endpoint.label}"
    lower = body[:4096].decode("utf-8", "replace").lower()
    if status in {401, 403} or (status == 400 and any(w in lower for w in _KEY_WORDS)):
        return InvokeAuthorizationError(
            f"The model endpoint refused the key ({status}). Check the key in {place}.{said}"
        )
    if status == 429:
        wait = retry_after(headers)
        if any(w in lower for w in _QUOTA_WORDS):
            error = InvokeRateLimitError(
                f"The account at {endpoint.label} has no quota left (429). Check its billing.{said}"
            )
            error.retryable = False
            return error
        when = f"Try again in {wait:g} s." if wait is not None else "Try again later."
        return InvokeRateLimitError(f"The model endpoint asks to slow down (429). {when}{said}", retry_after=wait)
    if status == 402:
        return InvokeBadRequestError(f"The account at {endpoint.label} has no balance left (402).{said}")
    if status == 404:
        return InvokeBadRequestError(
            f"The model endpoint knows no such model or path (404). Check the model's name and the address in {place}.{said}"
        )
    if status == 408 or 300 <= status < 400:
        return InvokeConnectionError(f"The model endpoint did not answer the request ({status}).{said}")
    if status >= 500:
        return InvokeServerUnavailableError(f"The model endpoint failed ({status}). Try again later.{said}")
    return InvokeBadRequestError(f"The model endpoint refused the request ({status}).{said}")


def unreached(endpoint: Endpoint, error: EgressError, *, started: bool = False) -> InvokeError:
    """The error for a request that brought no whole answer; ``started`` says that a part of it came."""
    place = f"Integrations → {endpoint.label}"
    if isinstance(error, EgressBlocked):
        return InvokeBadRequestError(f"The address of the model endpoint is not allowed here. Check it in {place}.")
    if isinstance(error, EgressInvalidRequest):
        return InvokeBadRequestError(f"The address of the model endpoint can't be used. Check it in {place}.")
    if isinstance(error, EgressTlsFailed):
        failed = InvokeConnectionError(f"The model endpoint's certificate does not hold.{_said(endpoint, str(error))}")
        failed.retryable = False
        return failed
    if isinstance(error, EgressTimeout):
        return InvokeConnectionError("The model endpoint did not answer in time. Try again, or check its address.")
    text = _said(endpoint, str(error), "")
    if started:
        return InvokeConnectionError(f"The model endpoint broke off in the middle of the answer. Try again.{text}")
    return InvokeConnectionError(f"The model endpoint can't be reached. Check its address in {place}.{text}")


def cut_short(received: int) -> InvokeConnectionError:
    return InvokeConnectionError(f"The model endpoint cut the answer after {received} events.")


def stalled(seconds: float, *, started: bool) -> InvokeConnectionError:
    what = "stopped in the middle of the answer" if started else "sent nothing"
    return InvokeConnectionError(f"The model endpoint {what}: no byte for {seconds:g} s.")


def malformed(endpoint: Endpoint, payload: bytes) -> InvokeServerUnavailableError:
    shown = payload[:120].decode("utf-8", "replace")
    return InvokeServerUnavailableError(
        f"The model endpoint sent an answer that can't be read: {redacted(endpoint, shown)}"
    )


def web_page(endpoint: Endpoint) -> InvokeBadRequestError:
    return InvokeBadRequestError(
        f"The model endpoint answered with a web page. Check its address in Integrations → {endpoint.label}."
    )


def in_stream(endpoint: Endpoint, error: object) -> InvokeError:
    """An error object that a vendor wrote into a stream that had begun with 200."""
    body = msgspec.json.encode({"error": error})
    code: object = error.get("code") or error.get("status") if is_object(error) else None
    kind = str(error.get("type") or "") if is_object(error) else ""
    status = int(code) if isinstance(code, int) or (isinstance(code, str) and code.isdigit()) else 0
    by_type = {
        "rate_limit_error": 429, "overloaded_error": 529, "api_error": 500, "authentication_error": 401,
        "permission_error": 403, "invalid_request_error": 400, "not_found_error": 404, "server_error": 500,
    }  # fmt: skip
    if not 400 <= status < 600:
        status = by_type.get(kind, 500)
    return refused(endpoint, status, (), body)


def retry_after(headers: Sequence[tuple[str, str]]) -> float | None:
    """Seconds that the vendor asks to wait: a number, a date, or milliseconds in ``retry-after-ms``."""
    found = {k.lower(): v.strip() for k, v in headers}
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = found.get(name)
        if value is None:
            continue
        try:
            return max(0.0, float(value) * scale)
        except ValueError:
            pass
        try:
            return max(0.0, parsedate_to_datetime(value).timestamp() - time())
        except ValueError:
            continue
    return None


def vendor_text(body: bytes) -> str:
    """The human part of a vendor's error body, at most 500 characters."""
    try:
        found: object = msgspec.json.decode(body)
    except msgspec.DecodeError:
        text = body[: MAX_VENDOR_TEXT * 2].decode("utf-8", "replace").strip()
        return "" if text.startswith("<") else _short(text)
    return _short(_message_in(found) or "")


def redacted(endpoint: Endpoint, text: str) -> str:
    for secret in endpoint.secrets:
        if len(secret) >= 4:
            text = text.replace(secret, "***")
    return _KEY_LIKE.sub("***", text)


def _message_in(found: object, depth: int = 0) -> str | None:
    if isinstance(found, str):
        return found
    if depth > 4:
        return None
    if is_array(found):
        return _message_in(found[0], depth + 1) if found else None
    if is_object(found):
        for name in ("error", "message", "detail", "msg", "errors"):
            if found.get(name):
                return _message_in(found[name], depth + 1)
    return None


def _said(endpoint: Endpoint, vendor: str, lead: str = " It said: ") -> str:
    if not vendor:
        return ""
    return (lead or " ") + redacted(endpoint, vendor)


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= MAX_VENDOR_TEXT else flat[:MAX_VENDOR_TEXT] + "…"
