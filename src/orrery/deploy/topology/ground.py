"""What the product stands on: the metadata database and Redis."""

from __future__ import annotations

from orrery.deploy.topology.model import (
    Health,
    Mount,
    Port,
    Resources,
    Service,
    secret,
    value_of,
)

POSTGRES_FLAGS = {
    "max_connections": "POSTGRES_MAX_CONNECTIONS",
    "shared_buffers": "POSTGRES_SHARED_BUFFERS",
    "work_mem": "POSTGRES_WORK_MEM",
    "maintenance_work_mem": "POSTGRES_MAINTENANCE_WORK_MEM",
    "effective_cache_size": "POSTGRES_EFFECTIVE_CACHE_SIZE",
    "statement_timeout": "POSTGRES_STATEMENT_TIMEOUT",
    "idle_in_transaction_session_timeout": "POSTGRES_IDLE_IN_TRANSACTION_SESSION_TIMEOUT",
}
MYSQL_FLAGS = {
    "max_connections": "MYSQL_MAX_CONNECTIONS",
    "innodb_buffer_pool_size": "MYSQL_INNODB_BUFFER_POOL_SIZE",
    "innodb_log_file_size": "MYSQL_INNODB_LOG_FILE_SIZE",
    "innodb_flush_log_at_trx_commit": "MYSQL_INNODB_FLUSH_LOG_AT_TRX_COMMIT",
}
"""Settings of the servers, and the contract's variables that give them (deployment.md 6.4)."""

DB_POSTGRES = Service(
    name="db_postgres",
    image="postgres:15-alpine",
    profiles=("postgresql",),
    environment={
        "POSTGRES_USER": value_of("DB_USERNAME"),
        "POSTGRES_PASSWORD": secret("DB_PASSWORD"),
        "POSTGRES_DB": value_of("DB_DATABASE"),
        "PGDATA": value_of("PGDATA"),
    },
    command=(
        "postgres",
        *(word for flag, name in POSTGRES_FLAGS.items() for word in ("-c", f"{flag}={value_of(name)}")),
    ),
    ports=(Port(5432, "postgres"),),
    mounts=(Mount(value_of("PGDATA_HOST_VOLUME"), "/var/lib/postgresql/data"),),
    health=Health(
        ("CMD", "pg_isready", "-h", "db_postgres", "-U", value_of("DB_USERNAME"), "-d", value_of("DB_DATABASE")),
        "1s",
        "3s",
        60,
    ),
    resources=Resources(cpu="250m", memory="256Mi", memory_limit=""),
)

DB_MYSQL = Service(
    name="db_mysql",
    image="mysql:8.0",
    profiles=("mysql",),
    environment={"MYSQL_ROOT_PASSWORD": secret("DB_PASSWORD"), "MYSQL_DATABASE": value_of("DB_DATABASE")},
    command=tuple(f"--{flag}={value_of(name)}" for flag, name in MYSQL_FLAGS.items()),
    ports=(Port(3306, "mysql"),),
    mounts=(Mount(value_of("MYSQL_HOST_VOLUME"), "/var/lib/mysql"),),
    # The password is read from the container's environment, so that no process list shows it.
    health=Health(("CMD-SHELL", 'MYSQL_PWD="$$MYSQL_ROOT_PASSWORD" mysqladmin ping -u root'), "1s", "3s", 30),
)

REDIS = Service(
    name="redis",
    image="redis:6-alpine",
    environment={"REDISCLI_AUTH": secret("REDIS_PASSWORD")},
    command=("redis-server", "--requirepass", secret("REDIS_PASSWORD")),
    ports=(Port(6379, "redis"),),
    mounts=(Mount(value_of("REDIS_HOST_VOLUME"), "/data"),),
    health=Health(("CMD-SHELL", "redis-cli ping | grep -q PONG"), "5s", "3s", 10),
    resources=Resources(cpu="50m", memory="64Mi"),
)

GROUND = (DB_POSTGRES, DB_MYSQL, REDIS)
