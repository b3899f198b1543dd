from __future__ import annotations

import json
import re
from base64 import urlsafe_b64encode

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.security import tokens as made
from orrery.security.jws import TokenError, sign, verify
from orrery.security.tokens import ExpiredTokenError, Tokens

KEY = "a key of more than thirty-two characters, for the peer's sake"


class Clock:
    now = 1_700_000_000.7

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(clock: Clock) -> Tokens:
    return Tokens(KEY, issuer="SELF_HOSTED", clock=clock)


def peer(token: str) -> dict[str, object]:
    return jwt.decode(token, KEY, algorithms=["HS256"], options={"verify_exp": False})


def part(content: object) -> str:
    return urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def test_claims_are_the_contracts(tokens: Tokens) -> None:
    assert peer(tokens.console_access("u1", minutes=60)) == {
        "user_id": "u1",
        "exp": 1_700_003_600,
        "iss": "SELF_HOSTED",
        "sub": "Console API Passport",
    }
    assert peer(tokens.csrf("u1", minutes=60)) == {"exp": 1_700_003_600, "sub": "u1"}
    passport = {"iss": "a1", "sub": "Web API Passport", "app_id": "a1", "app_code": "c", "end_user_id": "e1"}
    assert peer(tokens.passport(app_id="a1", app_code="c", end_user_id="e1")) == passport
    limited = tokens.passport(app_id="a1", app_code="c", end_user_id="e1", minutes=1, more={"token_source": "webapp"})
    assert peer(limited) == passport | {"exp": 1_700_000_060, "token_source": "webapp"}


def test_tokens_of_the_peer_are_read(tokens: Tokens) -> None:
    assert tokens.read(jwt.encode({"sub": "ü", "n": [1, None]}, KEY, algorithm="HS256")) == {"sub": "ü", "n": [1, None]}


def test_a_token_expires(tokens: Tokens, clock: Clock) -> None:
    token = tokens.console_access("u1", minutes=1)
    assert tokens.console_user(token) == "u1"
    clock.now += 60
    with pytest.raises(ExpiredTokenError, match=r"^Token has expired\.$"):
        tokens.console_user(token)


def test_a_changed_or_foreign_token_is_refused(tokens: Tokens) -> None:
    token = tokens.console_access("u1", minutes=1)
    foreign = Tokens("other key", issuer="SELF_HOSTED", clock=Clock()).console_access("u1", minutes=1)
    for wrong in (token[:-2] + "AA", foreign):
        with pytest.raises(TokenError, match=r"^Invalid token signature\.$"):
            tokens.read(wrong)


@pytest.mark.parametrize(
    "header", [{"alg": "none"}, {"alg": "HS512"}, {"alg": "hs256"}, {"alg": "HS256", "crit": ["x"]}, {}, [], "x"]
)
def test_no_other_algorithm_is_accepted(tokens: Tokens, header: object) -> None:
    for mac in ("", "AAAA"):
        with pytest.raises(TokenError, match=r"^Invalid token\.$"):
            tokens.read(f"{part(header)}.{part({'sub': 'x'})}.{mac}")


def test_tokens_of_other_kinds_open_no_console(tokens: Tokens) -> None:
    expiry = {"exp": 2_000_000_000}
    right = {"user_id": "u1", "sub": "Console API Passport"}
    wrong = [
        sign(right | expiry | {"token_source": "webapp"}, KEY.encode()),
        sign(right, KEY.encode()),
        sign({"sub": "Console API Passport"} | expiry, KEY.encode()),
        sign(right | expiry | {"user_id": 7}, KEY.encode()),
        sign(right | {"exp": "later"}, KEY.encode()),
        tokens.csrf("u1", minutes=1),
        tokens.passport(app_id="a", app_code="c", end_user_id="e"),
    ]
    for token in wrong:
        with pytest.raises(TokenError):
            tokens.console_user(token)


def test_csrf_needs_header_cookie_and_user_to_agree(tokens: Tokens, clock: Clock) -> None:
    token, other = tokens.csrf("u1", minutes=1), tokens.csrf("u2", minutes=1)
    assert tokens.is_csrf_pair(token, token, "u1")
    assert not tokens.is_csrf_pair(token, other, "u1")
    assert not tokens.is_csrf_pair(other, other, "u1")
    assert not tokens.is_csrf_pair(None, token, "u1")
    assert not tokens.is_csrf_pair("", "", "u1")
    assert not tokens.is_csrf_pair("x", "x", "u1")
    clock.now += 61
    assert not tokens.is_csrf_pair(token, token, "u1")


def test_an_empty_key_signs_nothing() -> None:
    with pytest.raises(ValueError, match="SECRET_KEY"):
        Tokens("", issuer="x", clock=Clock())


@settings(max_examples=100)
@given(st.text() | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")))
def test_any_text_is_refused_calmly(text: str) -> None:
    with pytest.raises(TokenError):
        verify(text, KEY.encode())


def test_opaque_material_has_the_contracts_form() -> None:
    assert re.fullmatch(r"[0-9a-f]{128}", made.refresh_token())
    assert re.fullmatch(r"app-[A-Za-z0-9]{24}", made.api_key("app"))
    assert re.fullmatch(r"dataset-[A-Za-z0-9]{24}", made.api_key("dataset"))
    assert re.fullmatch(r"ds-[A-Za-z0-9]{24}", made.api_key("ds"))
    assert re.fullmatch(r"[A-Za-z0-9]{16}", made.random_code())
    assert re.fullmatch(r"[A-Za-z0-9_-]{24}", made.webhook_id())
    assert re.fullmatch(r"[0-9]{6}", made.mail_code())
    assert re.fullmatch(r"[0-9a-f-]{36}", made.one_time_token())
    assert len({made.api_key("app") for _ in range(100)}) == 100
    assert made.same_text("ü", "ü")
    assert not made.same_text("a", "b")
    assert made.fingerprint("abc").startswith("ba7816bf")
