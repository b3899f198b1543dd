from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from orrery.egress.protocol import EgressBlocked, EgressConnectionFailed, EgressTimeout, EgressTlsFailed
from orrery.inference.endpoint import Endpoint
from orrery.inference.failures import in_stream, redacted, refused, retry_after, unreached, vendor_text
from orrery.inference.transport import RetryPolicy
from orrery.inference.types import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
)

AT = Endpoint(base_url="http://x.test", label="OpenAI", secrets=("secret-value-1",))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"error":{"message":"no","type":"x"}}', "no"),
        (b'{"error":"plain"}', "plain"),
        (b'[{"error":{"message":"in a list"}}]', "in a list"),
        (b'{"detail":[{"msg":"field required"}]}', "field required"),
        (b'{"message":"m"}', "m"),
        (b"<html>nginx</html>", ""),
        (b"upstream\n  died", "upstream died"),
        (b"", ""),
        (b"null", ""),
        (b'{"error":{"message":null}}', ""),
    ],
)
def test_the_human_part_of_an_error_body(body: bytes, text: str) -> None:
    assert vendor_text(body) == text


def test_long_texts_are_cut() -> None:
    assert len(vendor_text(b'{"error":"' + b"x" * 5000 + b'"}')) == 501


def test_keys_are_never_shown() -> None:
    text = "bad secret-value-1, sk-proj-abcdEFGH1234, AIzaSyA1234567890123456789012345, Bearer abcdefghijklmnopqrst"
    assert redacted(AT, text) == "bad ***, ***, ***, ***"
    error = refused(AT, 400, (), b'{"error":"key secret-value-1 refused"}')
    assert "secret-value-1" not in str(error)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b"", InvokeAuthorizationError),
        (403, b"", InvokeAuthorizationError),
        (400, b'{"error":{"message":"API key not valid.","status":"INVALID_ARGUMENT"}}', InvokeAuthorizationError),
        (400, b"", InvokeBadRequestError),
        (402, b"", InvokeBadRequestError),
        (404, b"", InvokeBadRequestError),
        (422, b"", InvokeBadRequestError),
        (408, b"", InvokeConnectionError),
        (302, b"", InvokeConnectionError),
        (429, b"", InvokeRateLimitError),
        (500, b"", InvokeServerUnavailableError),
        (529, b"", InvokeServerUnavailableError),
    ],
)
def test_status_decides_who_must_act(status: int, body: bytes, kind: type[Exception]) -> None:
    error = refused(AT, status, (), body)
    assert type(error) is kind
    assert str(status) in str(error)


def test_an_empty_account_is_not_asked_again() -> None:
    error = refused(AT, 429, (), b'{"error":{"code":"insufficient_quota","message":"You exceeded your current quota"}}')
    assert "no quota left" in str(error)
    assert RetryPolicy().wait(0, error) is None


def test_retry_after_in_seconds_milliseconds_and_as_a_date() -> None:
    assert retry_after([("Retry-After", "2.5")]) == 2.5
    assert retry_after([("retry-after-ms", "1500"), ("Retry-After", "9")]) == 1.5
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    found = retry_after([("Retry-After", later)])
    assert found is not None
    assert 3000 < found <= 3600
    assert retry_after([("Retry-After", "soon")]) is None
    assert retry_after([]) is None


def test_waits_double_up_to_the_cap_and_end() -> None:
    policy = RetryPolicy(retries=5, base=1, cap=4)
    error = InvokeServerUnavailableError("x")
    waits = [policy.wait(i, error) for i in range(6)]
    assert [round(w) if w else w for w in (waits[0], waits[5])] == [1, None]
    assert all(w is not None and 3 <= w <= 5 for w in waits[2:5])
    assert policy.wait(0, InvokeBadRequestError("x")) is None
    assert policy.wait(0, InvokeRateLimitError("x", retry_after=3)) == 3


def test_errors_inside_a_stream() -> None:
    assert type(in_stream(AT, {"type": "overloaded_error", "message": "m"})) is InvokeServerUnavailableError
    assert type(in_stream(AT, {"type": "rate_limit_error", "message": "m"})) is InvokeRateLimitError
    assert type(in_stream(AT, {"code": "400", "message": "m"})) is InvokeBadRequestError
    assert "why" in str(in_stream(AT, "why"))


@pytest.mark.parametrize(
    ("error", "kind", "again"),
    [
        (EgressBlocked("b"), InvokeBadRequestError, False),
        (EgressTimeout("t"), InvokeConnectionError, True),
        (EgressConnectionFailed("c"), InvokeConnectionError, True),
        (EgressTlsFailed("certificate has expired"), InvokeConnectionError, False),
    ],
)
def test_what_brought_no_answer(error: EgressBlocked, kind: type[Exception], again: bool) -> None:
    mapped = unreached(AT, error)
    assert type(mapped) is kind
    assert mapped.retryable is again
