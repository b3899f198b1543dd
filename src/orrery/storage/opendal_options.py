"""Services of OpenDAL that our own clients speak: taken from its options, so that no library is needed for them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from orrery.storage.azure.client import AzureStorage
from orrery.storage.azure.signing import SharedKeySigner
from orrery.storage.google import ENDPOINT, GoogleTokens, service_account
from orrery.storage.protocol import ObjectStorage
from orrery.storage.s3.aws_identity import AwsIdentity
from orrery.storage.s3.bucket import Bucket, place
from orrery.storage.s3.client import S3Storage
from orrery.storage.signing.aws import AwsKeys, AwsSigner, KeySource
from orrery.storage.signing.bearer import BearerSigner, Kept
from orrery.storage.signing.resource import ResourceSigner
from orrery.storage.signing.tencent import CosSigner

_TRUE = frozenset({"true", "on", "1", "yes"})


def own_client(scheme: str, options: Mapping[str, str]) -> ObjectStorage | None:
    """Our client for a service, or None if there is none or the options ask for more than it does.

    Raises `StorageConfigurationError`.
    """
    known = _KNOWN.get(scheme)
    if known is None:
        return None
    required, optional, build = known
    if not all(options.get(name) for name in required) or set(options) - required - optional:
        return None
    return build(options)


def _s3(options: Mapping[str, str]) -> ObjectStorage:
    region = options.get("region") or "us-east-1"
    virtual = options.get("enable_virtual_host_style", "").lower() in _TRUE
    endpoint = options.get("endpoint") or f"https://s3.{region}.amazonaws.com"
    keys: KeySource = Kept(AwsIdentity(os.environ, region=region))
    if options.get("access_key_id") and options.get("secret_access_key"):
        given = AwsKeys(options["access_key_id"], options["secret_access_key"], options.get("session_token", ""))
        keys = _fixed(given)
    return S3Storage(_bucket(endpoint, options, in_path=not virtual), AwsSigner(keys, region=region))


def _fixed(keys: AwsKeys) -> KeySource:
    async def source() -> AwsKeys:
        return keys

    return source


def _gcs(options: Mapping[str, str]) -> ObjectStorage:
    tokens = GoogleTokens(service_account(options.get("credential", ""), os.environ), os.environ)
    bucket = _bucket(options.get("endpoint") or ENDPOINT, options, in_path=True)
    return S3Storage(bucket, BearerSigner(Kept(tokens)))


def _oss(options: Mapping[str, str]) -> ObjectStorage:
    signer = ResourceSigner("OSS", options["access_key_id"], options["access_key_secret"], bucket=options["bucket"])
    return S3Storage(_bucket(options["endpoint"], options), signer)


def _cos(options: Mapping[str, str]) -> ObjectStorage:
    return S3Storage(_bucket(options["endpoint"], options), CosSigner(options["secret_id"], options["secret_key"]))


def _obs(options: Mapping[str, str]) -> ObjectStorage:
    signer = ResourceSigner("OBS", options["access_key_id"], options["secret_access_key"], bucket=options["bucket"])
    return S3Storage(_bucket(options["endpoint"], options), signer)


def _azblob(options: Mapping[str, str]) -> ObjectStorage:
    account = options["account_name"]
    url = options.get("endpoint") or f"https://{account}.blob.core.windows.net"
    return AzureStorage(url, options["container"], SharedKeySigner(account, options["account_key"]))


def _bucket(endpoint: str, options: Mapping[str, str], *, in_path: bool = False) -> Bucket:
    return place(endpoint, options["bucket"], in_path=in_path, prefix=options.get("root", "").strip("/"))


_KNOWN: Mapping[str, tuple[set[str], set[str], Callable[[Mapping[str, str]], ObjectStorage]]] = {
    "s3": (
        {"bucket"},
        {
            "root",
            "endpoint",
            "region",
            "access_key_id",
            "secret_access_key",
            "session_token",
            "enable_virtual_host_style",
        },
        _s3,
    ),
    "gcs": ({"bucket"}, {"root", "endpoint", "credential"}, _gcs),
    "oss": ({"bucket", "endpoint", "access_key_id", "access_key_secret"}, {"root"}, _oss),
    "cos": ({"bucket", "endpoint", "secret_id", "secret_key"}, {"root"}, _cos),
    "obs": ({"bucket", "endpoint", "access_key_id", "secret_access_key"}, {"root"}, _obs),
    "azblob": ({"container", "account_name", "account_key"}, {"endpoint"}, _azblob),
}
"""What each service needs, what it may have besides, and its client."""
