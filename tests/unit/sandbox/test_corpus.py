"""The escape corpus against every engine, with and without network (reliability.md 3.6)."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio

from orrery.egress import untrusted_policy
from orrery.egress.proxy.rules import ProxyRules
from orrery.egress.proxy.server import ForwardProxy
from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.sandbox.limits import Limits
from orrery.sandbox.node import find_node
from orrery.sandbox.protocol import CodeExecutionError, SandboxRefusal

from . import corpus_javascript as javascript
from .corpus import (
    FORGED_RESULTS,
    LEFT_BEHIND,
    OPEN_ELSEWHERE,
    PYTHON,
    PYTHON_HEAD,
    TEMPLATES_REFUSED,
)

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(os.uname().machine != "x86_64", reason="numbers of x86_64"),
]
ENGINES = ["quickjs", "node"]


class Cell:
    """Sandboxes of one level, alike but for their engine of JavaScript; ``network`` is asked for by every run."""

    def __init__(self, level: int, *, network: bool) -> None:
        self.network = network
        self._made = {
            engine: EmbeddedSandbox(
                Limits(timeout=60.0, workers=2),
                levels=(level,),
                allow_network=network,
                gate=ForwardProxy(ProxyRules(untrusted_policy())) if network else None,
                js_engine="node" if engine == "node" else "quickjs",
                node=find_node() or "" if engine == "node" else "",
            )
            for engine in ENGINES
        }

    def running(self, engine: str) -> EmbeddedSandbox:
        """The sandbox whose JavaScript runs on ``engine``."""
        if engine == "node" and find_node() is None:
            pytest.skip("no node program is installed")
        return self._made[engine]

    async def opened(self, engine: str, language: str, code: str) -> list[str]:
        """The lines of a program of tries that got through."""
        result = await self.running(engine).run(language, code, enable_network=self.network)
        assert result.exit_code == 0, result
        found = json.loads(result.stdout.strip().splitlines()[-1])
        assert isinstance(found, list)
        return found

    async def close(self) -> None:
        for sandbox in self._made.values():
            await sandbox.close()


@pytest_asyncio.fixture(
    scope="module", loop_scope="module", params=[(3, False), (1, False), (3, True)], ids=["L3", "L1", "L3-network"]
)
async def cell(request: pytest.FixtureRequest) -> AsyncIterator[Cell]:
    level, network = request.param
    made = Cell(level, network=network)
    try:
        await made.running("quickjs").ready()
    except SandboxRefusal as refusal:
        await made.close()
        pytest.skip(f"level {level} is not to be had here: {refusal.message}")
    yield made
    await made.close()


def python(lines: str, tmp: str = "/nowhere") -> str:
    names = f"DATABASE = {tmp + '/orrery.db'!r}\nPROGRAM = {str(Path(__file__).resolve())!r}\n"
    return f"{PYTHON_HEAD}\n{names}\nprint(json.dumps(tries({lines!r})))\n"


def node(lines: str) -> str:
    return f"{javascript.NODE_HEAD}\nconsole.log(JSON.stringify(tries({json.dumps(lines)})))"


def quickjs(lines: str) -> str:
    return f"{javascript.QUICKJS_HEAD}\ntries({json.dumps(lines)})"


@pytest.mark.parametrize("group", PYTHON)
async def test_python_opens_no_door(cell: Cell, group: str, tmp_path: Path):
    (tmp_path / "orrery.db").write_text("secret")
    assert await cell.opened("quickjs", "python3", python(PYTHON[group], str(tmp_path))) == []


@pytest.mark.parametrize("group", javascript.NODE)
async def test_node_opens_no_door(cell: Cell, group: str):
    assert await cell.opened("node", "nodejs", node(javascript.NODE[group])) == []


@pytest.mark.parametrize("group", javascript.QUICKJS)
async def test_quickjs_opens_no_door(cell: Cell, group: str):
    assert await cell.opened("quickjs", "nodejs", quickjs(javascript.QUICKJS[group])) == []


async def test_the_tries_can_succeed(cell: Cell):
    lines = "\n".join(OPEN_ELSEWHERE)
    assert set(OPEN_ELSEWHERE[:-4]) & set("\n".join(PYTHON.values()).splitlines())
    done = subprocess.run([sys.executable, "-c", python(lines)], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == OPEN_ELSEWHERE
    harmless = ["1 + 1", "require('crypto').randomUUID()", "Promise.resolve(2)"]
    assert await cell.opened("quickjs", "nodejs", quickjs("\n".join([*harmless, "Promise.reject(3)"]))) == harmless
    program = find_node()
    if program is not None:
        opened = ["fs.readFileSync('/etc/passwd')", "child.execSync('true')", "process.kill(process.ppid || -1, 0)"]
        assert set(opened) & set("\n".join(javascript.NODE.values()).splitlines())
        done = subprocess.run([program, "-e", in_the_open(opened)], capture_output=True, text=True, check=True)
        assert json.loads(done.stdout) == opened


def in_the_open(lines: list[str]) -> str:
    return f"globalThis.require = require;\n{node(chr(10).join(lines))}"


@pytest.mark.parametrize("engine", ENGINES)
async def test_redefined_globals_harm_only_themselves(cell: Cell, engine: str):
    sandbox = cell.running(engine)
    for code in javascript.REDEFINED:
        told = await sandbox.call_main("javascript", f"{code}\nfunction main() {{ return {{ok: 1}} }}", {})
        assert told == {"ok": 1}, code
    # a function that can't be declared is an error, not a way out
    await sandbox.run("nodejs", "Object.freeze(globalThis); var main = 1")
    assert await sandbox.call_main("javascript", "function main() { return {clean: 1} }", {}) == {"clean": 1}


@pytest.mark.parametrize("engine", ENGINES)
async def test_forged_results_of_javascript_are_errors_or_what_they_are(cell: Cell, engine: str):
    await no_forgery(cell.running(engine), "javascript", javascript.FORGED_RESULTS)


async def test_forged_results_of_python_are_errors_or_what_they_are(cell: Cell):
    await no_forgery(cell.running("quickjs"), "python3", FORGED_RESULTS)


async def no_forgery(sandbox: EmbeddedSandbox, language: Literal["python3", "javascript"], codes: list[str]) -> None:
    honest = {"python3": "def main(): return {'next': 1}", "javascript": "function main() { return {next: 1} }"}
    for code in codes:
        try:
            found = await sandbox.call_main(language, code, {})
        except (CodeExecutionError, ValueError):
            continue
        assert found in ({"a": "\x00\ud800"}, {"a": 1}), code
    assert await sandbox.call_main(language, honest[language], {}) == {"next": 1}


@pytest.mark.parametrize("engine", ENGINES)
async def test_nothing_of_javascript_persists(cell: Cell, engine: str):
    sandbox = cell.running(engine)
    for code in javascript.LEFT_BEHIND:
        await sandbox.run("nodejs", code)
        assert (await sandbox.run("nodejs", javascript.CLEAN)).stdout == javascript.SEEN_CLEAN, code
    assert len({(await sandbox.run("nodejs", "console.log(Math.random())")).stdout for _ in range(4)}) == 4


async def test_nothing_of_python_persists(cell: Cell):
    sandbox = cell.running("quickjs")
    probe = """
