from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.security.encryption import Vault
from orrery.workspaces.models.errors import CredentialUnreadable
from orrery.workspaces.models.sealing import Seal, masked, merged

HERE, THERE = "0190f6d6-0000-7000-8000-000000000001", "0190f6d6-0000-7000-8000-000000000002"
values = st.dictionaries(st.text(min_size=1, max_size=12), st.one_of(st.text(max_size=40), st.booleans()), max_size=5)


@settings(max_examples=30)
@given(values)
def test_what_is_sealed_can_be_opened_in_its_workspace_only(given_values: dict[str, object]) -> None:
    seal = Seal(Vault(secret_key="k" * 32))
    sealed = seal.close(HERE, given_values)
    assert seal.open(HERE, sealed) == given_values
    with pytest.raises(CredentialUnreadable):
        seal.open(THERE, sealed)
    with pytest.raises(CredentialUnreadable, match="ORRERY_MASTER_KEY"):
        Seal(Vault(secret_key="another" * 6)).open(HERE, sealed)


@settings(max_examples=60)
@given(values, st.data())
def test_sending_back_what_was_shown_changes_nothing(kept: dict[str, object], data: st.DataObject) -> None:
    secret = data.draw(st.sets(st.sampled_from(sorted(kept))) if kept else st.just(set[str]()))
    secret = {name for name in secret if isinstance(kept[name], str) and kept[name]}
    assert merged(masked(kept, secret), kept, secret) == kept
    assert merged(dict.fromkeys(secret, "[__HIDDEN__]"), kept, secret) == {name: kept[name] for name in secret}


def test_masks_only_what_is_secret() -> None:
    shown = masked({"key": "sk-0123456789", "url": "https://example.com", "short": "1234"}, {"key", "short"})
    assert shown == {"key": "sk-012************89", "url": "https://example.com", "short": "*" * 20}


def test_a_mark_without_a_stored_secret_is_no_secret() -> None:
    assert merged({"key": "[__HIDDEN__]", "url": "x"}, {}, {"key"}) == {"url": "x"}
    assert merged({"key": "new", "url": "x"}, {"key": "old"}, {"key"}) == {"key": "new", "url": "x"}
