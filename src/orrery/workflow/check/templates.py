"""Jinja2 templates: are they well formed, do they use filters and names that exist (workflow.md 3.4, 3.10).

They are parsed and never compiled: compiling folds constants, which would carry out an author's ``'x' * 10**10``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.defaults import DEFAULT_NAMESPACE

from orrery.workflow.check.inspection import Inspection
from orrery.workflow.check.stored import StoredNode
from orrery.workflow.fields import as_mapping, as_mappings, as_text

_KNOWN_NAMES: Final = frozenset({"loop", "self", "super", "caller", "varargs", "kwargs", *DEFAULT_NAMESPACE})
_ENVIRONMENT = Environment(autoescape=False)  # noqa: S701 - texts for models and people, and nothing is rendered here


def check_templates(inspection: Inspection) -> None:
    """Template nodes, and the prompts of models that are written in Jinja2."""
    for node in inspection.graph.of_type("template-transform"):
        _check(inspection, node, "template", as_text(node.data.get("template")), _names(node.data.get("variables")))
    for node in inspection.graph.of_type("llm"):
        given = _names(as_mapping(node.data.get("prompt_config")).get("jinja2_variables"))
        for field, text in _prompts(node):
            _check(inspection, node, field, text, given)


def _names(stored: object) -> set[str]:
    return {as_text(item.get("variable")) for item in as_mappings(stored)}


def _prompts(node: StoredNode) -> Iterator[tuple[str, str]]:
    stored = node.data.get("prompt_template")
    listed = as_mappings(stored)
    for place, prompt in enumerate(listed or [as_mapping(stored)]):
        if prompt.get("edition_type") == "jinja2":
            yield (
                f"prompt_template[{place}].jinja2_text" if listed else "prompt_template.jinja2_text",
                as_text(prompt.get("jinja2_text")),
            )


def _check(inspection: Inspection, node: StoredNode, field: str, text: str, given: Iterable[str]) -> None:
    try:
        tree = _ENVIRONMENT.parse(text)
    except TemplateSyntaxError as error:
        inspection.report.error(
            f"The template is not well formed: {error.message} (line {error.lineno})",
            "Correct the line.",
            node=node,
            field=field,
        )
        return
    except RecursionError:
        inspection.report.error("The template is nested too deeply", "Simplify it.", node=node, field=field)
        return
    for kind, known, used in (
        ("filter", _ENVIRONMENT.filters, tree.find_all(nodes.Filter)),
        ("test", _ENVIRONMENT.tests, tree.find_all(nodes.Test)),
    ):
        for name in sorted({item.name for item in used if item.name not in known}):
            inspection.report.error(
                f"There is no {kind} named '{name}'", f"Use one of Jinja2's own {kind}s.", node=node, field=field
            )
    for name in sorted(_read_names(tree) - set(given) - _KNOWN_NAMES):
        inspection.report.warning(
            f"'{name}' is not among the template's variables, so it renders as nothing",
            "Add it to the variables, or correct the name.",
            node=node,
            field=field,
        )


def _read_names(tree: nodes.Template) -> set[str]:
    """Names that the template reads and sets nowhere itself."""
    names = list(tree.find_all(nodes.Name))
    made = {name.name for name in names if name.ctx != "load"} | {macro.name for macro in tree.find_all(nodes.Macro)}
    return {name.name for name in names if name.ctx == "load"} - made
