"""A real S3 server (moto), started once per test process. It checks signatures unless it is told to trust."""

from __future__ import annotations

import atexit
import os
import re
import subprocess
import sys
import urllib.parse
import urllib.request
from functools import cache
from typing import NamedTuple

from tests.support.listening import until_listening
from tests.support.ports import free_port

_POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


class S3Server(NamedTuple):
    url: str
    access_key: str
    secret_key: str


@cache
def s3_server(*, checks_signatures: bool = True) -> S3Server:
    """The server, and keys that may do everything on it."""
    port = free_port()
    environ = {**os.environ, "S3_UPLOAD_PART_MIN_SIZE": "1"}
    if checks_signatures:
        environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "3"  # the three that make the keys
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "moto.server", "-p", str(port)],
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    atexit.register(_stop, process)
    until_listening(process, port)
    url = f"http://127.0.0.1:{port}"
    if not checks_signatures:
        return S3Server(url, "key", "secret")
    _iam(url, Action="CreateUser", UserName="u")
    made = _iam(url, Action="CreateAccessKey", UserName="u")
    _iam(url, Action="PutUserPolicy", UserName="u", PolicyName="p", PolicyDocument=_POLICY)
    return S3Server(url, *(_element(made, name) for name in ("AccessKeyId", "SecretAccessKey")))


def _iam(url: str, **form: str) -> str:
    scope = "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=x"
    body = urllib.parse.urlencode({**form, "Version": "2010-05-08"}).encode()
    request = urllib.request.Request(url, body, {"Authorization": scope, "Host": "iam.amazonaws.com"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode()


def _element(text: str, name: str) -> str:
    found = re.search(f"<{name}>([^<]+)<", text)
    assert found is not None
    return found[1]


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(60)
