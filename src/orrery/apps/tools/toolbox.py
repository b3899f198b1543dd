"""All tools that one run may use, bound to its workspace, its user and its call depth."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from orrery.apps.runs.spec import RunSpec
from orrery.apps.tools.workflow_calls import WorkflowCalls
from orrery.tools.catalog import ToolCatalog
from orrery.tools.errors import ToolInvokeError
from orrery.tools.openapi.request import ReadFile
from orrery.tools.protocol import ToolProvider, ToolRef, ToolSource
from orrery.workflow.node import FileAccess, NodeFailure
from orrery.workspaces.tools.parts import WorkspaceTools

_MOST_FILE_BYTES = 100 * 1024 * 1024

Find: TypeAlias = Callable[[ToolRef], Awaitable[ToolProvider | None]]


class Toolbox:
    """Makes the `ToolSource` of any run; cheap, and asks nothing until a tool is wanted."""

    def __init__(self, tools: WorkspaceTools, workflows: WorkflowCalls) -> None:
        self._tools, self._workflows = tools, workflows

    def of_run(self, spec: RunSpec, files: FileAccess) -> ToolSource:
        tools, workflows, workspace_id = self._tools, self._workflows, spec.workspace_id
        read_file = _reader(files)
        return ToolCatalog(
            {
                "builtin": [_Source(lambda ref: tools.built_in.provider(workspace_id, ref))],
                "api": [_Source(lambda ref: tools.api.provider(workspace_id, ref, read_file))],
                "workflow": [_Source(lambda ref: workflows.provider(spec, ref))],
                "mcp": [_Source(lambda ref: tools.mcp.provider(workspace_id, ref))],
            }
        )


class _Source:
    """Implements `ProviderSource`."""

    def __init__(self, find: Find) -> None:
        self._find = find

    async def provider(self, ref: ToolRef) -> ToolProvider | None:
        return await self._find(ref)


def _reader(files: FileAccess) -> ReadFile:
    async def read(file: Mapping[str, object]) -> bytes:
        try:
            return await files.read(file, max_bytes=_MOST_FILE_BYTES)
        except NodeFailure as failure:
            raise ToolInvokeError(str(failure)) from failure

    return read
