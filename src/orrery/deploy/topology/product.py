"""The containers that run Orrery itself: API server, workers, pages, migrations, sandbox, plugin daemon."""

from __future__ import annotations

from orrery.deploy.environment import daemon_environment
from orrery.deploy.roles import Mode, has_role
from orrery.deploy.topology.model import (
    ISOLATED_NETWORK,
    ORRERY_USER,
    SANDBOX_INSIDE,
    Call,
    Dependency,
    Health,
    Mount,
    Port,
    Resources,
    Scale,
    Service,
    secret,
    value_of,
    values_of,
)

IMAGE = value_of("ORRERY_IMAGE")
WEB_IMAGE = value_of("ORRERY_WEB_IMAGE")
STORAGE = Mount("./volumes/app/storage", "/app/api/storage")
PLUGIN_STORAGE = Mount("./volumes/plugin_daemon", "/app/storage")
DATABASES = ("db_postgres", "db_mysql", "oceanbase", "seekdb")
"""Exactly one of them runs; the profile named by DB_TYPE chooses."""

# A mode, and no owner: Podman knows no owner of such a folder.
_WRITABLE = ("/tmp", "/app/logs:mode=1777")  # noqa: S108  (a container's own)
_ONE_DATABASE = tuple(Dependency(name, "service_healthy", required=False) for name in DATABASES)
_READY_GROUND = (
    Dependency("init_permissions", "service_completed_successfully"),
    *_ONE_DATABASE,
    Dependency("redis"),
)
_GROUND_CALLS = (
    Call("db_postgres", 5432),
    Call("db_mysql", 3306),
    Call("redis", 6379),
    Call("sandbox", 8194),
    Call("ssrf_proxy", 3128),
    Call("plugin_daemon", 5002),
)
_PLUGIN_KEYS = {
    "PLUGIN_MAX_PACKAGE_SIZE": value_of("PLUGIN_MAX_PACKAGE_SIZE"),
    "INNER_API_KEY_FOR_PLUGIN": value_of("PLUGIN_DIFY_INNER_API_KEY"),
}

_SENTINEL = ("CELERY_SENTINEL_MASTER_NAME", "CELERY_SENTINEL_PASSWORD", "CELERY_SENTINEL_SOCKET_TIMEOUT")
_WORKER_KNOBS = (
    "CELERY_WORKER_QUEUES",
    "CELERY_WORKER_CONCURRENCY",
    "CELERY_AUTO_SCALE",
    "CELERY_MAX_WORKERS",
    "CELERY_WORKER_POOL",
    "CELERY_WORKER_CLASS",
    "CELERY_PREFETCH_MULTIPLIER",
    *_SENTINEL,
)
"""Options of the worker's command; empty ones take its defaults."""

# The contract's flag file is written, but not believed: files restored by root are given to the user as well. A volume
# may let nobody change owners (NFS without root, a rootless engine); the product itself says what it can't write.
_GIVE_FOLDERS = """
touch /app/api/storage/.init_permissions 2>/dev/null
find /app/api/storage /app/storage /dependencies ! -user "$${ORRERY_USER%%:*}" -exec chown "$$ORRERY_USER" {} + ||
    echo "init_permissions: not every file could be given to $$ORRERY_USER" >&2
exit 0
""".strip()


def _signs_of_life(mode: Mode) -> Health:
    """The check of a role without a port. The contract's own asked the broker, cost seconds of CPU, and was off."""
    return Health(
        ("CMD", "python", "-m", "orrery.deploy.probe", f"alive:{mode}"),
        interval=value_of("COMPOSE_WORKER_HEALTHCHECK_INTERVAL"),
        timeout=value_of("COMPOSE_WORKER_HEALTHCHECK_TIMEOUT"),
        retries=3,
        start_period="60s",
        disable=value_of("COMPOSE_WORKER_HEALTHCHECK_DISABLED"),
    )


INIT_PERMISSIONS = Service(
    name="init_permissions",
    image="busybox:1.37",
    command=("sh", "-c", _GIVE_FOLDERS),
    environment={"ORRERY_USER": ORRERY_USER},
    mounts=(STORAGE, PLUGIN_STORAGE, Mount("./volumes/sandbox/dependencies", "/dependencies")),
    restart="no",
)

API = Service(
    name="api",
    image=IMAGE,
    build="orrery",
    role=Mode.API,
    shared_environment=True,
    environment={
        "MODE": Mode.API,
        **_PLUGIN_KEYS,
        "PLUGIN_REMOTE_INSTALL_HOST": value_of("EXPOSE_PLUGIN_DEBUGGING_HOST"),
        "PLUGIN_REMOTE_INSTALL_PORT": value_of("EXPOSE_PLUGIN_DEBUGGING_PORT"),
    },
    ports=(Port(5001, "http"),),
    doors=(5001,),
    mounts=(STORAGE,),
    calls=_GROUND_CALLS,
    internet=True,
    depends_on=_READY_GROUND,
    health=Health(
        ("CMD", "python", "-m", "orrery.deploy.probe", "http://127.0.0.1:5001/health"), "10s", "5s", 6, "60s"
    ),
    probe="/health",
    user=ORRERY_USER,
    read_only=True,
    tmpfs=_WRITABLE,
    drop_capabilities=True,
    resources=Resources(cpu="250m", memory="256Mi", memory_limit="2Gi"),
    scale=Scale(2, 10),
)

