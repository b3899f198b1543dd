"""The daemon's own names of variables, for whoever configures it by those (plugins.md 6.4)."""

from __future__ import annotations

from collections.abc import Mapping

_WITH_PREFIX = (
    "S3_USE_AWS",
    "S3_USE_AWS_MANAGED_IAM",
    "S3_ENDPOINT",
    "S3_USE_PATH_STYLE",
    "AWS_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "AWS_REGION",
    "AZURE_BLOB_STORAGE_CONNECTION_STRING",
    "AZURE_BLOB_STORAGE_CONTAINER_NAME",
    "TENCENT_COS_SECRET_ID",
    "TENCENT_COS_SECRET_KEY",
    "TENCENT_COS_REGION",
    "ALIYUN_OSS_REGION",
    "ALIYUN_OSS_ENDPOINT",
    "ALIYUN_OSS_ACCESS_KEY_ID",
    "ALIYUN_OSS_ACCESS_KEY_SECRET",
    "ALIYUN_OSS_AUTH_VERSION",
    "ALIYUN_OSS_PATH",
    "VOLCENGINE_TOS_ENDPOINT",
    "VOLCENGINE_TOS_ACCESS_KEY",
    "VOLCENGINE_TOS_SECRET_KEY",
    "VOLCENGINE_TOS_REGION",
)
OWN_NAMES: Mapping[str, str] = {
    "SERVER_PORT": "PLUGIN_DAEMON_PORT",
    "SERVER_KEY": "PLUGIN_DAEMON_KEY",
    "DIFY_INNER_API_KEY": "INNER_API_KEY_FOR_PLUGIN",
    "MAX_PLUGIN_PACKAGE_SIZE": "PLUGIN_MAX_PACKAGE_SIZE",
    "MAX_BUNDLE_PACKAGE_SIZE": "PLUGIN_MAX_BUNDLE_SIZE",
    **{name: f"PLUGIN_{name}" for name in _WITH_PREFIX},
}
"""The settings that the daemon's own names stand for."""


def by_setting(environ: Mapping[str, str]) -> dict[str, str]:
    """What is given by the daemon's own names, by the names of the settings, where those are not given themselves."""
    return {ours: environ[own] for own, ours in OWN_NAMES.items() if environ.get(own) and not environ.get(ours)}
