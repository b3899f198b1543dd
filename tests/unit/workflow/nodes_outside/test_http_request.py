"""The http-request node against a real server on this machine."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.egress.protocol import FilePart, HttpResponse
from orrery.workflow.node import NodeFailure
from orrery.workflow.nodes.http_answer import file_name, is_file
from orrery.workflow.nodes.http_body import multipart
from orrery.workflow.nodes.http_data import HttpNodeOptions
from orrery.workflow.nodes.http_lines import RequestHeaders, pairs
from orrery.workflow.nodes.http_request import HttpRequestNode

from .outside import Context, answer, http_server

OK = answer(b'{"ok": 1}', content_type="application/json")


def node(options: HttpNodeOptions | None = None, **data: object) -> HttpRequestNode:
    data = {"type": "http-request", "title": "t", "method": "get", "headers": "", "params": ""} | data
    return HttpRequestNode.configured(options or HttpNodeOptions()).parse("http1", data)


async def failure(of: HttpRequestNode, made: Context | None = None) -> NodeFailure:
    with pytest.raises(NodeFailure) as caught:
        await of.run(made or Context())
    return caught.value


async def test_a_get_with_headers_params_and_record():
    made = Context()
    made.variables.put("a", "b", "x y&z")
    made.variables.put("a", "path", "/p?q=1")
    async with http_server(OK) as (base, seen):
        made.variables.put("a", "base", base)
        outcome = await node(
            method="GET",
            url="{{#a.base#}}{{#a.path#}}",
            headers="X-One: {{#a.b#}}\n\nX-Time:10:30\nno-value",
            params="k:{{#a.b#}}\nempty:",
        ).run(made)
    assert seen[0].line == "GET /p?q=1&k=x+y%26z&empty= HTTP/1.1"
    assert [seen[0].header(name) for name in ("X-One", "X-Time", "no-value")] == ["x y&z", "10:30", ""]
    assert outcome.outputs["status_code"] == 200
    assert outcome.outputs["body"] == '{"ok": 1}'
    assert outcome.outputs["headers"]["content-type"] == "application/json"
    assert outcome.outputs["files"] == []
    lines = str(outcome.process_data["request"]).split("\r\n")
    assert lines[:4] == [
        "GET /p?q=1&k=x+y%26z&empty= HTTP/1.1",
        f"Host: {base[7:]}",
        "X-One: x y&z",
        "X-Time: 10:30",
    ]
    assert made.barriers == 0


async def test_values_cannot_add_headers_or_lines():
    made = Context()
    made.variables.put("a", "b", "1\r\nX-Evil: yes\r\n\r\nGET /evil")
    async with http_server(OK) as (base, seen):
        await node(
            method="post",
            url=base + "/{{#a.b#}}",
            headers="X-One:{{#a.b#}}",
            authorization={"type": "api-key", "config": {"type": "custom", "api_key": "{{#a.b#}}", "header": "X-Key"}},
            body={"type": "form-data", "data": [{"key": "{{#a.b#}}", "type": "text", "value": "v"}]},
        ).run(made)
    assert seen[0].header("X-Evil") is None
    assert seen[0].header("X-One") == "1 X-Evil: yes GET /evil"
    assert seen[0].line == "POST /1%0D%0AX-Evil:%20yes%0D%0A%0D%0AGET%20/evil HTTP/1.1"
    assert b'name="1%0D%0AX-Evil: yes' in seen[0].body


async def test_a_header_name_that_http_forbids_is_refused():
    made = Context()
    made.variables.put("a", "b", "X\r\nY")
    error = await failure(node(url="http://x", headers="{{#a.b#}}: 1"), made)
    assert error.message == "Invalid header name: 'X\\r\\nY'"


@pytest.mark.parametrize(
    ("url", "text"), [("", "url is required"), ("ftp://x", "url should start with http:// or https://")]
)
async def test_addresses_are_checked(url: str, text: str):
    error = await failure(node(url=url))
    assert (type(error).__name__, error.message) == ("InvalidURLError", text)


async def test_methods():
    error = await failure(node(method="OPTIONS", url="http://x"))
    assert (type(error).__name__, error.message) == ("InvalidHttpMethodError", "Invalid http method options")
    with pytest.raises(ValueError, match="method"):
        node(method="trace")
    assert node(method="HEAD").repeatable
    assert not node(method="post").repeatable
    assert node(method="post", retry_config={"retry_enabled": True, "max_retries": 3, "retry_interval": 2.0}).repeatable


@pytest.mark.parametrize(
    ("config", "header", "value"),
    [
        ({"type": "bearer", "api_key": "k"}, "Authorization", "Bearer k"),
        ({"type": "basic", "api_key": "u:p"}, "Authorization", "Basic dTpw"),
        ({"type": "basic", "api_key": "dTpw", "header": ""}, "Authorization", "Basic dTpw"),
        ({"type": "custom", "api_key": "k", "header": "X-Key"}, "X-Key", "k"),
    ],
)
async def test_authorization(config: dict[str, object], header: str, value: str):
    async with http_server(OK) as (base, seen):
        outcome = await node(
            url=base, headers=f"{header.lower()}: mine", authorization={"type": "api-key", "config": config}
        ).run(Context())
    assert [v for k, v in seen[0].headers if k.lower() == header.lower()] == [value]
    assert f"{header}: {'*' * len(value)}" in str(outcome.process_data["request"])
    assert value not in str(outcome.process_data["request"])


async def test_an_empty_key_is_refused():
    error = await failure(node(url="http://x", authorization={"type": "api-key", "config": {"type": "bearer"}}))
    assert type(error).__name__ == "AuthorizationConfigError"
    assert error.message == "API key is required for authorization but was empty. Please provide a valid API key."


async def sent(made: Context, body: dict[str, object], headers: str = ""):
    async with http_server(OK) as (base, seen):
        outcome = await node(method="post", url=base, body=body, headers=headers).run(made)
    assert made.barriers == 1
    return seen[0], str(outcome.process_data["request"])


async def test_json_bodies_are_mended():
    made = Context()
    made.variables.put("a", "n", 3)
    data = [{"id": "1", "key": "", "type": "text", "value": '{\'n\': {{#a.n#}}, "t": "é",}'}]
    request, _ = await sent(made, {"type": "json", "data": data})
    assert json.loads(request.body) == {"n": 3, "t": "é"}
    assert request.header("content-type") == "application/json"
    request, _ = await sent(Context(), {"type": "json", "data": "[1]"}, "content-type: application/ld+json")
    assert (request.body, request.header("Content-Type")) == (b"[1]", "application/ld+json")


async def test_bodies_with_one_item_take_one_item():
    for kind in ("json", "raw-text", "binary"):
        error = await failure(node(method="post", url="http://x", body={"type": kind, "data": []}))
        assert (type(error).__name__, error.message) == (
            "RequestBodyError",
            f"{kind} body type should have exactly one item",
        )


async def test_text_and_urlencoded_bodies():
    made = Context()
    made.variables.put("a", "b", "ü&")
    request, shown = await sent(made, {"type": "raw-text", "data": [{"type": "text", "value": "x{{#a.b#}}"}]})
    assert (request.body.decode(), request.header("content-type")) == ("xü&", "text/plain")
    assert shown.endswith("\r\n\r\nxü&")
    made.barriers = 0
    request, _ = await sent(made, {"type": "x-www-form-urlencoded", "data": "k:{{#a.b#}}\nl:2"})
    assert (request.body, request.header("content-type")) == (
        b"k=%C3%BC%26&l=2",
        "application/x-www-form-urlencoded",
    )


async def test_forms_carry_text_and_files():
    made = Context()
    one = made.services.files.add(b"\x00one", name='a"1.bin', mime_type="application/x-a")
    two = made.services.files.add(b"two", name="b.txt", mime_type="text/plain")
    made.variables.put("a", "files", [one, two])
    made.variables.put("a", "file", two)
    items = [
        {"key": "k", "type": "text", "value": "v"},
        {"key": "f", "type": "file", "file": ["a", "files"]},
        {"key": "g", "type": "file", "file": ["a", "file"]},
    ]
    request, shown = await sent(made, {"type": "form-data", "data": items})
    assert request.header("content-type").startswith("multipart/form-data; boundary=")
    assert request.body.count(b'name="f"') == 2
    assert b'filename="a%221.bin"\r\nContent-Type: application/x-a\r\n\r\n\x00one\r\n' in request.body
    assert "<file_content_binary: 'b.txt', type='text/plain', size=3 bytes>" in shown
    assert "two" not in shown


async def test_a_form_without_files_is_still_multipart():
    request, _ = await sent(Context(), {"type": "form-data", "data": [{"key": "k", "type": "text", "value": "v"}]})
    assert request.header("content-type").startswith("multipart/form-data; boundary=")
    assert b'name="k"\r\n\r\nv\r\n' in request.body


async def test_binary_bodies():
    made = Context()
    made.variables.put("a", "f", made.services.files.add(b"\xff\x00", name="x", mime_type="image/png"))
    request, shown = await sent(made, {"type": "binary", "data": [{"type": "file", "file": ["a", "f"]}]})
    assert request.body == b"\xff\x00"
    assert shown.endswith("<binary_content: size=2 bytes>")
    gone = {"type": "binary", "data": [{"type": "file", "file": ["a", "gone"]}]}
    error = await failure(node(method="post", url="http://x", body=gone))
    assert type(error).__name__ == "FileFetchError"


@settings(max_examples=40)
@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=3), st.text(max_size=12))
def test_multipart_names_never_leave_their_header(fields: list[tuple[str, str]], filename: str):
    body = multipart(fields, [FilePart("f", filename, b"x", "a/b\r\nX: y")], "BOUND")
    parts = body.split(b"--BOUND")
    assert len(parts) == len(fields) + 3
    for part in parts[1:-1]:
        head = part.partition(b"\r\n\r\n")[0].strip(b"\r\n").split(b"\r\n")
        assert all(line.startswith((b"Content-Disposition: ", b"Content-Type: ")) for line in head)


@settings(max_examples=60)
@given(st.text(max_size=40))
def test_header_values_are_one_line(value: str):
    headers = RequestHeaders()
    for name, text in pairs("X-A: v", lambda piece: piece.replace("v", value)):
        if name == "X-A":
            headers.set(name, text)
    assert not set(headers.get("x-a") or "") & set("\r\n\x00")


async def test_timeouts_are_clamped_and_tls_follows_the_node():
    made = Context()
    async with http_server(OK, OK) as (base, _):
        await node(url=base, timeout={"connect": 99, "read": 3, "write": 0}, ssl_verify=False).run(made)
        await node(HttpNodeOptions(ssl_verify=False, max_read_timeout=7), url=base).run(made)
    first, second = made.services.http.seen
    assert (first["timeouts"].connect, first["timeouts"].read, first["timeouts"].write) == (10, 3, 600)
    assert (first["verify_tls"], second["verify_tls"], second["timeouts"].read) == (False, False, 7)


async def test_redirects_are_followed():
    made = Context()
    async with http_server(answer(status="302 Found", location="/there"), OK) as (base, seen):
        assert (await node(url=base).run(made)).outputs["status_code"] == 200
    assert seen[1].line == "GET /there HTTP/1.1"


async def test_a_bad_status_fails_only_for_apps_that_want_it():
    bad = answer(b"no", status="500 Oops", content_type="text/plain")
    async with http_server(bad, bad, bad, bad) as (base, _):
        assert (await node(url=base).run(Context())).outputs["status_code"] == 500
        assert (await node(url=base, retry_config={"retry_enabled": False}).run(Context())).outputs["body"] == "no"
        for data in ({"error_strategy": "fail-branch"}, {"retry_config": {"retry_enabled": True}}):
            error = await failure(node(url=base, **data))
            assert type(error).__name__ == "HTTPResponseCodeError"
            assert error.message == "Request failed with status code 500"
            assert error.outputs["body"] == "no"
            assert "GET / HTTP/1.1" in error.process_data["request"]


async def test_sizes_are_limited_by_kind():
    options = HttpNodeOptions(max_text_bytes=1024 * 1024, max_binary_bytes=2 * 1024 * 1024)
    text = answer(b"a" * (1536 * 1024), content_type="text/plain")
    huge = answer(b"a" * (3 * 1024 * 1024), content_type="image/png")
    async with http_server(text, huge) as (base, _):
        error = await failure(node(options, url=base))
        assert type(error).__name__ == "ResponseSizeError"
        assert error.message == "Text size is too large, max size is 1.00 MB, but current size is 1.50 MB."
        error = await failure(node(options, url=base))
        assert error.message == "File size is too large, max size is 2.00 MB, but current size is more than 2.00 MB."


async def test_files_are_kept():
    made = Context()
    picture = answer(b"\x89PNG", content_type="image/png")
    async with http_server(picture) as (base, _):
        outputs = (await node(url=base + "/dir/pic.png?x=1").run(made)).outputs
    assert outputs["body"] == ""
    [file] = outputs["files"]
    assert (file["filename"], file["mime_type"], file["transfer_method"]) == ("pic.png", "image/png", "tool_file")


def got(content: bytes = b"", **headers: str) -> HttpResponse:
    listed = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return HttpResponse(status=200, headers=listed, content=content, url="http://h/a/b.bin")


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (got(b"x", content_type="text/plain", content_disposition="attachment"), True),
        (got(b"x", content_type="text/plain", content_disposition='inline; filename="x.txt"'), True),
        (got(b"x", content_type="text/html; charset=utf-8"), False),
        (got(b"x", content_type="text/csv"), False),
        (got(b"\xff", content_type="application/json"), False),
        (got(b"x", content_type="application/vnd.api+json"), False),
        (got(b"<a>", content_type="application/octet-stream"), False),
        (got(b"plain", content_type="application/zip"), True),
        (got(b"\xff\xfe", content_type="application/unheard-of"), True),
        (got(b"\x00", content_type="image/png"), True),
        (got(b"\x00", content_type="video/unheard-of"), True),
        (got(b"x"), False),
        (got(b'{"a":"' + "é".encode() * 600, content_type="application/octet-stream"), False),
    ],
)
def test_what_counts_as_a_file(response: HttpResponse, expected: bool):
    assert is_file(response) is expected


def test_file_names_stay_in_their_folder():
    named = got(content_disposition='attachment; filename="../../etc/pass\\wd"', content_type="image/png")
    name, kind = file_name(named)
    assert "/" not in name
    assert "\\" not in name
    assert kind == "image/png"
    assert file_name(got())[0] == "b.bin"


async def test_no_connection_is_the_nodes_error():
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    error = await failure(node(url=f"http://127.0.0.1:{port}"))
    assert type(error).__name__ == "HttpRequestNodeError"
    assert "GET / HTTP/1.1" in error.process_data["request"]
