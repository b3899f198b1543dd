"""What each kind's variables become: address, place in it, and what is said when something is missing."""

from __future__ import annotations

import pytest

from orrery.settings.groups.storage import Storage
from orrery.storage.opening import KINDS, StorageConfigurationError, open_storage, where_it_is
from orrery.storage.s3.client import S3Storage

KEYS = {"access_key": "AK", "secret_key": "SK"}


def prefixed(vendor: str, **values: str) -> dict[str, str]:
    return {f"{vendor}_{name}": text for name, text in {**KEYS, "bucket": "box", **values}.items()}


TENCENT = {"tencent_secret_id": "AK", "tencent_secret_key": "SK"}
CASES = {
    "s3 on aws": ("s3", prefixed("s3", region="eu-west-1"), "https://box.s3.eu-west-1.amazonaws.com/k"),
    "s3 in china": ("s3", prefixed("s3", region="cn-north-1"), "https://box.s3.cn-north-1.amazonaws.com.cn/k"),
    "s3 elsewhere": ("s3", prefixed("s3", endpoint="https://minio:9000"), "https://minio:9000/box/k"),
    "s3 by host": (
        "s3",
        prefixed("s3", endpoint="https://r2.example.com", address_style="virtual"),
        "https://box.r2.example.com/k",
    ),
    "s3 with dots": ("s3", prefixed("s3", bucket="my.box"), "https://s3.us-east-1.amazonaws.com/my.box/k"),
    "s3 with a role": (
        "s3",
        {"s3_bucket": "box", "s3_managed_iam": True, "s3_endpoint": "https://minio:9000"},
        "https://box.s3.us-east-1.amazonaws.com/k",
    ),
    "oci": (
        "oci-storage",
        prefixed("oci", endpoint="https://ns.compat.example.com"),
        "https://ns.compat.example.com/box/k",
    ),
    "aliyun": (
        "aliyun-oss",
        prefixed(
            "aliyun", endpoint="https://oss-cn-hangzhou.aliyuncs.com", region="oss-cn-hangzhou", path="some/place/"
        ),
        "https://box.oss-cn-hangzhou.aliyuncs.com/some/place/k",
    ),
    "aliyun, placeholder path": (
        "aliyun-oss",
        prefixed("aliyun", endpoint="oss-cn-hangzhou.aliyuncs.com", region="cn-hangzhou", path="your-path"),
        "https://box.oss-cn-hangzhou.aliyuncs.com/k",
    ),
    "tencent": (
        "tencent-cos",
        {**TENCENT, "tencent_bucket": "box-125", "tencent_region": "ap-guangzhou", "tencent_scheme": "http"},
        "http://box-125.cos.ap-guangzhou.myqcloud.com/k",
    ),
    "tencent, own domain": (
        "tencent-cos",
        {**TENCENT, "tencent_domain": "files.example.com"},
        "https://files.example.com/k",
    ),
    "huawei": (
        "huawei-obs",
        prefixed("huawei", server="obs.cn-north-4.example.com"),
        "https://box.obs.cn-north-4.example.com/k",
    ),
    "huawei, by path": (
        "huawei-obs",
        {**prefixed("huawei", server="https://obs.example.com"), "huawei_path_style": True},
        "https://obs.example.com/box/k",
    ),
    "volcengine": (
        "volcengine-tos",
        prefixed("volcengine", endpoint="tos-cn-beijing.volces.com", region="cn-beijing"),
        "https://box.tos-s3-cn-beijing.volces.com/k",
    ),
    "volcengine, already s3": (
        "volcengine-tos",
        prefixed("volcengine", endpoint="https://tos-s3-cn-beijing.ivolces.com", region="cn-beijing"),
        "https://box.tos-s3-cn-beijing.ivolces.com/k",
    ),
    "baidu": ("baidu-obs", prefixed("baidu", endpoint="https://bj.bcebos.com"), "https://box.s3.bj.bcebos.com/k"),
    "a number": ("baidu-obs", prefixed("baidu", endpoint="http://10.0.0.7:8080"), "http://10.0.0.7:8080/box/k"),
}


@pytest.mark.parametrize("name", CASES)
def test_where_an_object_lies(name: str) -> None:
    kind, values, url = CASES[name]
    storage = open_storage(Storage(type=kind, **values))  # type: ignore[arg-type]
    assert isinstance(storage, S3Storage)
    assert storage._bucket.on_object("GET", "k").url() == url


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in {"local", "opendal"}])
def test_what_is_missing_is_named(kind: str) -> None:
    with pytest.raises(StorageConfigurationError, match=rf"STORAGE_TYPE is {kind}, but .*[A-Z_]+ (is|are) not set"):
        open_storage(Storage(type=kind))


def test_the_placeholders_of_the_contracts_file_count_as_missing() -> None:
    values = prefixed("huawei", bucket="your-bucket-name", server="your-server-url")
    with pytest.raises(StorageConfigurationError, match="HUAWEI_OBS_BUCKET_NAME and HUAWEI_OBS_SERVER are not set"):
        open_storage(Storage(type="huawei-obs", **values))  # type: ignore[arg-type]


def test_where_it_is_shows_no_secret() -> None:
    for kind in KINDS:
        text = where_it_is(Storage(type=kind, s3_secret_key="hidden", azure_key="hidden", supabase_key="hidden"))
        assert text.startswith(kind)
        assert "hidden" not in text