import builtins, gc, json, os, random, signal, sys, threading
print(json.dumps([sys.getrecursionlimit(), os.environ.get('LEFT'), gc.isenabled(), 'x' in sys.path,
    str(signal.getsignal(signal.SIGINT)).partition(' at ')[0], threading.excepthook is not None]))
"""
    # signals are handled as those of whoever started the service: a background job ignores some
    before = json.loads((await sandbox.run("python3", probe)).stdout)
    assert (before[:4], before[5]) == ([1000, None, True, False], True)
    for code in LEFT_BEHIND:
        await sandbox.run("python3", code)
        assert json.loads((await sandbox.run("python3", probe)).stdout) == before, code


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def templates() -> AsyncIterator[EmbeddedSandbox]:
    # some of them end only by the clock: whatever is slower than that ends as an error, too
    made = EmbeddedSandbox(Limits(timeout=1.2, workers=2, output=1 << 20))
    await made.ready()
    yield made
    await made.close()


@pytest.mark.parametrize("template", TEMPLATES_REFUSED)
async def test_templates_open_no_door(template: str, templates: EmbeddedSandbox):
    with pytest.raises(CodeExecutionError):
        await templates.render_template(template, {})


async def test_templates_leave_their_process_as_it_was(templates: EmbeddedSandbox):
    before = (await templates._pool.acquire("tpl")).pid
    with pytest.raises(CodeExecutionError):
        await templates.render_template(TEMPLATES_REFUSED[0], {})
    assert templates.zygotes["tpl"] == before


FETCHES = {
    "python3": """
