"""Agents whose model calls tools by itself."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping

import msgspec

from orrery.agents.errors import AgentMaxIterationError
from orrery.agents.events import AgentEnd, AgentEvent, AgentStep, AgentText, AgentThinking
from orrery.agents.listening import Reply
from orrery.agents.prompts import fitting_parameters, user_message, without_media
from orrery.agents.request import AgentOutside, AgentRequest
from orrery.agents.spending import told_with
from orrery.agents.step_logs import StepLogs
from orrery.agents.toolbox import Observation, Toolbox
from orrery.inference.types import InvokeError, LLMCall, Message, ModelFeatures, ToolCall, Usage
from orrery.tools.hanging_up import hanging_up
from orrery.tools.messages import LogMessage


class FunctionCalling:
    """Implements `Strategy`."""

    def __init__(self, outside: AgentOutside) -> None:
        self._outside, self._logs = outside, StepLogs(outside)

    async def run(self, request: AgentRequest) -> AsyncIterator[AgentEvent]:
        features = await self._outside.models.features(request.model)
        conversation = _Conversation(request)
        with told_with(lambda: conversation.usage):
            while not conversation.is_over:
                conversation.round += 1
                async with hanging_up(self._round(conversation, features)) as events:
                    async for event in events:
                        yield event
        yield AgentEnd(answer=conversation.answer, usage=conversation.usage, rounds=conversation.round)

    async def _round(self, conversation: _Conversation, features: ModelFeatures) -> AsyncIterator[AgentEvent]:
        """One call of the model, and of every tool that it wants."""
        request, logs = conversation.request, self._logs
        step = AgentStep(id=self._outside.new_id(), position=conversation.round, stage="started")
        yield step
        round_log = logs.open(f"ROUND {conversation.round}")
        yield round_log
        model_log = logs.open(f"{request.model.name} Thought", round_log, provider=request.model.provider)
        yield model_log
        reply = Reply()
        try:
            async with hanging_up(reply.pieces(self._outside.models, self._call(conversation, features))) as deltas:
                async for delta in deltas:
                    if delta.reasoning:
                        yield AgentThinking(delta.reasoning)
                    if delta.text:
                        yield AgentText(delta.text)
        except InvokeError as error:
            yield logs.fail(model_log, str(error))
            yield logs.fail(round_log, str(error))
            raise
        calls = [(call, conversation.toolbox.read_arguments(call.name, call.arguments)) for call in reply.tool_calls]
        conversation.take_in(reply)
        yield logs.close(model_log, _thought_data(reply, calls), reply.usage)
        step = _decided(step, reply, calls, conversation.toolbox)
        yield step
        if calls and conversation.is_last_round:
            error = AgentMaxIterationError(request.max_iterations)
            yield logs.fail(round_log, str(error))
            raise error
        observations: list[Mapping[str, object]] = []
        for call, arguments in calls:
            async with hanging_up(self._use(conversation, call, arguments, round_log)) as events:
                async for event in events:
                    if isinstance(event, Usage):
                        conversation.usage += event
                    elif isinstance(event, Observation):
                        observations.append(_response(call, arguments, event.text))
                        conversation.observe(call, event.text)
                    else:
                        yield event
        if calls:
            told = {str(each["tool_call_name"]): each["tool_response"] for each in observations}
            yield msgspec.structs.replace(step, stage="observed", observation=json.dumps(told, ensure_ascii=False))
            if reply.text:
                yield AgentText("\n")  # the next round's text is a paragraph of its own
        output = {"llm_response": reply.text, "tool_responses": observations}
        yield logs.close(round_log, {"output": output}, reply.usage)

    def _call(self, conversation: _Conversation, features: ModelFeatures) -> LLMCall:
        request = conversation.request
        messages = conversation.messages()
        return LLMCall(
            model=request.model,
            messages=tuple(messages),
            parameters=fitting_parameters(self._outside, request, features, messages),
            stop=request.stop,
            tools=() if conversation.is_last_round else conversation.toolbox.specs(),
            user=request.user,
        )

    async def _use(
        self, conversation: _Conversation, call: ToolCall, arguments: Mapping[str, object], parent: LogMessage
    ) -> AsyncIterator[AgentEvent | Usage | Observation]:
        """Calls one tool; its logs hang under its own log."""
        logs, toolbox = self._logs, conversation.toolbox
        log = logs.open(f"CALL {call.name}", parent, provider=toolbox.provider_of(call.name))
        yield log
        async with hanging_up(toolbox.call(call.name, arguments)) as events:
            async for event in events:
                if isinstance(event, LogMessage):
                    yield event if event.parent_id else msgspec.structs.replace(event, parent_id=log.id)
                elif isinstance(event, Observation):
                    data = {"output": _response(call, arguments, event.text)}
                    yield logs.close(log, data) if event.error is None else logs.fail(log, event.error, data)
                    yield event
                else:
                    yield event


class _Conversation:
    """What was said so far within one request."""

    def __init__(self, request: AgentRequest) -> None:
        self.request = request
        self.toolbox = Toolbox(request.tools)
        self.round = 0
        self.usage = Usage()
        self.answer = ""
        self.is_over = False
        system = [Message("system", request.instruction)] if request.instruction else []
        self._before = [*system, *request.history, user_message(request)]
        self._since: list[Message] = []

    @property
    def is_last_round(self) -> bool:
        return self.round >= self.request.rounds

    def messages(self) -> list[Message]:
        return [*(without_media(self._before) if self._since else self._before), *self._since]

    def take_in(self, reply: Reply) -> None:
        self.usage += reply.usage
        self.answer += f"{reply.text}\n"
        self.is_over = not reply.tool_calls
        self._since.append(
            Message(
                "assistant",
                reply.text,
                tool_calls=reply.tool_calls,
                reasoning=reply.reasoning,
                reasoning_signature=reply.reasoning_signature,
            )
        )

    def observe(self, call: ToolCall, text: str) -> None:
        self._since.append(Message("tool", text, tool_call_id=call.id, name=call.name))


def _thought_data(reply: Reply, calls: list[tuple[ToolCall, Mapping[str, object]]]) -> Mapping[str, object]:
    return {
        "output": reply.text,
        "tool_name": ";".join(call.name for call, _ in calls),
        "tool_input": [{"name": call.name, "args": dict(arguments)} for call, arguments in calls],
    }


def _decided(
    step: AgentStep, reply: Reply, calls: list[tuple[ToolCall, Mapping[str, object]]], toolbox: Toolbox
) -> AgentStep:
    inputs = {call.name: dict(arguments) for call, arguments in calls}
    return msgspec.structs.replace(
        step,
        stage="decided",
        thought=reply.text,
        tool=";".join(call.name for call, _ in calls),
        tool_labels={call.name: toolbox.label_of(call.name) for call, _ in calls},
        tool_input=json.dumps(inputs, ensure_ascii=False) if inputs else "",
        usage=reply.usage,
    )


def _response(call: ToolCall, arguments: Mapping[str, object], text: str) -> Mapping[str, object]:
    return {
        "tool_call_id": call.id,
        "tool_call_name": call.name,
        "tool_call_input": dict(arguments),
        "tool_response": text,
    }
