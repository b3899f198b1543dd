"""Credentials of the machine or container that this runs on, in the order in which AWS's own libraries look.

Variables, a web identity (Kubernetes), the container's agent (ECS, EKS pod identity), the machine's metadata (EC2).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import msgspec

from orrery.storage.protocol import StorageUnavailable
from orrery.storage.signing.aws import AwsKeys
from orrery.storage.signing.bearer import Lent
from orrery.storage.transport import Answer, Call, Patience, Transport, Unsigned, refused

_METADATA = "http://169.254.169.254"
_CONTAINER = "http://169.254.170.2"
_ROLE_PATH = "/latest/meta-data/iam/security-credentials/"
_NEVER = float("inf")
_SHORT = Patience(connect=2.0, silence=10.0)


class _Issued(msgspec.Struct, rename="pascal"):
    """What the agents answer."""

    access_key_id: str
    secret_access_key: str
    token: str = ""
    expiration: str = ""


class AwsIdentity:
    """Finds keys. ``environ`` holds what the platform told the process."""

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        region: str,
        metadata: str = _METADATA,
        sts: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._environ = environ
        self._metadata = environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT", "").rstrip("/") or metadata
        self._sts = sts or f"https://sts.{region}.amazonaws.com"
        self._clock = clock

    async def __call__(self) -> Lent[AwsKeys]:
        """Keys and their end. Raises `StorageUnavailable` if there are none."""
        environ = self._environ
        access_key, secret_key = environ.get("AWS_ACCESS_KEY_ID"), environ.get("AWS_SECRET_ACCESS_KEY")
        if access_key and secret_key:
            return Lent(AwsKeys(access_key, secret_key, environ.get("AWS_SESSION_TOKEN", "")), _NEVER)
        http = Transport(Unsigned(), _SHORT, for_platform=True)
        try:
            if environ.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
                return await self._of_web_identity(http)
            relative, full = (environ.get(f"AWS_CONTAINER_CREDENTIALS_{kind}_URI") for kind in ("RELATIVE", "FULL"))
            if relative or full:
                return await self._of_container(http, full or f"{_CONTAINER}{relative}")
            return await self._of_machine(http)
        finally:
            await http.close()

    async def _of_web_identity(self, http: Transport) -> Lent[AwsKeys]:
        query = {
            "Action": "AssumeRoleWithWebIdentity",
            "Version": "2011-06-15",
            "RoleArn": self._environ.get("AWS_ROLE_ARN", ""),
            "RoleSessionName": self._environ.get("AWS_ROLE_SESSION_NAME", "orrery"),
            "WebIdentityToken": _read(self._environ["AWS_WEB_IDENTITY_TOKEN_FILE"]),
        }
        kind = {"content-type": "application/x-www-form-urlencoded"}
        body = urlencode(query).encode()
        answer = await _ask(http, Call(method="POST", base=self._sts, path="/", headers=kind, body=body))
        # AWS itself speaks, over TLS.
        found = {e.tag.rpartition("}")[2]: e.text or "" for e in ET.fromstring(answer.body).iter()}  # noqa: S314
        keys = AwsKeys(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
        return Lent(keys, _seconds(found["Expiration"]))

    async def _of_container(self, http: Transport, url: str) -> Lent[AwsKeys]:
        scheme, _, rest = url.partition("://")
        host, _, path = rest.partition("/")
        token = self._environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
        if file := self._environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"):
            token = _read(file)
        headers = {"authorization": token} if token else {}
        return self._lent(
            await _ask(http, Call(method="GET", base=f"{scheme}://{host}", path=f"/{path}", headers=headers))
        )

    async def _of_machine(self, http: Transport) -> Lent[AwsKeys]:
        lifetime = {"x-aws-ec2-metadata-token-ttl-seconds": "21600"}
        asked = Call(method="PUT", base=self._metadata, path="/latest/api/token", headers=lifetime)
        headers = {"x-aws-ec2-metadata-token": (await _ask(http, asked)).body.decode()}
        roles = await _ask(http, Call(method="GET", base=self._metadata, path=_ROLE_PATH, headers=headers))
        role = roles.body.decode().partition("\n")[0].strip()
        return self._lent(
            await _ask(http, Call(method="GET", base=self._metadata, path=_ROLE_PATH + role, headers=headers))
        )

    def _lent(self, answer: Answer) -> Lent[AwsKeys]:
        try:
            issued = msgspec.json.decode(answer.body, type=_Issued)
        except msgspec.DecodeError as error:
            raise StorageUnavailable("The platform's credentials for the file storage can't be read.") from error
        keys = AwsKeys(issued.access_key_id, issued.secret_access_key, issued.token)
        return Lent(keys, _seconds(issued.expiration) if issued.expiration else self._clock() + 900)


async def _ask(http: Transport, call: Call) -> Answer:
    answer = await http.send(call, attempts=2)
    if answer.status != 200:
        raise refused(call, answer)
    return answer


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StorageUnavailable(f"The token file {path} can't be read: {error}.") from error


def _seconds(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError as error:
        raise StorageUnavailable(f"The platform's credentials end at {text!r}, which is no time.") from error
