"""nginx before several API processes of one machine; they serve the pages too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from orrery.deploy.interpolation import interpolate

_ENDPOINTS = """        location /e/ {{
{proxy}
            proxy_set_header Dify-Hook-Url $scheme://$host$request_uri;
            proxy_pass http://127.0.0.1:{port};
        }}
"""


def edge_configuration(
    port: int, apis: Sequence[int], folder: Path, values: Mapping[str, str], *, plugin_daemon: int = 0
) -> str:
    """The text of ``nginx.conf``: listens on ``port``, divides requests among ``apis``, keeps its files in ``folder``.

    Addresses of plugins' endpoints go to the port ``plugin_daemon``, if there is one.
    """
    known = {**values, "FORWARDED_PROTO": "$scheme"}
    template = (files("orrery.deploy") / "templates" / "nginx" / "proxy.conf.template").read_text("utf-8")
    lines = [line for line in template.splitlines() if not line.startswith("#")]
    proxy = "\n".join(f"        {_only_braced(line, known)}" for line in lines)
    # Each request has a connection of its own, which costs little on one machine: on a kept one it can cross with the
    # end of a process that stops, and may not be sent again. A process that is not there refuses at once and the next
    # one is asked. Taken out for a while after that, one that came back would be missing when the next one goes.
    servers = "\n".join(f"        server 127.0.0.1:{api} max_fails=0;" for api in apis)
    endpoints = _ENDPOINTS.format(proxy=proxy, port=plugin_daemon) if plugin_daemon else ""
    scratch = "\n".join(
        f"    {kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""daemon off;
worker_processes auto;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{
    worker_connections 4096;
}}
http {{
    access_log off;
    server_tokens off;
    client_max_body_size {known["NGINX_CLIENT_MAX_BODY_SIZE"]};
{scratch}
    map $http_upgrade $connection_upgrade {{
        default upgrade;
        '' '';
    }}
    upstream api {{
        least_conn;
{servers}
    }}
    server {{
        listen {port};
{proxy}
        location ~ ^/(threads|db-pool-stat|metrics)$ {{
            return 404;
        }}
{endpoints}        location / {{
            proxy_pass http://api;
        }}
    }}
}}
"""


def _only_braced(line: str, values: Mapping[str, str]) -> str:
    """Nginx's own variables have no braces here and stay."""
    kept = line.replace("$", "$$").replace("$${", "${")
    return interpolate(kept, values)
