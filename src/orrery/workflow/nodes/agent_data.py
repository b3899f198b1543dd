"""The fields of ``agent`` nodes (workflow.md 3.17), and their values in one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from orrery.agents.request import ReactPrompts
from orrery.tools.protocol import ToolRef
from orrery.workflow.fields import as_count, as_list, as_mapping, as_mappings, as_text
from orrery.workflow.node import Variables
from orrery.workflow.nodes.llm_data import MemoryConfig, ModelConfig, VisionConfig
from orrery.workflow.nodes.prompt_context import citation, is_knowledge
from orrery.workflow.nodes.tool_values import ParameterInput, filled, missing, read_input, read_inputs, require_known
from orrery.workflow.segments import files_in, text_of

DEFAULT_ITERATIONS: Final = 3
_CONTEXT: Final = "{{#context#}}"


class AppAgent(msgspec.Struct, frozen=True):
    """What only basic apps say: the saved strategy, and their own prompts for the text protocol.

    A basic app tells its rounds as `AgentThought`, and goes on without tools that are gone. ``frame`` and ``cited`` are
    as in an llm node's `ContextConfig`.
    """

    strategy: str = ""
    prompts: ReactPrompts = ReactPrompts()
    frame: str | None = None
    cited: bool = True

    def framed(self, text: str) -> str:
        """Found passages as the instruction has them."""
        return self.frame.replace("{context}", text, 1) if self.frame and text else text


class AgentData(msgspec.Struct, frozen=True, kw_only=True):
    """Data of an agent node; ``app`` is set in the graphs of basic apps."""

    provider: str
    strategy: str
    parameters: Mapping[str, ParameterInput]
    memory: MemoryConfig | None = None
    vision: VisionConfig | None = None
    app: AppAgent | None = None


class ToolEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One enabled tool of the list; ``settings`` fill its form, ``fixed`` are chosen values of other parameters."""

    ref: ToolRef
    settings: Mapping[str, object] = {}
    fixed: Mapping[str, object] = {}
    description: str = ""


class AgentValues(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's parameters in one run. ``shown`` is what the node record has as inputs."""

    model: ModelConfig
    query: str
    instruction: str
    max_iterations: int
    tools: tuple[ToolEntry, ...]
    files: tuple[Mapping[str, object], ...]
    resources: tuple[Mapping[str, object], ...]
    shown: Mapping[str, object]


def parse_data(node_id: str, data: Mapping[str, object]) -> AgentData:
    """Raises ValueError."""
    provider, strategy = as_text(data.get("agent_strategy_provider_name")), as_text(data.get("agent_strategy_name"))
    app = data.get("app_agent")
    if app is None and not strategy:
        raise ValueError(f"agent_strategy_name of node {node_id} must name a strategy")
    memory, vision = data.get("memory"), data.get("vision")
    return AgentData(
        provider=provider,
        strategy=strategy,
        parameters=read_inputs(data.get("agent_parameters")),
        memory=None if memory is None else msgspec.convert(memory, MemoryConfig, strict=False),
        vision=None if vision is None else msgspec.convert(vision, VisionConfig, strict=False),
        app=None if app is None else msgspec.convert(app, AppAgent, strict=False),
    )


def read_values(data: AgentData, variables: Variables) -> AgentValues:
    """Raises `ToolParameterError` for variables that are not there, ValueError for a model of the wrong shape."""
    values = {
        name: _stored(given, variables) if name == "tools" else _value(given, variables)
        for name, given in data.parameters.items()
    }
    context, app = as_list(values.get("context")), data.app or AppAgent()
    files = files_in(values.get("files"))
    if data.vision is not None and data.vision.selector:
        files += files_in(variables.get(data.vision.selector))
    instruction = text_of(values.get("instruction"))
    return AgentValues(
        model=_model(as_mapping(values.get("model"))),
        query=text_of(values.get("query")),
        instruction=instruction.replace(_CONTEXT, app.framed(_context_text(context))),
        max_iterations=as_count(values.get("maximum_iterations"), DEFAULT_ITERATIONS),
        tools=tuple(_entry(item, variables) for item in as_mappings(values.get("tools")) if item.get("enabled", True)),
        files=tuple(files),
        resources=tuple(citation(item) for item in as_mappings(context) if app.cited and is_knowledge(item)),
        shown={name: value for name, value in values.items() if name != "model"} | {"model": _shown_model(values)},
    )


def _stored(given: ParameterInput, variables: Variables) -> object:
    """A list of tools as it stands: its values are filled in one by one, so that nothing is filled in twice."""
    return _value(given, variables) if given.kind == "variable" else given.value


def _value(given: ParameterInput, variables: Variables) -> object:
    require_known(given)
    if given.kind != "variable":
        return filled(given.value, variables)
    if not variables.exists(given.selector):
        raise missing(given)
    return variables.get(given.selector)


def _model(stored: Mapping[str, object]) -> ModelConfig:
    name = as_text(stored.get("model")) or as_text(stored.get("name"))
    if not name:
        raise ValueError("The agent has no model.")
    fields = {
        "provider": stored.get("provider"),
        "name": name,
        "mode": stored.get("mode") or "chat",
        "completion_params": stored.get("completion_params"),
    }
    return msgspec.convert(fields, ModelConfig, strict=False)


def _shown_model(values: Mapping[str, object]) -> Mapping[str, object]:
    model = as_mapping(values.get("model"))
    return {key: model[key] for key in ("provider", "model", "model_type", "mode", "completion_params") if key in model}


def _entry(stored: Mapping[str, object], variables: Variables) -> ToolEntry:
    fixed: dict[str, object] = {}
    for name, choice in as_mapping(stored.get("parameters")).items():
        fields = as_mapping(choice)
        if fields.get("auto") != 0:
            continue
        given = read_input(fields.get("value"))
        value = fields.get("value") if given is None else _value(given, variables)
        if value is not None:
            fixed[str(name)] = value
    settings: dict[str, object] = {}
    for name, holder in as_mapping(stored.get("settings")).items():
        held = as_mapping(holder)
        value = held.get("value") if held else holder
        given = read_input(value)
        settings[str(name)] = value if given is None else _value(given, variables)
    return ToolEntry(
        ref=ToolRef(
            provider_type=as_text(stored.get("type")) or as_text(stored.get("provider_type"), "builtin"),
            provider_id=as_text(stored.get("provider_name")) or as_text(stored.get("provider_id")),
            tool_name=as_text(stored.get("tool_name")),
            provider_name=as_text(stored.get("provider_show_name")),
            credential_id=as_text(stored.get("credential_id")) or None,
            plugin_unique_identifier=as_text(stored.get("plugin_unique_identifier")) or None,
        ),
        settings=settings,
        fixed=fixed,
        description=variables.render(as_text(as_mapping(stored.get("extra")).get("description"))),
    )


def _context_text(context: Sequence[object]) -> str:
    parts = [item if isinstance(item, str) else as_text(as_mapping(item).get("content")) for item in context]
    return "\n".join(part for part in parts if part)
