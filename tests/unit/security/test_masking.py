from __future__ import annotations

import pytest

from orrery.security.masking import mask_model_credential, mask_tool_credential


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("", "*" * 20),
        ("12345678", "*" * 20),
        ("123456789", "123456" + "*" * 12 + "89"),
        ("sk-abcdefghXY", "sk-abc************XY"),
    ],
)
def test_model_credentials(secret: str, shown: str) -> None:
    assert mask_model_credential(secret) == shown


@pytest.mark.parametrize(("secret", "shown"), [("", ""), ("123456", "******"), ("1234567", "12***67")])
def test_tool_credentials(secret: str, shown: str) -> None:
    assert mask_tool_credential(secret) == shown
