"""How mails are sent."""

from __future__ import annotations

from typing import Annotated, Literal

from orrery.settings.declare import Env, Group


class Mail(Group, frozen=True, kw_only=True):
    """How mails are sent."""

    type: Annotated[Literal["", "resend", "smtp", "sendgrid"], Env("MAIL_TYPE", "mail service; empty sends none")] = ""
    sender: Annotated[str, Env("MAIL_DEFAULT_SEND_FROM", "sender address")] = ""
    smtp_server: Annotated[str, Env("SMTP_SERVER", "SMTP host")] = ""
    smtp_port: Annotated[int, Env("SMTP_PORT", "SMTP port", at_least=1, at_most=65535)] = 465
    smtp_username: Annotated[str, Env("SMTP_USERNAME", "SMTP user")] = ""
    smtp_password: Annotated[str, Env("SMTP_PASSWORD", "SMTP password", secret=True)] = ""
    smtp_tls: Annotated[bool, Env("SMTP_USE_TLS", "speak TLS")] = True
    smtp_starttls: Annotated[
        bool, Env("SMTP_OPPORTUNISTIC_TLS", "begin in the clear and turn to TLS (needs SMTP_USE_TLS)")
    ] = False
    smtp_hostname: Annotated[str, Env("SMTP_LOCAL_HOSTNAME", "name given in EHLO")] = ""
    resend_url: Annotated[str, Env("RESEND_API_URL", "address of the Resend API")] = "https://api.resend.com"
    resend_key: Annotated[str, Env("RESEND_API_KEY", "Resend key", secret=True)] = ""
    sendgrid_key: Annotated[str, Env("SENDGRID_API_KEY", "SendGrid key", secret=True)] = ""
