"""SMTP against a real server, in each of its three ways."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from tests.support.mail_server import MailServer, Tls, mail_server

from orrery.mail import MailMessage, MailRefused, MailUnavailable
from orrery.mail.smtp import SmtpServer, SmtpTransport

MAIL = MailMessage(to="ann@example.com", subject="Bitte prüfen ✓", text="Hallo\nhier", html="<p>Hallo<br>hier</p>")


def transport(
    server: MailServer, tls: Tls = "none", *, folder: Path | None = None, password: str = ""
) -> SmtpTransport:
    trusted = ssl.create_default_context(cafile=folder / "mail.pem") if folder is not None else None
    where = SmtpServer(
        host="localhost" if tls != "none" else "127.0.0.1",
        port=server.port,
        sender="Orrery <no-reply@example.com>",
        tls=tls,
        username="robot" if password else "",
        password=password,
        hostname="here.example.com",
    )
    return SmtpTransport(where, trusted)


@pytest.mark.parametrize("tls", ["none", "implicit", "starttls"])
async def test_a_mail_arrives_whole(tls: Tls, tmp_path: Path) -> None:
    folder = tmp_path if tls != "none" else None
    with mail_server(tls=tls, folder=folder, password="secret") as server:
        await transport(server, tls, folder=folder, password="secret").send(MAIL)
        (mail,) = server.wait()
    assert (mail["To"], mail["From"], mail["Subject"]) == (
        "ann@example.com", "Orrery <no-reply@example.com>", "Bitte prüfen ✓",
    )  # fmt: skip
    plain, rich = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None and plain.get_content().split() == ["Hallo", "hier"]
    assert rich is not None and rich.get_content().strip() == "<p>Hallo<br>hier</p>"
    assert server.users == ["robot"]


async def test_what_trying_again_cannot_mend(tmp_path: Path) -> None:
    with mail_server(password="secret") as server:
        server.refused.add("ann@example.com")
        with pytest.raises(MailRefused, match="550 no such person"):
            await transport(server, password="secret").send(MAIL)
        with pytest.raises(MailRefused, match="535"):
            await transport(server, password="wrong").send(MAIL)
    strict = pytest.raises(MailRefused, match="certificate of localhost does not hold")
    with mail_server(tls="implicit", folder=tmp_path) as server, strict:
        await transport(server, "implicit").send(MAIL)
    assert server.mails == []


async def test_what_trying_again_may_mend() -> None:
    with mail_server() as server:
        server.busy.add("ann@example.com")
        with pytest.raises(MailUnavailable, match="450 come back later"):
            await transport(server).send(MAIL)
        sending = transport(server)
    with pytest.raises(MailUnavailable, match="can't be used"):
        await sending.send(MAIL)


@pytest.mark.parametrize("address", ["", "nobody", "a@b\r\nBcc: c@example.com", "ann@example.com, bob@example.com"])
async def test_an_address_is_one_address(address: str) -> None:
    with mail_server() as server, pytest.raises(MailRefused, match="is no mail address"):
        await transport(server).send(MailMessage(to=address, subject="s", text="t", html="h"))
    assert server.mails == []
