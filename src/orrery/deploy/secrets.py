"""Which variables hold secrets that an installation makes for itself, and which of them must be equal."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

STRONG = (
    "SECRET_KEY",
    "ORRERY_MASTER_KEY",
    "DB_PASSWORD",
    "REDIS_PASSWORD",
    "CODE_EXECUTION_API_KEY",
    "PLUGIN_DAEMON_KEY",
    "PLUGIN_DIFY_INNER_API_KEY",
    "WEAVIATE_API_KEY",
    "QDRANT_API_KEY",
    "CHROMA_SERVER_AUTHN_CREDENTIALS",
    "PGVECTOR_PASSWORD",
    "VASTBASE_PASSWORD",
    "OCEANBASE_VECTOR_PASSWORD",
    "COUCHBASE_PASSWORD",
    "OPENGAUSS_PASSWORD",
    "OPENSEARCH_PASSWORD",
    "ELASTICSEARCH_PASSWORD",
    "ORACLE_PASSWORD",
    "ORACLE_PWD",
    "IRIS_PASSWORD",
    "MINIO_ACCESS_KEY",
    "MINIO_SECRET_KEY",
)
"""Made anew by `generate`, each on its own."""

SAME_AS = {
    "SANDBOX_API_KEY": "CODE_EXECUTION_API_KEY",
    "WEAVIATE_AUTHENTICATION_APIKEY_ALLOWED_KEYS": "WEAVIATE_API_KEY",
    "CHROMA_AUTH_CREDENTIALS": "CHROMA_SERVER_AUTHN_CREDENTIALS",
    "PGVECTOR_POSTGRES_PASSWORD": "PGVECTOR_PASSWORD",
    "PGVECTO_RS_PASSWORD": "PGVECTOR_PASSWORD",
    "OPENSEARCH_INITIAL_ADMIN_PASSWORD": "OPENSEARCH_PASSWORD",
}
"""Two names of one secret: what the one side sends and the other side compares."""

FOREIGN = frozenset(
    {
        "MATRIXONE_PASSWORD",  # its container takes no password from its environment
        "ANALYTICDB_PASSWORD",
        "ANALYTICDB_NAMESPACE_PASSWORD",
        "TIDB_ON_QDRANT_API_KEY",
        "TIDB_PUBLIC_KEY",
        "TIDB_PRIVATE_KEY",
        "ORACLE_WALLET_PASSWORD",
        "ALIBABACLOUD_MYSQL_PASSWORD",
        "RELYT_PASSWORD",
        "TENCENT_VECTOR_DB_API_KEY",
        "BAIDU_VECTOR_DB_API_KEY",
        "LINDORM_PASSWORD",
        "HUAWEI_CLOUD_PASSWORD",
        "UPSTASH_VECTOR_TOKEN",
        "AZURE_BLOB_ACCOUNT_KEY",
    }
)
"""Secrets of services elsewhere: nobody but their owner knows them, so they stay empty."""

BROKER = "CELERY_BROKER_URL"
"""Holds the Redis password; the Compose file puts it together when it is empty."""

SECRETS = frozenset({*STRONG, *SAME_AS, *FOREIGN, BROKER})

_BYTES = 32
# Some databases ask for a small letter, a capital, a digit and a sign.
_EVERY_KIND = "Aa1-"


def generate(given: Mapping[str, str]) -> dict[str, str]:
    """A value for each secret that ``given`` leaves empty. Equal names get equal values; nothing given is replaced."""
    made: dict[str, str] = {}
    for name in STRONG:
        if given.get(name):
            continue
        twin = next((given[other] for other, first in SAME_AS.items() if first == name and given.get(other)), "")
        made[name] = twin or _EVERY_KIND + secrets.token_urlsafe(_BYTES)
    for name, first in SAME_AS.items():
        if not given.get(name):
            made[name] = given.get(first) or made[first]
    return made
