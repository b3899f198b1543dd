"""Code nodes: does the snippet define ``main``, does it take what it is given (workflow.md 3.3).

Python is parsed and never run; of JavaScript only the shape of the text is looked at.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from typing import Final

from orrery.workflow.check.inspection import Inspection
from orrery.workflow.check.stored import StoredNode
from orrery.workflow.fields import as_mapping, as_mappings, as_text

_LONGEST: Final = 1_000_000  # characters; beyond it nobody wrote it, and parsing would take seconds
_JS_MAIN: Final = re.compile(
    r"(?:^|[;}\s])(?:(?:async\s+)?function\s*\*?\s*main\s*\(|(?:(?:const|let|var)\s+)?main\s*=(?!=)|(?:const|let|var)\s+main\b)"
)
_JS_COMMENTS: Final = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_OUTPUT_TYPES: Final = frozenset(
    {"string", "number", "object", "boolean", "array[string]", "array[number]", "array[object]", "array[boolean]"}
)


def check_snippets(inspection: Inspection) -> None:
    """Every code node."""
    for node in inspection.graph.of_type("code"):
        _check_outputs(inspection, node)
        code = as_text(node.data.get("code"))
        if not code.strip():
            inspection.report.error("There is no code", "Write a function main.", node=node, field="code")
        elif len(code) > _LONGEST:
            inspection.report.warning("The code is too long to be looked at", "Shorten it.", node=node, field="code")
        elif node.data.get("code_language", "python3") == "javascript":
            _check_javascript(inspection, node, code)
        else:
            _check_python(inspection, node, code)


def _check_outputs(inspection: Inspection, node: StoredNode) -> None:
    for name, spec in as_mapping(node.data.get("outputs")).items():
        kind = as_text(as_mapping(spec).get("type"), "string")
        if kind not in _OUTPUT_TYPES:
            inspection.report.error(
                f"The output {name} has the unknown type {kind}",
                f"Use one of: {', '.join(sorted(_OUTPUT_TYPES))}.",
                node=node,
                field=f"outputs.{name}.type",
            )
    seen: set[str] = set()
    for place, item in enumerate(as_mappings(node.data.get("variables"))):
        name = as_text(item.get("variable"))
        if name in seen:
            inspection.report.warning(
                f"Two arguments have the name '{name}': the later one counts",
                "Give each its own name.",
                node=node,
                field=f"variables[{place}].variable",
            )
        seen.add(name)


def _check_javascript(inspection: Inspection, node: StoredNode, code: str) -> None:
    if not _JS_MAIN.search(_JS_COMMENTS.sub(" ", code)):
        inspection.report.error(
            "The code defines no function main",
            "Write: function main({arg1}) { return {result: arg1} }",
            node=node,
            field="code",
        )


def _check_python(inspection: Inspection, node: StoredNode, code: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
    except SyntaxError as error:
        inspection.report.error(
            f"The code is no Python: {error.msg} (line {error.lineno})", "Correct the line.", node=node, field="code"
        )
        return
    except (ValueError, RecursionError, MemoryError) as error:
        text = str(error) or "it is nested too deeply"
        inspection.report.error(f"The code can't be read: {text}", "Simplify it.", node=node, field="code")
        return
    main = next((item for item in tree.body if _defines_main(item)), None)
    if main is None:
        inspection.report.error(
            "The code defines no function main",
            "Write: def main(arg1: str): return {'result': arg1}",
            node=node,
            field="code",
        )
    elif isinstance(main, ast.AsyncFunctionDef):
        inspection.report.error(
            "main is a coroutine, whose result nobody waits for", "Write def, not async def.", node=node, field="code"
        )
    elif isinstance(main, ast.FunctionDef):
        _check_arguments(inspection, node, main.args)
        _check_result(inspection, node, main)


def _defines_main(item: ast.stmt) -> bool:
    """Whether a statement of the module gives the name ``main`` a meaning, in whatever way."""
    return any(_binds(part, "main") for part in _own_parts(item))


def _own_parts(item: ast.stmt) -> Iterator[ast.AST]:
    """The statement and, of compound ones like ``if`` and ``try``, what stands in them, but not inside functions."""
    yield item
    if not isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield from ast.walk(item)


def _binds(part: ast.AST, name: str) -> bool:
    if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return part.name == name
    if isinstance(part, ast.Name):
        return part.id == name and isinstance(part.ctx, ast.Store)
    return isinstance(part, ast.alias) and (part.asname or part.name) == name


def _check_arguments(inspection: Inspection, node: StoredNode, arguments: ast.arguments) -> None:
    given = {as_text(item.get("variable")) for item in as_mappings(node.data.get("variables"))} - {""}
    by_name = [*arguments.args, *arguments.kwonlyargs]
    names = {argument.arg for argument in by_name}
    for name in sorted(given - names) if arguments.kwarg is None else ():
        inspection.report.error(
            f"main has no parameter '{name}'", "Add it to main, or delete the argument.", node=node, field="variables"
        )
    defaulted = arguments.args[len(arguments.args) - len(arguments.defaults) :] if arguments.defaults else []
    optional = {argument.arg for argument in defaulted} | {
        argument.arg
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is not None
    }
    needed = names - optional
    needed |= {argument.arg for argument in _undefaulted_positional(arguments)}
    for name in sorted(needed - given):
        inspection.report.error(
            f"main needs '{name}', which no argument gives",
            "Add an argument of that name, or give the parameter a default.",
            node=node,
            field="variables",
        )


def _undefaulted_positional(arguments: ast.arguments) -> Sequence[ast.arg]:
    """Positional-only parameters without a default: nobody can give them by name."""
    spare = max(len(arguments.defaults) - len(arguments.args), 0)
    return arguments.posonlyargs[: len(arguments.posonlyargs) - spare]


def _check_result(inspection: Inspection, node: StoredNode, main: ast.FunctionDef) -> None:
    """Only of a main with a single ``return {...}`` can be told what it gives back."""
    returns = [part for part in _of_function(main) if isinstance(part, ast.Return | ast.Yield | ast.YieldFrom)]
    if not returns:
        inspection.report.error(
            "main returns nothing, and must return a dict", "Add: return {...}", node=node, field="code"
        )
        return
    only = returns[0]
    if len(returns) > 1 or not isinstance(only, ast.Return) or not isinstance(only.value, ast.Dict):
        return
    keys = [key.value for key in only.value.keys if isinstance(key, ast.Constant)]
    if len(keys) < len(only.value.keys):
        return
    declared = set(as_mapping(node.data.get("outputs")))
    given = {str(key) for key in keys}
    for name in sorted(declared - given):
        inspection.report.error(
            f"main returns no '{name}', which is declared as an output",
            "Return it, or delete the output.",
            node=node,
            field=f"outputs.{name}",
        )
    for name in sorted(given - declared):
        inspection.report.error(
            f"main returns '{name}', which is not declared as an output",
            "Declare it as an output, or don't return it.",
            node=node,
            field="outputs",
        )


def _of_function(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """Everything in a function but what lies in functions inside it."""
    stack: list[ast.AST] = list(function.body)
    while stack:
        part = stack.pop()
        yield part
        if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            stack.extend(ast.iter_child_nodes(part))
