from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.security.encryption import DecryptionError, Vault, derive, is_encrypted

UTF8 = st.text(st.characters(exclude_categories=["Cs"]))


@settings(max_examples=50, deadline=None)
@given(UTF8, UTF8)
def test_what_goes_in_comes_out(workspace: str, secret: str) -> None:
    vault = Vault(master_key="m")
    stored = vault.encrypt(workspace, secret)
    assert Vault(master_key="m").decrypt(workspace, stored) == secret
    assert is_encrypted(stored)


def test_the_same_secret_never_looks_the_same() -> None:
    vault = Vault(master_key="m")
    stored = {vault.encrypt("w", "sk-1234567890") for _ in range(20)}
    assert len(stored) == 20
    assert not any("sk-1234567890" in text for text in stored)


def test_a_secret_opens_in_its_own_workspace_only() -> None:
    vault = Vault(master_key="m")
    with pytest.raises(DecryptionError, match="another workspace"):
        vault.decrypt("w2", vault.encrypt("w1", "secret"))


def test_a_changed_secret_is_refused() -> None:
    vault = Vault(master_key="m")
    stored = vault.encrypt("w", "secret")
    changed = stored[:-6] + ("A" if stored[-6] != "A" else "B") + stored[-5:]
    with pytest.raises(DecryptionError, match="was changed"):
        vault.decrypt("w", changed)


def test_another_key_is_named_with_the_mend() -> None:
    stored = Vault(master_key="old").encrypt("w", "secret")
    with pytest.raises(DecryptionError, match=r"Restore ORRERY_MASTER_KEY"):
        Vault(master_key="new").decrypt("w", stored)


def test_rotation_reads_the_old_and_writes_the_new() -> None:
    stored = Vault(master_key="old").encrypt("w", "secret")
    vault = Vault(master_key="new", former=["old"])
    assert vault.decrypt("w", stored) == "secret"
    assert vault.needs_reencryption(stored)
    renewed = vault.encrypt("w", "secret")
    assert not vault.needs_reencryption(renewed)
    assert Vault(master_key="new").decrypt("w", renewed) == "secret"


def test_setting_a_master_key_later_keeps_what_the_secret_key_wrote() -> None:
    stored = Vault(secret_key="s").encrypt("w", "secret")
    vault = Vault(master_key="m", secret_key="s")
    assert vault.decrypt("w", stored) == "secret"
    assert vault.needs_reencryption(stored)


def test_no_key_is_no_vault() -> None:
    with pytest.raises(ValueError, match="ORRERY_MASTER_KEY"):
        Vault()


@settings(max_examples=100)
@given(st.text() | st.builds("v1:{}:{}".format, st.text(min_size=8, max_size=8), st.text()))
def test_any_text_is_refused_calmly(text: str) -> None:
    with pytest.raises(DecryptionError):
        Vault(master_key="m").decrypt("w", text)


@settings(max_examples=20)
@given(st.binary(max_size=100), st.binary(max_size=50))
def test_derivation_is_hkdf(key: bytes, purpose: bytes) -> None:
    assert derive(key, purpose) == HKDF(SHA256(), 32, salt=None, info=purpose).derive(key)
