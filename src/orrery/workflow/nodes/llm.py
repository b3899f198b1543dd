"""The ``llm`` node: a prompt from variables, a model's answer as a stream of text (workflow.md 3.10)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import ClassVar, Self, cast

import msgspec

from orrery.inference.types import InvokeError, LLMCall, Message, ModelFeatures
from orrery.workflow.context import EngineContext
from orrery.workflow.events import ReasoningChunk
from orrery.workflow.node import NodeContext, NodeFailure, NodeKindName, NodeOutcome, Selector, Variables
from orrery.workflow.nodes.llm_data import LlmData, ModelNodeOptions
from orrery.workflow.nodes.llm_errors import failure_of
from orrery.workflow.nodes.llm_reasoning import split_reasoning
from orrery.workflow.nodes.llm_record import metadata, process_data
from orrery.workflow.nodes.llm_reply import Reply, ReplyReader
from orrery.workflow.nodes.llm_separating import SeparatedStream
from orrery.workflow.nodes.llm_structured import demand_json, parse_structured, schema_of
from orrery.workflow.nodes.prompt_context import PromptContext, is_knowledge, read_context
from orrery.workflow.nodes.prompt_media import MediaLoader
from orrery.workflow.nodes.prompt_messages import PromptBuilder, PromptRequest
from orrery.workflow.nodes.prompt_template import FileValue, is_list, is_mapping, references, require
from orrery.workflow.segments import files_in, text_of


class LlmNode:
    """Asks a model once and streams its answer on ``[node_id, "text"]``.

    A call that was cut off by a crash is only made again when the app allows retries: it may have cost money.
    """

    type: ClassVar[str] = "llm"
    kind: ClassVar[NodeKindName] = "executable"
    options: ClassVar[ModelNodeOptions] = ModelNodeOptions()

    def __init__(self, node_id: str, data: LlmData, options: ModelNodeOptions) -> None:
        self.node_id = node_id
        self._data, self._options = data, options
        self.repeatable = data.retry_config is not None and data.retry_config.retry_enabled

    @classmethod
    def configured(cls, options: ModelNodeOptions) -> type[Self]:
        """The same kind of node under an installation's settings, for the registry's table."""
        return cast("type[Self]", type(cls.__name__, (cls,), {"options": options}))

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Self:
        return cls(node_id, msgspec.convert(data, LlmData, strict=False), cls.options)

    def references(self) -> Sequence[Selector]:
        data = self._data
        selectors: list[Selector] = list(self._prompt_references())
        selectors += [variable.value_selector for variable in data.jinja_variables]
        selectors += [selector for selector in (data.context_selector, data.vision_selector) if selector]
        if data.memory is not None and not data.memory.query_prompt_template:
            selectors.append(("sys", "query"))
        return selectors

    def _prompt_references(self) -> list[tuple[str, ...]]:
        texts = [text.template for text in self._data.prompts if not text.is_jinja]
        if self._data.memory is not None:
            texts.append(self._data.memory.query_prompt_template or "")
        return [reference for text in texts for reference in references(text)]

    async def run(self, context: NodeContext) -> NodeOutcome:
        inputs: dict[str, object] = {}
        messages: tuple[Message, ...] = ()
        reply: Reply | None = None
        try:
            knowledge, files = self._gather(context.variables, inputs)
            features = await self._features(context)
            messages = await self._messages(context, features, knowledge, files)
            call = self._call(messages, features)
            messages = call.messages
            if not self.repeatable:
                await context.before_effect()
            reply = await self._read(call, cast("EngineContext", context))
            context.stream("text", "", final=True)
            outputs = await self._outputs(reply)
        except NodeFailure as failure:
            failure.inputs = failure.inputs or inputs
            if messages:
                failure.process_data = process_data(self._data.model, messages, reply)
            raise
        return NodeOutcome(
            outputs=outputs,
            inputs=inputs,
            process_data=process_data(self._data.model, messages, reply),
            metadata=metadata(reply.usage),
            usage=reply.usage,
            retriever_resources=knowledge.resources if self._data.context and self._data.context.cited else (),
        )

    def _gather(self, variables: Variables, inputs: dict[str, object]) -> tuple[PromptContext, list[FileValue]]:
        """What the prompt is made of, noted in ``inputs`` under the names that the node record has for it."""
        data = self._data
        for reference in self._prompt_references():
            value = require(variables, reference)
            inputs[f"#{'.'.join(reference)}#"] = "" if value is None else value
        for variable in data.jinja_variables:
            inputs[variable.variable] = _shown(variables, variable.value_selector)
        files = files_in(variables.get(data.vision_selector)) if data.vision_selector else []
        if files:
            inputs["#files#"] = files
        knowledge = PromptContext()
        if data.context_selector:
            knowledge = read_context(variables.get(data.context_selector))
        if knowledge.text:
            inputs["#context#"] = knowledge.text
        if knowledge.files:
            inputs["#context_files#"] = list(knowledge.files)
        return knowledge, files

    async def _features(self, context: NodeContext) -> ModelFeatures:
        model = self._data.model
        try:
            return await context.services.models.features(model.ref)
        except InvokeError as error:
            raise failure_of(error, model.name) from error

    async def _messages(
        self, context: NodeContext, features: ModelFeatures, knowledge: PromptContext, files: Sequence[FileValue]
    ) -> tuple[Message, ...]:
        data = self._data
        detail = data.vision.detail if data.vision else "high"
        media = MediaLoader(context.services, features, self._options, detail)
        return await PromptBuilder(context, features, media).build(
            PromptRequest(
                model=data.model,
                texts=data.prompts,
                completion=data.is_completion,
                jinja_variables=data.jinja_variables,
                memory=data.memory,
                context_text=data.context.framed(knowledge.text) if data.context else None,
                files=files,
                context_files=knowledge.files if data.vision_selector else (),
            )
        )

    def _call(self, messages: tuple[Message, ...], features: ModelFeatures) -> LLMCall:
        data = self._data
        schema: Mapping[str, object] | None = None
        if data.structured_output_enabled:
            schema = schema_of(data.structured_output.schema if data.structured_output else None)
            if not features.structured_output:
                messages = demand_json(messages, schema, completion=data.is_completion)
                schema = None
        return LLMCall(
            model=data.model.ref,
            messages=messages,
            parameters=data.model.parameters,
            stop=data.model.stop,
            json_schema=schema,
        )

    async def _read(self, call: LLMCall, context: EngineContext) -> Reply:
        reader = ReplyReader(context.services, self._options)
        if self._data.reasoning_format != "separated":
            return await reader.read(call, lambda piece: context.stream("text", piece))

        def say_reasoning(text: str, *, final: bool) -> None:
            context.emit(ReasoningChunk(context.execution_id, self.node_id, text, final, context.marks))

        apart = SeparatedStream(lambda piece: context.stream("text", piece), say_reasoning)
        reply = await reader.read(call, apart.feed)
        apart.finish()
        return reply

    async def _outputs(self, reply: Reply) -> dict[str, object]:
        text, reasoning = reply.text, ""
        if self._data.reasoning_format == "separated":
            text, reasoning = split_reasoning(text)
        outputs: dict[str, object] = {
            "text": text,
            "reasoning_content": reasoning,
            "usage": reply.usage.as_wire(),
            "finish_reason": reply.finish_reason,
        }
        if self._data.structured_output_enabled:
            outputs["structured_output"] = await parse_structured(reply.text)
        if reply.files:
            outputs["files"] = list(reply.files)
        return outputs


def _shown(variables: Variables, selector: tuple[str, ...]) -> str:
    """A template's input as text for the record: knowledge by its content, other objects as JSON."""
    value = variables.get(selector)
    if is_list(value):
        return "\n".join(_shown_item(item) for item in value).strip()
    if is_mapping(value):
        return _shown_item(value)
    return text_of(value)


def _shown_item(item: object) -> str:
    if not is_mapping(item):
        return str(item)
    if is_knowledge(item) and "content" in item:
        return str(item["content"])
    return json.dumps(item, ensure_ascii=False, default=str)
