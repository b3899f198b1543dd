from __future__ import annotations

import asyncio
import re

import pytest

from orrery.telemetry.context import Identity, current_identity, current_trace, identify, work
from orrery.telemetry.trace import new_trace

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_trace_of_its_own() -> None:
    first, second = new_trace(), new_trace()
    assert re.fullmatch(r"[0-9a-f]{32}", first.trace_id)
    assert re.fullmatch(r"[0-9a-f]{10}", first.request_id)
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", first.traceparent())
    assert first.trace_id != second.trace_id


def test_the_callers_trace_goes_on() -> None:
    trace = new_trace(PARENT)
    assert trace.trace_id == "0af7651916cd43dd8448eb211c80319c"
    assert trace.parent_id == "b7ad6b7169203331"
    assert trace.span_id != trace.parent_id
    assert trace.traceparent() == f"00-{trace.trace_id}-{trace.span_id}-01"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        PARENT[:-1],
        PARENT.replace("00-", "ff-", 1),
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-0af7651916cd43dd8448eb211c80319c-{'0' * 16}-01",
        PARENT + "\n" + PARENT,
    ],
)
def test_a_wrong_header_is_ignored(header: str) -> None:
    assert new_trace(header).parent_id == ""


async def test_work_carries_its_trace_into_its_tasks_and_ends() -> None:
    async def inner() -> str:
        trace = current_trace()
        return trace.trace_id if trace else ""

    trace = new_trace()
    with work(trace):
        identify(Identity("t", "u", "account"))
        assert await asyncio.create_task(inner()) == trace.trace_id
        assert current_identity() == Identity("t", "u", "account")
        with work(new_trace()):
            assert current_identity() is None
        assert current_trace() == trace
    assert current_trace() is None
    assert current_identity() is None
