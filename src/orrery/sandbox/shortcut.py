"""Renders simple templates in process, as plain Jinja2 would; says `Unsupported` for everything else.

Jinja2's parser reads the template, but nothing of Jinja2 evaluates it: `evaluation` knows names, paths, conditions,
loops and a closed list of filters over plain JSON values. Errors are left to the sandbox, so that their texts are its.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from orrery.sandbox.protocol import CodeRunner

if TYPE_CHECKING:
    from jinja2.nodes import Template

_TEMPLATE_SIZE = 64 << 10
_CACHED = 256


class TemplateShortcut:
    """Keeps parsed templates. ``steps`` and ``size`` (characters) bound one rendering."""

    def __init__(self, *, steps: int = 10_000, size: int = 1 << 20) -> None:
        self._steps, self._size = steps, size
        # None remembers a template that has to go to the sandbox
        self._parsed: OrderedDict[str, Template | None] = OrderedDict()

    def render(self, template: str, inputs: Mapping[str, object]) -> str | None:
        """The rendered text, or None when the sandbox has to render it."""
        parsed = self._parse(template)
        if parsed is None or "self" in inputs:
            # Jinja2 takes inputs as keywords of a method, where this name is an error
            return None
        from orrery.sandbox.evaluation import Evaluation, Unsupported  # brings Jinja2, see `_parse_supported`

        try:
            return Evaluation(inputs, steps=self._steps, size=self._size).render(parsed)
        except (Unsupported, RecursionError):
            return None

    def _parse(self, template: str) -> Template | None:
        if template in self._parsed:
            self._parsed.move_to_end(template)
            return self._parsed[template]
        parsed = _parse_supported(template)
        self._parsed[template] = parsed
        if len(self._parsed) > _CACHED:
            self._parsed.popitem(last=False)
        return parsed


class ShortcutRunner:
    """`CodeRunner` that renders simple templates itself and leaves all else to ``runner``."""

    def __init__(self, runner: CodeRunner, shortcut: TemplateShortcut | None = None) -> None:
        self._runner, self._shortcut = runner, shortcut or TemplateShortcut()

    async def call_main(
        self, language: Literal["python3", "javascript"], code: str, inputs: Mapping[str, object]
    ) -> dict[str, object]:
        """See `CodeRunner.call_main`."""
        return await self._runner.call_main(language, code, inputs)

    async def render_template(self, template: str, inputs: Mapping[str, object]) -> str:
        """See `CodeRunner.render_template`."""
        rendered = self._shortcut.render(template, inputs)
        return await self._runner.render_template(template, inputs) if rendered is None else rendered


def _parse_supported(template: str) -> Template | None:
    if len(template) > _TEMPLATE_SIZE:
        return None
    # 5 MiB and 60 ms that a process without templates never pays
    from jinja2 import Environment, TemplateSyntaxError

    from orrery.sandbox.evaluation import Unsupported, check_supported

    try:
        parsed = Environment(autoescape=False).parse(template)  # noqa: S701  plain text, as the contract's templates
        check_supported(parsed)
    except (TemplateSyntaxError, Unsupported, RecursionError, ValueError):  # ValueError: a number of too many digits
        return None
    return parsed
