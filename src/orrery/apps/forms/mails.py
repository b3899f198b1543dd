"""What a mail that asks for an answer says: the node's own words, with the address of the form in them."""

from __future__ import annotations

import html
import re

from orrery.apps.forms.recipients import mail_of
from orrery.mail.protocol import MailMessage

URL_PLACE = "{{#url#}}"
_LONGEST_SUBJECT = 255
_LINK = re.compile(r"https?://[^\s<>\"')\]]+")
_NAMED_LINK = re.compile(r"\[([^\]\n]{1,200})\]\((https?://[^\s()<>]+)\)")


def form_mail(to: str, mail: object, url: str) -> MailMessage:
    """The mail of a recipient. A body without a place for the address gets it at its end."""
    words = mail_of(mail)
    body = words.get("body", "")
    text = body.replace(URL_PLACE, url) if URL_PLACE in body else f"{body}\n\n{url}".strip()
    subject = " ".join(words.get("subject", "").split())[:_LONGEST_SUBJECT] or "A form waits for your answer"
    return MailMessage(to=to, subject=subject, text=_plain(text), html=_page(text))


def _plain(text: str) -> str:
    return _NAMED_LINK.sub(r"\1: \2", text)


def _page(text: str) -> str:
    """The text as HTML: paragraphs, line ends and links, nothing else; whatever it holds can't become markup."""
    paragraphs = [_marked(part) for part in re.split(r"\n\s*\n", text.strip())]
    inner = "".join(f'<p style="margin:0 0 14px">{part}</p>' for part in paragraphs)
    return (
        '<!doctype html><html><body style="margin:0;padding:24px;font:15px/1.6 system-ui,sans-serif;color:#1f2430">'
        f'<div style="max-width:560px;margin:0 auto">{inner}</div></body></html>'
    )


def _marked(text: str) -> str:
    out: list[str] = []
    place = 0
    for match in re.finditer(f"{_NAMED_LINK.pattern}|{_LINK.pattern}", text):
        out.append(html.escape(text[place : match.start()]))
        label, target = (match[1], match[2]) if match[1] is not None else (match[0], match[0])
        out.append(f'<a href="{html.escape(target)}">{html.escape(label)}</a>')
        place = match.end()
    out.append(html.escape(text[place:]))
    return "".join(out).replace("\n", "<br>")