import http.client, json
answers = []
for port, line in ((80, 'CONNECT 169.254.169.254:443'), (80, 'CONNECT 127.0.0.1:443'), (80, 'CONNECT [::1]:443')):
    connection = http.client.HTTPConnection('127.0.0.1', 3128, timeout=60)
    method, target = line.split()
    connection.putrequest(method, target, skip_host=True); connection.endheaders()
    answers.append(connection.getresponse().status)
for url in URLS:
    connection = http.client.HTTPConnection('127.0.0.1', 3128, timeout=60)
    connection.request('GET', url)
    answers.append(connection.getresponse().status)
print(json.dumps(answers))
""",
    "nodejs": """
const http = require('http');
const ask = (options) => new Promise((done) => {
  const request = http.request({ host: '127.0.0.1', port: 3128, ...options });
  request.on('connect', (answer) => done(answer.statusCode)); request.on('response', (answer) => done(answer.statusCode));
  request.on('error', (error) => done(String(error))); request.end();
});
(async () => {
  const answers = [];
  for (const path of ['169.254.169.254:443', '127.0.0.1:443', '[::1]:443']) answers.push(await ask({ method: 'CONNECT', path }));
  for (const path of URLS) answers.push(await ask({ path }));
  console.log(JSON.stringify(answers)); process.exit(0);
})();
""",
}
URLS = [
    "http://169.254.169.254/latest/meta-data/",
    "http://localhost:5001/",
    "http://10.0.0.1/",
    "http://[::ffff:127.0.0.1]/",
]


@pytest.mark.parametrize("language", FETCHES)
async def test_the_proxy_leads_nowhere_inside(cell: Cell, language: str):
    if not cell.network:
        pytest.skip("without network there is no proxy")
    sandbox = cell.running("node" if language == "nodejs" else "quickjs")
    code = FETCHES[language].replace("URLS", json.dumps(URLS))
    result = await sandbox.run(language, code, enable_network=True)
    assert json.loads(result.stdout) == [403] * 7, result


async def test_node_connects_to_nobody_itself(cell: Cell):
    sandbox = cell.running("node")
    code = """
    const net = require('net'), dgram = require('dgram');
    const told = (made, event) => new Promise((done) => made.on(event, () => done(event)).on('error', (e) => done(e.code)));
    const udp = () => { const made = dgram.createSocket('udp4'); made.bind(0); return told(made, 'listening') };
    const tries = [
      () => told(net.createServer().listen(4000), 'listening'),
      () => told(net.connect({ host: '127.0.0.1', port: PORT }), 'connect'),
      () => told(net.connect('/run/docker.sock'), 'connect'),
      () => told(net.connect('\\0orrery-hostile'), 'connect'),
      udp,
      () => fetch('http://127.0.0.1:PORT/').then(() => 'fetched', () => 'refused'),
    ];
    const asked = tries.map((attempt) => { try { return attempt() } catch (e) { return e.code } });
    Promise.all(asked).then((out) => { console.log(JSON.stringify(out)); process.exit(0) });
    """
    heard: list[int] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(1)
        writer.close()

    server = await asyncio.start_server(hear, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    result = await sandbox.run("nodejs", code.replace("PORT", str(port)), enable_network=cell.network)
    server.close()
    await server.wait_closed()
    assert heard == []
    answers = json.loads(result.stdout)
    assert len(answers) == 6, result
    assert not {"listening", "connect", "fetched"} & set(answers), result
