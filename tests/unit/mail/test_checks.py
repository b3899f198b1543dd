"""Asking a mail service whether it would take mails, without sending one."""

from __future__ import annotations

import pytest
from tests.support.mail_server import mail_server
from tests.unit.mail.test_smtp import transport

from orrery.egress import GuardedHttpClient, operator_policy
from orrery.mail import MailRefused, MailUnavailable
from orrery.mail.services import ResendTransport, SendGridTransport


async def test_a_server_that_lets_us_in_gets_no_mail() -> None:
    with mail_server(password="secret") as server:
        await transport(server, password="secret").check()
        assert server.users == ["robot"]
        with pytest.raises(MailRefused, match="535"):
            await transport(server, password="wrong").check()
        sending = transport(server)
    assert server.mails == []
    with pytest.raises(MailUnavailable, match="can't be used"):
        await sending.check()


async def test_a_service_that_is_away() -> None:
    with mail_server() as server:
        gone = f"http://127.0.0.1:{server.port}"
    async with GuardedHttpClient(operator_policy(allow_private=True)) as http:
        for service in (ResendTransport(http, gone, "k", "a@b.c"), SendGridTransport(http, "k", "a@b.c", gone)):
            with pytest.raises(MailUnavailable, match="did not answer"):
                await service.check()
