"""JavaScript on both of its engines: the same programs, the same answers, the same closed doors."""

import asyncio
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from orrery.sandbox import node as node_module
from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.sandbox.limits import Limits
from orrery.sandbox.node import find_node
from orrery.sandbox.pool import Unconfined, judge
from orrery.sandbox.protocol import CodeExecutionError

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_encodes_again_and_again(javascript: EmbeddedSandbox):
    for _ in range(5):
        result = await javascript.run(
            "nodejs", "console.log(Buffer.from(Buffer.from('hello world').toString('base64'), 'base64').toString())"
        )
        assert (result.stdout, result.stderr, result.error, result.exit_code) == ("hello world\n", "", "", 0)
        assert (
            await javascript.run("nodejs", "console.log(JSON.stringify({hello: 'world'}))")
        ).stdout == '{"hello":"world"}\n'


async def test_the_contracts_wrapper_runs(javascript: EmbeddedSandbox):
    code = """
    function main({a}) { return {b: a} }
    var inputs_obj = JSON.parse(Buffer.from('eyJhIjoiYSJ9', 'base64').toString('utf-8'))
    var output_obj = main(inputs_obj)
    console.log(`<<RESULT>>${JSON.stringify(output_obj)}<<RESULT>>`)
    """
    assert (await javascript.run("nodejs", code)).stdout == '<<RESULT>>{"b":"a"}<<RESULT>>\n'


async def test_stderr_alone_is_no_failure(javascript: EmbeddedSandbox):
    result = await javascript.run("nodejs", "console.error('note'); console.log('done')")
    assert (result.stdout, result.stderr, result.error, result.exit_code) == ("done\n", "note\n", "", 0)


async def test_an_exception_is_told_whole(javascript: EmbeddedSandbox):
    result = await javascript.run("nodejs", "throw new Error('bad news')")
    assert result.error.startswith("process exited with code 1\n")
    assert result.stderr in result.error
    assert "bad news" in result.stderr
    assert "orrery" not in result.error


@pytest.mark.parametrize("call", ["spawn('ls')", "execSync('ls')", "fork('x')", "spawnSync('ls').status === 0"])
async def test_no_process_comes_out(javascript: EmbeddedSandbox, call: str):
    code = f"""
    let made = require('child_process').{call};
    if (made && made.on) made.on('error', (error) => {{ throw error }});
    else if (!made) throw new Error('operation not permitted');
    """
    result = await javascript.run("nodejs", code)
    assert result.exit_code != 0, result
    assert "operation not permitted" in result.error.lower() or "EPERM" in result.error, result


async def test_main_gets_one_object_and_gives_one(javascript: EmbeddedSandbox):
    inputs = {"text": "ü😀\n\"'", "list": [1, None, {"a": [2.5]}], "none": None}
    for code in ("function main(all) { return all }", "const main = (all) => ({...all})"):
        assert await javascript.call_main("javascript", code, inputs) == inputs


async def test_json_rules(javascript: EmbeddedSandbox):
    code = "function main() { return {a: undefined, b: NaN, c: new Date(0), d: () => 1, e: [undefined]} }"
    assert await javascript.call_main("javascript", code, {}) == {
        "b": None,
        "c": "1970-01-01T00:00:00.000Z",
        "e": [None],
    }
    assert await javascript.call_main("javascript", "async function main() { return {a: 1} }", {}) == {}


@pytest.mark.parametrize(
    ("code", "error", "text"),
    [
        ("function main() { return 'x' }", ValueError, "Result must be a dict, got str"),
        ("function main() {}", ValueError, "Failed to parse JSON response: "),
        ("var x = 1", CodeExecutionError, "main is not defined"),
        ("function main() { return {a: 1n} }", CodeExecutionError, "BigInt"),
        ("function (", CodeExecutionError, "SyntaxError"),
        ("function main() { throw new TypeError('odd') }", CodeExecutionError, "odd"),
    ],
)
async def test_a_failing_snippet_is_told(javascript: EmbeddedSandbox, code: str, error: type[Exception], text: str):
    with pytest.raises(error) as raised:
        await javascript.call_main("javascript", code, {})
    assert text in str(raised.value)


async def test_timers_and_promises_run_to_their_end(javascript: EmbeddedSandbox):
    code = "setTimeout(() => console.log(3), 20); Promise.resolve().then(() => console.log(2)); console.log(1)"
    assert (await javascript.run("nodejs", code)).stdout == "1\n2\n3\n"


async def test_prints_do_not_disturb_the_result(javascript: EmbeddedSandbox):
    code = "function main() { console.log('<<RESULT>>{\"a\": 2}<<RESULT>>'); return {a: 1} }"
    assert await javascript.call_main("javascript", code, {}) == {"a": 1}


