"""Takes secrets out of text before it is written: those of the settings, and whatever looks like one."""

from __future__ import annotations

import re
from collections.abc import Iterable

SHORTEST_KNOWN_SECRET = 6
REDACTED = "***"
_LOOKS_SECRET = re.compile(
    r"""(?P<before>
        \b(?:bearer|basic)\s+
      | \b[\w-]*(?:password|passwd|secret|token|api[-_]?key|authorization)["']?\s*[:=]\s*["']?(?:(?:bearer|basic)\s+)?
      | ://[^\s/:@]*:(?=[^\s/@]+@)
      )
      (?P<secret>(?<=:)[^\s/@]+(?=@) | [^\s"',;&}\]\)]{4,})
      | \b(?:sk|app|dataset|ds)-[A-Za-z0-9_-]{20,}""",
    re.VERBOSE | re.IGNORECASE,
)


class Redactor:
    """Cleans texts. ``secrets`` are values known to be secret; very short ones would blot out ordinary words."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= SHORTEST_KNOWN_SECRET}, key=len, reverse=True)
        self._known = re.compile("|".join(re.escape(secret) for secret in known)) if known else None

    def clean(self, text: str) -> str:
        """``text`` with ``***`` in place of secrets."""
        if self._known is not None:
            text = self._known.sub(REDACTED, text)
        return _LOOKS_SECRET.sub(_hide, text)


def _hide(match: re.Match[str]) -> str:
    return f"{match['before'] or ''}{REDACTED}"
