"""The transport that the settings ask for."""

from __future__ import annotations

from orrery.egress.protocol import HttpClient
from orrery.mail.protocol import MailTransport
from orrery.mail.services import ResendTransport, SendGridTransport
from orrery.mail.smtp import SmtpServer, SmtpTransport
from orrery.settings.groups.mail import Mail


def open_mail(settings: Mail, http: HttpClient) -> MailTransport | None:
    """None where no mail service is set up, or one without the value that it can't do without."""
    if settings.type == "smtp" and settings.smtp_server:
        encrypted = "starttls" if settings.smtp_starttls else "implicit"
        return SmtpTransport(
            SmtpServer(
                host=settings.smtp_server,
                port=settings.smtp_port,
                sender=settings.sender or settings.smtp_username,
                tls=encrypted if settings.smtp_tls else "none",
                username=settings.smtp_username,
                password=settings.smtp_password,
                hostname=settings.smtp_hostname,
            )
        )
    if settings.type == "resend" and settings.resend_key:
        return ResendTransport(http, settings.resend_url, settings.resend_key, settings.sender)
    if settings.type == "sendgrid" and settings.sendgrid_key:
        return SendGridTransport(http, settings.sendgrid_key, settings.sender)
    return None