async def test_large_inputs_and_results_come_through(javascript: EmbeddedSandbox):
    text = "ü" * 700_000
    assert await javascript.call_main("javascript", "function main({a}) { return {b: a} }", {"a": text}) == {"b": text}


@pytest.mark.parametrize(
    "code",
    [
        "function parseInt() { require('child_process').execSync('touch /tmp/owned'); }",
        "Object.prototype.toString = () => { throw 1 };",
        "Array.prototype.map = Array.prototype.join = () => { throw 1 };",
        "JSON.stringify = JSON.parse = () => '{\"ok\": 2}';",
        "Promise = undefined; Map = undefined;",
        "globalThis.console = null; Math.random = null;",
        "function Buffer() {} function require() {}",
        "Object.defineProperty(Object.prototype, 'mode', {value: 'raw'});",
    ],
)
async def test_redefined_globals_harm_only_themselves(javascript: EmbeddedSandbox, code: str):
    assert await javascript.call_main("javascript", f"{code}\nfunction main() {{ return {{ok: 1}} }}", {}) == {"ok": 1}
    assert await javascript.call_main("javascript", "function main() { return {clean: Math.random() < 1} }", {}) == {
        "clean": True
    }


async def test_random_differs_and_nothing_persists(javascript: EmbeddedSandbox):
    assert len({(await javascript.run("nodejs", "console.log(Math.random())")).stdout for _ in range(4)}) == 4
    await javascript.run("nodejs", "globalThis.left = 1; Object.prototype.left = 1")
    assert (await javascript.run("nodejs", "console.log(typeof left, ({}).left)")).stdout == "undefined undefined\n"


@pytest.mark.parametrize(
    ("code", "sign"),
    [
        ("const a = []; while (true) a.push(new Array(1e5).fill(Math.random()))", "process exited"),
        ("const a = []; while (true) a.push(Buffer.alloc(1 << 24, 1))", "process exited"),
        ("function f() { f() } f()", "Maximum call stack size exceeded"),
        ("while (true) console.log('x'.repeat(99999))", "error: output limit exceeded"),
    ],
)
async def test_greed_is_bounded(javascript: EmbeddedSandbox, code: str, sign: str):
    result = await javascript.run("nodejs", code)
    assert sign in result.error, result
    assert result.exit_code != 0


@pytest.mark.parametrize(
    "code",
    ["for (;;) {}", "setInterval(() => {}, 1)"],
)
async def test_time_on_node_is_bounded(code: str):
    node = find_node()
    if node is None:
        pytest.skip("no node program is installed")
    sandbox = EmbeddedSandbox(Limits(timeout=0.5), js_engine="node", node=node)
    try:
        result = await sandbox.run("nodejs", code)
        assert result.error == "process exited with code -1\nerror: timeout\n"
    finally:
        await sandbox.close()


async def test_a_demanded_node_that_is_not_there_is_told():
    sandbox = EmbeddedSandbox(js_engine="node")
    try:
        with pytest.raises(CodeExecutionError, match="no node program is installed"):
            await sandbox.call_main("javascript", "function main() { return {} }", {})
        assert await sandbox.call_main("python3", "def main(): return {}", {}) == {}
    finally:
        await sandbox.close()


async def test_the_self_test_of_node_sees_open_doors():
    node = find_node()
    if node is None:
        pytest.skip("no node program is installed")
    script = Path(node_module.__file__).with_name("cell") / "shims" / "node_escapes.cjs"
    run = f"{script.read_text()}\nconsole.log(JSON.stringify(main()))"
    done = subprocess.run([node, "-e", run], capture_output=True, text=True, check=True, cwd="/tmp")
    for left in Path("/tmp").glob("canary*"):
        shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
    found = json.loads(done.stdout)
    assert {"read /etc/passwd", "spawn", "exec", "write /tmp"} <= set(found["breaches"])
    with pytest.raises(Unconfined, match=r"got through: .*read /etc/passwd"):
        judge(done.stdout.encode(), 20)


async def test_runs_at_the_same_time(javascript: EmbeddedSandbox):
    code = "function main({n}) { return {n} }"
    results = await asyncio.gather(*(javascript.call_main("javascript", code, {"n": n}) for n in range(6)))
    assert results == [{"n": n} for n in range(6)]


async def test_an_unfinished_run_leaves_no_process(javascript: EmbeddedSandbox):
    running = asyncio.create_task(javascript.run("nodejs", "setInterval(() => {}, 1000)"))
    await asyncio.sleep(0.1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await javascript.run("nodejs", "console.log(1)")).stdout == "1\n"
