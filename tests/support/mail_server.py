"""A real SMTP server on this machine that keeps what it is sent: in the clear, with STARTTLS, or with TLS throughout."""

from __future__ import annotations

import datetime as dt
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.support.ports import free_port

HOST = "127.0.0.1"
Tls = Literal["none", "implicit", "starttls"]


class MailServer:
    """``mails`` are those that were taken; addresses in ``refused`` get 550, in ``busy`` 450."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refused: set[str] = set()
        self.busy: set[str] = set()
        self.users: list[str] = []
        self.port = 0
        self._arrived = threading.Condition()

    def wait(self, count: int = 1, seconds: float = 60.0) -> list[EmailMessage]:
        """The mails, once there are so many."""
        with self._arrived:
            came = self._arrived.wait_for(lambda: len(self.mails) >= count, timeout=seconds)
        assert came, f"{len(self.mails)} of {count} mails came"
        return list(self.mails)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 no such person"
        if address in self.busy:
            return "450 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = cast("bytes", envelope.content)
        with self._arrived:
            self.mails.append(message_from_bytes(content, policy=policy.default))
            self._arrived.notify_all()
        return "250 OK"

    def signs_in(self, password: str) -> Any:
        """Takes any name with this password."""

        def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
            assert isinstance(data, LoginPassword)
            self.users.append(data.login.decode())
            return AuthResult(success=data.password.decode() == password, handled=False)

        return check


@contextmanager
def mail_server(*, tls: Tls = "none", folder: Path | None = None, password: str | None = None) -> Generator[MailServer]:
    """A server that ends with the block. With TLS its certificate is ``folder/mail.pem``, for the name ``localhost``."""
    server = MailServer()
    context = _context(folder) if tls != "none" and folder is not None else None
    more: dict[str, Any] = {}
    if password is not None:
        more |= {"authenticator": server.signs_in(password), "auth_require_tls": False}
    if tls == "starttls":
        more |= {"tls_context": context, "require_starttls": True}
    server.port = free_port()
    controller = Controller(
        server,
        hostname=HOST,
        port=server.port,
        ready_timeout=60,
        ssl_context=context if tls == "implicit" else None,
        **more,
    )
    controller.start()
    try:
        yield server
    finally:
        controller.stop()


def _context(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "mail.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    return context
