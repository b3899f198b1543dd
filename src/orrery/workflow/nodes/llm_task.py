"""Model calls that do a fixed task and are not streamed: classifying, extracting (workflow.md 3.13, 3.14)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from orrery.inference.types import InvokeError, LLMCall, Message, ModelFeatures, TextPart, ToolSpec
from orrery.workflow.node import NodeContext
from orrery.workflow.nodes.llm_data import MemoryConfig, ModelConfig, ModelNodeOptions, RolePrefix, VisionConfig
from orrery.workflow.nodes.llm_errors import NoPromptFoundError, failure_of
from orrery.workflow.nodes.llm_reply import Reply, ReplyReader
from orrery.workflow.nodes.prompt_history import history_text, read_history
from orrery.workflow.nodes.prompt_media import MediaLoader, supported, with_media
from orrery.workflow.segments import files_in

_SPEAKERS = RolePrefix(user="Human", assistant="Assistant")


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What the model has to do (``rules``) and with what (``material``)."""

    rules: str
    material: str
    memory: MemoryConfig | None = None
    vision: VisionConfig | None = None


class TaskCaller:
    """Gives one model tasks within one execution of a node."""

    def __init__(self, context: NodeContext, model: ModelConfig, options: ModelNodeOptions) -> None:
        self._context, self._model, self._options = context, model, options

    async def features(self) -> ModelFeatures:
        """Raises `NodeFailure`."""
        try:
            return await self._context.services.models.features(self._model.ref)
        except InvokeError as error:
            raise failure_of(error, self._model.name) from error

    async def messages(self, task: Task, features: ModelFeatures) -> tuple[Message, ...]:
        """The task as a prompt: rules and history apart from the material where the model knows roles."""
        rules = task.rules
        if task.memory is not None:
            services = self._context.services
            prompt = [Message("system", rules), Message("user", task.material)]
            past = await read_history(task.memory, self._model, features, services, prompt)
            prefix = task.memory.role_prefix or _SPEAKERS
            if past:
                rules += (
                    f"\n\nThe conversation before this input:\n<histories>\n{history_text(past, prefix)}\n</histories>"
                )
        if self._model.mode == "completion":
            messages = [Message("user", (TextPart(f"{rules}\n\n{task.material}\n\nAnswer:\n"),))]
        else:
            messages = [Message("system", rules), Message("user", (TextPart(task.material),))]
        if task.vision is not None and task.vision.selector:
            files = files_in(self._context.variables.get(task.vision.selector))
            loader = MediaLoader(self._context.services, features, self._options, task.vision.detail)
            messages = with_media(messages, await loader.parts(files))
        final = tuple([m for message in messages if (m := supported(message, features))])
        if not final:
            raise NoPromptFoundError
        return final

    async def ask(
        self,
        messages: Sequence[Message],
        *,
        tools: tuple[ToolSpec, ...] = (),
        schema: Mapping[str, object] | None = None,
    ) -> Reply:
        """Raises `NodeFailure`."""
        model = self._model
        call = LLMCall(
            model=model.ref,
            messages=tuple(messages),
            parameters=model.parameters,
            stop=model.stop,
            tools=tools,
            json_schema=schema,
        )
        return await ReplyReader(self._context.services, self._options).read(call)
