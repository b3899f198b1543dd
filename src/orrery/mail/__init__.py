"""Sending mail: one protocol, and a transport for each service that can be set up. It knows no product noun."""

from orrery.mail.opening import open_mail
from orrery.mail.protocol import MailMessage, MailRefused, MailTransport, MailUnavailable

__all__ = ["MailMessage", "MailRefused", "MailTransport", "MailUnavailable", "open_mail"]
