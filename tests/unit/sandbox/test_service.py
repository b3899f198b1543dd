"""The HTTP API of the service, over real sockets (sandbox-and-security.md 1), and the client that speaks to it."""

import asyncio
import json
import socket
import tempfile
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from orrery.egress.protocol import HttpResponse
from orrery.sandbox import role as role_module
from orrery.sandbox.configuration import Misconfigured, ServiceSettings, read_settings
from orrery.sandbox.dependencies import Dependencies, _installer
from orrery.sandbox.limits import Limits
from orrery.sandbox.protocol import CodeExecutionError
from orrery.sandbox.remote import RemoteSandbox
from orrery.sandbox.role import main

from .conftest import PATIENCE
from .serving import KEY, PlainClient, call, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

BUILT_IN = [{"name": "jinja2", "version": ""}]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def endpoint(tmp_path_factory) -> AsyncIterator[str]:
    packages = tmp_path_factory.mktemp("packages")
    packages.chmod(0o755)
    (packages / "pretend").mkdir()
    (packages / "pretend" / "__init__.py").write_text("x = 'imported'")
    info = packages / "pretend-1.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pretend\nVersion: 1.5\n")
    settings = ServiceSettings(
        key=KEY, limits=Limits(timeout=PATIENCE, code=1 << 20), packages=str(packages), requirements="/nowhere"
    )
    async with serving(settings) as url:
        yield url


async def test_health_needs_no_key(endpoint: str):
    answer = await call(endpoint, "GET", "/health", key=None)
    assert (answer.status, answer.content) == (200, b'"ok"')


@pytest.mark.parametrize("key", [None, "", "wrong", KEY + "x", "k" * 60_000])
async def test_a_wrong_key_is_turned_away(endpoint: str, key):
    for method, path in (("POST", "/v1/sandbox/run"), ("GET", "/v1/sandbox/dependencies")):
        answer = await call(endpoint, method, path, {"language": "python3", "code": "print(1)"}, key=key)
        assert (answer.status, answer.content) in {(401, b""), (400, b"Invalid HTTP request received.")}


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8"])
async def test_a_run_answers_four_fields(endpoint: str, kind: str):
    body = {"language": "python3", "code": "print('é')", "preload": "1/0", "enable_network": True}
    answer = await call(endpoint, "POST", "/v1/sandbox/run", body, kind=kind)
    assert answer.status == 200
    assert json.loads(answer.content) == {
        "code": 0,
        "message": "success",
        "data": {"stdout": "é\n", "stderr": "", "error": "", "exit_code": 0},
    }


@pytest.mark.parametrize("enabled", ["true", "false"])
async def test_preload_is_taken_and_never_run(enabled: str, tmp_path: Path):
    """Whatever ``enable_preload`` says: what is sent in this field would run before the confinement."""
    settings = read_settings({"API_KEY": KEY, "ENABLE_PRELOAD": enabled})
    assert any(notice.startswith("ENABLE_PRELOAD") for notice in settings.notices) == (enabled == "true")
    canary = tmp_path / "canary"
    preload = f"open({str(canary)!r}, 'w').write('ran')\nprint('preloaded')\nraise SystemExit(3)"
    async with serving(settings) as url:
        for language, code in (("python3", "print('code')"), ("nodejs", "console.log('code')")):
            body = {"language": language, "code": code, "preload": preload}
            answer = await call(url, "POST", "/v1/sandbox/run", body)
            expected = {"stdout": "code\n", "stderr": "", "error": "", "exit_code": 0}
            assert json.loads(answer.content)["data"] == expected
        form = f"language=python3&code=print(1)&preload={preload}".replace("\n", "%0A").encode()
        answer = await call(url, "POST", "/v1/sandbox/run", form, kind="application/x-www-form-urlencoded")
        assert json.loads(answer.content)["data"]["stdout"] == "1\n"
    assert not canary.exists()


async def test_a_form_is_read_too(endpoint: str):
    answer = await call(
        endpoint, "POST", "/v1/sandbox/run", b"language=nodejs&code=console.log(1%2B1)", kind="application/x-www-form-urlencoded"
    )  # fmt: skip
    assert json.loads(answer.content)["data"]["stdout"] == "2\n"


