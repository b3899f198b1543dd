"""The ways in and out: nginx, its certificates, and the forward proxy."""

from __future__ import annotations

from orrery.deploy.topology.model import (
    DEFAULT_NETWORK,
    ISOLATED_NETWORK,
    SANDBOX_INSIDE,
    Call,
    Dependency,
    Mount,
    Port,
    Resources,
    Service,
    value_of,
    values_of,
)

# Mounted scripts may have lost their execution bit and gained carriage returns in a Windows checkout.
_RUN_MOUNTED = "sed 's/\\r$$//' {0} > /tmp/entrypoint.sh && exec sh /tmp/entrypoint.sh"

NGINX_VARIABLES = (
    "NGINX_SERVER_NAME",
    "NGINX_HTTPS_ENABLED",
    "NGINX_PORT",
    "NGINX_SSL_PORT",
    "NGINX_SSL_CERT_FILENAME",
    "NGINX_SSL_CERT_KEY_FILENAME",
    "NGINX_SSL_PROTOCOLS",
    "NGINX_WORKER_PROCESSES",
    "NGINX_CLIENT_MAX_BODY_SIZE",
    "NGINX_KEEPALIVE_TIMEOUT",
    "NGINX_PROXY_READ_TIMEOUT",
    "NGINX_PROXY_SEND_TIMEOUT",
    "NGINX_ENABLE_CERTBOT_CHALLENGE",
    "CERTBOT_DOMAIN",
    "ORRERY_TRUSTED_PROXIES",
    "ORRERY_RESOLVER",
)

NGINX = Service(
    name="nginx",
    image="nginx:1.28-alpine",
    entrypoint=("sh", "-c", _RUN_MOUNTED.format("/etc/nginx/templates/docker-entrypoint.sh")),
    environment=values_of(*NGINX_VARIABLES),
    ports=(
        Port("${NGINX_PORT:-80}", "http", published="${EXPOSE_NGINX_PORT:-80}"),
        Port("${NGINX_SSL_PORT:-443}", "https", published="${EXPOSE_NGINX_SSL_PORT:-443}"),
    ),
    doors=(80, 443),
    mounts=(
        Mount("./nginx", "/etc/nginx/templates", read_only=True),
        Mount("./nginx/ssl", "/etc/ssl/orrery", read_only=True),
        Mount("./volumes/certbot/conf", "/etc/letsencrypt", read_only=True),
        Mount("./volumes/certbot/www", "/var/www/html", read_only=True),
    ),
    calls=(Call("api", 5001), Call("web", 3000), Call("plugin_daemon", 5002)),
    depends_on=(Dependency("api"), Dependency("web")),
    resources=Resources(memory_limit="256Mi"),
)

CERTBOT = Service(
    name="certbot",
    image="certbot/certbot",
    profiles=("certbot",),
    entrypoint=("sh", "-c", _RUN_MOUNTED.format("/docker-entrypoint.sh")),
    environment=values_of("CERTBOT_EMAIL", "CERTBOT_DOMAIN", "CERTBOT_OPTIONS"),
    mounts=(
        Mount("./volumes/certbot/conf", "/etc/letsencrypt"),
        Mount("./volumes/certbot/www", "/var/www/html"),
        Mount("./volumes/certbot/logs", "/var/log/letsencrypt"),
        Mount("./certbot/update-cert.sh", "/update-cert.sh", read_only=True),
        Mount("./certbot/docker-entrypoint.sh", "/docker-entrypoint.sh", read_only=True),
    ),
    internet=True,
)

SSRF_PROXY = Service(
    name="ssrf_proxy",
    image="ubuntu/squid:latest",
    entrypoint=("sh", "-c", _RUN_MOUNTED.format("/etc/squid/templates/docker-entrypoint.sh")),
    environment={
        "HTTP_PORT": value_of("SSRF_HTTP_PORT"),
        "COREDUMP_DIR": value_of("SSRF_COREDUMP_DIR"),
        "REVERSE_PROXY_PORT": value_of("SSRF_REVERSE_PROXY_PORT"),
        "SANDBOX_HOST": SANDBOX_INSIDE,
        "SANDBOX_PORT": value_of("SANDBOX_PORT"),
        **values_of("SSRF_PROXY_ALLOW_PRIVATE_IPS", "SSRF_PROXY_ALLOW_PRIVATE_DOMAINS"),
    },
    ports=(Port(3128, "forward"), Port(8194, "sandbox")),
    mounts=(Mount("./ssrf_proxy", "/etc/squid/templates", read_only=True),),
    networks=(ISOLATED_NETWORK, DEFAULT_NETWORK),
    # Who calls the sandbox comes through here.
    aliases={DEFAULT_NETWORK: "sandbox"},
    calls=(Call("sandbox", 8194),),
    internet=True,
    # squid's own user: a container gives its output to the user it starts as, and squid logs there.
    user="13:13",
    read_only=True,
    tmpfs=("/tmp", "/run", "/var/spool/squid:mode=1777", "/var/log/squid:mode=1777"),  # noqa: S108  (its own)
    drop_capabilities=True,
    resources=Resources(cpu="50m", memory="128Mi", memory_limit="512Mi"),
)

EDGE = (NGINX, CERTBOT, SSRF_PROXY)
