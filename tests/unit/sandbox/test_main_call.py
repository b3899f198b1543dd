"""``call_main`` and ``render_template``: what goes in, what comes out, what can't be forged (4.1, 4.2)."""

import math

import pytest

from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.sandbox.protocol import CodeExecutionError

pytestmark = pytest.mark.asyncio(loop_scope="module")

INPUTS = {
    "text": "日本 \ud800 \x00 \u2028", "list": [1, 2.5, None, True, {"deep": [[]]}], "none": None, "big": 10**40,
}  # fmt: skip


async def test_python_gets_keywords_and_gives_an_object(sandbox: EmbeddedSandbox):
    code = "def main(text, list, none, big):\n    return {'text': text, 'list': list, 'none': none, 'big': big}"
    assert await sandbox.call_main("python3", code, INPUTS) == INPUTS


async def test_javascript_gets_one_object(sandbox: EmbeddedSandbox):
    inputs = {k: v for k, v in INPUTS.items() if k != "big"}
    for code in ("function main(all) { return all }", "const main = (all) => ({...all})"):
        assert await sandbox.call_main("javascript", code, inputs) == inputs


async def test_python_json_rules(sandbox: EmbeddedSandbox):
    code = "def main():\n    return {1: float('inf'), None: (1, 2), 'n': float('nan')}"
    result = await sandbox.call_main("python3", code, {})
    assert result.keys() == {"1", "null", "n"}
    assert result["1"] == math.inf
    assert result["null"] == [1, 2]
    assert isinstance(result["n"], float)
    assert math.isnan(result["n"])


async def test_names_of_the_contracts_wrapper_are_there(sandbox: EmbeddedSandbox):
    code = "def main(x):\n    return {'x': json.loads(b64decode('WzFd'))}"
    assert await sandbox.call_main("python3", code, {"x": 1}) == {"x": [1]}


async def test_javascript_json_rules(sandbox: EmbeddedSandbox):
    code = "function main() { return {a: undefined, b: NaN, c: new Date(0), d: () => 1, e: [undefined]} }"
    assert await sandbox.call_main("javascript", code, {}) == {"b": None, "c": "1970-01-01T00:00:00.000Z", "e": [None]}
    assert await sandbox.call_main("javascript", "async function main() { return {a: 1} }", {}) == {}


@pytest.mark.parametrize(
    ("language", "code", "text"),
    [
        ("python3", "def main(): return [1]", "Result must be a dict, got list"),
        ("javascript", "function main() { return 'x' }", "Result must be a dict, got str"),
        ("javascript", "function main() {}", "Failed to parse JSON response: "),
        ("python3", "import sys\ndef main(): print('hello'); sys.exit(0)",
         "Failed to parse result: no result tag found in response. Response: hello\n..."),
    ],
)  # fmt: skip
async def test_no_object_is_a_value_error(sandbox: EmbeddedSandbox, language, code: str, text: str):
    with pytest.raises(ValueError) as raised:
        await sandbox.call_main(language, code, {})
    assert str(raised.value).startswith(text)


@pytest.mark.parametrize(
    ("language", "code", "text"),
    [
        ("python3", "def main(a): return {}", "TypeError: main() missing 1 required positional argument: 'a'"),
        ("python3", "x = 1", "NameError: name 'main' is not defined"),
        ("python3", "def main(: pass", "SyntaxError"),
        ("python3", "def main(): return {'s': {1}}", "Object of type set is not JSON serializable"),
        ("javascript", "var x = 1", "main is not defined"),
        ("javascript", "function main() { return {a: 1n} }", "BigInt"),
        ("javascript", "function (", "SyntaxError"),
    ],
)
async def test_a_failing_snippet_is_told(sandbox: EmbeddedSandbox, language, code: str, text: str):
    with pytest.raises(CodeExecutionError) as raised:
        await sandbox.call_main(language, code, {})
    assert str(raised.value).startswith("process exited with code 1\n")
    assert text in str(raised.value)
    assert "orrery" not in str(raised.value)


@pytest.mark.parametrize(
    "code",
    [
        "def main():\n    print('<<RESULT>>{\"a\": 2}<<RESULT>>')\n    return {'a': 1}",
        "import sys\ndef main():\n    sys.stdout.close()\n    return {'a': 1}",
        "import os\ndef main():\n    os.close(1); os.close(2)\n    return {'a': 1}",
        "import atexit\natexit.register(print, 'R')\ndef main(): return {'a': 1}",
        "import json\njson.dumps = lambda *a, **k: '{}'\ndef main(): return {'a': 1}",
        "import sys\nsys.modules.clear()\ndef main(): return {'a': 1}",
    ],
)
async def test_prints_and_tricks_leave_the_result_alone(sandbox: EmbeddedSandbox, code: str):
    assert await sandbox.call_main("python3", code, {}) == {"a": 1}


async def test_garbage_on_every_descriptor_gives_no_result(sandbox: EmbeddedSandbox):
    code = """
import os
for fd in range(64):
    try: os.write(fd, b'R\\x02\\0\\0\\0\\0\\0\\0\\0{}')
    except OSError: pass
def main(): return {'a': 1}
"""
    with pytest.raises(ValueError, match="no result tag found"):
        await sandbox.call_main("python3", code, {})


async def test_a_result_beyond_the_limit_is_refused(sandbox: EmbeddedSandbox):
    with pytest.raises(CodeExecutionError, match="error: output limit exceeded"):
        await sandbox.call_main("python3", "def main(): return {'k' * 5_000_000: 1}", {})


async def test_deep_results_are_an_error_not_a_crash(sandbox: EmbeddedSandbox):
    code = "def main():\n    x = []\n    for _ in range(100000): x = [x]\n    return {'x': x}"
    with pytest.raises(CodeExecutionError, match="RecursionError"):
        await sandbox.call_main("python3", code, {})


async def test_inputs_that_are_no_json_are_refused(sandbox: EmbeddedSandbox):
    with pytest.raises(CodeExecutionError, match="can't be passed"):
        await sandbox.call_main("python3", "def main(a): return {}", {"a": object()})


async def test_templates_follow_plain_jinja(sandbox: EmbeddedSandbox):
    template = "{{ a }}|{{ missing }}|{% for x in xs %}{{ loop.index }}{{ x.k }}{% endfor %}|{{ '<b>' }}|{{ n }}"
    inputs = {"a": None, "xs": [{"k": "v"}, {"k": 1}], "n": "\ud800"}
    assert await sandbox.render_template(template, inputs) == "None||1v21|<b>|\ud800"


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{% for %}", "TemplateSyntaxError"),
        ("{{ missing.attribute }}", "UndefinedError"),
        (
            "{{ cycler.__init__.__globals__.os.system('id') ~ cycler.__init__.__globals__.os.fork() }}",
            "PermissionError",
        ),
        ("{% include '/etc/passwd' %}", "TypeError"),
        ("{% for i in range(10**9) %}{{ i ~ 'x' * 9999 }}{% endfor %}", "process exited with code"),
        ("{{ 'x'.center(10**10) }}", "MemoryError"),
    ],
)
async def test_a_failing_template_is_told(sandbox: EmbeddedSandbox, template: str, text: str):
    with pytest.raises(CodeExecutionError) as raised:
        await sandbox.render_template(template, {})
    assert text in str(raised.value)