async def test_the_contracts_example_of_a_timeout(tmp_path: Path):
    settings = ServiceSettings(key=KEY, limits=Limits(timeout=0.5), packages=str(tmp_path), requirements="/nowhere")
    async with serving(settings) as url:
        answer = await call(url, "POST", "/v1/sandbox/run", {"language": "python3", "code": "while True: pass"})
    assert answer.content == (
        b'{"code":0,"message":"success","data":{"stdout":"","stderr":"",'
        b'"error":"process exited with code -1\\nerror: timeout\\n","exit_code":-1}}'
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"language": "python3"}, 200),
        ({"language": "", "code": "x"}, 200),
        ({"language": "python3", "code": ""}, 200),
        ({"language": 3, "code": "x"}, 200),
        (b"{", 200),
        (b"", 200),
        (b"[]", 200),
        (b"\xff", 200),
        ({"language": "ruby", "code": "x"}, 400),
        ({"language": "python3", "code": "x" * 3_000_000}, 413),
        ({"language": "python3", "code": "x" * 1_500_000}, 200),
    ],
)
async def test_a_bad_request_is_named(endpoint: str, body, status: int):
    answer = await call(endpoint, "POST", "/v1/sandbox/run", body)
    envelope = json.loads(answer.content)
    assert (answer.status, envelope["code"], envelope["data"]) == (status, -400, None)
    assert envelope["message"]


async def test_packages_are_listed_and_imported(endpoint: str):
    listed = await call(endpoint, "GET", "/v1/sandbox/dependencies?language=python3", kind="text/plain")
    expected = {
        "code": 0,
        "message": "success",
        "data": {"dependencies": [*BUILT_IN, {"name": "pretend", "version": "1.5"}]},
    }
    assert json.loads(listed.content) == expected
    refreshed = await call(endpoint, "GET", "/v1/sandbox/dependencies/refresh", {"language": "python3"})
    assert json.loads(refreshed.content) == expected
    updated = await call(endpoint, "POST", "/v1/sandbox/dependencies/update", {"language": "python3"})
    assert json.loads(updated.content)["data"] == {}
    foreign = await call(endpoint, "GET", "/v1/sandbox/dependencies?language=nodejs", kind="text/plain")
    assert (foreign.status, json.loads(foreign.content)["message"]) == (400, "unsupported language")
    run = await call(
        endpoint, "POST", "/v1/sandbox/run", {"language": "python3", "code": "import pretend\nprint(pretend.x)"}
    )
    assert json.loads(run.content)["data"]["stdout"] == "imported\n"


async def test_an_unknown_path_is_not_found(endpoint: str):
    assert (await call(endpoint, "GET", "/v1/sandbox/run")).status == 404


async def test_network_is_refused_when_switched_off(tmp_path):
    settings = ServiceSettings(key=KEY, enable_network=False, packages=str(tmp_path), requirements="/nowhere")
    async with serving(settings) as url:
        body = {"language": "python3", "code": "print(1)", "enable_network": True}
        answer = await call(url, "POST", "/v1/sandbox/run", body)
    assert (answer.status, json.loads(answer.content)) == (
        200,
        {"code": -400, "message": "network is disabled, please enable it in the configuration", "data": None},
    )


async def test_the_client_and_the_service_understand_each_other(endpoint: str):
    remote = RemoteSandbox(PlainClient(), endpoint, KEY)
    python = "def main(a, b):\n    print('noise')\n    return {'sum': a + b, 'text': '日本'}"
    assert await remote.call_main("python3", python, {"a": 1, "b": 2}) == {"sum": 3, "text": "日本"}
    script = "function main({a}) { console.log('noise'); return {a} }"
    assert await remote.call_main("javascript", script, {"a": ["x", None]}) == {"a": ["x", None]}
    with pytest.raises(CodeExecutionError, match="ZeroDivisionError"):
        await remote.call_main("python3", "def main(): return {'x': 1 / 0}", {})
    with pytest.raises(ValueError, match=r"no result tag found in response\. Response: hi"):
        await remote.call_main("python3", "import sys\nprint('hi')\ndef main(): sys.exit(0)", {})


async def test_templates_are_rendered_by_the_service(endpoint: str):
    remote = RemoteSandbox(PlainClient(), endpoint, KEY)
    template = "{% for x in xs %}{{ x|upper }}{{ missing }}{% endfor %} 日本 {{ n }}"
    assert await remote.render_template(template, {"xs": ["a", "b"], "n": None}) == "AB 日本 None"
    with pytest.raises(CodeExecutionError, match="TemplateSyntaxError"):
        await remote.render_template("{% for %}", {})


async def test_the_client_tells_what_is_wrong(endpoint: str):
    wrong = RemoteSandbox(PlainClient(), endpoint, "no key")
    with pytest.raises(CodeExecutionError, match=r"^Failed to execute code, which is likely a network issue.*401"):
        await wrong.call_main("python3", "def main(): return {}", {})
    gone = RemoteSandbox(PlainClient(), "http://127.0.0.1:1", KEY)
    with pytest.raises(CodeExecutionError, match="please check if the sandbox service is running"):
        await gone.render_template("x", {})
    with pytest.raises(CodeExecutionError, match=r"^Unsupported language ruby$"):
        await gone.call_main("ruby", "x", {})  # pyright: ignore[reportArgumentType]  # on purpose


