"""The daemon's variables: its own names, the storage that they name, and the keys whose signatures it takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.plugin_packages import public_pem

from orrery.plugins.daemon.naming import OWN_NAMES, by_setting
from orrery.plugins.daemon.role import application, keys_of
from orrery.plugins.library.keeping import open_plugin_storage, storage_of
from orrery.settings.declare import declared
from orrery.settings.errors import SettingsError
from orrery.settings.groups.plugin_daemon import PluginDaemon
from orrery.settings.load import groups, load_settings
from orrery.storage.required import StorageConfigurationError

KEY = "a-key-of-our-own-42"


def test_own_names_stand_for_declared_settings() -> None:
    known = {name for group in groups().values() for f in declared(group) for name in (f.env.name, *f.env.aliases)}
    assert set(OWN_NAMES.values()) <= known


def test_a_settings_own_name_wins() -> None:
    environ = {"SERVER_KEY": "a", "SERVER_PORT": "1", "PLUGIN_DAEMON_PORT": "2", "S3_ENDPOINT": "", "OTHER": "x"}
    assert by_setting(environ) == {"PLUGIN_DAEMON_KEY": "a"}


def test_the_local_kind_is_a_folder(tmp_path: Path) -> None:
    assert storage_of(PluginDaemon()).local_path == Path("/app/storage")
    assert storage_of(PluginDaemon(), tmp_path).local_path == tmp_path / "plugins"
    assert storage_of(PluginDaemon(storage_root=tmp_path / "x"), tmp_path).local_path == tmp_path / "x"


def test_s3_is_aws_or_a_service_that_speaks_like_it() -> None:
    minio = PluginDaemon(
        storage_type="aws_s3", bucket="b", s3_endpoint="http://minio:9000", s3_path_style=True, aws_access_key="k",
        aws_secret_key="s",
    )  # fmt: skip
    found = storage_of(minio)
    assert (found.type, found.s3_bucket, found.s3_endpoint, found.s3_region) == (
        "s3", "b", "http://minio:9000", "us-east-1"
    )  # fmt: skip
    assert found.s3_address_style == "path"
    assert storage_of(PluginDaemon(storage_type="aws_s3", s3_use_aws=True, s3_endpoint="http://x")).s3_endpoint == ""


def test_azures_connection_string_is_taken_apart() -> None:
    text = "DefaultEndpointsProtocol=https;AccountName=acc;AccountKey=a2V5==;EndpointSuffix=core.windows.net"
    found = storage_of(PluginDaemon(storage_type="azure_blob", azure_connection=text, azure_container="c"))
    assert (found.azure_account, found.azure_key, found.azure_container) == ("acc", "a2V5==", "c")
    assert found.azure_url == "https://acc.blob.core.windows.net"
    local = "AccountName=dev;AccountKey=eA==;BlobEndpoint=http://127.0.0.1:10000/dev"
    assert storage_of(PluginDaemon(storage_type="azure_blob", azure_connection=local)).azure_url.endswith("/dev")


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (PluginDaemon(storage_type="aws_s3"), "PLUGIN_STORAGE_OSS_BUCKET"),
        (PluginDaemon(storage_type="aws_s3", bucket="b"), "PLUGIN_AWS_ACCESS_KEY"),
        (PluginDaemon(storage_type="azure_blob"), "PLUGIN_AZURE_BLOB_STORAGE_CONNECTION_STRING"),
        (PluginDaemon(storage_type="aliyun_oss", bucket="b"), "PLUGIN_ALIYUN_OSS_ACCESS_KEY_SECRET"),
        (PluginDaemon(storage_type="tencent_cos", bucket="b"), "PLUGIN_TENCENT_COS_SECRET_ID"),
        (PluginDaemon(storage_type="volcengine_tos", bucket="b"), "PLUGIN_VOLCENGINE_TOS_ENDPOINT"),
    ],
)
def test_what_is_missing_is_named_as_the_operator_knows_it(settings: PluginDaemon, name: str) -> None:
    with pytest.raises(StorageConfigurationError, match=name):
        open_plugin_storage(settings)


def test_keys_are_read_where_they_are_switched_on(tmp_path: Path) -> None:
    good = tmp_path / "good.pem"
    good.write_bytes(b"\n" + public_pem() + b"\n")
    assert keys_of(PluginDaemon(keys=(str(good),))) == []
    assert [key.label for key in keys_of(PluginDaemon(keys=(str(good),), keys_enabled=True))] == ["good.pem"]
    (tmp_path / "bad.pem").write_text("nonsense")
    for name, words in (("bad.pem", "bad.pem is not one public key"), ("none.pem", "can't be read")):
        with pytest.raises(SettingsError, match=words):
            keys_of(PluginDaemon(keys=(str(tmp_path / name),), keys_enabled=True))


@pytest.mark.parametrize("key", ["", "plugin-api-key", "lYkiYYT6owG+71oLerGzA7GXCgOT++6ovaezWAjpCjf+Sjc3ZtU+qUEi"])
def test_a_fleets_daemon_refuses_to_start_with_a_published_key(key: str, tmp_path: Path) -> None:
    environ = {"PLUGIN_DAEMON_KEY": key, "ORRERY_SECRETS_DIR": str(tmp_path)}
    with pytest.raises(SettingsError, match="PLUGIN_DAEMON_KEY"):
        load_settings(environ, shape="fleet", required_secrets={"PLUGIN_DAEMON_KEY"})


def test_it_needs_no_other_secret(tmp_path: Path) -> None:
    environ = {
        "PLUGIN_DAEMON_KEY": KEY, "ORRERY_SECRETS_DIR": str(tmp_path), "PLUGIN_STORAGE_LOCAL_ROOT": str(tmp_path / "s")
    }  # fmt: skip
    settings = load_settings(environ, shape="fleet", required_secrets={"PLUGIN_DAEMON_KEY"})
    application(settings)
    assert (tmp_path / "s").is_dir()
