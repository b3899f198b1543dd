"""JavaScript on both of its engines: the same programs, the same answers, the same closed doors."""

import asyncio
import json
import subprocess
from pathlib import Path

import pytest

from orrery.sandbox import node as node_module
from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.sandbox.limits import Limits
from orrery.sandbox.node import find_node
from orrery.sandbox.pool import Unconfined, judge
from orrery.sandbox.protocol import CodeExecutionError

from .waiting import until

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
        assert result.error.startswith("process exited with code -1\nerror: timeout\n")
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


async def test_the_self_test_of_node_sees_open_doors(tmp_path: Path):
    node = find_node()
    if node is None:
        pytest.skip("no node program is installed")
    script = Path(node_module.__file__).with_name("cell") / "shims" / "node_escapes.cjs"
    # in a folder of its own: others of this machine may run the same test
    text = script.read_text().replace('"/tmp/', f'"{tmp_path}/')
    run = f"{text}\nconsole.log(JSON.stringify(main()))"
    done = subprocess.run([node, "-e", run], capture_output=True, text=True, check=True, cwd=tmp_path)
    found = json.loads(done.stdout)
    assert {"read /etc/passwd", "spawn", "exec", "write /tmp"} <= set(found["breaches"])
    with pytest.raises(Unconfined, match=r"got through: .*read /etc/passwd"):
        judge(done.stdout.encode(), 20)


async def test_runs_at_the_same_time(javascript: EmbeddedSandbox):
    code = "function main({n}) { return {n} }"
    results = await asyncio.gather(*(javascript.call_main("javascript", code, {"n": n}) for n in range(6)))
    assert results == [{"n": n} for n in range(6)]


async def test_an_unfinished_run_leaves_no_process(javascript: EmbeddedSandbox):
    spares = javascript._node
    waiting: list[object] = [] if spares is None else spares._waiting
    await javascript.run("nodejs", "1")
    await until(lambda sandbox: len(waiting) == 2 if spares else not busy(sandbox), javascript)
    before = busy(javascript)
    running = asyncio.create_task(javascript.run("nodejs", "setInterval(() => {}, 1000)"))
    # it takes one of those that wait, or a process of its own
    await until(lambda sandbox: len(waiting) < 2 if spares else busy(sandbox), javascript)
    taken = before if spares else busy(javascript)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await until(lambda sandbox: taken - busy(sandbox), javascript)
    assert (await javascript.run("nodejs", "console.log(1)")).stdout == "1\n"


def busy(sandbox: EmbeddedSandbox) -> set[str]:
    """Processes of JavaScript: snippets under way, and on Node those that wait for one."""
    pids = [pid for kind, pid in sandbox.zygotes.items() if kind in {"js", "node"}]
    return {child for pid in pids for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
