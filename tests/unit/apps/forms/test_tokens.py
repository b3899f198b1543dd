"""Tokens of forms."""

from __future__ import annotations

import pytest

from orrery.apps.forms.tokens import FormTokens, UploadGrant

TOKENS = FormTokens("a key for tests only")


def test_a_token_is_the_recipients_alone_and_the_same_for_ever() -> None:
    token = TOKENS.of("r1")
    assert token == FormTokens("a key for tests only").of("r1")
    assert len(token) == 32 and token.replace("-", "").replace("_", "").isalnum()
    assert len({token, TOKENS.of("r2"), FormTokens("another key").of("r1")}) == 3
    assert len(TOKENS.hash_of(token)) == 64
    TOKENS.hash_of("\ud83e what no text can hold")


def test_without_a_key_there_are_none() -> None:
    with pytest.raises(ValueError, match="SECRET_KEY is empty"):
        FormTokens("")


def test_an_upload_token_holds_until_its_end() -> None:
    token = TOKENS.upload(UploadGrant("r1", 1000))
    assert TOKENS.read_upload(token, now=999) == UploadGrant("r1", 1000)
    assert TOKENS.read_upload(token, now=1000) is None


@pytest.mark.parametrize("token", ["", "x", "r1.1000.", "r1.9999999999.AAAA", "..", "ü.1.ü", "\ud83e.1.x"])
def test_other_texts_are_no_upload_tokens(token: str) -> None:
    assert TOKENS.read_upload(token, now=0) is None


def test_an_upload_token_can_not_be_prolonged() -> None:
    _, _, mac = TOKENS.upload(UploadGrant("r1", 1000)).rpartition(".")
    assert TOKENS.read_upload(f"r1.2000.{mac}", now=0) is None
