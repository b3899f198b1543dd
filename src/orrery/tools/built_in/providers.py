"""All built-in providers, bound to the outside that they may use."""

from __future__ import annotations

from collections.abc import Callable

from orrery.egress.protocol import HttpClient
from orrery.sandbox.protocol import CodeRunner
from orrery.tools.built_in.code_tool import code_provider
from orrery.tools.built_in.perplexity import perplexity_provider
from orrery.tools.built_in.searxng import searxng_provider
from orrery.tools.built_in.tavily import tavily_provider
from orrery.tools.built_in.time_tools import Now, time_provider
from orrery.tools.built_in.web_reader import Summarize, web_reader_provider
from orrery.tools.catalog import ProvidersInCode


def built_in_providers(
    http: Callable[[], HttpClient],
    code: Callable[[], CodeRunner],
    *,
    summarize: Summarize | None = None,
    now: Now | None = None,
) -> ProvidersInCode:
    """``http`` gives the guarded client for addresses that come from users; both are asked when a tool needs them."""
    return ProvidersInCode(
        {
            "time": lambda: time_provider() if now is None else time_provider(now),
            "code": lambda: code_provider(code()),
            "webscraper": lambda: web_reader_provider(http(), summarize),
            "searxng": lambda: searxng_provider(http()),
            "tavily": lambda: tavily_provider(http()),
            "perplexity": lambda: perplexity_provider(http()),
        }
    )
