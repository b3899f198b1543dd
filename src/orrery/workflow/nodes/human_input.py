"""The human-input node: asks a person, and goes on along the button that they choose (workflow.md 3.19)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, cast

from orrery.workflow.context import EngineContext
from orrery.workflow.events import HumanInputFilled, HumanInputRequired, HumanInputTimeout, Marks
from orrery.workflow.node import Node, NodeFailure, NodeKindName, NodeOutcome, NodePause, Selector
from orrery.workflow.nodes.human_input_content import (
    filled,
    mail_texts,
    resolved_defaults,
    shown_inputs,
    stored_list,
    worded_methods,
)
from orrery.workflow.nodes.human_input_data import TIMEOUT_HANDLE, HumanInputData, is_legacy, parse_data
from orrery.workflow.nodes.human_input_forms import Form, FormRequest, HumanForms, OffersHumanForms
from orrery.workflow.pool import Pool
from orrery.workflow.template import references_in


class HumanInputError(NodeFailure):
    """Nobody can be asked, or nobody can answer any more."""


class HumanInputNode:
    """Opens a form and pauses; when the run is resumed, reads the answer.

    It may be done again after a crash: opening is idempotent for each place of a run.
    """

    type: ClassVar[str] = "human-input"
    kind: ClassVar[NodeKindName] = "branch"
    repeatable: bool = True

    def __init__(self, data: HumanInputData, stored: Mapping[str, object]) -> None:
        self._data = data
        self._inputs = stored_list(stored, "inputs")
        self._actions = stored_list(stored, "user_actions")

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Node:
        if is_legacy(data):
            return LegacyHumanInputNode.parse(node_id, data)
        return cast("Node", cls.of(data))

    @classmethod
    def of(cls, data: Mapping[str, object]) -> HumanInputNode:
        """The node of stored data that has a form. Raises ValueError that names the field."""
        return cls(parse_data(data), data)

    def references(self) -> Sequence[Selector]:
        texts = (self._data.form_content, *mail_texts(self._data.delivery_methods))
        selectors: list[Selector] = [selector for text in texts for selector in references_in(text)]
        sources = [source for field in self._data.inputs for source in (field.default, field.option_source)]
        selectors += [s.selector for s in sources if s is not None and s.type == "variable" and s.selector]
        return selectors

    async def run(self, context: EngineContext) -> NodeOutcome:
        forms = _forms_of(context)
        place = place_of(context.node_id, context.marks)
        form = await forms.find(place)
        if form is None:
            await context.before_effect()
            form = await forms.open(self._request(context, place))
        if form.status == "waiting":
            context.emit(_required(form))
            raise NodePause(
                {
                    "type": "human_input_required",
                    "form_id": form.id,
                    "node_id": context.node_id,
                    "node_title": context.title,
                    "form_content": form.request.content,
                    "inputs": list(form.request.inputs),
                    "actions": list(form.request.actions),
                    "display_in_ui": form.display_in_ui,
                    "form_token": form.token,
                    "resolved_default_values": dict(form.request.resolved_defaults),
                    "expiration_time": form.request.expires_at,
                }
            )
        if form.status == "expired":
            raise HumanInputError("The form expired before anybody answered it")
        return self._timed_out(context, form) if form.status == "timeout" else self._answered(context, form)

    def _request(self, context: EngineContext, place: str) -> FormRequest:
        return self.form(context.node_id, context.title, context.pool, place=place, now=context.clock.time())

    def form(self, node_id: str, title: str, pool: Pool, *, now: float, place: str = "") -> FormRequest:
        """The form as people would see it with these variables; opens nothing. ``now`` in seconds since the epoch."""
        data = self._data
        return FormRequest(
            place=place or node_id,
            node_id=node_id,
            node_title=title,
            content=pool.render(data.form_content),
            inputs=shown_inputs(self._inputs, pool),
            actions=self._actions,
            resolved_defaults=resolved_defaults(data.inputs, pool),
            delivery_methods=worded_methods(data.delivery_methods, pool),
            expires_at=now + data.timeout_seconds,
        )

    def _answered(self, context: EngineContext, form: Form) -> NodeOutcome:
        text = filled(form.request.content, form.values)
        title = next((action.title for action in self._data.user_actions if action.id == form.action_id), "")
        context.emit(
            HumanInputFilled(
                node_id=context.node_id,
                node_title=context.title,
                rendered_content=text,
                action_id=form.action_id,
                action_text=title,
                submitted_data=form.values,
            )
        )
        return NodeOutcome(
            outputs={
                **form.values,
                "__action_id": form.action_id,
                "__rendered_content": text,
                "__action_value": title,
            },
            inputs={"form_content": form.request.content},
            handle=form.action_id,
        )

    def _timed_out(self, context: EngineContext, form: Form) -> NodeOutcome:
        request = form.request
        context.emit(
            HumanInputTimeout(node_id=context.node_id, node_title=context.title, expiration_time=request.expires_at)
        )
        return NodeOutcome(
            outputs={"__action_id": "", "__rendered_content": filled(request.content, {})},
            inputs={"form_content": request.content},
            handle=TIMEOUT_HANDLE,
        )


class LegacyHumanInputNode:
    """The kind before there were forms: it waited for variables to be set from outside, which nothing here does."""

    type: ClassVar[str] = "human-input"
    kind: ClassVar[NodeKindName] = "branch"
    repeatable: bool = True
    inline: ClassVar[bool] = True

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Node:
        del node_id, data
        return cls()

    def references(self) -> Sequence[Selector]:
        return ()

    async def run(self, context: object) -> NodeOutcome:
        raise HumanInputError(
            "This human-input node is of an old kind that waits for variables and has no form. "
            "Open it in the editor and give it a form and actions."
        )


def place_of(node_id: str, marks: Marks) -> str:
    """Where in a run a form belongs: the node, and in containers the rounds that it stands in."""
    parts = [node_id]
    if marks.iteration_id is not None:
        parts.append(f"{marks.iteration_id}:{marks.iteration_index}")
    if marks.loop_id is not None:
        parts.append(f"{marks.loop_id}:{marks.loop_index}")
    return "/".join(parts)


def _forms_of(context: EngineContext) -> HumanForms:
    services = context.services
    if not isinstance(services, OffersHumanForms):
        raise HumanInputError("This run can't wait for a person: human input needs a server that keeps the run")
    return services.human_forms


def _required(form: Form) -> HumanInputRequired:
    request = form.request
    return HumanInputRequired(
        node_id=request.node_id,
        node_title=request.node_title,
        form_id=form.id,
        form_content=request.content,
        inputs=request.inputs,
        actions=request.actions,
        display_in_ui=form.display_in_ui,
        form_token=form.token,
        resolved_default_values=request.resolved_defaults,
        expiration_time=request.expires_at,
    )
