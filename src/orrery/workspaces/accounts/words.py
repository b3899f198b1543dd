"""Rules about the small texts of an account: mail addresses, languages, themes, time zones."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orrery.errors import InvalidParam
from orrery.security.passwords import PASSWORD_RULE_TEXT, is_acceptable
from orrery.workspaces.accounts.errors import WeakPassword

LANGUAGES = frozenset(
    [
        "en-US",
        "zh-Hans",
        "zh-Hant",
        "pt-BR",
        "es-ES",
        "fr-FR",
        "de-DE",
        "ja-JP",
        "ko-KR",
        "ru-RU",
        "it-IT",
        "th-TH",
        "uk-UA",
        "vi-VN",
        "ro-RO",
        "pl-PL",
        "hi-IN",
        "tr-TR",
        "fa-IR",
        "sl-SI",
        "ar-TN",
        "id-ID",
        "nl-NL",
    ]
)
DEFAULT_LANGUAGE = "en-US"
THEMES = ("light", "dark", "system")

_EMAIL = re.compile(r"[\w.!#$%&'*+\-/=?^`{|}~]+@(?:[\w-]+\.)+[\w-]{2,}")


def checked_email(text: str, field: str = "email") -> str:
    """The address in lower case, which is how new ones are kept. Raises `InvalidParam`."""
    email = text.strip().lower()
    if len(email) > 255 or not _EMAIL.fullmatch(email):
        raise InvalidParam(f"{text} is not a valid email.", params=field)
    return email


def checked_language(text: str, field: str = "interface_language") -> str:
    """A language that pages know. Raises `InvalidParam`."""
    if text not in LANGUAGES:
        raise InvalidParam(f"{text} is not a valid language.", params=field)
    return text


def checked_timezone(text: str, field: str = "timezone") -> str:
    """A name of the IANA time zone database. Raises `InvalidParam`."""
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidParam(f"{text} is not a valid timezone.", params=field) from error
    return text


def checked_password(text: str, field: str = "password") -> str:
    """A password that keeps the rule. Raises `WeakPassword`."""
    if not is_acceptable(text):
        raise WeakPassword(PASSWORD_RULE_TEXT, params=field)
    return text


def checked_name(text: str, field: str, *, least: int, most: int) -> str:
    """A name without surrounding spaces and of the right length. Raises `InvalidParam`."""
    name = text.strip()
    if not least <= len(name) <= most:
        raise InvalidParam(f"{field} must be between {least} and {most} characters long.", params=field)
    return name
