"""Parameters of models, and the templates that fill in what a rule leaves out (1.7)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from orrery.plugins.package.words import Scalar, Short, Texts, as_text


class _Template(msgspec.Struct, frozen=True):
    type: Literal["float", "int", "string"]
    help: Texts
    default: Scalar | None = None
    min: float | None = None
    max: float | None = None
    precision: int | None = None
    options: tuple[str, ...] = ()


def _share(text: str, default: float) -> _Template:
    return _Template("float", Texts(text), default, 0.0, 1.0, 2)


def _tokens(text: str) -> _Template:
    return _Template("int", Texts(text), 64, 1.0, 2048.0, 0)


TEMPLATES = {
    "temperature": _share("How freely the next word is chosen: 0 takes the likeliest one.", 0.0),
    "top_p": _share("Only the likeliest words that together reach this share are chosen from.", 1.0),
    "top_k": _Template("int", Texts("Only so many of the likeliest words are chosen from."), 50, 1.0, 100.0, 0),
    "presence_penalty": _share("Makes words that occurred before less likely.", 0.0),
    "frequency_penalty": _share("Makes words less likely the more often they occurred before.", 0.0),
    "max_tokens": _tokens("The longest answer, in tokens; what is longer is cut off."),
    "max_completion_tokens": _tokens("The longest answer with all reasoning, in tokens; what is longer is cut off."),
    "response_format": _Template("string", Texts("The form in which the model answers."), options=("JSON", "XML")),
    "json_schema": _Template("string", Texts("The JSON schema that the model's answer has to fit.")),
}
"""What the names after ``use_template`` stand for."""


class ParameterRule(msgspec.Struct, kw_only=True):
    """One parameter of a model, complete after reading. A label that is missing is the name."""

    name: Short
    use_template: str | None = None
    label: Texts | None = None
    type: Literal["float", "int", "string", "boolean", "text"] | None = None
    help: Texts | None = None
    required: bool = False
    default: Scalar | None = None
    min: float | None = None
    max: float | None = None
    precision: int | None = None
    options: list[Scalar] = []

    def __post_init__(self) -> None:
        self.options = [as_text(option) for option in self.options]
        if self.use_template:
            template = TEMPLATES.get(self.use_template)
            if template is None:
                raise ValueError(f"`use_template` names no template; known are {', '.join(TEMPLATES)}")
            self._fill(template)
        if self.type is None:
            raise ValueError("a rule without `use_template` has a `type` of its own")
        if self.label is None:
            self.label = Texts(self.name)

    def _fill(self, template: _Template) -> None:
        self.type = self.type or template.type
        self.help = self.help or template.help
        self.default = template.default if self.default is None else self.default
        self.min = template.min if self.min is None else self.min
        self.max = template.max if self.max is None else self.max
        self.precision = template.precision if self.precision is None else self.precision
        self.options = self.options or list(template.options)


Rules = Annotated[list[ParameterRule], Meta(max_length=128)]
