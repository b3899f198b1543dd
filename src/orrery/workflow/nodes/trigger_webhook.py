"""The webhook trigger: starts a run with what a request brought (workflow.md 3.20)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, cast

from orrery.workflow.context import EngineContext
from orrery.workflow.fields import as_mapping
from orrery.workflow.node import Node, NodeKindName, NodeOutcome, Selector
from orrery.workflow.nodes.trigger_inputs import system_outputs
from orrery.workflow.nodes.trigger_webhook_data import BINARY, RAW_OUTPUT, TEXT, WebhookData, parse_webhook


class TriggerWebhookNode:
    """Outputs the headers, parameters and fields that it names, and the whole request as ``_webhook_raw``.

    The request stands in the run's inputs as ``webhook_data``; conversion and refusals happened at the door.
    """

    type: ClassVar[str] = "trigger-webhook"
    kind: ClassVar[NodeKindName] = "root"
    repeatable: bool = True
    inline: ClassVar[bool] = True

    def __init__(self, data: WebhookData) -> None:
        self._data = data

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Node:
        del node_id
        return cast("Node", cls(parse_webhook(data)))

    def references(self) -> Sequence[Selector]:
        return ()

    async def run(self, context: EngineContext) -> NodeOutcome:
        inputs = context.pool.inputs
        raw = as_mapping(inputs.get("webhook_data"))
        outputs = {**self._fields(raw), RAW_OUTPUT: dict(raw), **system_outputs(context.pool)}
        return NodeOutcome(outputs=outputs, inputs=inputs)

    def _fields(self, raw: Mapping[str, object]) -> dict[str, object]:
        data = self._data
        headers = {name.lower(): value for name, value in as_mapping(raw.get("headers")).items()}
        outputs = {header.output: headers.get(header.name.lower()) for header in data.headers}
        params, body, files = (as_mapping(raw.get(part)) for part in ("query_params", "body", "files"))
        outputs |= {param.name: params.get(param.name) for param in data.params}
        for field in data.body:
            if data.content_type == TEXT:
                outputs[field.name] = str(body.get("raw") or "")
            elif data.content_type == BINARY:
                outputs[field.name] = body.get("raw")
            elif field.type == "file":
                outputs[field.name] = files.get(field.name)
            else:
                outputs[field.name] = body.get(field.name)
        return outputs
