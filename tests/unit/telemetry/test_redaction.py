from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orrery.telemetry.redaction import Redactor


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Authorization: Bearer abcdef123456", "Authorization: Bearer ***"),
        ("authorization=abcdef", "authorization=***"),
        ('{"password": "hunter2!", "user": "x"}', '{"password": "***", "user": "x"}'),
        ("DB_PASSWORD=hunter2! next", "DB_PASSWORD=*** next"),
        ("?access_token=abcdef&page=2", "?access_token=***&page=2"),
        ("'api_key': 'abcdef'", "'api_key': '***'"),
        ("X-Api-Key: abcdef", "X-Api-Key: ***"),
        ("postgresql://user:p4ss:word@host/db", "postgresql://user:***@host/db"),
        ("redis://:p4ss@host/1", "redis://:***@host/1"),
        ("key app-abcdefghijklmnopqrstuvwx used", "key *** used"),
        ("sk-proj-abcdefghijklmnopqrstuvwx", "***"),
        ("http://host:8080/path@x", "http://host:8080/path@x"),
        ("total_tokens: 12 apps", "total_tokens: 12 apps"),
        ("an ordinary line", "an ordinary line"),
    ],
)
def test_what_looks_secret_goes_and_the_rest_stays(text: str, clean: str) -> None:
    assert Redactor().clean(text) == clean


def test_known_secrets_go_wherever_they_stand_the_longest_first() -> None:
    redactor = Redactor(["hunter2", "hunter2-and-more", "no", ""])
    assert redactor.clean("xhunter2-and-morex hunter2 no") == "x***x *** no"


@given(st.text(), st.text(min_size=6, max_size=20), st.text())
def test_no_known_secret_survives(before: str, secret: str, after: str) -> None:
    if "***" in secret or secret in "***":
        return
    assert secret not in Redactor([secret]).clean(before + secret + after).replace("***", "\0")
