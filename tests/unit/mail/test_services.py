"""Mail services over HTTP, spoken to as they want it; and which transport the settings choose."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from orrery.egress import GuardedHttpClient, operator_policy
from orrery.mail import MailMessage, MailRefused, MailUnavailable, open_mail
from orrery.mail.services import ResendTransport, SendGridTransport
from orrery.mail.smtp import SmtpTransport
from orrery.settings.groups.mail import Mail

MAIL = MailMessage(to="ann@example.com", subject="S", text="T", html="<p>T</p>")


class Service:
    """Answers every request with ``status`` and keeps what was asked."""

    def __init__(self) -> None:
        self.status = "200 OK"
        self.asked: list[tuple[str, str, Any]] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(head.lower().partition("content-length: ")[2].partition("\r\n")[0])
        body = json.loads(await reader.readexactly(length))
        key = next(line.partition(": ")[2] for line in head.split("\r\n") if line.lower().startswith("authorization"))
        self.asked.append((head.partition(" HTTP")[0], key, body))
        writer.write(f"HTTP/1.1 {self.status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def service() -> AsyncGenerator[tuple[Service, GuardedHttpClient]]:
    made = Service()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    client = GuardedHttpClient(operator_policy(allow_private=True))
    try:
        yield made, client
    finally:
        await client.close()
        server.close()
        await server.wait_closed()


async def test_resend_gets_the_mail() -> None:
    async with service() as (made, client):
        await ResendTransport(client, made.url, "re_key", "Orrery <no@example.com>").send(MAIL)
    ((path, key, body),) = made.asked
    assert (path, key) == ("POST /emails", "Bearer re_key")
    assert body == {
        "from": "Orrery <no@example.com>", "to": ["ann@example.com"], "subject": "S", "text": "T", "html": "<p>T</p>",
    }  # fmt: skip


async def test_sendgrid_gets_the_mail() -> None:
    async with service() as (made, client):
        made.status = "202 Accepted"
        await SendGridTransport(client, "sg", "Orrery <no@example.com>", made.url).send(MAIL)
    ((path, key, body),) = made.asked
    assert (path, key) == ("POST /v3/mail/send", "Bearer sg")
    assert body["personalizations"] == [{"to": [{"email": "ann@example.com"}]}]
    assert body["from"] == {"email": "no@example.com", "name": "Orrery"}
    assert [part["type"] for part in body["content"]] == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    ("status", "error"),
    [("422 Bad", MailRefused), ("401 No", MailRefused), ("429 Slow", MailUnavailable), ("503 Down", MailUnavailable)],
)
async def test_answers_tell_whether_to_try_again(status: str, error: type[Exception]) -> None:
    async with service() as (made, client):
        made.status = status
        with pytest.raises(error, match=status.partition(" ")[0]):
            await ResendTransport(client, made.url, "k", "no@example.com").send(MAIL)


async def test_a_service_that_is_away_is_tried_again() -> None:
    async with service() as (made, _):
        pass
    client = GuardedHttpClient(operator_policy(allow_private=True))
    with pytest.raises(MailUnavailable, match="did not answer"):
        await ResendTransport(client, made.url, "k", "a@b.c").send(MAIL)
    await client.close()


async def test_the_settings_choose() -> None:
    async with service() as (_, client):
        smtp = Mail(type="smtp", smtp_server="mail.example.com")
        assert isinstance(open_mail(smtp, client), SmtpTransport)
        assert isinstance(open_mail(Mail(type="resend", resend_key="k"), client), ResendTransport)
        assert isinstance(open_mail(Mail(type="sendgrid", sendgrid_key="k"), client), SendGridTransport)
        for nothing in (Mail(), Mail(type="smtp"), Mail(type="resend"), Mail(type="sendgrid")):
            assert open_mail(nothing, client) is None
