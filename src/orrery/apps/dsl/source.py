"""Fetching an app file by URL, through the egress guard (workflow.md 1.3, yaml-url)."""

from __future__ import annotations

import re

from orrery.apps.dsl.document import MOST_BYTES, DslError
from orrery.egress.protocol import EgressError, EgressTooLarge, HttpClient

_BLOB_PAGE = re.compile(r"^https://github\.com/(?P<path>[^/]+/[^/]+)/blob/(?P<rest>.+\.ya?ml)$")


def raw_file_url(url: str) -> str:
    """A code host's page of a file, as the address of the file itself."""
    page = _BLOB_PAGE.match(url)
    return f"https://raw.githubusercontent.com/{page['path']}/{page['rest']}" if page else url


async def fetch_yaml(http: HttpClient, url: str | None) -> str:
    """Raises `DslError` with the contract's texts."""
    if not url:
        raise DslError("yaml_url is required when import_mode is yaml-url")
    try:
        answer = await http.request("GET", raw_file_url(url), follow_redirects=True, max_bytes=MOST_BYTES)
    except EgressTooLarge as error:
        raise DslError("File size exceeds the limit of 10MB") from error
    except EgressError as error:
        raise DslError(f"Error fetching YAML from URL: {error}") from error
    if answer.status >= 400:
        raise DslError(f"Error fetching YAML from URL: the server answered {answer.status}")
    if not answer.content:
        raise DslError("Empty content from url")
    try:
        return answer.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DslError("Invalid YAML format: the file is not UTF-8 text") from error
