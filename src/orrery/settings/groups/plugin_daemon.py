"""The plugin daemon: where it listens, whose packages it takes, and where it keeps them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from orrery.settings.declare import Env, Group


class PluginDaemon(Group, frozen=True, kw_only=True):
    """The plugin daemon: where it listens, whose packages it takes, and where it keeps them."""

    port: Annotated[int, Env("PLUGIN_DAEMON_PORT", "port of the plugin daemon", at_least=1, at_most=65535)] = 5002
    max_bundle_bytes: Annotated[int, Env("PLUGIN_MAX_BUNDLE_SIZE", "largest bundle of plugins, bytes", at_least=1)] = (
        188743680
    )
    guard_vendor_name: Annotated[
        bool,
        Env(
            "ENFORCE_LANGGENIUS_PLUGIN_SIGNATURES",
            "refuse packages in bundles whose author is the vendor, but not their signature",
        ),
    ] = True
    keys_enabled: Annotated[
        bool,
        Env("THIRD_PARTY_SIGNATURE_VERIFICATION_ENABLED", "accept packages signed with the keys of the next variable"),
    ] = False
    keys: Annotated[
        tuple[str, ...],
        Env("THIRD_PARTY_SIGNATURE_VERIFICATION_PUBLIC_KEYS", "files of public keys in PEM, comma separated"),
    ] = ()

    storage_type: Annotated[
        Literal["local", "aws_s3", "tencent_cos", "azure_blob", "aliyun_oss", "volcengine_tos"],
        Env("PLUGIN_STORAGE_TYPE", "kind of object storage for plugin packages"),
    ] = "local"
    storage_root: Annotated[Path, Env("PLUGIN_STORAGE_LOCAL_ROOT", "folder of the local kind")] = Path("/app/storage")
    packages_folder: Annotated[str, Env("PLUGIN_PACKAGE_CACHE_PATH", "folder of packages in the storage")] = (
        "plugin_packages"
    )
    assets_folder: Annotated[str, Env("PLUGIN_MEDIA_CACHE_PATH", "folder of icons in the storage")] = "assets"
    bucket: Annotated[str, Env("PLUGIN_STORAGE_OSS_BUCKET", "bucket of the kinds other than local")] = ""

    s3_use_aws: Annotated[bool, Env("PLUGIN_S3_USE_AWS", "aws_s3 is AWS itself; the endpoint is ignored")] = False
    s3_managed_iam: Annotated[
        bool, Env("PLUGIN_S3_USE_AWS_MANAGED_IAM", "take credentials from the role of the container or machine")
    ] = False
    s3_endpoint: Annotated[str, Env("PLUGIN_S3_ENDPOINT", "address of an S3-compatible service; empty is AWS")] = ""
    s3_path_style: Annotated[bool, Env("PLUGIN_S3_USE_PATH_STYLE", "bucket in the path instead of the host name")] = (
        False
    )
    aws_access_key: Annotated[str, Env("PLUGIN_AWS_ACCESS_KEY", "access key of aws_s3", secret=True)] = ""
    aws_secret_key: Annotated[str, Env("PLUGIN_AWS_SECRET_KEY", "secret key of aws_s3", secret=True)] = ""
    aws_region: Annotated[str, Env("PLUGIN_AWS_REGION", "region of aws_s3; empty is us-east-1")] = ""

    azure_connection: Annotated[
        str,
        Env("PLUGIN_AZURE_BLOB_STORAGE_CONNECTION_STRING", "connection string of azure_blob's account", secret=True),
    ] = ""
    azure_container: Annotated[
        str, Env("PLUGIN_AZURE_BLOB_STORAGE_CONTAINER_NAME", "container of azure_blob; empty is the bucket")
    ] = ""

    tencent_secret_id: Annotated[str, Env("PLUGIN_TENCENT_COS_SECRET_ID", "secret id of tencent_cos", secret=True)] = ""
    tencent_secret_key: Annotated[
        str, Env("PLUGIN_TENCENT_COS_SECRET_KEY", "secret key of tencent_cos", secret=True)
    ] = ""
    tencent_region: Annotated[str, Env("PLUGIN_TENCENT_COS_REGION", "region of tencent_cos")] = ""

    aliyun_region: Annotated[str, Env("PLUGIN_ALIYUN_OSS_REGION", "region of aliyun_oss")] = ""
    aliyun_endpoint: Annotated[str, Env("PLUGIN_ALIYUN_OSS_ENDPOINT", "address of aliyun_oss")] = ""
    aliyun_access_key: Annotated[
        str, Env("PLUGIN_ALIYUN_OSS_ACCESS_KEY_ID", "access key of aliyun_oss", secret=True)
    ] = ""
    aliyun_secret_key: Annotated[
        str, Env("PLUGIN_ALIYUN_OSS_ACCESS_KEY_SECRET", "secret key of aliyun_oss", secret=True)
    ] = ""
    aliyun_auth_version: Annotated[
        Literal["v1", "v4"], Env("PLUGIN_ALIYUN_OSS_AUTH_VERSION", "signature of aliyun_oss")
    ] = "v4"
    aliyun_path: Annotated[str, Env("PLUGIN_ALIYUN_OSS_PATH", "what all keys begin with, without a leading slash")] = ""

    volcengine_endpoint: Annotated[str, Env("PLUGIN_VOLCENGINE_TOS_ENDPOINT", "address of volcengine_tos")] = ""
    volcengine_access_key: Annotated[
        str, Env("PLUGIN_VOLCENGINE_TOS_ACCESS_KEY", "access key of volcengine_tos", secret=True)
    ] = ""
    volcengine_secret_key: Annotated[
        str, Env("PLUGIN_VOLCENGINE_TOS_SECRET_KEY", "secret key of volcengine_tos", secret=True)
    ] = ""
    volcengine_region: Annotated[str, Env("PLUGIN_VOLCENGINE_TOS_REGION", "region of volcengine_tos")] = ""
