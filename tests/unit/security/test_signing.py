from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import parse_qs

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orrery.security.signing import LinkSigner, Signature


class Clock:
    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def signer(clock: Clock) -> LinkSigner:
    return LinkSigner("key", lifetime=300, clock=clock)


def test_the_signature_is_the_contracts(signer: LinkSigner) -> None:
    made = signer.sign_link("file-preview", "f1")
    message = f"file-preview|f1|1700000000|{made.nonce}".encode()
    assert made.sign == base64.urlsafe_b64encode(hmac.new(b"key", message, hashlib.sha256).digest()).decode()
    assert made.sign.endswith("=")
    assert len(made.nonce) == 32
    query = parse_qs(made.query(as_attachment="true"))
    assert query == {
        "timestamp": ["1700000000"],
        "nonce": [made.nonce],
        "sign": [made.sign],
        "as_attachment": ["true"],
    }


def test_the_upload_message_is_the_contracts(signer: LinkSigner) -> None:
    subject = {"filename": "a.txt", "mime_type": "text/plain", "tenant_id": "t", "user_id": "u"}
    made = signer.sign_upload(**subject)
    message = f"upload|a.txt|text/plain|t|u|1700000000|{made.nonce}".encode()
    assert made.sign == base64.urlsafe_b64encode(hmac.new(b"key", message, hashlib.sha256).digest()).decode()
    assert signer.check_upload(made, **subject)
    assert not signer.check_upload(made, **(subject | {"tenant_id": "other"}))


def test_a_link_is_for_one_file_one_kind_and_one_key(signer: LinkSigner, clock: Clock) -> None:
    made = signer.sign_link("file-preview", "f1")
    assert signer.check_link("file-preview", "f1", made)
    assert not signer.check_link("file-preview", "f2", made)
    assert not signer.check_link("image-preview", "f1", made)
    assert not LinkSigner("other", lifetime=300, clock=clock).check_link("file-preview", "f1", made)
    for field in ("timestamp", "nonce", "sign"):
        assert not signer.check_link("file-preview", "f1", msgspec.structs.replace(made, **{field: "1"}))


def test_links_live_as_long_as_they_may_and_none_is_from_the_future(signer: LinkSigner, clock: Clock) -> None:
    made = signer.sign_link("file-preview", "f1")
    start = clock.now
    for offset, alive in ((0, True), (300, True), (301, False), (-60, True), (-61, False)):
        clock.now = start + offset
        assert signer.check_link("file-preview", "f1", made) is alive


def test_an_empty_key_signs_nothing() -> None:
    with pytest.raises(ValueError, match="SECRET_KEY"):
        LinkSigner("", lifetime=1, clock=Clock())


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_any_query_is_refused_calmly(timestamp: str, nonce: str, sign: str) -> None:
    signer = LinkSigner("key", lifetime=300, clock=Clock())
    assert not signer.check_link("file-preview", "f1", Signature(timestamp, nonce, sign))


def test_a_signed_but_senseless_timestamp_is_refused(signer: LinkSigner) -> None:
    for timestamp in ("soon", "", "1e9", "-5", "١٧٠٠٠٠٠٠٠٠"):
        message = f"file-preview|f1|{timestamp}|n".encode()
        sign = base64.urlsafe_b64encode(hmac.new(b"key", message, hashlib.sha256).digest()).decode()
        assert not signer.check_link("file-preview", "f1", Signature(timestamp, "n", sign))
