"""Tokens of the identity that Azure gave this process: of a workload (Kubernetes), an app service, or the machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import msgspec

from orrery.storage.protocol import StorageUnavailable
from orrery.storage.signing.bearer import Lent
from orrery.storage.transport import Call, Patience, Transport, Unsigned, refused

RESOURCE = "https://storage.azure.com/"
_METADATA = "http://169.254.169.254/metadata/identity/oauth2/token"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_FORM = {"content-type": "application/x-www-form-urlencoded"}
_SHORT = Patience(connect=5.0, silence=15.0)


class _Token(msgspec.Struct):
    access_token: str
    expires_in: int | str = 600


class AzureIdentity:
    """Fetches tokens for storage. ``environ`` holds what the platform told the process."""

    def __init__(
        self, environ: Mapping[str, str], *, metadata: str = _METADATA, clock: Callable[[], float] = time.time
    ) -> None:
        self._environ, self._metadata, self._clock = environ, metadata, clock

    async def __call__(self) -> Lent[str]:
        """A token and its end. Raises `StorageUnavailable`."""
        call = self._call()
        http = Transport(Unsigned(), _SHORT, for_platform=True)
        try:
            answer = await http.send(call, attempts=3)
        finally:
            await http.close()
        if answer.status != 200:
            raise refused(call, answer)
        try:
            token = msgspec.json.decode(answer.body, type=_Token)
        except msgspec.DecodeError as error:
            raise StorageUnavailable(f"{call.base} answered with something that is no token.") from error
        return Lent(token.access_token, self._clock() + float(token.expires_in))

    def _call(self) -> Call:
        environ, client = self._environ, self._environ.get("AZURE_CLIENT_ID", "")
        who = {"client_id": client} if client else {}
        if file := environ.get("AZURE_FEDERATED_TOKEN_FILE"):
            return self._of_workload(file, client)
        if endpoint := environ.get("IDENTITY_ENDPOINT"):
            headers = {"x-identity-header": environ.get("IDENTITY_HEADER", "")}
            query = {"api-version": "2019-08-01", "resource": RESOURCE, **who}
            return _at(endpoint, "GET", query=query, headers=headers)
        query = {"api-version": "2018-02-01", "resource": RESOURCE, **who}
        return _at(self._metadata, "GET", query=query, headers={"metadata": "true"})

    def _of_workload(self, file: str, client: str) -> Call:
        try:
            assertion = Path(file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise StorageUnavailable(f"The token file {file} can't be read: {error}.") from error
        host = self._environ.get("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com/").rstrip("/")
        form = {
            "grant_type": "client_credentials",
            "client_id": client,
            "scope": f"{RESOURCE}.default",
            "client_assertion_type": _ASSERTION,
            "client_assertion": assertion,
        }
        tenant = self._environ.get("AZURE_TENANT_ID", "")
        return _at(f"{host}/{tenant}/oauth2/v2.0/token", "POST", headers=_FORM, body=urlencode(form).encode())


def _at(
    url: str,
    method: str,
    *,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str],
    body: bytes = b"",
) -> Call:
    parts = urlsplit(url)
    base = f"{parts.scheme}://{parts.netloc}"
    return Call(method=method, base=base, path=parts.path, query=query or {}, headers=headers, body=body)
