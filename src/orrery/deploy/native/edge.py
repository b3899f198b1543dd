"""nginx before several API processes of one machine; they serve the pages too. Its parts are the containers'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

import msgspec

from orrery.deploy.interpolation import interpolate
from orrery.deploy.native.certificate import Pair

ACME_WEBROOT = "/var/www/html"
"""Where certbot puts its answers (``--webroot -w``). nginx's own user has to get there: never below a home."""

_ENDPOINTS = """        location /e/ {{
{proxy}
            proxy_set_header Dify-Hook-Url $scheme://$host$request_uri;
            proxy_pass http://127.0.0.1:{port};
        }}
"""


class Tls(msgspec.Struct, frozen=True):
    """``http2_apart``: this nginx knows HTTP/2 as a directive of its own, versions before 1.25.1 as a word of another."""

    port: int
    pair: Pair
    http2_apart: bool


def edge_configuration(
    port: int,
    apis: Sequence[int],
    folder: Path,
    values: Mapping[str, str],
    *,
    plugin_daemon: int = 0,
    tls: Tls | None = None,
) -> str:
    """The text of ``nginx.conf``: listens on ``port``, divides requests among ``apis``, keeps its files in ``folder``.

    ``values`` hold the variables of the container's nginx. Addresses of plugins' endpoints go to the port
    ``plugin_daemon``, if there is one. ``tls`` adds a second way in, the same but for the scheme.
    """
    trusted = [place.strip() for place in values.get("ORRERY_TRUSTED_PROXIES", "").split(",") if place.strip()]
    known = {**values, "FORWARDED_PROTO": "$http_x_forwarded_proto" if trusted else "$scheme"}
    proxy = _part("proxy.conf", known)
    # Each request has a connection of its own, which costs little on one machine: on a kept one it can cross with the
    # end of a process that stops, and may not be sent again. A process that is not there refuses at once and the next
    # one is asked. Taken out for a while after that, one that came back would be missing when the next one goes.
    servers = "\n".join(f"        server 127.0.0.1:{api} max_fails=0;" for api in apis)
    endpoints = _ENDPOINTS.format(proxy=proxy, port=plugin_daemon) if plugin_daemon else ""
    scratch = "\n".join(
        f"    {kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""daemon off;
worker_processes {known["NGINX_WORKER_PROCESSES"]};
pid {folder}/nginx.pid;
error_log stderr warn;
events {{
    worker_connections 4096;
}}
http {{
    access_log off;
    server_tokens off;
    keepalive_timeout {known["NGINX_KEEPALIVE_TIMEOUT"]};
    client_max_body_size {known["NGINX_CLIENT_MAX_BODY_SIZE"]};
{scratch}
{_real_addresses(trusted)}    map $http_upgrade $connection_upgrade {{
        default upgrade;
        '' '';
    }}
    upstream api {{
        least_conn;
{servers}
    }}
    server {{
        listen {port};
        server_name {known["NGINX_SERVER_NAME"]};
{_secure(tls, known)}{_challenge(known)}{proxy}
        location ~ ^/(threads|db-pool-stat|metrics)$ {{
            return 404;
        }}
{endpoints}        location / {{
            proxy_pass http://api;
        }}
    }}
}}
"""


def _secure(tls: Tls | None, values: Mapping[str, str]) -> str:
    if tls is None:
        return ""
    own = {
        "NGINX_SSL_PORT": str(tls.port),
        "SSL_CERTIFICATE": _quoted(tls.pair.certificate),
        "SSL_CERTIFICATE_KEY": _quoted(tls.pair.key),
        "HTTP2_PARAMETER": "" if tls.http2_apart else " http2",
        "HTTP2_CONFIG": "http2 on;" if tls.http2_apart else "",
    }
    return _part("https.conf", {**values, **own}) + "\n"


def _challenge(values: Mapping[str, str]) -> str:
    if values.get("NGINX_ENABLE_CERTBOT_CHALLENGE") != "true":
        return ""
    return f"        location /.well-known/acme-challenge/ {{ root {ACME_WEBROOT}; }}\n"


def _real_addresses(trusted: Sequence[str]) -> str:
    if not trusted:
        return ""
    lines = [f"set_real_ip_from {place};" for place in trusted]
    lines += ["real_ip_header X-Forwarded-For;", "real_ip_recursive on;"]
    return "".join(f"    {line}\n" for line in lines)


def _part(name: str, values: Mapping[str, str]) -> str:
    """A template of the container's nginx, filled; it stands in a server's block."""
    template = (files("orrery.deploy") / "templates" / "nginx" / f"{name}.template").read_text("utf-8")
    lines = (_only_braced(line, values) for line in template.splitlines() if not line.startswith("#"))
    return "\n".join(f"        {line}" for line in lines if line)


def _only_braced(line: str, values: Mapping[str, str]) -> str:
    """Nginx's own variables have no braces here and stay."""
    kept = line.replace("$", "$$").replace("$${", "${")
    return interpolate(kept, values)


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
