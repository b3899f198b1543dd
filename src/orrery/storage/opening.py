"""Opens the object storage that the settings name. Each kind's module is loaded only when it is chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, cast

from orrery.storage.local import LocalStorage
from orrery.storage.protocol import ObjectStorage
from orrery.storage.required import StorageConfigurationError

if TYPE_CHECKING:
    from orrery.settings.groups.storage import Storage

Opener = Callable[["Storage"], ObjectStorage]

KINDS: Mapping[str, str] = {
    "opendal": "orrery.storage.opendal:open_opendal",
    "local": "orrery.storage.opening:open_local",
    "s3": "orrery.storage.s3.vendors:open_s3",
    "azure-blob": "orrery.storage.azure.client:open_azure",
    "google-storage": "orrery.storage.google:open_google",
    "aliyun-oss": "orrery.storage.s3.vendors:open_aliyun",
    "tencent-cos": "orrery.storage.s3.vendors:open_tencent",
    "oci-storage": "orrery.storage.s3.vendors:open_oci",
    "huawei-obs": "orrery.storage.s3.vendors:open_huawei",
    "baidu-obs": "orrery.storage.s3.vendors:open_baidu",
    "volcengine-tos": "orrery.storage.s3.vendors:open_volcengine",
    "supabase": "orrery.storage.supabase:open_supabase",
    "clickzetta-volume": "orrery.storage.clickzetta:open_clickzetta",
}
"""The opener of each value of STORAGE_TYPE, in the contract's order."""


def open_storage(settings: Storage) -> ObjectStorage:
    """The storage of ``settings``; asks nothing of a server. Raises `StorageConfigurationError`, `StorageUnavailable`."""
    where = KINDS.get(settings.type)
    if where is None:
        raise StorageConfigurationError(
            f"STORAGE_TYPE is {settings.type!r}, which is not supported. Set it to one of: {', '.join(KINDS)}."
        )
    module, _, name = where.partition(":")
    return cast("Opener", getattr(import_module(module), name))(settings)


def open_local(settings: Storage) -> LocalStorage:
    """Files of one folder."""
    return LocalStorage(settings.local_path)


def where_it_is(settings: Storage) -> str:
    """The kind and what it is about, without secrets: a folder, or a bucket."""
    kind, s = settings.type, settings
    if kind == "opendal":
        return f"opendal, folder {s.opendal_fs_root}" if s.opendal_scheme == "fs" else f"opendal, {s.opendal_scheme}"
    places = {
        "local": f"folder {s.local_path}",
        "s3": f"bucket {s.s3_bucket}" + (f" at {s.s3_endpoint}" if s.s3_endpoint else ""),
        "azure-blob": f"container {s.azure_container}",
        "google-storage": f"bucket {s.google_bucket}",
        "aliyun-oss": f"bucket {s.aliyun_bucket}",
        "tencent-cos": f"bucket {s.tencent_bucket or s.tencent_domain}",
        "oci-storage": f"bucket {s.oci_bucket}",
        "huawei-obs": f"bucket {s.huawei_bucket}",
        "baidu-obs": f"bucket {s.baidu_bucket}",
        "volcengine-tos": f"bucket {s.volcengine_bucket}",
        "supabase": f"bucket {s.supabase_bucket}",
        "clickzetta-volume": f"volume {s.clickzetta_volume or s.clickzetta_type}",
    }
    return f"{kind}, {places[kind]}" if kind in places else kind
