"""The Compose file has the contract's services under their names, with their ports, volumes, checks and networks."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from orrery.deploy.interpolation import interpolate
from orrery.deploy.render.compose import compose_files
from orrery.deploy.render.dotenv_example import dotenv_example
from orrery.deploy.render.edge_files import ROUTES, edge_files
from orrery.deploy.secrets import generate
from orrery.settings.dotenv import read_dotenv

FILES = compose_files()
WHOLE: dict[str, Any] = yaml.safe_load(FILES["docker-compose.yaml"])["services"]
MIDDLEWARE: dict[str, Any] = yaml.safe_load(FILES["docker-compose.middleware.yaml"])["services"]
VALUES = {**read_dotenv(dotenv_example(), {}), **generate({})}
CORE = {
    "init_permissions", "api", "worker", "worker_beat", "web", "db_postgres", "db_mysql", "redis", "sandbox",
    "plugin_daemon", "ssrf_proxy", "certbot", "nginx",
}  # fmt: skip
PROFILES = {
    "postgresql", "mysql", "certbot", "weaviate", "oceanbase", "seekdb", "qdrant", "couchbase", "pgvector", "vastbase",
    "pgvecto-rs", "chroma", "iris", "oracle", "milvus", "opensearch", "opengauss", "myscale", "matrixone",
    "elasticsearch", "elasticsearch-ja", "unstructured",
}  # fmt: skip


def test_every_core_service_is_there_under_its_name() -> None:
    assert set(WHOLE) >= CORE
    assert set(MIDDLEWARE) == {
        "db_postgres", "db_mysql", "redis", "sandbox", "plugin_daemon", "ssrf_proxy", "weaviate",
    }  # fmt: skip


def test_every_profile_starts_something() -> None:
    assert {profile for service in WHOLE.values() for profile in service.get("profiles", [])} >= PROFILES
    assert len([s for s in WHOLE.values() if "milvus" in s.get("profiles", [])]) == 3
    assert len([s for s in WHOLE.values() if "elasticsearch" in s.get("profiles", [])]) == 2
    assert len([s for s in WHOLE.values() if "elasticsearch-ja" in s.get("profiles", [])]) == 1


@pytest.mark.parametrize(
    ("service", "volume"),
    [
        ("init_permissions", "./volumes/app/storage:/app/api/storage"),
        ("api", "./volumes/app/storage:/app/api/storage"),
        ("worker", "./volumes/app/storage:/app/api/storage"),
        ("db_postgres", "./volumes/db/data:/var/lib/postgresql/data"),
        ("db_mysql", "./volumes/mysql/data:/var/lib/mysql"),
        ("redis", "./volumes/redis/data:/data"),
        ("sandbox", "./volumes/sandbox/dependencies:/dependencies"),
        ("plugin_daemon", "./volumes/plugin_daemon:/app/storage"),
        ("certbot", "./volumes/certbot/conf:/etc/letsencrypt"),
        ("weaviate", "./volumes/weaviate:/var/lib/weaviate"),
    ],
)
def test_data_of_an_old_installation_is_found(service: str, volume: str) -> None:
    assert volume in [interpolate(text, {}) for text in WHOLE[service]["volumes"]]


@pytest.mark.parametrize(
    ("service", "port"),
    [("api", 5001), ("web", 3000), ("db_postgres", 5432), ("db_mysql", 3306), ("redis", 6379), ("sandbox", 8194)],
)
def test_services_listen_where_the_contract_says(service: str, port: int) -> None:
    assert str(port) in WHOLE[service]["expose"]
    assert "ports" not in WHOLE[service]


def test_the_edge_is_published_by_the_contracts_variables() -> None:
    assert WHOLE["nginx"]["ports"] == [
        "${EXPOSE_NGINX_PORT:-80}:${NGINX_PORT:-80}",
        "${EXPOSE_NGINX_SSL_PORT:-443}:${NGINX_SSL_PORT:-443}",
    ]


@pytest.mark.parametrize("service", ["api", "worker", "worker_beat"])
def test_the_product_waits_for_folders_database_and_redis(service: str) -> None:
    depends: dict[str, Any] = WHOLE[service]["depends_on"]
    assert depends["init_permissions"] == {"condition": "service_completed_successfully"}
    assert depends["redis"] == {"condition": "service_started"}
    for name in ("db_postgres", "db_mysql", "oceanbase", "seekdb"):
        assert depends[name] == {"condition": "service_healthy", "required": False}


@pytest.mark.parametrize(
    ("service", "interval", "timeout", "retries"),
    [
        ("db_postgres", "1s", "3s", 60),
        ("db_mysql", "1s", "3s", 30),
        ("oceanbase", "10s", "10s", 30),
        ("seekdb", "5s", "5s", 60),
        ("pgvector", "1s", "3s", 30),
        ("etcd", "30s", "20s", 3),
        ("milvus-standalone", "30s", "20s", 3),
        ("elasticsearch", "30s", "10s", 50),
    ],
)
def test_health_is_asked_as_often_as_the_contract_says(service: str, interval: str, timeout: str, retries: int) -> None:
    check = WHOLE[service]["healthcheck"]
    assert (check["interval"], check["timeout"], check["retries"]) == (interval, timeout, retries)


def test_keys_with_two_names_are_one_key() -> None:
    def of(service: str, name: str) -> str:
        return interpolate(WHOLE[service]["environment"][name], VALUES)

    assert of("api", "CODE_EXECUTION_API_KEY") == of("sandbox", "API_KEY") != ""
    assert of("api", "PLUGIN_DAEMON_KEY") == of("plugin_daemon", "SERVER_KEY") != ""
    assert of("api", "INNER_API_KEY_FOR_PLUGIN") == of("plugin_daemon", "DIFY_INNER_API_KEY") != ""
    assert of("api", "DB_PASSWORD") == of("db_postgres", "POSTGRES_PASSWORD") == of("db_mysql", "MYSQL_ROOT_PASSWORD")


def test_the_databases_are_tuned_by_the_contracts_variables() -> None:
    values = {**VALUES, "POSTGRES_MAX_CONNECTIONS": "321", "MYSQL_INNODB_BUFFER_POOL_SIZE": "3G"}
    postgres = [interpolate(word, values) for word in WHOLE["db_postgres"]["command"]]
    assert "max_connections=321" in postgres
    assert "--innodb_buffer_pool_size=3G" in [interpolate(word, values) for word in WHOLE["db_mysql"]["command"]]


def test_the_routes_are_the_contracts() -> None:
    routes = {route.prefix: f"{route.service}:{route.port}" for route in ROUTES}
    assert routes == {
        "/console/api": "api:5001",
        "/api": "api:5001",
        "/v1": "api:5001",
        "/files": "api:5001",
        "/mcp": "api:5001",
        "/triggers": "api:5001",
        "/e/": "plugin_daemon:5002",
        "/": "web:3000",
    }
    text = edge_files()["nginx/conf.d/default.conf.template"]
    assert "proxy_set_header Dify-Hook-Url $scheme://$host$request_uri;" in text


def test_the_worker_is_told_its_knobs() -> None:
    environment = WHOLE["worker"]["environment"]
    values = {**VALUES, "CELERY_WORKER_QUEUES": "dataset,mail", "CELERY_WORKER_AMOUNT": "8", "CELERY_AUTO_SCALE": ""}
    told = {name: interpolate(text, values) for name, text in environment.items()}
    assert told["MODE"] == "worker"
    assert told["CELERY_WORKER_QUEUES"] == "dataset,mail"
    assert told["CELERY_WORKER_AMOUNT"] == "8"
    assert told["ORRERY_JOBS"] == "celery"
    assert interpolate(WHOLE["worker_beat"]["environment"]["MODE"], {}) == "beat"