class BeforeIsReady(PlainClient):
    """A proxy that does not know the sandbox yet, and says so ``times`` times."""

    def __init__(self, times: int, *said: tuple[str, str]):
        self.times, self.said = times, list(said) or [("X-Squid-Error", "ERR_CANNOT_FORWARD 0")]

    async def request(self, method, url, **options):
        if self.times:
            self.times -= 1
            return HttpResponse(status=502, headers=self.said, content=b"<html>", url=url)
        return await super().request(method, url, **options)


async def test_a_snippet_that_never_got_there_is_sent_again(endpoint: str):
    code = "def main(): return {'x': 1}"
    assert await RemoteSandbox(BeforeIsReady(3), endpoint, KEY).call_main("python3", code, {}) == {"x": 1}
    with pytest.raises(CodeExecutionError, match="HTTP status 502"):
        await RemoteSandbox(BeforeIsReady(4), endpoint, KEY).call_main("python3", code, {})
    # What may have been run is not run once more, unless the proxy is sure that it was not.
    broke_off, mark = ("X-Squid-Error", "ERR_READ_ERROR 0"), ("X-Orrery-Not-Forwarded", "1")
    marked = RemoteSandbox(BeforeIsReady(1, broke_off, mark), endpoint, KEY)
    assert await marked.call_main("python3", code, {}) == {"x": 1}
    with pytest.raises(CodeExecutionError, match="HTTP status 502"):
        await RemoteSandbox(BeforeIsReady(1, broke_off), endpoint, KEY).call_main("python3", code, {})


class Answering:
    """`HttpClient` with one answer."""

    def __init__(self, status: int, body: bytes):
        self.status, self.body = status, body

    async def request(self, method, url, **_):
        return HttpResponse(self.status, [], self.body, url)


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (503, b"", "Code execution service is unavailable"),
        (200, b"<html>", "Failed to parse response"),
        (200, b'{"code":-500,"message":"broken","data":null}', "Got error code: -500. Got error msg: broken"),
        (200, b'{"code":0,"message":"success","data":{"stdout":"","error":"boom"}}', "boom"),
    ],
)
async def test_answers_of_other_services(status: int, body: bytes, text: str):
    remote = RemoteSandbox(Answering(status, body), "http://sandbox:8194", KEY)
    with pytest.raises(CodeExecutionError) as raised:
        await remote.call_main("python3", "def main(): return {}", {})
    assert str(raised.value) == text


async def test_text_around_the_tags_is_ignored():
    body = {"code": 0, "message": "success", "data": {"stdout": 'a<<RESULT>>\n{"x": 1}\n<<RESULT>>b', "error": ""}}
    remote = RemoteSandbox(Answering(200, json.dumps(body).encode()), "http://sandbox:8194", KEY)
    assert await remote.call_main("python3", "def main(): return {}", {}) == {"x": 1}


