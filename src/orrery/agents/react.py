"""Agents whose model asks for tools in a text protocol: thought, action, observation."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Final

import msgspec

from orrery.agents import react_prompt
from orrery.agents.errors import AgentMaxIterationError
from orrery.agents.events import AgentEnd, AgentEvent, AgentStep, AgentText, AgentThinking
from orrery.agents.listening import Reply
from orrery.agents.prompts import fitting_parameters
from orrery.agents.react_action import Action
from orrery.agents.react_parser import ReactParser
from orrery.agents.request import AgentOutside, AgentRequest
from orrery.agents.spending import told_with
from orrery.agents.step_logs import StepLogs
from orrery.agents.toolbox import Observation, Toolbox
from orrery.inference.types import InvokeError, LLMCall, ModelFeatures, Usage
from orrery.tools.hanging_up import hanging_up
from orrery.tools.messages import LogMessage

STOP: Final = "Observation"
_NO_STOP: Final = frozenset({"wenxin"})  # refuses the word


class React:
    """Implements `Strategy`."""

    def __init__(self, outside: AgentOutside) -> None:
        self._outside, self._logs = outside, StepLogs(outside)

    async def run(self, request: AgentRequest) -> AsyncIterator[AgentEvent]:
        features = await self._outside.models.features(request.model)
        work = _Work(request)
        with told_with(lambda: work.usage):
            while not work.is_over:
                work.round += 1
                async with hanging_up(self._round(work, features)) as events:
                    async for event in events:
                        yield event
        yield AgentEnd(answer=work.answer, usage=work.usage, rounds=work.round)

    async def _round(self, work: _Work, features: ModelFeatures) -> AsyncIterator[AgentEvent]:
        """One call of the model, and of the tool that it asks for."""
        request, logs = work.request, self._logs
        step = AgentStep(id=self._outside.new_id(), position=work.round, stage="started")
        yield step
        round_log = logs.open(f"ROUND {work.round}")
        yield round_log
        model_log = logs.open(f"{request.model.name} Thought", round_log, provider=request.model.provider)
        yield model_log
        reply, parser = Reply(), ReactParser()
        try:
            async with hanging_up(reply.pieces(self._outside.models, self._call(work, features))) as deltas:
                async for delta in deltas:
                    if delta.reasoning:
                        yield AgentThinking(delta.reasoning)
                    piece = parser.feed(delta.text)
                    if piece:
                        yield AgentText(piece)
        except InvokeError as error:
            yield logs.fail(model_log, str(error))
            yield logs.fail(round_log, str(error))
            raise
        piece = parser.finish()
        if piece:
            yield AgentText(piece)
        work.take_in(reply, parser)
        asked = parser.action.shown() if parser.action else {"action": "Final Answer", "action_input": parser.text}
        yield logs.close(model_log, {"thought": parser.thought, **asked}, reply.usage)
        step = _decided(step, parser, reply.usage, work.toolbox)
        yield step
        observation = ""
        if parser.action is not None:
            if work.is_last_round:
                error = AgentMaxIterationError(request.max_iterations)
                yield logs.fail(round_log, str(error))
                raise error
            async with hanging_up(self._use(work.toolbox, parser.action, round_log)) as events:
                async for event in events:
                    if isinstance(event, Usage):
                        work.usage += event
                    elif isinstance(event, Observation):
                        observation = event.text
                    else:
                        yield event
            work.units.append(react_prompt.Unit(parser.thought, parser.action, observation))
            told = json.dumps({parser.action.name: observation}, ensure_ascii=False)
            yield msgspec.structs.replace(step, stage="observed", observation=told)
        yield logs.close(
            round_log,
            {
                "action_name": asked["action"],
                "action_input": asked["action_input"],
                "thought": parser.thought,
                "observation": observation,
            },
            reply.usage,
        )

    def _call(self, work: _Work, features: ModelFeatures) -> LLMCall:
        request = work.request
        specs = () if work.is_last_round else work.toolbox.specs()
        messages = react_prompt.messages(request, specs, work.units)
        stop = request.stop
        if STOP not in stop and request.model.provider.rpartition("/")[2] not in _NO_STOP:
            stop = (*stop, STOP)
        return LLMCall(
            model=request.model,
            messages=tuple(messages),
            parameters=fitting_parameters(self._outside, request, features, messages),
            stop=stop,
            user=request.user,
        )

    async def _use(
        self, toolbox: Toolbox, action: Action, parent: LogMessage
    ) -> AsyncIterator[AgentEvent | Usage | Observation]:
        """Calls the tool; its logs hang under its own log."""
        logs = self._logs
        log = logs.open(f"CALL {action.name}", parent, provider=toolbox.provider_of(action.name))
        yield log
        arguments = toolbox.read_arguments(action.name, action.input)
        async with hanging_up(toolbox.call(action.name, arguments)) as events:
            async for event in events:
                if isinstance(event, LogMessage):
                    yield event if event.parent_id else msgspec.structs.replace(event, parent_id=log.id)
                elif isinstance(event, Observation):
                    data: Mapping[str, object] = {
                        "tool_name": action.name,
                        "tool_call_args": dict(arguments),
                        "output": event.text,
                    }
                    yield logs.close(log, data) if event.error is None else logs.fail(log, event.error, data)
                    yield event
                else:
                    yield event


class _Work:
    """What was done so far within one request."""

    def __init__(self, request: AgentRequest) -> None:
        self.request = request
        self.toolbox = Toolbox(request.tools)
        self.units: list[react_prompt.Unit] = []
        self.round = 0
        self.usage = Usage()
        self.answer = ""
        self.is_over = False

    @property
    def is_last_round(self) -> bool:
        return self.round >= self.request.rounds

    def take_in(self, reply: Reply, parser: ReactParser) -> None:
        self.usage += reply.usage
        self.is_over = parser.action is None
        self.answer = parser.text


def _decided(step: AgentStep, parser: ReactParser, usage: Usage, toolbox: Toolbox) -> AgentStep:
    if parser.action is None:
        return msgspec.structs.replace(step, stage="decided", thought=parser.thought or parser.text, usage=usage)
    name = parser.action.name
    return msgspec.structs.replace(
        step,
        stage="decided",
        thought=parser.thought,
        tool=name,
        tool_labels={name: toolbox.label_of(name)},
        tool_input=json.dumps({name: parser.action.input}, ensure_ascii=False),
        usage=usage,
    )
