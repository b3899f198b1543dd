from __future__ import annotations

from typing import Any

import pytest

from orrery.workflow.inputs import validate_inputs


def field(kind: str, **more: Any) -> dict[str, Any]:
    return {"variable": "v", "label": "V", "type": kind, **more}


@pytest.mark.parametrize(
    ("form", "value", "checked"),
    [
        (field("text-input"), "a\x00b", "ab"),
        (field("text-input"), None, None),
        (field("text-input", default="d"), None, "d"),
        (field("text-input", max_length=3), "abc", "abc"),
        (field("select", options=["a", "b"]), "b", "b"),
        (field("select", options=["a"], default=""), None, ""),
        (field("number"), "1.50", 1.5),
        (field("number"), "12", 12),
        (field("number"), 0.5, 0.5),
        (field("number"), " ", None),
        (field("number", default="7"), None, 7),
        (field("checkbox"), " Yes ", True),
        (field("checkbox"), "OFF", False),
        (field("checkbox"), 1, True),
        (field("checkbox"), 0.0, False),
        (field("checkbox"), "maybe", "maybe"),
        (field("file"), {"type": "image"}, {"type": "image"}),
        (field("file"), "", None),
        (field("file-list", max_length=2), [{}, {}], [{}, {}]),
        (field("file-list"), "", None),
        (field("json_object"), {"a": "\x00x"}, {"a": "x"}),
        (field("json_object"), "", ""),
        (field("external_data_tool"), "x", "x"),
    ],
)
def test_what_fits_is_taken(form: dict[str, Any], value: Any, checked: Any) -> None:
    assert validate_inputs([form], {"v": value, "unknown": 1}) == {"v": checked}


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        (field("text-input", required=True), None, "v is required in input form"),
        (field("paragraph"), 1, "(type 'paragraph') v in input form must be a string"),
        (field("text-input", max_length=3), "abcd", "v in input form must be less than 3 characters"),
        (field("select", options=["a", "b"]), "c", "v in input form must be one of the following: ['a', 'b']"),
        (field("number"), [1], "expected value type int, float or str, got <class 'list'>, value: [1]"),
        (field("number"), "1.2.3", "v in input form must be a valid number"),
        (field("number", required=True), "", "v in input form must be a valid number"),
        (field("file"), "x", "v in input form must be a file"),
        (field("file-list"), ["x"], "v in input form must be a list of files"),
        (field("file-list", max_length=1), [{}, {}], "v in input form must be less than 1 files"),
        (field("json_object"), "x", "v in input form must be a dict"),
        (field("checkbox"), {"a": 1}, "Invalid input type for ['v']"),
        (field("external_data_tool"), [{"a": 1}], "Invalid input type for ['v']"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_contracts_text(form: dict[str, Any], value: Any, text: str) -> None:
    with pytest.raises(ValueError) as caught:
        validate_inputs([form], {"v": value})
    assert str(caught.value) == text
