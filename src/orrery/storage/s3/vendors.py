"""The services that speak S3: how each is addressed and signed."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from orrery.storage.required import given, require
from orrery.storage.s3.aws_identity import AwsIdentity
from orrery.storage.s3.bucket import Bucket, place
from orrery.storage.s3.client import S3Storage
from orrery.storage.signing.aliyun import OssSigner
from orrery.storage.signing.aws import AwsSigner, KeySource, fixed_keys
from orrery.storage.signing.bearer import Kept
from orrery.storage.signing.resource import ResourceSigner
from orrery.storage.signing.tencent import CosSigner
from orrery.storage.transport import Signer

if TYPE_CHECKING:
    from orrery.settings.groups.storage import Storage


_VOLCENGINE_HOST = re.compile(r"^tos-(?!s3-)(.+\.i?volces\.com)$")
_BAIDU_HOST = re.compile(r"^(?!s3\.)(.+\.bcebos\.com)$")
"""Hosts at which these two speak a protocol of their own; beside each stands one that speaks S3."""


def open_s3(settings: Storage) -> S3Storage:
    """AWS, or any service that speaks its protocol at S3_ENDPOINT. Makes the bucket if it does not exist."""
    s, region = settings, given(settings.s3_region) or "us-east-1"
    require("s3", {"S3_BUCKET_NAME": s.s3_bucket})
    keys: KeySource
    if s.s3_managed_iam:
        keys = Kept(AwsIdentity(os.environ, region=region))
    else:
        require("s3", {"S3_ACCESS_KEY": s.s3_access_key, "S3_SECRET_KEY": s.s3_secret_key})
        keys = fixed_keys(s.s3_access_key, s.s3_secret_key)
    # With the role of the machine there is only AWS: the contract leaves the endpoint out then.
    endpoint = "" if s.s3_managed_iam else given(s.s3_endpoint)
    style = "auto" if s.s3_managed_iam else s.s3_address_style
    in_path = style == "path" or (style == "auto" and (bool(endpoint) or "." in s.s3_bucket))
    bucket = place(endpoint or _aws_endpoint(region), s.s3_bucket, in_path=in_path, location=region)
    return S3Storage(bucket, AwsSigner(keys, region=region))


def open_oci(settings: Storage) -> S3Storage:
    """Oracle Cloud, through its S3 compatibility API."""
    s = settings
    values = {"OCI_ENDPOINT": s.oci_endpoint, "OCI_BUCKET_NAME": s.oci_bucket}
    require("oci-storage", {**values, "OCI_ACCESS_KEY": s.oci_access_key, "OCI_SECRET_KEY": s.oci_secret_key})
    signer = AwsSigner(fixed_keys(s.oci_access_key, s.oci_secret_key), region=given(s.oci_region) or "us-ashburn-1")
    return S3Storage(place(s.oci_endpoint, s.oci_bucket, in_path=True), signer)


def open_aliyun(settings: Storage) -> S3Storage:
    """Alibaba Cloud OSS, with its own signatures."""
    s = settings
    values = {"ALIYUN_OSS_BUCKET_NAME": s.aliyun_bucket, "ALIYUN_OSS_ENDPOINT": s.aliyun_endpoint}
    keys = {"ALIYUN_OSS_ACCESS_KEY": s.aliyun_access_key, "ALIYUN_OSS_SECRET_KEY": s.aliyun_secret_key}
    require("aliyun-oss", values | keys)
    bucket = place(s.aliyun_endpoint, s.aliyun_bucket, in_path=False, prefix=given(s.aliyun_path).strip("/"))
    signer: Signer
    if s.aliyun_auth_version == "v1":
        signer = ResourceSigner("OSS", s.aliyun_access_key, s.aliyun_secret_key, bucket=s.aliyun_bucket)
    else:
        require("aliyun-oss", {"ALIYUN_OSS_REGION": s.aliyun_region})
        signer = OssSigner(
            s.aliyun_access_key,
            s.aliyun_secret_key,
            region=s.aliyun_region.removeprefix("oss-"),
            bucket=s.aliyun_bucket,
            cloudbox=given(s.aliyun_cloudbox),
        )
    return S3Storage(bucket, signer)


def open_tencent(settings: Storage) -> S3Storage:
    """Tencent COS. A custom domain stands for bucket and region."""
    s = settings
    scheme, domain = given(s.tencent_scheme) or "https", given(s.tencent_domain)
    values = {"TENCENT_COS_SECRET_ID": s.tencent_secret_id, "TENCENT_COS_SECRET_KEY": s.tencent_secret_key}
    if not domain:
        values |= {"TENCENT_COS_BUCKET_NAME": s.tencent_bucket, "TENCENT_COS_REGION": s.tencent_region}
    require("tencent-cos", values)
    signer = CosSigner(s.tencent_secret_id, s.tencent_secret_key)
    if domain:
        # The domain is the bucket's: nothing of it is added to host or path.
        name = urlsplit(domain if "://" in domain else f"{scheme}://{domain}").netloc
        return S3Storage(Bucket(base=f"{scheme}://{name}"), signer)
    host = f"{scheme}://cos.{s.tencent_region}.myqcloud.com"
    return S3Storage(place(host, s.tencent_bucket, in_path=False), signer)


def open_huawei(settings: Storage) -> S3Storage:
    """Huawei OBS, with its own signature."""
    s = settings
    values = {"HUAWEI_OBS_BUCKET_NAME": s.huawei_bucket, "HUAWEI_OBS_SERVER": s.huawei_server}
    keys = {"HUAWEI_OBS_ACCESS_KEY": s.huawei_access_key, "HUAWEI_OBS_SECRET_KEY": s.huawei_secret_key}
    require("huawei-obs", values | keys)
    signer = ResourceSigner("OBS", s.huawei_access_key, s.huawei_secret_key, bucket=s.huawei_bucket)
    return S3Storage(place(s.huawei_server, s.huawei_bucket, in_path=s.huawei_path_style), signer)


def open_volcengine(settings: Storage) -> S3Storage:
    """Volcengine TOS, through the address at which it speaks S3."""
    s = settings
    values = {"VOLCENGINE_TOS_BUCKET_NAME": s.volcengine_bucket, "VOLCENGINE_TOS_ENDPOINT": s.volcengine_endpoint}
    keys = {
        "VOLCENGINE_TOS_ACCESS_KEY": s.volcengine_access_key,
        "VOLCENGINE_TOS_SECRET_KEY": s.volcengine_secret_key,
        "VOLCENGINE_TOS_REGION": s.volcengine_region,
    }
    require("volcengine-tos", values | keys)
    endpoint = with_host(s.volcengine_endpoint, _VOLCENGINE_HOST, r"tos-s3-\1")
    signer = AwsSigner(fixed_keys(s.volcengine_access_key, s.volcengine_secret_key), region=s.volcengine_region)
    return S3Storage(place(endpoint, s.volcengine_bucket, in_path=False), signer)


def open_baidu(settings: Storage) -> S3Storage:
    """Baidu BOS, through the address at which it speaks S3."""
    s = settings
    values = {"BAIDU_OBS_BUCKET_NAME": s.baidu_bucket, "BAIDU_OBS_ENDPOINT": s.baidu_endpoint}
    keys = {"BAIDU_OBS_ACCESS_KEY": s.baidu_access_key, "BAIDU_OBS_SECRET_KEY": s.baidu_secret_key}
    require("baidu-obs", values | keys)
    endpoint = with_host(s.baidu_endpoint, _BAIDU_HOST, r"s3.\1")
    region = host_of(endpoint).removeprefix("s3.").partition(".")[0]
    signer = AwsSigner(fixed_keys(s.baidu_access_key, s.baidu_secret_key), region=region)
    return S3Storage(place(endpoint, s.baidu_bucket, in_path=False), signer)


def with_host(endpoint: str, pattern: re.Pattern[str], replacement: str) -> str:
    """``endpoint`` with its host exchanged where it fits the pattern."""
    host = host_of(endpoint)
    return endpoint.replace(host, pattern.sub(replacement, host), 1)


def host_of(endpoint: str) -> str:
    return urlsplit(endpoint if "://" in endpoint else f"https://{endpoint}").hostname or ""


def _aws_endpoint(region: str) -> str:
    suffix = ".com.cn" if region.startswith("cn-") else ".com"
    return f"https://s3.{region}.amazonaws{suffix}"
