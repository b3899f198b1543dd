"""Mail through the HTTP APIs of Resend and SendGrid."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parseaddr

from orrery.egress.protocol import EgressError, HttpClient, Timeouts
from orrery.mail.protocol import MailMessage, MailRefused, MailUnavailable

_TIMEOUTS = Timeouts(connect=10, read=20, write=20, total=30)
_ANSWER_BYTES = 64 * 1024
SENDGRID_URL = "https://api.sendgrid.com"


class ResendTransport:
    """Implements `MailTransport`."""

    def __init__(self, http: HttpClient, url: str, key: str, sender: str) -> None:
        self._http = http
        self._url = f"{url.rstrip('/')}/emails"
        self._key = key
        self._sender = sender

    async def send(self, message: MailMessage) -> None:
        body = {
            "from": self._sender,
            "to": [message.to],
            "subject": message.subject,
            "text": message.text,
            "html": message.html,
        }
        await _post(self._http, self._url, self._key, body)

    async def check(self) -> None:
        """Whether the service answers: a key that may only send can ask for nothing."""
        await _answers(self._http, self._url)


class SendGridTransport:
    """Implements `MailTransport`."""

    def __init__(self, http: HttpClient, key: str, sender: str, url: str = SENDGRID_URL) -> None:
        self._http = http
        self._url = f"{url}/v3/mail/send"
        self._key = key
        self._sender = sender

    async def send(self, message: MailMessage) -> None:
        name, address = parseaddr(self._sender)
        body = {
            "personalizations": [{"to": [{"email": message.to}]}],
            "from": {"email": address, **({"name": name} if name else {})},
            "subject": message.subject,
            "content": [
                {"type": "text/plain", "value": message.text},
                {"type": "text/html", "value": message.html},
            ],
        }
        await _post(self._http, self._url, self._key, body)

    async def check(self) -> None:
        """Whether the service answers: a key that may only send can ask for nothing."""
        await _answers(self._http, self._url)


async def _answers(http: HttpClient, url: str) -> None:
    try:
        await http.request("GET", url, timeouts=_TIMEOUTS, max_bytes=_ANSWER_BYTES)
    except EgressError as error:
        raise MailUnavailable(f"the mail service did not answer: {error}") from error


async def _post(http: HttpClient, url: str, key: str, body: Mapping[str, object]) -> None:
    try:
        answer = await http.request(
            "POST",
            url,
            headers={"Authorization": f"Bearer {key}"},
            json=body,
            timeouts=_TIMEOUTS,
            max_bytes=_ANSWER_BYTES,
        )
    except EgressError as error:
        raise MailUnavailable(f"the mail service did not answer: {error}") from error
    if answer.status < 300:
        return
    said = f"the mail service said {answer.status} {answer.text()[:200]}"
    raise MailUnavailable(said) if answer.status == 429 or answer.status >= 500 else MailRefused(said)
