from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.security.passwords import Passwords, is_acceptable, legacy_hash, random_password

CHEAP = Passwords(memory_kib=64, passes=1)


def test_a_password_verifies_against_its_hash_only() -> None:
    stored = CHEAP.hash("correct horse 1")
    assert stored.startswith("$argon2id$")
    assert CHEAP.verify("correct horse 1", stored, None)
    assert not CHEAP.verify("correct horse 2", stored, None)
    assert CHEAP.hash("correct horse 1") != stored


def test_imported_hashes_verify_and_ask_to_be_replaced() -> None:
    salt = bytes(range(16))
    # The columns as the contract describes them, written out here on their own.
    digest = hashlib.pbkdf2_hmac("sha256", b"secret123", salt, 10_000, 32).hex()
    stored, column = base64.b64encode(digest.encode()).decode(), base64.b64encode(salt).decode()
    assert legacy_hash("secret123", salt) == stored
    assert CHEAP.verify("secret123", stored, column)
    assert not CHEAP.verify("secret124", stored, column)
    assert CHEAP.needs_rehash(stored)


def test_a_hash_with_other_costs_asks_to_be_replaced() -> None:
    stored = CHEAP.hash("secret123")
    assert not CHEAP.needs_rehash(stored)
    assert Passwords().needs_rehash(stored)
    assert Passwords().verify("secret123", stored, "")


@pytest.mark.parametrize(
    ("stored", "salt"), [(None, None), ("", ""), ("$argon2id$broken", ""), ("x", "not base64!"), ("ü", "")]
)
def test_damaged_columns_never_verify(stored: str | None, salt: str | None) -> None:
    assert not CHEAP.verify("secret123", stored, salt)
    assert not stored or CHEAP.needs_rehash(stored)


@pytest.mark.parametrize("password", ["abcdefg1", "12345678a", "pässwört1", "a1!@#$%^", "with space 1"])
def test_good_passwords(password: str) -> None:
    assert is_acceptable(password)


@pytest.mark.parametrize("password", ["", "short1", "abcdefgh", "12345678", "!!!!!!!!", "a1" + "x" * 2000])
def test_bad_passwords(password: str) -> None:
    assert not is_acceptable(password)


def test_random_passwords_keep_the_rule() -> None:
    made = {random_password(8) for _ in range(50)}
    assert len(made) == 50
    assert all(is_acceptable(password) for password in made)


@settings(max_examples=20, deadline=None)
@given(st.text(max_size=30))
def test_any_text_can_be_a_password(password: str) -> None:
    if "\ud800" <= max(password, default="") <= "\udfff":
        return
    assert CHEAP.verify(password, CHEAP.hash(password), "")
