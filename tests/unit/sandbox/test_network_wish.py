"""Only code that could open a connection gets a network."""

import pytest

from orrery.sandbox.network_wish import may_want_network


@pytest.mark.parametrize(
    "code",
    [
        "import socket", "from http import client", "import urllib.request as u", "__import__('so' + 'cket')",
        "import importlib", "exec(given)", "eval('x')", "import requests", "import ctypes", "async def f(): await asyncio.sleep(0)",
        "import xmlrpc.client", "import smtplib", "import ssl",
    ],
)  # fmt: skip
def test_what_could_connect_is_seen(code: str):
    assert may_want_network(code, packages=False)


@pytest.mark.parametrize(
    "code", ["def main(a): return {'result': a}", "import json, re\ndef main(x):\n    return json.loads(x)"]
)
def test_what_could_not_is_spared(code: str):
    assert not may_want_network(code, packages=False)
    assert may_want_network(code, packages=True) == ("import" in code)
