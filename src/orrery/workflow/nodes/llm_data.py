"""The fields of nodes that talk to a model, as DSL files hold them (workflow.md 3.10, 3.13, 3.14).

Conversion errors are `msgspec.ValidationError`, a ValueError whose text names the field's path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, cast

import msgspec

from orrery.inference.types import ModelRef

OUTPUT_LIMIT_NAMES = ("max_tokens", "max_completion_tokens", "max_output_tokens")


class ModelConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Which model, and how it is asked."""

    provider: str = ""
    name: str = ""
    mode: Literal["chat", "completion"] = "chat"
    completion_params: Mapping[str, object] | None = None

    @property
    def ref(self) -> ModelRef:
        return ModelRef(provider=self.provider, name=self.name, mode=self.mode)

    @property
    def parameters(self) -> dict[str, object]:
        """The vendor's parameters, without the stop words."""
        return {key: value for key, value in (self.completion_params or {}).items() if key != "stop"}

    @property
    def stop(self) -> tuple[str, ...]:
        words = (self.completion_params or {}).get("stop")
        if isinstance(words, str):
            return (words,) if words else ()
        return tuple(str(word) for word in cast("Sequence[object]", words)) if isinstance(words, list | tuple) else ()

    @property
    def output_limit(self) -> int:
        """Tokens that the answer may take; 0 when the app doesn't say."""
        params = self.completion_params or {}
        limits = (params.get(name) for name in OUTPUT_LIMIT_NAMES)
        return next((int(limit) for limit in limits if isinstance(limit, int | float)), 0)


class PromptText(msgspec.Struct, frozen=True, kw_only=True):
    """One text of a prompt; ``role`` only counts in chat prompts."""

    role: Literal["system", "user", "assistant"] = "user"
    text: str | None = ""
    edition_type: str | None = None
    jinja2_text: str | None = None

    @property
    def is_jinja(self) -> bool:
        return self.edition_type == "jinja2"

    @property
    def template(self) -> str:
        if self.is_jinja:
            return self.jinja2_text or ""
        return self.text or ""


class JinjaVariable(msgspec.Struct, frozen=True):
    variable: str
    value_selector: tuple[str, ...] = ()


class PromptConfig(msgspec.Struct, frozen=True):
    jinja2_variables: tuple[JinjaVariable, ...] | None = None


class RolePrefix(msgspec.Struct, frozen=True):
    user: str = ""
    assistant: str = ""


class MemoryWindow(msgspec.Struct, frozen=True):
    enabled: bool = False
    size: int | str | None = None

    @property
    def rounds(self) -> int | None:
        """How many rounds at most; None for no window of its own."""
        if not self.enabled or not self.size:
            return None
        return int(self.size)


class MemoryConfig(msgspec.Struct, frozen=True):
    role_prefix: RolePrefix | None = None
    window: MemoryWindow | None = None
    query_prompt_template: str | None = None

    @property
    def rounds(self) -> int | None:
        return self.window.rounds if self.window else None


class ContextConfig(msgspec.Struct, frozen=True):
    """``frame`` stands around a context that is not empty, with ``{context}`` at its place; ``cited`` tells sources.

    Both are of apps without a graph of their own.
    """

    enabled: bool = False
    variable_selector: tuple[str, ...] | None = None
    frame: str | None = None
    cited: bool = True

    def framed(self, text: str | None) -> str | None:
        """The context as the prompt has it."""
        return self.frame.replace("{context}", text, 1) if self.frame and text else text


class VisionOptions(msgspec.Struct, frozen=True):
    variable_selector: tuple[str, ...] | None = ("sys", "files")
    detail: Literal["high", "low"] = "high"


class VisionConfig(msgspec.Struct, frozen=True):
    enabled: bool = False
    configs: VisionOptions | None = None

    @property
    def selector(self) -> tuple[str, ...]:
        """Where the files are; empty when vision is off."""
        options = self.configs or VisionOptions()
        return (options.variable_selector or ()) if self.enabled else ()

    @property
    def detail(self) -> Literal["high", "low"]:
        return (self.configs or VisionOptions()).detail


class StructuredOutput(msgspec.Struct, frozen=True):
    schema: Mapping[str, object] | None = None


class RetryConfig(msgspec.Struct, frozen=True):
    retry_enabled: bool = False


class LlmData(msgspec.Struct, frozen=True, kw_only=True):
    """Data of an ``llm`` node. A list of texts is a chat prompt, a single text a completion prompt."""

    model: ModelConfig
    prompt_template: tuple[PromptText, ...] | PromptText = ()
    prompt_config: PromptConfig | None = None
    memory: MemoryConfig | None = None
    context: ContextConfig | None = None
    vision: VisionConfig | None = None
    structured_output_enabled: bool | None = False
    structured_output: StructuredOutput | None = None
    reasoning_format: Literal["tagged", "separated"] | None = "tagged"
    retry_config: RetryConfig | None = None

    @property
    def prompts(self) -> tuple[PromptText, ...]:
        template = self.prompt_template
        return (template,) if isinstance(template, PromptText) else template

    @property
    def is_completion(self) -> bool:
        return isinstance(self.prompt_template, PromptText)

    @property
    def jinja_variables(self) -> tuple[JinjaVariable, ...]:
        return (self.prompt_config.jinja2_variables if self.prompt_config else None) or ()

    @property
    def vision_selector(self) -> tuple[str, ...]:
        return self.vision.selector if self.vision else ()

    @property
    def context_selector(self) -> tuple[str, ...]:
        if self.context is None or not self.context.enabled:
            return ()
        return self.context.variable_selector or ()


class ModelNodeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the installation for nodes that send files to models.

    ``media_format`` is ``MULTIMODAL_SEND_FORMAT``; ``max_media_bytes`` bounds one file, sent or received.
    """

    media_format: Literal["base64", "url"] = "base64"
    max_media_bytes: int = 100 * 1024 * 1024
