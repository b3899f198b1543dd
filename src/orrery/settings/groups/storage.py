"""Where files are kept: the kind, and the variables of every kind of the contract."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from orrery.settings.declare import Env, Group, Scan


class Storage(Group, frozen=True, kw_only=True):
    """Where files are kept. Only the variables of the kind that ``type`` names are looked at."""

    type: Annotated[str, Env("STORAGE_TYPE", "kind of object storage")] = "opendal"
    local_path: Annotated[Path, Env("STORAGE_LOCAL_PATH", "folder of the local kind")] = Path("storage")
    opendal_scheme: Annotated[
        str,
        Env("OPENDAL_SCHEME", "service of the opendal kind; each OPENDAL_<SCHEME>_<KEY> is one of its options"),
    ] = "fs"
    opendal_fs_root: Annotated[Path, Env("OPENDAL_FS_ROOT", "folder of the opendal fs service")] = Path("storage")
    opendal_options: Annotated[Mapping[str, str], Scan("OPENDAL_")] = {}

    s3_endpoint: Annotated[str, Env("S3_ENDPOINT", "address of an S3-compatible service; empty is AWS")] = ""
    s3_region: Annotated[str, Env("S3_REGION", "region of the s3 kind")] = "us-east-1"
    s3_bucket: Annotated[str, Env("S3_BUCKET_NAME", "bucket of the s3 kind")] = ""
    s3_access_key: Annotated[str, Env("S3_ACCESS_KEY", "access key of the s3 kind", secret=True)] = ""
    s3_secret_key: Annotated[str, Env("S3_SECRET_KEY", "secret key of the s3 kind", secret=True)] = ""
    s3_address_style: Annotated[
        Literal["auto", "virtual", "path"], Env("S3_ADDRESS_STYLE", "bucket in the host name or in the path")
    ] = "auto"
    s3_managed_iam: Annotated[
        bool, Env("S3_USE_AWS_MANAGED_IAM", "take credentials from the role of the container or machine")
    ] = False

    azure_account: Annotated[str, Env("AZURE_BLOB_ACCOUNT_NAME", "account of the azure-blob kind")] = ""
    azure_key: Annotated[
        str, Env("AZURE_BLOB_ACCOUNT_KEY", "account key; managedidentity takes the machine's identity", secret=True)
    ] = ""
    azure_container: Annotated[str, Env("AZURE_BLOB_CONTAINER_NAME", "container of the azure-blob kind")] = ""
    azure_url: Annotated[str, Env("AZURE_BLOB_ACCOUNT_URL", "address of the account; empty is Azure's own")] = ""

    google_bucket: Annotated[str, Env("GOOGLE_STORAGE_BUCKET_NAME", "bucket of the google-storage kind")] = ""
    google_account: Annotated[
        str,
        Env(
            "GOOGLE_STORAGE_SERVICE_ACCOUNT_JSON_BASE64",
            "service account's key file in base64; empty takes the machine's default credentials",
            secret=True,
        ),
    ] = ""

    aliyun_bucket: Annotated[str, Env("ALIYUN_OSS_BUCKET_NAME", "bucket of the aliyun-oss kind")] = ""
    aliyun_access_key: Annotated[
        str, Env("ALIYUN_OSS_ACCESS_KEY", "access key of the aliyun-oss kind", secret=True)
    ] = ""
    aliyun_secret_key: Annotated[
        str, Env("ALIYUN_OSS_SECRET_KEY", "secret key of the aliyun-oss kind", secret=True)
    ] = ""
    aliyun_endpoint: Annotated[str, Env("ALIYUN_OSS_ENDPOINT", "address of the aliyun-oss kind")] = ""
    aliyun_region: Annotated[str, Env("ALIYUN_OSS_REGION", "region of the aliyun-oss kind")] = ""
    aliyun_auth_version: Annotated[
        Literal["v1", "v4"], Env("ALIYUN_OSS_AUTH_VERSION", "signature of the aliyun-oss kind")
    ] = "v4"
    aliyun_path: Annotated[str, Env("ALIYUN_OSS_PATH", "what all keys begin with, without a leading slash")] = ""
    aliyun_cloudbox: Annotated[str, Env("ALIYUN_CLOUDBOX_ID", "CloudBox of the aliyun-oss kind")] = ""

    tencent_bucket: Annotated[str, Env("TENCENT_COS_BUCKET_NAME", "bucket of the tencent-cos kind")] = ""
    tencent_region: Annotated[str, Env("TENCENT_COS_REGION", "region of the tencent-cos kind")] = ""
    tencent_secret_id: Annotated[
        str, Env("TENCENT_COS_SECRET_ID", "secret id of the tencent-cos kind", secret=True)
    ] = ""
    tencent_secret_key: Annotated[
        str, Env("TENCENT_COS_SECRET_KEY", "secret key of the tencent-cos kind", secret=True)
    ] = ""
    tencent_scheme: Annotated[str, Env("TENCENT_COS_SCHEME", "http or https; empty is https")] = ""
    tencent_domain: Annotated[str, Env("TENCENT_COS_CUSTOM_DOMAIN", "the bucket's own domain")] = ""

    oci_endpoint: Annotated[str, Env("OCI_ENDPOINT", "address of the oci-storage kind")] = ""
    oci_bucket: Annotated[str, Env("OCI_BUCKET_NAME", "bucket of the oci-storage kind")] = ""
    oci_access_key: Annotated[str, Env("OCI_ACCESS_KEY", "access key of the oci-storage kind", secret=True)] = ""
    oci_secret_key: Annotated[str, Env("OCI_SECRET_KEY", "secret key of the oci-storage kind", secret=True)] = ""
    oci_region: Annotated[str, Env("OCI_REGION", "region of the oci-storage kind")] = "us-ashburn-1"

    huawei_bucket: Annotated[str, Env("HUAWEI_OBS_BUCKET_NAME", "bucket of the huawei-obs kind")] = ""
    huawei_access_key: Annotated[
        str, Env("HUAWEI_OBS_ACCESS_KEY", "access key of the huawei-obs kind", secret=True)
    ] = ""
    huawei_secret_key: Annotated[
        str, Env("HUAWEI_OBS_SECRET_KEY", "secret key of the huawei-obs kind", secret=True)
    ] = ""
    huawei_server: Annotated[str, Env("HUAWEI_OBS_SERVER", "address of the huawei-obs kind")] = ""
    huawei_path_style: Annotated[bool, Env("HUAWEI_OBS_PATH_STYLE", "bucket in the path instead of the host name")] = (
        False
    )

    volcengine_bucket: Annotated[str, Env("VOLCENGINE_TOS_BUCKET_NAME", "bucket of the volcengine-tos kind")] = ""
    volcengine_access_key: Annotated[
        str, Env("VOLCENGINE_TOS_ACCESS_KEY", "access key of the volcengine-tos kind", secret=True)
    ] = ""
    volcengine_secret_key: Annotated[
        str, Env("VOLCENGINE_TOS_SECRET_KEY", "secret key of the volcengine-tos kind", secret=True)
    ] = ""
    volcengine_endpoint: Annotated[str, Env("VOLCENGINE_TOS_ENDPOINT", "address of the volcengine-tos kind")] = ""
    volcengine_region: Annotated[str, Env("VOLCENGINE_TOS_REGION", "region of the volcengine-tos kind")] = ""

    baidu_bucket: Annotated[str, Env("BAIDU_OBS_BUCKET_NAME", "bucket of the baidu-obs kind")] = ""
    baidu_access_key: Annotated[str, Env("BAIDU_OBS_ACCESS_KEY", "access key of the baidu-obs kind", secret=True)] = ""
    baidu_secret_key: Annotated[str, Env("BAIDU_OBS_SECRET_KEY", "secret key of the baidu-obs kind", secret=True)] = ""
    baidu_endpoint: Annotated[str, Env("BAIDU_OBS_ENDPOINT", "address of the baidu-obs kind")] = ""

    supabase_bucket: Annotated[str, Env("SUPABASE_BUCKET_NAME", "bucket of the supabase kind")] = ""
    supabase_key: Annotated[str, Env("SUPABASE_API_KEY", "key of the supabase kind", secret=True)] = ""
    supabase_url: Annotated[str, Env("SUPABASE_URL", "address of the supabase project")] = ""

    clickzetta_username: Annotated[str, Env("CLICKZETTA_VOLUME_USERNAME", "user; else CLICKZETTA_USERNAME")] = ""
    clickzetta_password: Annotated[
        str, Env("CLICKZETTA_VOLUME_PASSWORD", "password; else CLICKZETTA_PASSWORD", secret=True)
    ] = ""
    clickzetta_instance: Annotated[str, Env("CLICKZETTA_VOLUME_INSTANCE", "instance; else CLICKZETTA_INSTANCE")] = ""
    clickzetta_service: Annotated[str, Env("CLICKZETTA_VOLUME_SERVICE", "address of the service")] = (
        "api.clickzetta.com"
    )
    clickzetta_workspace: Annotated[str, Env("CLICKZETTA_VOLUME_WORKSPACE", "workspace")] = "quick_start"
    clickzetta_vcluster: Annotated[str, Env("CLICKZETTA_VOLUME_VCLUSTER", "virtual cluster")] = "default_ap"
    clickzetta_schema: Annotated[str, Env("CLICKZETTA_VOLUME_SCHEMA", "schema")] = "dify"
    clickzetta_type: Annotated[
        Literal["user", "table", "external"], Env("CLICKZETTA_VOLUME_TYPE", "kind of volume")
    ] = "user"
    clickzetta_volume: Annotated[str, Env("CLICKZETTA_VOLUME_NAME", "name of an external volume")] = ""
    clickzetta_folder: Annotated[str, Env("CLICKZETTA_VOLUME_DIFY_PREFIX", "folder in the user's volume")] = "dify_km"
    clickzetta_options: Annotated[Mapping[str, str], Scan("CLICKZETTA_")] = {}
