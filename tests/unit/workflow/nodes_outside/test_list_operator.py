"""The list-operator node."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.workflow.node import NodeFailure
from orrery.workflow.nodes.list_operator import ListOperatorNode

from .outside import Context, MemoryFiles


async def work(value: object, **data: object) -> dict[str, object]:
    made = Context()
    made.variables.put("a", "list", value)
    made.variables.put("a", "x", "an")
    made.variables.put("a", "two", 2)
    node = ListOperatorNode.parse("l", {"variable": ["a", "list"]} | data)
    return dict((await node.run(made)).outputs)


def keep(operator: str, value: object, key: str = "") -> dict[str, object]:
    return {
        "filter_by": {"enabled": True, "conditions": [{"key": key, "comparison_operator": operator, "value": value}]}
    }


FRUIT = ["banana", "mango", "", "fig"]


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("contains", "{{#a.x#}}", ["banana", "mango"]),
        ("not contains", "an", ["", "fig"]),
        ("start with", "b", ["banana"]),
        ("end with", "g", ["fig"]),
        ("is", "fig", ["fig"]),
        ("is not", "fig", ["banana", "mango", ""]),
        ("in", "a fig tree", ["", "fig"]),
        ("not in", "a fig tree", ["banana", "mango"]),
        ("empty", None, [""]),
        ("not empty", "", ["banana", "mango", "fig"]),
    ],
)
async def test_strings(operator: str, value: object, expected: list[str]):
    assert (await work(FRUIT, **keep(operator, value)))["result"] == expected


@pytest.mark.parametrize(
    ("operator", "expected"),
    [("=", [2]), ("≠", [1, 3.5]), ("<", [1]), ("≤", [1, 2]), (">", [3.5]), ("≥", [2, 3.5])],
)
async def test_numbers(operator: str, expected: list[float]):
    assert (await work([1, 2, 3.5], **keep(operator, "{{#a.two#}}")))["result"] == expected


async def test_booleans_want_a_boolean():
    assert (await work([True, False, True], **keep("is not", False)))["result"] == [True, True]
    with pytest.raises(NodeFailure, match=r"^Invalid condition"):
        await work([True], **keep("is", "true"))


async def test_files():
    files = MemoryFiles()
    small = files.add(b"1", name="b.png", mime_type="image/png", kind="image")
    large = files.add(b"123", name="a.pdf", mime_type="application/pdf")
    both = [small, large]
    assert (await work(both, **keep("in", ["image"], "type")))["result"] == [small]
    assert (await work(both, **keep("not in", ["local_file"], "transfer_method")))["result"] == []
    assert (await work(both, **keep(">", "2", "size")))["result"] == [large]
    assert (await work(both, **keep("contains", "pdf", "mime_type")))["result"] == [large]
    assert (await work(both, order_by={"enabled": True, "key": "name", "value": "asc"}))["result"] == [large, small]
    assert (await work(both, order_by={"enabled": True, "key": "size", "value": "desc"}))["first_record"] == large
    with pytest.raises(NodeFailure, match=r"^Invalid key: colour$"):
        await work(both, **keep("is", "x", "colour"))
    with pytest.raises(NodeFailure, match=r"^Invalid order key: colour$"):
        await work(both, order_by={"enabled": True, "key": "colour", "value": "asc"})


async def test_steps_come_in_their_order():
    outputs = await work(
        [5, 1, 4, 2, 3],
        **keep(">", "1"),
        order_by={"enabled": True, "key": "", "value": "desc"},
        limit={"enabled": True, "size": 2},
    )
    assert outputs == {"result": [5, 4], "first_record": 5, "last_record": 4}
    assert (await work([3, 1], extract_by={"enabled": True, "serial": "{{#a.two#}}"}))["result"] == [1]
    assert (await work([3, 1], limit={"enabled": True, "size": -1}))["result"] == [3]


async def test_places_beyond_the_list():
    with pytest.raises(NodeFailure, match=r"^Invalid serial index: must be <= 1, got 2$"):
        await work(["a"], extract_by={"enabled": True, "serial": "2"})
    with pytest.raises(NodeFailure, match=r"^Invalid serial index: must be >= 1, got 0$") as caught:
        await work(["a"], extract_by={"enabled": True, "serial": "0"})
    assert caught.value.error_type == "WorkflowNodeError"


async def test_what_is_no_list():
    assert await work([]) == {"result": [], "first_record": None, "last_record": None}
    with pytest.raises(NodeFailure, match=r"is not an array type, actual type: string$"):
        await work("x")
    with pytest.raises(NodeFailure, match=r"is not an array type, actual type: array\[object\]$"):
        await work([{"a": 1}])
    node = ListOperatorNode.parse("l", {"variable": ["no", "where"]})
    with pytest.raises(NodeFailure, match=r"^Variable not found for selector: \['no', 'where'\]$"):
        await node.run(Context())


@settings(max_examples=40)
@given(st.lists(st.integers() | st.floats(allow_nan=False), min_size=1, max_size=8))
async def test_ordering_is_a_permutation(items: list[float]):
    up = await work(items, order_by={"enabled": True, "value": "asc"})
    assert up["result"] == sorted(items)
    assert up["last_record"] == max(items)
