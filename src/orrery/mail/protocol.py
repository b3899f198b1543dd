"""What the rest of the house knows of mail."""

from __future__ import annotations

from typing import Protocol

import msgspec


class MailMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One mail to one address; both forms say the same."""

    to: str
    subject: str
    text: str
    html: str


class MailUnavailable(Exception):
    """The service did not answer, or asks to come back later: trying again may help."""


class MailRefused(Exception):
    """The service refuses this mail or this sender: trying again won't help."""


class MailTransport(Protocol):
    """A way to send. Implementations are safe to use from many tasks."""

    async def send(self, message: MailMessage) -> None:
        """Returns when the service has taken the mail over. Raises `MailUnavailable`, `MailRefused`."""
        ...

    async def check(self) -> None:
        """Goes as far as it can without sending. Raises `MailUnavailable`, `MailRefused`."""
        ...
