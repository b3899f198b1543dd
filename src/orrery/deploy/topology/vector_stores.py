"""Vector stores and other optional containers, each behind the profile that VECTOR_STORE, DB_TYPE or a person names."""

from __future__ import annotations

from orrery.deploy.topology.model import (
    DEFAULT_NETWORK,
    Call,
    Dependency,
    Health,
    Mount,
    Port,
    Resources,
    Service,
    value_of,
    values_of,
)

_PG_HEALTH = Health(("CMD", "pg_isready"), "1s", "3s", 30)
_ELASTIC = "docker.elastic.co/elasticsearch/elasticsearch:8.14.3"
_PGVECTOR_ENVIRONMENT = values_of("PGUSER", "POSTGRES_PASSWORD", "POSTGRES_DB", "PGDATA", prefix="PGVECTOR_")

WEAVIATE = Service(
    name="weaviate",
    image="semitechnologies/weaviate:1.27.0",
    profiles=("weaviate",),
    environment={
        "PERSISTENCE_DATA_PATH": value_of("WEAVIATE_PERSISTENCE_DATA_PATH"),
        "AUTHENTICATION_APIKEY_ALLOWED_KEYS": value_of("WEAVIATE_AUTHENTICATION_APIKEY_ALLOWED_KEYS"),
        **values_of(
            "QUERY_DEFAULTS_LIMIT",
            "AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED",
            "DEFAULT_VECTORIZER_MODULE",
            "CLUSTER_HOSTNAME",
            "AUTHENTICATION_APIKEY_ENABLED",
            "AUTHENTICATION_APIKEY_USERS",
            "AUTHORIZATION_ADMINLIST_ENABLED",
            "AUTHORIZATION_ADMINLIST_USERS",
            "DISABLE_TELEMETRY",
            "ENABLE_TOKENIZER_GSE",
            "ENABLE_TOKENIZER_KAGOME_JA",
            "ENABLE_TOKENIZER_KAGOME_KR",
            prefix="WEAVIATE_",
        ),
    },
    ports=(Port(8080, "http"), Port(50051, "grpc")),
    mounts=(Mount(value_of("WEAVIATE_HOST_VOLUME"), "/var/lib/weaviate"),),
)
_QDRANT = Service(
    name="qdrant",
    image="qdrant/qdrant:v1.8.3",
    profiles=("qdrant",),
    environment={"QDRANT__SERVICE__API_KEY": value_of("QDRANT_API_KEY")},
    ports=(Port(6333, "http"), Port(6334, "grpc")),
    mounts=(Mount("./volumes/qdrant", "/qdrant/storage"),),
)
_ETCD = Service(
    name="etcd",
    container_name="milvus-etcd",
    image="quay.io/coreos/etcd:v3.5.5",
    profiles=("milvus",),
    environment=values_of(
        "ETCD_AUTO_COMPACTION_MODE", "ETCD_AUTO_COMPACTION_RETENTION", "ETCD_QUOTA_BACKEND_BYTES", "ETCD_SNAPSHOT_COUNT"
    ),
    command=(
        "etcd",
        "-advertise-client-urls=http://etcd:2379",
        "-listen-client-urls",
        "http://0.0.0.0:2379",
        "--data-dir",
        "/etcd",
    ),
    ports=(Port(2379, "etcd"),),
    mounts=(Mount("./volumes/milvus/etcd", "/etcd"),),
    networks=("milvus",),
    health=Health(("CMD", "etcdctl", "endpoint", "health"), "30s", "20s", 3),
)
_MINIO = Service(
    name="minio",
    container_name="milvus-minio",
    image="minio/minio:RELEASE.2023-03-20T20-16-18Z",
    profiles=("milvus",),
    environment=values_of("MINIO_ACCESS_KEY", "MINIO_SECRET_KEY"),
    command=("minio", "server", "/minio_data", "--console-address", ":9001"),
    ports=(Port(9000, "s3"), Port(9001, "console")),
    mounts=(Mount("./volumes/milvus/minio", "/minio_data"),),
    networks=("milvus",),
    health=Health(("CMD", "curl", "-f", "http://localhost:9000/minio/health/live"), "30s", "20s", 3),
)
_MILVUS = Service(
    name="milvus-standalone",
    container_name="milvus-standalone",
    image="milvusdb/milvus:v2.6.3",
    profiles=("milvus",),
    environment={
        **values_of("ETCD_ENDPOINTS", "MINIO_ADDRESS"),
        "MINIO_ACCESS_KEY_ID": value_of("MINIO_ACCESS_KEY"),
        "MINIO_SECRET_ACCESS_KEY": value_of("MINIO_SECRET_KEY"),
        "common.security.authorizationEnabled": value_of("MILVUS_AUTHORIZATION_ENABLED"),
    },
    command=("milvus", "run", "standalone"),
    ports=(Port(19530, "grpc"), Port(9091, "health")),
    mounts=(Mount("./volumes/milvus/milvus", "/var/lib/milvus"),),
    # On the network of the API as well, so that no port of the machine is needed to reach it.
    networks=("milvus", DEFAULT_NETWORK),
    calls=(Call("etcd", 2379), Call("minio", 9000)),
    depends_on=(Dependency("etcd"), Dependency("minio")),
    health=Health(("CMD", "curl", "-f", "http://localhost:9091/healthz"), "30s", "20s", 3, "90s"),
)
_PGVECTOR = Service(
    name="pgvector",
    image="pgvector/pgvector:pg16",
    profiles=("pgvector",),
    environment=_PGVECTOR_ENVIRONMENT,
    ports=(Port(5432, "postgres"),),
    mounts=(Mount("./volumes/pgvector/data", "/var/lib/postgresql/data"),),
    health=_PG_HEALTH,
)
_PGVECTO_RS = Service(
    name="pgvecto-rs",
    image="tensorchord/pgvecto-rs:pg16-v0.3.0",
    profiles=("pgvecto-rs",),
    environment=_PGVECTOR_ENVIRONMENT,
    ports=(Port(5432, "postgres"),),
    mounts=(Mount("./volumes/pgvecto_rs/data", "/var/lib/postgresql/data"),),
    health=_PG_HEALTH,
)
_VASTBASE = Service(
    name="vastbase",
    image="vastdata/vastbase-vector",
    profiles=("vastbase",),
    environment={
        "VB_DBCOMPATIBILITY": "PG",
        "VB_DB": value_of("VASTBASE_DATABASE"),
        "VB_USERNAME": value_of("VASTBASE_USER"),
        "VB_PASSWORD": value_of("VASTBASE_PASSWORD"),
    },
    ports=(Port(5432, "postgres"),),
    mounts=(
        Mount("./vastbase/lic", "/home/vastbase/vastbase/lic"),
        Mount("./vastbase/data", "/home/vastbase/data"),
        Mount("./vastbase/backup", "/home/vastbase/backup"),
        Mount("./vastbase/backup_log", "/home/vastbase/backup_log"),
    ),
    health=_PG_HEALTH,
)
_CHROMA = Service(
    name="chroma",
    image="ghcr.io/chroma-core/chroma:0.5.20",
    profiles=("chroma",),
    environment={
        **values_of("CHROMA_SERVER_AUTHN_CREDENTIALS", "CHROMA_SERVER_AUTHN_PROVIDER"),
        "IS_PERSISTENT": value_of("CHROMA_IS_PERSISTENT"),
    },
    ports=(Port(8000, "http"),),
    mounts=(Mount("./volumes/chroma", "/chroma/chroma"),),
)
OCEANBASE = Service(
    name="oceanbase",
    image="oceanbase/oceanbase-ce:4.3.5-lts",
    profiles=("oceanbase",),
    environment={
        "OB_MEMORY_LIMIT": value_of("OCEANBASE_MEMORY_LIMIT"),
        "OB_SYS_PASSWORD": value_of("OCEANBASE_VECTOR_PASSWORD"),
        "OB_TENANT_PASSWORD": value_of("OCEANBASE_VECTOR_PASSWORD"),
        "OB_CLUSTER_NAME": value_of("OCEANBASE_CLUSTER_NAME"),
        "OB_SERVER_IP": "127.0.0.1",
        "MODE": "mini",
    },
    ports=(Port(2881, "mysql"),),
    mounts=(
        Mount("./volumes/oceanbase/data", "/root/ob"),
        Mount("./volumes/oceanbase/conf", "/root/.obd/cluster"),
        Mount("./volumes/oceanbase/init.d", "/root/boot/init.d"),
    ),
    health=Health(
        ("CMD-SHELL", 'obclient -h127.0.0.1 -P2881 -uroot@test -p"$$OB_TENANT_PASSWORD" -e "SELECT 1;"'),
        "10s",
        "10s",
        30,
        "30s",
    ),
)
SEEKDB = Service(
    name="seekdb",
    image="oceanbase/seekdb:latest",
    profiles=("seekdb",),
    environment={
        "ROOT_PASSWORD": value_of("OCEANBASE_VECTOR_PASSWORD"),
        "MEMORY_LIMIT": value_of("SEEKDB_MEMORY_LIMIT"),
    },
    ports=(Port(2881, "mysql"),),
    mounts=(Mount("./volumes/seekdb", "/var/lib/oceanbase"),),
    health=Health(
        ("CMD-SHELL", 'MYSQL_PWD="$$ROOT_PASSWORD" mysql -h127.0.0.1 -P2881 -uroot -e "SELECT 1;"'), "5s", "5s", 60
    ),
)
_COUCHBASE = Service(
    name="couchbase-server",
    image="couchbase/server:latest",
    profiles=("couchbase",),
    ports=(Port(8091, "http"), Port(11210, "data")),
    mounts=(Mount("./volumes/couchbase/data", "/opt/couchbase/var/lib/couchbase/data"),),
    health=Health(("CMD", "curl", "-sf", "http://localhost:8091/ui/index.html"), "10s", "10s", 10, "30s"),
)
_IRIS = Service(
    name="iris",
    image="intersystems/iris-community:2025.3",
    profiles=("iris",),
    environment={"TZ": value_of("IRIS_TIMEZONE"), "ISC_DATA_DIRECTORY": "/durable/iris"},
    ports=(Port(1972, "iris"), Port(52773, "http")),
    mounts=(Mount("./volumes/iris", "/durable"),),
)
_ORACLE = Service(
    name="oracle",
    image="container-registry.oracle.com/database/free:latest",
    profiles=("oracle",),
    environment=values_of("ORACLE_PWD", "ORACLE_CHARACTERSET"),
    ports=(Port(1521, "oracle"),),
    mounts=(Mount("oradata", "/opt/oracle/oradata"),),
)
_OPENSEARCH = Service(
    name="opensearch",
    image="opensearchproject/opensearch:latest",
    profiles=("opensearch",),
    environment={
        "discovery.type": value_of("OPENSEARCH_DISCOVERY_TYPE"),
        "bootstrap.memory_lock": value_of("OPENSEARCH_BOOTSTRAP_MEMORY_LOCK"),
        "OPENSEARCH_JAVA_OPTS": "-Xms${OPENSEARCH_JAVA_OPTS_MIN:-512m} -Xmx${OPENSEARCH_JAVA_OPTS_MAX:-1024m}",
        "OPENSEARCH_INITIAL_ADMIN_PASSWORD": value_of("OPENSEARCH_INITIAL_ADMIN_PASSWORD"),
    },
    ports=(Port(9200, "http"),),
    mounts=(Mount("./volumes/opensearch/data", "/usr/share/opensearch/data"),),
    networks=("opensearch-net", DEFAULT_NETWORK),
    ulimits={
        "memlock": (value_of("OPENSEARCH_MEMLOCK_SOFT"), value_of("OPENSEARCH_MEMLOCK_HARD")),
        "nofile": (value_of("OPENSEARCH_NOFILE_SOFT"), value_of("OPENSEARCH_NOFILE_HARD")),
    },
)
_OPENSEARCH_DASHBOARDS = Service(
    name="opensearch-dashboards",
    image="opensearchproject/opensearch-dashboards:latest",
    profiles=("opensearch",),
    environment={"OPENSEARCH_HOSTS": '["https://opensearch:9200"]'},
    ports=(Port(5601, "http"),),
    networks=("opensearch-net",),
    calls=(Call("opensearch", 9200),),
    depends_on=(Dependency("opensearch"),),
)
_OPENGAUSS = Service(
    name="opengauss",
    image="opengauss/opengauss:7.0.0-RC1",
    profiles=("opengauss",),
    privileged=True,
    environment={
        "GS_USERNAME": value_of("OPENGAUSS_USER"),
        "GS_PASSWORD": value_of("OPENGAUSS_PASSWORD"),
        "GS_PORT": value_of("OPENGAUSS_PORT"),
        "GS_DB": value_of("OPENGAUSS_DATABASE"),
    },
    ports=(Port(6600, "postgres"),),
    mounts=(Mount("./volumes/opengauss/data", "/var/lib/opengauss/data"),),
    health=Health(("CMD-SHELL", "netstat -lntp | grep tcp6 > /dev/null 2>&1"), "10s", "10s", 10),
)
_MYSCALE = Service(
    name="myscale",
    image="myscale/myscaledb:1.6.4",
    profiles=("myscale",),
    ports=(Port(8123, "http"),),
    mounts=(
        Mount("./volumes/myscale/data", "/var/lib/clickhouse"),
        Mount("./volumes/myscale/log", "/var/log/clickhouse-server"),
    ),
)
_MATRIXONE = Service(
    name="matrixone",
    image="matrixorigin/matrixone:2.1.1",
    profiles=("matrixone",),
    ports=(Port(6001, "mysql"),),
    mounts=(Mount("./volumes/matrixone/data", "/mo-data"),),
)
_ELASTICSEARCH = Service(
    name="elasticsearch",
    image=_ELASTIC,
    profiles=("elasticsearch", "elasticsearch-ja"),
    environment={
        "ELASTIC_PASSWORD": value_of("ELASTICSEARCH_PASSWORD"),
        "cluster.name": "orrery-es-cluster",
        "node.name": "orrery-es0",
        "discovery.type": "single-node",
        "xpack.license.self_generated.type": "basic",
        "xpack.security.enabled": "true",
        "xpack.security.enrollment.enabled": "false",
        "xpack.security.http.ssl.enabled": "false",
    },
    ports=(Port(9200, "http"),),
    mounts=(Mount("dify_es01_data", "/usr/share/elasticsearch/data"),),
    health=Health(
        ("CMD-SHELL", 'curl -s -u "elastic:$$ELASTIC_PASSWORD" http://localhost:9200/_cluster/health || exit 1'),
        "30s",
        "10s",
        50,
    ),
    resources=Resources(memory_limit="2Gi"),
)
_KIBANA = Service(
    name="kibana",
    image="docker.elastic.co/kibana/kibana:8.14.3",
    profiles=("elasticsearch",),
    environment={"ELASTICSEARCH_HOSTS": "http://elasticsearch:9200", "XPACK_SECURITY_ENABLED": "true"},
    # Of this machine only: whoever looks at an index sits at it, or comes through a tunnel.
    ports=(Port(5601, "http", published="127.0.0.1:${KIBANA_PORT:-5601}"),),
    calls=(Call("elasticsearch", 9200),),
    depends_on=(Dependency("elasticsearch"),),
    health=Health(("CMD-SHELL", "curl -s http://localhost:5601 > /dev/null || exit 1"), "30s", "10s", 3),
)
_UNSTRUCTURED = Service(
    name="unstructured",
    image="downloads.unstructured.io/unstructured-io/unstructured-api:latest",
    profiles=("unstructured",),
    ports=(Port(8000, "http"),),
    mounts=(Mount("./volumes/unstructured", "/app/data"),),
)

VECTOR_STORES = (
    WEAVIATE,
    OCEANBASE,
    SEEKDB,
    _QDRANT,
    _COUCHBASE,
    _PGVECTOR,
    _VASTBASE,
    _PGVECTO_RS,
    _CHROMA,
    _IRIS,
    _ORACLE,
    _ETCD,
    _MINIO,
    _MILVUS,
    _OPENSEARCH,
    _OPENSEARCH_DASHBOARDS,
    _OPENGAUSS,
    _MYSCALE,
    _MATRIXONE,
    _ELASTICSEARCH,
    _KIBANA,
    _UNSTRUCTURED,
)
