"""Whether a snippet could use a network: giving one doubles a short run's time, and hardly any snippet wants it."""

from __future__ import annotations

import re

_WORDS = re.compile(
    "socket|http|urllib|requests|ssl|ftplib|smtplib|poplib|imaplib|nntplib|telnetlib|xmlrpc|asyncio|selectors|"
    "multiprocessing|websocket|paramiko|boto|redis|psycopg|mysql|mongo|fetch|"
    # ways to name a module that the text does not show
    "__import__|importlib|runpy|pkgutil|exec|eval|compile|ctypes|pip|site"
)


def may_want_network(code: str, *, packages: bool) -> bool:
    """False only where no line of the code can open a connection. With ``packages`` of strangers, any import may."""
    return _WORDS.search(code) is not None or (packages and "import" in code)