@pytest.mark.parametrize("named", [False, True])
async def test_javascript_takes_the_node_of_this_machine(named: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\n")
    node.chmod(0o755)
    monkeypatch.setattr(role_module, "CONTRACT_NODE", str(tmp_path / "not-there"))
    monkeypatch.setenv("PATH", str(tmp_path))
    settings = ServiceSettings(key=KEY, node=str(tmp_path / "not-there") if named else "")
    assert role_module._node(settings) == str(node)


async def test_a_node_that_is_named_is_that_one_or_none(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    assert role_module._node(ServiceSettings(key=KEY, node=str(tmp_path / "gone"))) == ""
    assert "JavaScript runs on QuickJS: there is no program" in caplog.text


@pytest.mark.parametrize("key", ["", "dify-sandbox"])
async def test_a_default_key_keeps_the_service_from_starting(key: str, monkeypatch: pytest.MonkeyPatch, capsys):
    with pytest.raises(Misconfigured, match="set API_KEY"):
        read_settings({"API_KEY": key})
    assert read_settings({"API_KEY": key, "SANDBOX_ALLOW_DEFAULT_KEY": "1"}).key == key
    monkeypatch.setenv("API_KEY", key)
    assert main([]) == 78
    assert "set API_KEY" in capsys.readouterr().err


def wheel(folder: Path, name: str, version: str, text: str) -> None:
    """The smallest package that an installer takes."""
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as made:
        made.writestr(f"{name}/__init__.py", text)
        made.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        made.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        made.writestr(f"{info}/RECORD", "")


async def test_packages_come_from_a_folder_without_any_network():
    if not _installer():
        pytest.skip("needs pip or uv")
    with tempfile.TemporaryDirectory(prefix="orrery-packages-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        packages, requirements = folder / "installed", folder / "requirements.txt"
        packages.mkdir(mode=0o755)
        wheel(folder, "faraway", "1.0", "where = 'a folder'")
        requirements.write_text(f"--no-index\n--find-links {folder}\nfaraway==1.0\n")
        settings = ServiceSettings(
            key=KEY, packages=str(packages), requirements=str(requirements), update_interval=0,
            limits=Limits(timeout=PATIENCE),
        )  # fmt: skip
        async with serving(settings) as url:
            refreshed = await call(url, "GET", "/v1/sandbox/dependencies/refresh", {"language": "python3"})
            expected = [*BUILT_IN, {"name": "faraway", "version": "1.0"}]
            found = json.loads(refreshed.content)["data"]["dependencies"]
            assert sorted(found, key=lambda d: d["name"]) == sorted(expected, key=lambda d: d["name"])
            body = {"language": "python3", "code": "import faraway\nprint(faraway.where)"}
            run = await call(url, "POST", "/v1/sandbox/run", body)
            assert json.loads(run.content)["data"]["stdout"] == "a folder\n"
            requirements.write_text("--no-index\nnot-to-be-had==9\n")
            refreshed = await call(url, "GET", "/v1/sandbox/dependencies/refresh", {"language": "python3"})
            assert json.loads(refreshed.content) == {"code": 0, "message": "success", "data": {"dependencies": None}}


async def test_what_came_with_the_image_is_listed_without_a_version_and_imported(tmp_path_factory):
    shipped, packages = (tmp_path_factory.mktemp(name) for name in ("shipped", "packages"))
    for folder in (shipped, packages):
        folder.chmod(0o755)
    for folder, name, text in (
        (shipped, "requests", "shipped"), (shipped, "idna", "shipped"), (shipped, "httpx", "shipped"),
        (packages, "httpx", "chosen"), (packages, "pretend", "chosen"),
    ):  # fmt: skip
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(f"where = '{text}'")
        info = folder / f"{name}-1.5.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n")
    settings = ServiceSettings(
        key=KEY, limits=Limits(timeout=PATIENCE), packages=str(packages), requirements="/nowhere", shipped=str(shipped)
    )
    async with serving(settings) as url:
        listed = await call(url, "GET", "/v1/sandbox/dependencies", {"language": "python3"})
        code = "import httpx, idna, pretend, requests\nprint(httpx.where, idna.where, pretend.where, requests.where)"
        run = await call(url, "POST", "/v1/sandbox/run", {"language": "python3", "code": code})
    assert json.loads(listed.content)["data"]["dependencies"] == [
        {"name": "httpx", "version": ""},
        {"name": "jinja2", "version": ""},
        {"name": "pretend", "version": "1.5"},
        {"name": "requests", "version": ""},
    ]
    assert json.loads(run.content)["data"]["stdout"] == "chosen shipped chosen shipped\n"


async def test_packages_are_looked_after_in_an_interval(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    installed = asyncio.Event()
    times: list[int] = []

    async def install(self: Dependencies) -> bool:
        times.append(1)
        if len(times) == 3:
            installed.set()
        return False

    monkeypatch.setattr(Dependencies, "install", install)  # only the count matters here
    async with serving(ServiceSettings(key=KEY, packages=str(tmp_path), update_interval=0.01)):
        await asyncio.wait_for(installed.wait(), 120)


async def test_snippets_find_what_the_settings_let_through(tmp_path: Path):
    proxy = socket.create_server(("127.0.0.1", 0))
    address = f"socks5://127.0.0.1:{proxy.getsockname()[1]}"
    settings = ServiceSettings(
        key=KEY, packages=str(tmp_path), requirements="/nowhere", proxy=address, no_proxy="inside.test",
        environment={"MINE": "é"}, update_interval=0,
        limits=Limits(timeout=PATIENCE),
    )  # fmt: skip
    code = "import os, json\nprint(json.dumps(dict(os.environ), sort_keys=True))"
    async with serving(settings) as url:
        plain = await call(url, "POST", "/v1/sandbox/run", {"language": "python3", "code": code})
        assert json.loads(json.loads(plain.content)["data"]["stdout"]) == {"MINE": "é"}
        body = {"language": "python3", "code": code, "enable_network": True}
        found = json.loads(json.loads((await call(url, "POST", "/v1/sandbox/run", body)).content)["data"]["stdout"])
    proxy.close()
    assert found["MINE"] == "é"
    if len(found) > 1:  # where there is no network, nothing is told of it
        assert found["HTTPS_PROXY"] == found["http_proxy"] == "socks5://127.0.0.1:3128"
        assert found["no_proxy"] == "inside.test"
