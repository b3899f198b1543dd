"""Mail over SMTP: in the clear, over TLS from the start, or turned to TLS after the greeting (deployment.md, MAIL_*)."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from typing import Literal

import msgspec

from orrery.mail.protocol import MailMessage, MailRefused, MailUnavailable

_SECONDS = 10.0


class SmtpServer(msgspec.Struct, frozen=True, kw_only=True):
    """Where and how to send. ``tls``: "none", "implicit" (from the start), "starttls"."""

    host: str
    port: int
    sender: str
    tls: Literal["none", "implicit", "starttls"]
    username: str = ""
    password: str = ""
    hostname: str = ""


class SmtpTransport:
    """Implements `MailTransport`: one connection for each mail, on a thread of the loop's pool."""

    def __init__(self, server: SmtpServer, context: ssl.SSLContext | None = None) -> None:
        """``context`` says which certificates hold; None trusts those of the system."""
        self._server = server
        self._context = context

    async def send(self, message: MailMessage) -> None:
        await self._tried(as_email(message, self._server.sender))

    async def check(self) -> None:
        """Connects, turns to TLS and signs in, as far as the settings ask for it."""
        await self._tried(None)

    async def _tried(self, mail: EmailMessage | None) -> None:
        try:
            await asyncio.to_thread(self._send, mail)
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPSenderRefused, smtplib.SMTPNotSupportedError) as error:
            raise MailRefused(_said(error)) from error
        except smtplib.SMTPRecipientsRefused as error:
            raise _refusal_of(error) from error
        except smtplib.SMTPResponseException as error:
            kind = MailRefused if error.smtp_code >= 500 else MailUnavailable
            raise kind(_said(error)) from error
        except ssl.SSLCertVerificationError as error:
            raise MailRefused(f"the certificate of {self._server.host} does not hold: {error.reason}") from error
        except (smtplib.SMTPException, OSError) as error:
            raise MailUnavailable(f"{self._server.host}:{self._server.port} can't be used: {error}") from error

    def _send(self, mail: EmailMessage | None) -> None:
        """Without a mail it stops before sending one."""
        server = self._server
        local = server.hostname or None
        if server.tls == "implicit":
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, local_hostname=local, timeout=_SECONDS, context=self._tls()
            )
        else:
            client = smtplib.SMTP(server.host, server.port, local_hostname=local, timeout=_SECONDS)
        with client:
            client.ehlo_or_helo_if_needed()
            if server.tls == "starttls":
                client.starttls(context=self._tls())
                client.ehlo()
            if server.username and server.password:
                client.login(server.username, server.password)
            if mail is not None:
                client.send_message(mail)

    def _tls(self) -> ssl.SSLContext:
        return self._context or ssl.create_default_context()


def as_email(message: MailMessage, sender: str) -> EmailMessage:
    """The mail as it goes over the wire. Raises `MailRefused` for addresses that are none."""
    mail = EmailMessage()
    try:
        name, address = parseaddr(sender)
        mail["From"] = Address(display_name=name, addr_spec=address)
        mail["To"] = Address(addr_spec=message.to)
    except (ValueError, IndexError) as error:
        raise MailRefused(f"{message.to} or {sender or 'an empty sender'} is no mail address: {error}") from error
    mail["Subject"] = " ".join(message.subject.split())
    mail["Date"] = formatdate(usegmt=True)
    mail["Message-ID"] = make_msgid(domain=address.rpartition("@")[2] or "localhost")
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    return mail


def _said(error: smtplib.SMTPResponseException | smtplib.SMTPException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        return f"the mail server said {error.smtp_code} {text}"
    return str(error)


def _refusal_of(error: smtplib.SMTPRecipientsRefused) -> MailRefused | MailUnavailable:
    code, text = next(iter(error.recipients.values()), (550, b""))
    said = f"the mail server said {code} {text.decode('utf-8', 'replace')}"
    return MailRefused(said) if code >= 500 else MailUnavailable(said)
