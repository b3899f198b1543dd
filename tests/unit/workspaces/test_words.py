from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.errors import InvalidParam
from orrery.workspaces.accounts.words import checked_email, checked_name, checked_timezone


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("Ada@Example.com", "ada@example.com"),
        (" a+b@x.co ", "a+b@x.co"),
        ("o'neil@mail.example.org", "o'neil@mail.example.org"),
    ],
)
def test_takes_addresses_in_lower_case(text: str, email: str) -> None:
    assert checked_email(text) == email


@pytest.mark.parametrize(
    "text", ["", "a", "a@b", "@x.co", "a b@x.co", "a@x.co\nBcc: b@x.co", "a@x..co", "a@" + "x" * 260 + ".co"]
)
def test_refuses_what_is_no_address(text: str) -> None:
    with pytest.raises(InvalidParam) as refused:
        checked_email(text)
    assert refused.value.params == "email"


@settings(max_examples=60)
@given(st.text(max_size=40))
def test_any_text_is_either_an_address_in_lower_case_or_refused(text: str) -> None:
    try:
        email = checked_email(text)
    except InvalidParam:
        return
    assert email == email.strip().lower()
    assert email.count("@") == 1
    assert not any(c.isspace() for c in email)


@settings(max_examples=60)
@given(st.text(max_size=60))
def test_time_zones_never_leave_their_folder(text: str) -> None:
    try:
        checked_timezone(text)
    except InvalidParam as error:
        assert error.params == "timezone"
    else:
        assert ".." not in text


def test_names_are_measured_without_their_spaces() -> None:
    assert checked_name("  Ada  ", "name", least=3, most=3) == "Ada"
    for wrong in ("  A  ", "Adaa"):
        with pytest.raises(InvalidParam):
            checked_name(wrong, "name", least=3, most=3)
