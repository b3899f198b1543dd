"""Google Cloud Storage: its XML interface, which is S3's, with tokens of a service account or of the machine."""

from __future__ import annotations

import base64
import binascii
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from orrery.storage.protocol import StorageUnavailable
from orrery.storage.required import StorageConfigurationError, given, require
from orrery.storage.s3.bucket import place
from orrery.storage.s3.client import S3Storage
from orrery.storage.signing.bearer import BearerSigner, Kept, Lent
from orrery.storage.transport import Call, Patience, Transport, Unsigned, refused

if TYPE_CHECKING:
    from orrery.settings.groups.storage import Storage

ENDPOINT = "https://storage.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
_METADATA = "metadata.google.internal"
_METADATA_PATH = "/computeMetadata/v1/instance/service-accounts/default/token"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_VARIABLE = "GOOGLE_STORAGE_SERVICE_ACCOUNT_JSON_BASE64"
_SHORT = Patience(connect=5.0, silence=15.0)


class ServiceAccount(msgspec.Struct, frozen=True):
    """The part of a key file that is used."""

    client_email: str
    private_key: str
    private_key_id: str = ""
    token_uri: str = "https://oauth2.googleapis.com/token"  # noqa: S105  (an address)


class _Token(msgspec.Struct):
    access_token: str
    expires_in: float = 0.0


def open_google(settings: Storage) -> S3Storage:
    """The bucket of GOOGLE_STORAGE_BUCKET_NAME. Raises `StorageConfigurationError`."""
    require("google-storage", {"GOOGLE_STORAGE_BUCKET_NAME": settings.google_bucket})
    account = service_account(given(settings.google_account), os.environ)
    endpoint = os.environ.get("STORAGE_EMULATOR_HOST") or ENDPOINT
    bucket = place(endpoint, settings.google_bucket, in_path=True)
    return S3Storage(bucket, BearerSigner(Kept(GoogleTokens(account, os.environ))))


def service_account(encoded: str, environ: Mapping[str, str]) -> ServiceAccount | None:
    """The account of the setting, else that of GOOGLE_APPLICATION_CREDENTIALS; None leaves it to the machine."""
    path = environ.get("GOOGLE_APPLICATION_CREDENTIALS", "")
    source = _VARIABLE if encoded else "GOOGLE_APPLICATION_CREDENTIALS"
    try:
        if encoded:
            text = base64.b64decode(encoded, validate=True)
        elif path:
            text = Path(path).read_bytes()
        else:
            return None
        return msgspec.json.decode(text, type=ServiceAccount)
    except (OSError, binascii.Error, msgspec.DecodeError) as error:
        raise StorageConfigurationError(
            f"{source} holds no key file of a service account. Set it to the file that Google gave, "
            f"{'in base64' if encoded else 'by its path'}, or leave it empty on a machine of Google's."
        ) from error


class GoogleTokens:
    """Fetches access tokens. ``clock`` gives seconds since the epoch."""

    def __init__(
        self, account: ServiceAccount | None, environ: Mapping[str, str], clock: Callable[[], float] = time.time
    ) -> None:
        self._account = account
        self._key = _private_key(account) if account is not None else None
        self._metadata = "http://" + (environ.get("GCE_METADATA_HOST") or _METADATA)
        self._clock = clock

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
        return Lent(token.access_token, self._clock() + token.expires_in)

    def _call(self) -> Call:
        if self._account is None or self._key is None:
            flavor = {"metadata-flavor": "Google"}
            return Call(method="GET", base=self._metadata, path=_METADATA_PATH, headers=flavor)
        body = urlencode({"grant_type": _GRANT, "assertion": _assertion(self._account, self._key, self._clock())})
        parts = urlsplit(self._account.token_uri)
        kind = {"content-type": "application/x-www-form-urlencoded"}
        base = f"{parts.scheme}://{parts.netloc}"
        return Call(method="POST", base=base, path=parts.path, headers=kind, body=body.encode())


def _private_key(account: ServiceAccount) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(account.private_key.encode(), password=None)
    except ValueError as error:
        raise StorageConfigurationError(f"{_VARIABLE} holds a private key that can't be read.") from error
    if not isinstance(key, RSAPrivateKey):
        raise StorageConfigurationError(f"{_VARIABLE} holds a private key that is not RSA.")
    return key


def _assertion(account: ServiceAccount, key: RSAPrivateKey, now: float) -> str:
    """A signed claim of identity, RFC 7523."""
    header = {"alg": "RS256", "typ": "JWT", "kid": account.private_key_id}
    claims = {"iss": account.client_email, "scope": SCOPE, "aud": account.token_uri}
    claims |= {"iat": int(now), "exp": int(now) + 3600}
    text = f"{_b64(msgspec.json.encode(header))}.{_b64(msgspec.json.encode(claims))}"
    return f"{text}.{_b64(key.sign(text.encode(), PKCS1v15(), SHA256()))}"


def _b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
