"""A configuration server that settings come from: Apollo or Nacos."""

from __future__ import annotations

from typing import Annotated, Literal

from orrery.settings.declare import Env, Group


class Remote(Group, frozen=True, kw_only=True):
    """A configuration server that settings come from: Apollo or Nacos. These themselves come from the environment."""

    source: Annotated[
        Literal["", "apollo", "nacos"], Env("REMOTE_SETTINGS_SOURCE_NAME", "configuration server; empty: none")
    ] = ""
    apollo_app: Annotated[str, Env("APOLLO_APP_ID", "application id at Apollo")] = ""
    apollo_cluster: Annotated[str, Env("APOLLO_CLUSTER", "cluster at Apollo; empty: default")] = ""
    apollo_url: Annotated[str, Env("APOLLO_CONFIG_URL", "address of Apollo's config service")] = ""
    apollo_namespace: Annotated[str, Env("APOLLO_NAMESPACE", "namespace at Apollo; empty: application")] = ""
    apollo_secret: Annotated[
        str, Env("ORRERY_APOLLO_SECRET", "signs requests to Apollo where it wants that", secret=True)
    ] = ""
    nacos_server: Annotated[str, Env("DIFY_ENV_NACOS_SERVER_ADDR", "host:port of Nacos, or an http(s) address")] = (
        "localhost:8848"
    )
    nacos_user: Annotated[str, Env("DIFY_ENV_NACOS_USERNAME", "user at Nacos")] = ""
    nacos_password: Annotated[str, Env("DIFY_ENV_NACOS_PASSWORD", "password of that user", secret=True)] = ""
    nacos_access_key: Annotated[str, Env("DIFY_ENV_NACOS_ACCESS_KEY", "access key, instead of a user")] = ""
    nacos_secret_key: Annotated[str, Env("DIFY_ENV_NACOS_SECRET_KEY", "signs with the access key", secret=True)] = ""
    nacos_data_id: Annotated[str, Env("DIFY_ENV_NACOS_DATA_ID", "data id at Nacos")] = "dify-api-env.properties"
    nacos_group: Annotated[str, Env("DIFY_ENV_NACOS_GROUP", "group at Nacos")] = "nacos-dify"
    nacos_namespace: Annotated[str, Env("DIFY_ENV_NACOS_NAMESPACE", "namespace at Nacos")] = ""
    nacos_timeout: Annotated[
        float, Env("DIFY_ENV_NACOS_REQUEST_TIMEOUT", "seconds that an answer of Nacos may take", above=0)
    ] = 10.0