WORKER = Service(
    name="worker",
    image=IMAGE,
    build="orrery",
    role=Mode.WORKER,
    profiles=() if has_role(Mode.WORKER) else ("worker",),
    shared_environment=True,
    environment={"MODE": Mode.WORKER, **_PLUGIN_KEYS, **{name: f"${{{name}:-}}" for name in _WORKER_KNOBS}},
    mounts=(STORAGE,),
    calls=_GROUND_CALLS,
    internet=True,
    depends_on=_READY_GROUND,
    health=_signs_of_life(Mode.WORKER),
    user=ORRERY_USER,
    read_only=True,
    tmpfs=_WRITABLE,
    drop_capabilities=True,
    resources=Resources(cpu="250m", memory="256Mi", memory_limit="2Gi"),
    scale=Scale(2, 10),
)

WORKER_BEAT = Service(
    name="worker_beat",
    image=IMAGE,
    build="orrery",
    role=Mode.BEAT,
    profiles=() if has_role(Mode.BEAT) else ("beat",),
    shared_environment=True,
    environment={"MODE": Mode.BEAT, **{name: f"${{{name}:-}}" for name in _SENTINEL}},
    calls=(Call("db_postgres", 5432), Call("db_mysql", 3306), Call("redis", 6379)),
    depends_on=_READY_GROUND,
    health=_signs_of_life(Mode.BEAT),
    user=ORRERY_USER,
    read_only=True,
    tmpfs=_WRITABLE,
    drop_capabilities=True,
    resources=Resources(cpu="50m", memory="128Mi", memory_limit="512Mi"),
)

WEB = Service(
    name="web",
    image=WEB_IMAGE,
    build="web",
    environment={"CSP_WHITELIST": value_of("CSP_WHITELIST"), "ALLOW_EMBED": value_of("ALLOW_EMBED")},
    ports=(Port(3000, "http"),),
    doors=(3000,),
    health=Health(("CMD", "wget", "-q", "--spider", "http://127.0.0.1:3000/"), "30s", "5s", 3, "10s"),
    probe="/",
    user=ORRERY_USER,
    read_only=True,
    tmpfs=("/tmp",),  # noqa: S108  (a container's own)
    drop_capabilities=True,
    resources=Resources(cpu="20m", memory="16Mi", memory_limit="64Mi"),
    scale=Scale(2, 4),
)

SANDBOX = Service(
    name="sandbox",
    image=IMAGE,
    build="orrery",
    role=Mode.SANDBOX,
    environment={
        "MODE": Mode.SANDBOX,
        "API_KEY": secret("SANDBOX_API_KEY"),
        "WORKER_TIMEOUT": value_of("SANDBOX_WORKER_TIMEOUT"),
        "ENABLE_NETWORK": value_of("SANDBOX_ENABLE_NETWORK"),
        "HTTP_PROXY": value_of("SANDBOX_HTTP_PROXY"),
        "HTTPS_PROXY": value_of("SANDBOX_HTTPS_PROXY"),
        "SANDBOX_PORT": value_of("SANDBOX_PORT"),
        "PIP_MIRROR_URL": value_of("PIP_MIRROR_URL"),
    },
    ports=(Port(8194, "http"),),
    mounts=(Mount("./volumes/sandbox/dependencies", "/dependencies"), Mount("./volumes/sandbox/conf", "/conf", True)),
    networks=(ISOLATED_NETWORK,),
    # On the other network its name is the proxy's door: what shares a network can be reached from here, too.
    aliases={ISOLATED_NETWORK: SANDBOX_INSIDE},
    calls=(Call("ssrf_proxy", 3128),),
    health=Health(
        ("CMD", "python", "-m", "orrery.deploy.probe", "http://127.0.0.1:${SANDBOX_PORT:-8194}/health"),
        "10s",
        "5s",
        6,
        "20s",
    ),
    probe="/health",
    user=ORRERY_USER,
    read_only=True,
    tmpfs=("/tmp",),  # noqa: S108  (a container's own)
    drop_capabilities=True,
    resources=Resources(cpu="250m", memory="128Mi", memory_limit="1Gi", processes=512),
    scale=Scale(2, 10),
)

PLUGIN_DAEMON = Service(
    name="plugin_daemon",
    image=IMAGE,
    build="orrery",
    role=Mode.PLUGIN_DAEMON,
    # Not the product's whole environment: it signs nobody in and decrypts nothing.
    environment={
        "MODE": Mode.PLUGIN_DAEMON,
        **daemon_environment(),
        "SERVER_KEY": value_of("PLUGIN_DAEMON_KEY"),
        "DIFY_INNER_API_KEY": value_of("PLUGIN_DIFY_INNER_API_KEY"),
        **values_of("PLUGIN_MAX_PACKAGE_SIZE", "FORCE_VERIFYING_SIGNATURE"),
    },
    ports=(Port(5002, "http"),),
    mounts=(PLUGIN_STORAGE,),
    calls=(Call("db_postgres", 5432), Call("db_mysql", 3306)),
    internet=True,
    depends_on=(Dependency("init_permissions", "service_completed_successfully"), *_ONE_DATABASE),
    health=Health(
        (
            "CMD",
            "python",
            "-m",
            "orrery.deploy.probe",
            "http://127.0.0.1:${PLUGIN_DAEMON_PORT:-5002}/health/check",
        ),
        "10s",
        "5s",
        6,
        "20s",
    ),
    probe="/health/check",
    user=ORRERY_USER,
    read_only=True,
    tmpfs=_WRITABLE,
    drop_capabilities=True,
    resources=Resources(cpu="50m", memory="128Mi", memory_limit="1Gi"),
)

PRODUCT = (INIT_PERMISSIONS, API, WORKER, WORKER_BEAT, WEB, SANDBOX, PLUGIN_DAEMON)
