from __future__ import annotations

import pytest

from orrery.inference.cards.schema import FormField, Label, Option
from orrery.workspaces.models.errors import CredentialsRefused
from orrery.workspaces.models.forms import LONGEST_VALUE, checked_form

MODE = FormField(
    "mode",
    Label("Mode"),
    "select",
    required=False,
    default="chat",
    options=(Option("chat", Label("Chat")), Option("completion", Label("Completion"))),
    show_on=(("__model_type", "llm"),),
)
KEY = FormField("key", Label("Key"), "secret-input")
SUFFIX = FormField("suffix", Label("Suffix"), show_on=(("mode", "completion"),))
FORM = (KEY, MODE, SUFFIX)


def test_defaults_fill_what_is_shown_and_empty() -> None:
    assert checked_form(FORM, {"key": " k\n"}, kind="llm") == {"key": "k", "mode": "chat"}
    assert checked_form(FORM, {"key": "k", "mode": ""}, kind="llm") == {"key": "k", "mode": "chat"}
    assert checked_form(FORM, {"key": "k", "mode": "chat"}, kind="rerank") == {"key": "k"}


def test_a_field_that_another_one_shows_is_asked_for() -> None:
    with pytest.raises(CredentialsRefused, match="Suffix is required") as refused:
        checked_form(FORM, {"key": "k", "mode": "completion"}, kind="llm")
    assert refused.value.params == "suffix"
    filled = {"key": "k", "mode": "completion", "suffix": 7}
    assert checked_form(FORM, filled, kind="llm") == {"key": "k", "mode": "completion", "suffix": "7"}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "key"),
        ({"key": ""}, "key"),
        ({"key": {}}, "key"),
        ({"key": "k" * (LONGEST_VALUE + 1)}, "key"),
        ({"key": "k", "mode": "x"}, "mode"),
    ],
)
def test_names_the_wrong_field(given: dict[str, object], field: str) -> None:
    with pytest.raises(CredentialsRefused) as refused:
        checked_form(FORM, given, kind="llm")
    assert refused.value.params == field
