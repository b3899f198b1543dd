from __future__ import annotations

from typing import Any

import pytest

from orrery.workflow.conditions import compare, judge, parse_conditions
from orrery.workflow.pool import Pool
from orrery.workflow.segments import FILE_IDENTITY

from .graphs import condition


@pytest.mark.parametrize(
    ("operator", "actual", "expected", "result"),
    [
        ("contains", "hello", "ell", True),
        ("contains", "Hello", "hello", False),
        ("contains", "a1", 1, True),
        ("contains", "", "x", False),
        ("contains", ["a", "b"], "a", True),
        ("not contains", None, "x", True),
        ("not contains", "abc", "b", False),
        ("start with", "abc", "ab", True),
        ("end with", "abc", "bc", True),
        ("start with", None, "a", False),
        ("is", "a", "a", True),
        ("is", None, "a", False),
        ("is not", None, "a", False),
        ("is not", "a", "b", True),
        ("is", True, True, True),
        ("empty", 0, None, True),
        ("empty", "x", None, False),
        ("not empty", [], None, False),
        ("in", "a", ["a", "b"], True),
        ("in", "", ["a"], False),
        ("not in", "", ["a"], True),
        ("not in", "c", ["a"], True),
        ("all of", ["a", "b"], ["a"], True),
        ("all of", [True], [True, False], False),
        ("all of", [], ["a"], False),
        ("=", 1, "1", True),
        ("=", 1.5, "1.5", True),
        ("=", None, "1", False),
        ("≠", None, "1", False),
        ("≠", 2, "1", True),
        ("=", True, True, True),
        (">", 2, "1.5", True),
        ("≥", 2, "2.0", True),
        ("<", None, "1", False),
        ("≤", 1.5, 2, True),
        ("null", None, None, True),
        ("not null", 0, None, True),
        ("exists", {}, None, True),
        ("not exists", None, None, True),
    ],
)
def test_operators(operator: str, actual: Any, expected: Any, result: bool) -> None:
    assert compare(operator, actual, expected) is result


@pytest.mark.parametrize(
    ("operator", "actual", "expected", "text"),
    [
        ("contains", 1, "x", "Invalid actual value type: string or array"),
        ("is", 1, "1", "Invalid actual value type: string or boolean"),
        ("start with", ["a"], "a", "Invalid actual value type: string"),
        ("in", "a", "abc", "Invalid expected value type: array"),
        ("all of", ["a"], ["a", 1], "Invalid expected value type: array"),
        ("=", "1", "1", "Invalid actual value type: number or boolean"),
        ("=", 1, "1.5", "invalid literal for int() with base 10: '1.5'"),
        (">", "2", "1", "Invalid actual value type: number"),
        (">", 2, "x", "Cannot convert 'x' to number"),
        ("like", 2, "x", "Unsupported operator: like"),
    ],
)
def test_what_cant_be_compared_is_an_error(operator: str, actual: Any, expected: Any, text: str) -> None:
    with pytest.raises(ValueError) as caught:
        compare(operator, actual, expected)
    assert str(caught.value) == text


def verdict(pool: Pool, *conditions: dict[str, Any], logic: Any = "and") -> Any:
    return judge(parse_conditions(list(conditions)), logic, pool)


def test_groups_stop_as_soon_as_they_know() -> None:
    pool = Pool(system={"query": "x"})
    yes, no = condition("sys.query", "is", "x"), condition("sys.query", "is", "y")
    broken = condition("sys.ghost", "is", "y")
    assert verdict(pool, no, broken).results == [False]
    assert verdict(pool, yes, broken, logic="or").result is True
    with pytest.raises(ValueError, match=r"^Variable \['sys', 'ghost'\] not found$"):
        verdict(pool, yes, broken)
    assert verdict(pool).result is True


def test_expected_texts_are_templates() -> None:
    assert verdict(Pool(system={"query": "x", "other": "x"}), condition("sys.query", "is", "{{#sys.other#}}")).result


def test_expected_values_of_booleans_are_read_as_json() -> None:
    pool = Pool(system={"on": True, "list": [True]})
    assert verdict(pool, condition("sys.on", "is", "true")).result
    assert verdict(pool, condition("sys.on", "is", "1")).result
    assert not verdict(pool, condition("sys.on", "is", False)).result
    assert verdict(pool, condition("sys.list", "contains", "true")).result
    with pytest.raises(TypeError):
        verdict(pool, condition("sys.on", "is", '"yes"'))


def file(kind: str, name: str, extension: str) -> dict[str, Any]:
    return {"dify_model_identity": FILE_IDENTITY, "type": kind, "filename": name, "extension": extension}


@pytest.mark.parametrize(
    ("key", "operator", "value", "result"),
    [
        ("type", "in", ["image"], True),
        ("type", "not in", ["image"], False),
        ("extension", "is", "png", True),
        ("extension", "is not", ".png", False),
        ("name", "contains", "b", True),
        ("name", "not contains", "z", True),
    ],
)
def test_conditions_on_files_look_at_every_file(key: str, operator: str, value: Any, result: bool) -> None:
    pool = Pool(system={"files": [file("image", "a.png", ".png"), file("document", "b.pdf", ".pdf")]})
    sub = {"logical_operator": "and", "conditions": [{"key": key, "comparison_operator": operator, "value": value}]}
    found = verdict(pool, condition("sys.files", "contains", None) | {"sub_variable_condition": sub})
    assert found.result is result
    with pytest.raises(ValueError, match="Sub variable is required"):
        verdict(pool, condition("sys.files", "contains", "x"))
