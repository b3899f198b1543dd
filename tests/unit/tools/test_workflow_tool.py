from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from orrery.tools.entity import ToolEntity, ToolIdentity
from orrery.tools.errors import ToolInvokeError, WorkflowDepthError
from orrery.tools.messages import (
    JsonMessage,
    StoredFileMessage,
    TextMessage,
    ToolMessage,
    UsageMessage,
    VariableMessage,
)
from orrery.tools.workflow_tool import WorkflowAnswer, WorkflowTool

ENTITY = ToolEntity(identity=ToolIdentity(name="app", provider="app-1"))
FILE = {"dify_model_identity": "__dify__file__", "filename": "a.txt"}


class Caller:
    def __init__(self, answer: WorkflowAnswer) -> None:
        self.answer = answer
        self.calls: list[tuple[str, Mapping[str, object], int]] = []

    async def run(self, app_id: str, inputs: Mapping[str, object], *, depth: int) -> WorkflowAnswer:
        self.calls.append((app_id, inputs, depth))
        return self.answer


async def said(tool: WorkflowTool, **values: object) -> list[ToolMessage]:
    return [message async for message in tool.invoke(values)]


async def test_outputs_come_as_text_and_json_and_files_apart():
    caller = Caller(WorkflowAnswer({"x": "ü", "doc": FILE, "docs": [FILE], "mixed": [1]}, usage={"total_tokens": 3}))
    assert await said(WorkflowTool(ENTITY, "app-1", caller, depth=4), q=1) == [
        UsageMessage({"total_tokens": 3}),
        StoredFileMessage(FILE),
        StoredFileMessage(FILE),
        TextMessage(json.dumps({"x": "ü", "mixed": [1]}, ensure_ascii=False)),
        JsonMessage({"x": "ü", "mixed": [1]}),
    ]
    assert caller.calls == [("app-1", {"q": 1}, 5)]


async def test_apps_that_call_apps_end():
    caller = Caller(WorkflowAnswer({}))
    with pytest.raises(WorkflowDepthError, match=r"^Max workflow call depth 5 reached\.$"):
        await said(WorkflowTool(ENTITY, "app-1", caller, depth=5))
    assert caller.calls == []


async def test_the_inner_run_s_failure_is_the_tool_s():
    with pytest.raises(ToolInvokeError, match="node x broke"):
        await said(WorkflowTool(ENTITY, "app-1", Caller(WorkflowAnswer({}, "node x broke")), depth=0))


def test_names_that_nodes_need_themselves_are_reserved():
    with pytest.raises(ValueError, match="'files' is reserved"):
        VariableMessage("files", [])
