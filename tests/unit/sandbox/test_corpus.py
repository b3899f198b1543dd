"""The escape corpus against every engine, with and without network (reliability.md 3.6)."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from orrery.egress import untrusted_policy
from orrery.egress.proxy.rules import ProxyRules
from orrery.egress.proxy.server import ForwardProxy
from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.sandbox.limits import Limits
from orrery.sandbox.node import find_node
from orrery.sandbox.protocol import CodeExecutionError, SandboxRefusal

from .corpus import NODE, NODE_HEAD, OPEN_ELSEWHERE, PYTHON, PYTHON_HEAD, TEMPLATES_REFUSED

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(os.uname().machine != "x86_64", reason="numbers of x86_64"),
]


@pytest_asyncio.fixture(
    scope="module", loop_scope="module", params=[(3, False), (1, False), (3, True)], ids=["L3", "L1", "L3-network"]
)
async def cell(request: pytest.FixtureRequest) -> AsyncIterator[tuple[EmbeddedSandbox, bool]]:
    """A sandbox at one level, and whether its runs ask for the network, which is our own proxy."""
    level, network = request.param
    gate = ForwardProxy(ProxyRules(untrusted_policy())) if network else None
    node = find_node() or ""
    made = EmbeddedSandbox(
        Limits(timeout=6.0, workers=2), levels=(level,), allow_network=network, gate=gate, js_engine=None, node=node
    )
    try:
        await made.ready()
    except SandboxRefusal as refusal:
        await made.close()
        pytest.skip(f"level {level} is not to be had here: {refusal.message}")
    yield made, network
    await made.close()


async def opened(cell: tuple[EmbeddedSandbox, bool], language: str, code: str) -> list[str]:
    sandbox, network = cell
    result = await sandbox.run(language, code, enable_network=network)
    assert result.exit_code == 0, result
    found = json.loads(result.stdout.strip().splitlines()[-1])
    assert isinstance(found, list)
    return found


def python(lines: str, tmp: str = "/nowhere") -> str:
    names = f"DATABASE = {tmp + '/orrery.db'!r}\nPROGRAM = {str(Path(__file__).resolve())!r}\n"
    return f"{PYTHON_HEAD}\n{names}\nprint(json.dumps(tries({lines!r})))\n"


@pytest.mark.parametrize("group", PYTHON)
async def test_python_opens_no_door(cell: tuple[EmbeddedSandbox, bool], group: str, tmp_path: Path):
    (tmp_path / "orrery.db").write_text("secret")
    assert await opened(cell, "python3", python(PYTHON[group], str(tmp_path))) == []


@pytest.mark.parametrize("group", NODE)
async def test_node_opens_no_door(cell: tuple[EmbeddedSandbox, bool], group: str):
    if find_node() is None:
        pytest.skip("no node program is installed")
    assert (
        await opened(cell, "nodejs", f"{NODE_HEAD}\nconsole.log(JSON.stringify(tries({json.dumps(NODE[group])})))")
        == []
    )


async def test_the_tries_can_succeed():
    lines = "\n".join(OPEN_ELSEWHERE)
    assert set(OPEN_ELSEWHERE[:-4]) & set("\n".join(PYTHON.values()).splitlines())
    done = subprocess.run([sys.executable, "-c", python(lines)], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == OPEN_ELSEWHERE


@pytest.mark.parametrize("template", TEMPLATES_REFUSED)
async def test_templates_open_no_door(template: str, templates: EmbeddedSandbox):
    with pytest.raises(CodeExecutionError):
        await templates.render_template(template, {})
    assert await templates.render_template("{{ a }}", {"a": "still here"}) == "still here"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def templates() -> AsyncIterator[EmbeddedSandbox]:
    made = EmbeddedSandbox(Limits(timeout=1.2, workers=2, output=1 << 20))
    await made.ready()
    yield made
    await made.close()


FETCHES = {
    "python3": """
import http.client, json
answers = []
for port, line in ((80, 'CONNECT 169.254.169.254:443'), (80, 'CONNECT 127.0.0.1:443'), (80, 'CONNECT [::1]:443')):
    connection = http.client.HTTPConnection('127.0.0.1', 3128, timeout=3)
    method, target = line.split()
    connection.putrequest(method, target, skip_host=True); connection.endheaders()
    answers.append(connection.getresponse().status)
for url in URLS:
    connection = http.client.HTTPConnection('127.0.0.1', 3128, timeout=3)
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
async def test_the_proxy_leads_nowhere_inside(cell: tuple[EmbeddedSandbox, bool], language: str):
    sandbox, network = cell
    if not network or (language == "nodejs" and find_node() is None):
        pytest.skip("without network there is no proxy")
    code = FETCHES[language].replace("URLS", json.dumps(URLS))
    result = await sandbox.run(language, code, enable_network=True)
    assert json.loads(result.stdout) == [403] * 7, result


async def test_node_connects_to_nobody_itself(cell: tuple[EmbeddedSandbox, bool]):
    sandbox, network = cell
    if find_node() is None:
        pytest.skip("no node program is installed")
    code = """
    const net = require('net'), dgram = require('dgram'), out = [];
    const listener = net.createServer().on('error', (e) => out.push(e.code)).listen(4000, () => out.push('listening'));
    const socket = net.connect({ host: '127.0.0.1', port: PORT });
    socket.on('connect', () => out.push('connected')).on('error', (e) => out.push(e.code));
    net.connect('/run/docker.sock').on('connect', () => out.push('unix')).on('error', (e) => out.push(e.code));
    try { dgram.createSocket('udp4').on('error', (e) => out.push(e.code)).bind(0, () => out.push('udp')) } catch (e) { out.push(e.code) }
    fetch('http://127.0.0.1:PORT/').then(() => out.push('fetched'), () => out.push('refused'));
    setTimeout(() => { console.log(JSON.stringify(out)); process.exit(0) }, 400);
    """
    heard: list[int] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(1)
        writer.close()

    server = await asyncio.start_server(hear, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    result = await sandbox.run("nodejs", code.replace("PORT", str(port)), enable_network=network)
    server.close()
    await server.wait_closed()
    assert heard == []
    answers = set(json.loads(result.stdout))
    assert not answers & {"listening", "connected", "unix", "udp", "fetched"}, result


@pytest.mark.parametrize(
    "code",
    [
        "def main(): return {'x' * 10_000_000: 1}",
        "def main(): return {'a': '\\x00\\ud800'}",
        "def main():\n    r = []\n    for _ in range(100000): r = [r]\n    return {'r': r}",
        "import os\ndef main():\n    for fd in range(21):\n        try: os.write(fd, b'R' + (4).to_bytes(8, 'little') + b'{}{}')\n        except OSError: pass\n    return {'a': 1}",
        "import os\ndef main():\n    os.write(5, b'R'); os._exit(0)",
        "import os\ndef main():\n    os.closerange(0, 99); os._exit(0)",
        "import sys\ndef main(): sys.exit('<<RESULT>>{}<<RESULT>>')",
        "class D(dict):\n    def items(self): raise SystemExit(0)\ndef main(): return D(a=1)",
    ],
)
async def test_forged_results_are_errors_or_what_they_are(cell: tuple[EmbeddedSandbox, bool], code: str):
    sandbox, _ = cell
    try:
        found = await sandbox.call_main("python3", code, {})
    except (CodeExecutionError, ValueError):
        pass
    else:
        assert found == {"a": "\x00\ud800"}
    assert await sandbox.call_main("python3", "def main(): return {'next': 1}", {}) == {"next": 1}
