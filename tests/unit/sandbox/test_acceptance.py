"""The contract's acceptance programs (sandbox-and-security.md 3.2, as amended by 10)."""

import asyncio
import json

import pytest

from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.sandbox.limits import Limits
from orrery.sandbox.protocol import CodeExecutionError, SandboxRefusal

from .conftest import PATIENCE

pytestmark = pytest.mark.asyncio(loop_scope="module")

BASE64 = {
    "python3": "import base64\nprint(base64.b64decode(base64.b64encode(b'hello world')).decode())",
    "nodejs": "console.log(Buffer.from(Buffer.from('hello world').toString('base64'), 'base64').toString())",
}
DUMPS = {
    "python3": "import json\nprint(json.dumps({'hello': 'world'}))",
    "nodejs": "console.log(JSON.stringify({hello: 'world'}))",
}


@pytest.mark.parametrize("language", ["python3", "nodejs"])
async def test_encodes_again_and_again(sandbox: EmbeddedSandbox, language: str):
    for _ in range(15):
        result = await sandbox.run(language, BASE64[language])
        assert (result.stdout, result.stderr, result.error, result.exit_code) == ("hello world\n", "", "", 0)
        result = await sandbox.run(language, DUMPS[language])
        assert json.loads(result.stdout) == {"hello": "world"}
        assert result.stderr == ""


async def test_the_javascript_wrapper_runs(sandbox: EmbeddedSandbox):
    code = """
    function main({a}) { return {b: a} }
    var inputs_obj = JSON.parse(Buffer.from('eyJhIjoiYSJ9', 'base64').toString('utf-8'))
    var output_obj = main(inputs_obj)
    console.log(`<<RESULT>>${JSON.stringify(output_obj)}<<RESULT>>`)
    """
    result = await sandbox.run("nodejs", code)
    assert result.stdout == '<<RESULT>>{"b":"a"}<<RESULT>>\n'


async def test_time_zones_are_known(sandbox: EmbeddedSandbox):
    code = "from datetime import datetime\nfrom zoneinfo import ZoneInfo\nprint(datetime.now(ZoneInfo('Asia/Shanghai')).isoformat())"
    result = await sandbox.run("python3", code)
    assert result.stdout.strip().endswith("+08:00"), result.error


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("python3", "import logging\nlogging.basicConfig(level=20)\nlogging.info('note')\nprint('done')"),
        ("nodejs", "console.error('note'); console.log('done')"),
    ],
)
async def test_stderr_alone_is_no_failure(sandbox: EmbeddedSandbox, language: str, code: str):
    result = await sandbox.run(language, code)
    assert "note" in result.stderr
    assert (result.stdout, result.error, result.exit_code) == ("done\n", "", 0)


@pytest.mark.parametrize(
    ("language", "code"), [("python3", "raise ValueError('bad news')"), ("nodejs", "throw new Error('bad news')")]
)
async def test_an_exception_is_told_whole(sandbox: EmbeddedSandbox, language: str, code: str):
    result = await sandbox.run(language, code)
    assert result.error.startswith("process exited with code 1\n")
    assert result.stderr in result.error
    assert "bad news" in result.stderr
    assert result.exit_code == 1


async def test_a_large_list_comes_out_to_the_byte(sandbox: EmbeddedSandbox):
    code = """
def main():
    return {"result": ["x" * 3000] * 101 + [""] * 19}
import json
print("<<RESULT>>\\n" + json.dumps(main(), indent=4) + "\\n<<RESULT>>")
"""
    result = await sandbox.run("python3", code)
    assert len(result.stdout) == 304487


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos.execl('/bin/ls', 'ls')",
        "import subprocess\nsubprocess.run(['ls'])",
        "import os\nos.fork()\nprint(123)",
    ],
)
async def test_no_process_comes_out_of_python(sandbox: EmbeddedSandbox, code: str):
    result = await sandbox.run("python3", code)
    assert result.error.startswith("process exited with code 1\n")
    assert "operation not permitted" in result.error
    assert "PermissionError" in result.stderr
    assert result.stdout == ""


async def test_no_process_comes_out_of_javascript(sandbox: EmbeddedSandbox):
    result = await sandbox.run("nodejs", "require('child_process').spawn('ls')")
    assert result.error.startswith("process exited with code")
    assert "operation not permitted" in result.error


async def test_the_password_file_is_not_readable(sandbox: EmbeddedSandbox):
    result = await sandbox.run("python3", "open('/etc/passwd')")
    expected = "No such file or directory" if sandbox.level == 3 else "Permission denied"
    assert expected in result.stderr
    assert expected in result.error


async def test_a_redefined_global_is_not_called_before_confinement(sandbox: EmbeddedSandbox):
    code = """
    function parseInt() { require('child_process').execSync('touch /tmp/owned'); }
    var JSON_parse = JSON.parse; JSON.parse = () => { throw new Error('called') };
    function main() { return {result: undefined} }
    """
    assert await sandbox.call_main("javascript", code, {}) == {}


async def test_a_timeout_has_the_contracts_words():
    sandbox = EmbeddedSandbox(Limits(timeout=0.2))
    try:
        for language, code in (("python3", "while True: pass"), ("nodejs", "while (true) {}")):
            result = await sandbox.run(language, code)
            assert result.error == "process exited with code -1\nerror: timeout\n"
            assert result.exit_code == -1
    finally:
        await sandbox.close()


async def test_only_so_many_are_admitted():
    sandbox = EmbeddedSandbox(Limits(requests=1, workers=1, timeout=PATIENCE))
    try:
        await sandbox.ready()
        answers = await asyncio.gather(*(sandbox.run("python3", "print(1)") for _ in range(32)), return_exceptions=True)
        refusals = [a for a in answers if isinstance(a, SandboxRefusal)]
        assert len(refusals) == 31
        assert {(r.code, r.message, r.status) for r in refusals} == {(-503, "Too many requests", 503)}
        assert (await sandbox.run("python3", "print(2)")).stdout == "2\n"
    finally:
        await sandbox.close()


async def test_network_and_foreign_languages_are_refused(sandbox: EmbeddedSandbox):
    with pytest.raises(SandboxRefusal) as refused:
        await sandbox.run("python3", "print(1)", enable_network=True)
    assert refused.value.message == "network is disabled, please enable it in the configuration"
    assert refused.value.code == -400
    with pytest.raises(SandboxRefusal, match="unsupported language"):
        await sandbox.run("ruby", "puts 1")


async def test_overload_is_told_to_the_workflow():
    sandbox = EmbeddedSandbox(Limits(requests=0))
    try:
        with pytest.raises(CodeExecutionError, match=r"^Code execution service is unavailable$"):
            await sandbox.call_main("python3", "def main(): return {}", {})
    finally:
        await sandbox.close()
