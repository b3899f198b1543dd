"""All built-in providers, bound to the outside that they may use."""

from __future__ import annotations

from orrery.egress.protocol import HttpClient
from orrery.sandbox.protocol import CodeRunner
from orrery.tools.built_in.code_tool import code_provider
from orrery.tools.built_in.time_tools import Now, time_provider
from orrery.tools.built_in.web_reader import Summarize, web_reader_provider
from orrery.tools.catalog import ProvidersInCode


def built_in_providers(
    http: HttpClient, code: CodeRunner, *, summarize: Summarize | None = None, now: Now | None = None
) -> ProvidersInCode:
    """``http`` is the guarded client for addresses that come from users."""
    return ProvidersInCode(
        [
            time_provider() if now is None else time_provider(now),
            code_provider(code),
            web_reader_provider(http, summarize),
        ]
    )
