"""The templates that nginx, squid and certbot are started with; nginx's routes are declared here."""

from __future__ import annotations

from importlib.resources import files

import msgspec


class Route(msgspec.Struct, frozen=True):
    """``prefix`` of the path, and the service and port that answer it; ``headers`` are added to the request."""

    prefix: str
    service: str
    port: int
    headers: tuple[tuple[str, str], ...] = ()


ROUTES = (
    Route("/console/api", "api", 5001),
    Route("/api", "api", 5001),
    Route("/v1", "api", 5001),
    Route("/files", "api", 5001),
    Route("/mcp", "api", 5001),
    Route("/triggers", "api", 5001),
    Route("/e/", "plugin_daemon", 5002, (("Dify-Hook-Url", "$scheme://$host$request_uri"),)),
    Route("/", "web", 3000),
)
"""Whatever is not here is the pages' business: the inner routes and the health of the API stay inside."""

_COPIED = (
    "nginx/nginx.conf.template",
    "nginx/proxy.conf.template",
    "nginx/https.conf.template",
    "nginx/docker-entrypoint.sh",
    "certbot/update-cert.sh",
    "certbot/docker-entrypoint.sh",
    "ssrf_proxy/squid.conf.template",
    "ssrf_proxy/docker-entrypoint.sh",
    "ssrf_proxy/conf.d/local.conf",
    "nginx/ssl/README.md",
)


def edge_files() -> dict[str, str]:
    """The texts by path beside the Compose file."""
    templates = files("orrery.deploy") / "templates"
    texts = {path: (templates / path).read_text("utf-8") for path in _COPIED}
    return {**texts, "nginx/conf.d/default.conf.template": _server()}


def _server() -> str:
    lines = [
        "server {",
        "    listen ${NGINX_PORT};",
        "    server_name ${NGINX_SERVER_NAME};",
        "    ${HTTPS_CONFIG}",
        "    ${ACME_CONFIG}",
        "",
        "    include ${NGINX_TARGET}/proxy.conf;",
    ]
    for route in ROUTES:
        lines += ["", f"    location {route.prefix} {{"]
        if route.headers:
            # A location with headers of its own inherits none.
            lines += ["        include ${NGINX_TARGET}/proxy.conf;"]
            lines += [f"        proxy_set_header {name} {value};" for name, value in route.headers]
        # A variable makes nginx ask for the name at every request instead of once at its start.
        lines += [
            f"        set $upstream http://{route.service}:{route.port};",
            "        proxy_pass $upstream;",
            "    }",
        ]
    return "\n".join([*lines, "}", ""])
