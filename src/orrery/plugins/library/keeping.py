"""The object storage of plugins: the product's own clients, told by the daemon's variables (deployment.md 7.4)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from orrery.settings.groups.plugin_daemon import PluginDaemon
from orrery.settings.groups.storage import Storage
from orrery.storage.opening import open_storage
from orrery.storage.protocol import ObjectStorage
from orrery.storage.required import StorageConfigurationError

_NAMES = {
    "S3_BUCKET_NAME": "PLUGIN_STORAGE_OSS_BUCKET",
    "S3_ACCESS_KEY": "PLUGIN_AWS_ACCESS_KEY",
    "S3_SECRET_KEY": "PLUGIN_AWS_SECRET_KEY",
    "AZURE_BLOB_ACCOUNT_NAME": "AccountName in PLUGIN_AZURE_BLOB_STORAGE_CONNECTION_STRING",
    "AZURE_BLOB_ACCOUNT_KEY": "AccountKey in PLUGIN_AZURE_BLOB_STORAGE_CONNECTION_STRING",
    "AZURE_BLOB_CONTAINER_NAME": "PLUGIN_AZURE_BLOB_STORAGE_CONTAINER_NAME",
    "ALIYUN_OSS_BUCKET_NAME": "PLUGIN_STORAGE_OSS_BUCKET",
    "ALIYUN_OSS_ACCESS_KEY": "PLUGIN_ALIYUN_OSS_ACCESS_KEY_ID",
    "ALIYUN_OSS_SECRET_KEY": "PLUGIN_ALIYUN_OSS_ACCESS_KEY_SECRET",
    "ALIYUN_OSS_ENDPOINT": "PLUGIN_ALIYUN_OSS_ENDPOINT",
    "ALIYUN_OSS_REGION": "PLUGIN_ALIYUN_OSS_REGION",
    "TENCENT_COS_BUCKET_NAME": "PLUGIN_STORAGE_OSS_BUCKET",
    "TENCENT_COS_SECRET_ID": "PLUGIN_TENCENT_COS_SECRET_ID",
    "TENCENT_COS_SECRET_KEY": "PLUGIN_TENCENT_COS_SECRET_KEY",
    "TENCENT_COS_REGION": "PLUGIN_TENCENT_COS_REGION",
    "VOLCENGINE_TOS_BUCKET_NAME": "PLUGIN_STORAGE_OSS_BUCKET",
    "VOLCENGINE_TOS_ENDPOINT": "PLUGIN_VOLCENGINE_TOS_ENDPOINT",
    "VOLCENGINE_TOS_ACCESS_KEY": "PLUGIN_VOLCENGINE_TOS_ACCESS_KEY",
    "VOLCENGINE_TOS_SECRET_KEY": "PLUGIN_VOLCENGINE_TOS_SECRET_KEY",
    "VOLCENGINE_TOS_REGION": "PLUGIN_VOLCENGINE_TOS_REGION",
}
"""What the clients call their variables, and what the daemon calls them."""


def open_plugin_storage(settings: PluginDaemon, home: Path | None = None) -> ObjectStorage:
    """Asks nothing of a server. With a ``home`` and no folder that was chosen, the local kind is a folder there.

    Raises `StorageConfigurationError`, `StorageUnavailable`.
    """
    try:
        return open_storage(storage_of(settings, home))
    except StorageConfigurationError as error:
        text = str(error)
        # The longer names first: some begin with others.
        for name in sorted(_NAMES, key=len, reverse=True):
            text = text.replace(name, _NAMES[name])
        raise StorageConfigurationError(text) from error


def storage_of(settings: PluginDaemon, home: Path | None = None) -> Storage:
    """The settings of the product's clients."""
    s = settings
    if s.storage_type == "local":
        chosen = s.storage_root != PluginDaemon().storage_root
        return Storage(type="local", local_path=s.storage_root if chosen or home is None else home / "plugins")
    if s.storage_type == "aws_s3":
        return Storage(
            type="s3",
            s3_endpoint="" if s.s3_use_aws else s.s3_endpoint,
            s3_region=s.aws_region or Storage().s3_region,
            s3_bucket=s.bucket,
            s3_access_key=s.aws_access_key,
            s3_secret_key=s.aws_secret_key,
            s3_address_style="path" if s.s3_path_style else "virtual",
            s3_managed_iam=s.s3_managed_iam,
        )
    if s.storage_type == "azure_blob":
        return _azure(s)
    if s.storage_type == "aliyun_oss":
        return Storage(
            type="aliyun-oss",
            aliyun_bucket=s.bucket,
            aliyun_access_key=s.aliyun_access_key,
            aliyun_secret_key=s.aliyun_secret_key,
            aliyun_endpoint=s.aliyun_endpoint,
            aliyun_region=s.aliyun_region,
            aliyun_auth_version=s.aliyun_auth_version,
            aliyun_path=s.aliyun_path,
        )
    if s.storage_type == "tencent_cos":
        return Storage(
            type="tencent-cos",
            tencent_bucket=s.bucket,
            tencent_region=s.tencent_region,
            tencent_secret_id=s.tencent_secret_id,
            tencent_secret_key=s.tencent_secret_key,
        )
    return Storage(
        type="volcengine-tos",
        volcengine_bucket=s.bucket,
        volcengine_access_key=s.volcengine_access_key,
        volcengine_secret_key=s.volcengine_secret_key,
        volcengine_endpoint=s.volcengine_endpoint,
        volcengine_region=s.volcengine_region,
    )


def _azure(settings: PluginDaemon) -> Storage:
    parts = connection_parts(settings.azure_connection)
    account = parts.get("AccountName", "")
    protocol, suffix = parts.get("DefaultEndpointsProtocol", "https"), parts.get("EndpointSuffix", "core.windows.net")
    return Storage(
        type="azure-blob",
        azure_account=account,
        azure_key=parts.get("AccountKey", ""),
        azure_container=settings.azure_container or settings.bucket,
        azure_url=parts.get("BlobEndpoint") or f"{protocol}://{account}.blob.{suffix}",
    )


def connection_parts(text: str) -> Mapping[str, str]:
    """The parts of a connection string: ``name=value`` between semicolons."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip()}
