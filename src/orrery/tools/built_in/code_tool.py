"""Provider ``code``: runs a script in the sandbox and gives what it printed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from orrery.sandbox.protocol import CodeExecutionError, CodeRunner
from orrery.tools.built_in.answer_tool import AnswerTool, BuiltInProvider
from orrery.tools.entity import (
    ProviderIdentity,
    ToolDescription,
    ToolEntity,
    ToolIdentity,
    ToolOption,
    ToolParameter,
    english,
)
from orrery.tools.errors import ToolInvokeError, ToolParameterValidationError

# The runner calls ``main`` and hands back an object; these make a whole script out of its ``source``.
_PYTHON: Final = """
def main(source):
    import contextlib, io
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(source, "<script>", "exec"), {"__name__": "__main__"})
    return {"printed": printed.getvalue()}
"""
_JAVASCRIPT: Final = """
function main({source}) {
  const lines = [];
  const show = (value) => (typeof value === "string" ? value : JSON.stringify(value) ?? String(value));
  const log = (...values) => { lines.push(values.map(show).join(" ") + "\\n"); };
  new Function("console", source)({ log, info: log, warn: log, error: log, debug: log });
  return { printed: lines.join("") };
}
"""


def code_provider(runner: CodeRunner) -> BuiltInProvider:
    """One tool: `simple_code`."""
    identity = ProviderIdentity(
        name="code",
        label={"en_US": "Code interpreter", "zh_Hans": "代码解释器"},
        description={"en_US": "Runs code in the sandbox.", "zh_Hans": "在沙箱中运行代码。"},
        icon="code",
        tags=("productivity",),
    )
    return BuiltInProvider(identity, [AnswerTool(_ENTITY, ScriptRunner(runner).answer)])


class ScriptRunner:
    """Runs whole scripts with what runs functions."""

    def __init__(self, runner: CodeRunner) -> None:
        self._runner = runner

    async def answer(self, values: Mapping[str, object]) -> str:
        language, source = values.get("language") or "python3", str(values.get("code") or "")
        try:
            if language == "python3":
                result = await self._runner.call_main("python3", _PYTHON, {"source": source})
            elif language == "javascript":
                result = await self._runner.call_main("javascript", _JAVASCRIPT, {"source": source})
            else:
                raise ToolParameterValidationError(f"Only python3 and javascript are supported, not {language}")
        except (CodeExecutionError, ValueError) as error:
            raise ToolInvokeError(str(error)) from error
        return str(result.get("printed", ""))


_ENTITY: Final = ToolEntity(
    identity=ToolIdentity(name="simple_code", provider="code", label=english("Code interpreter"), icon="code"),
    description=ToolDescription(
        human=english("Runs a script and gives what it printed."),
        llm=(
            "Runs a script and gives what it printed. There is no network and only the standard library; "
            "results must be printed with print() or console.log()."
        ),
    ),
    parameters=(
        ToolParameter(
            name="language",
            label=english("Language"),
            human_description=english("Language of the script"),
            llm_description='language of the script: "python3" or "javascript"',
            required=True,
            options=(ToolOption("python3", english("Python 3")), ToolOption("javascript", english("JavaScript"))),
        ),
        ToolParameter(
            name="code",
            label=english("Code"),
            human_description=english("The script"),
            llm_description="the script; only the standard library is there",
            required=True,
        ),
    ),
)
