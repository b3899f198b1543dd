"""The edge of a native stack: nginx before the API processes of one machine."""

from __future__ import annotations

from pathlib import Path

from orrery.deploy.native.edge import edge_configuration
from orrery.deploy.topology.model import DEFAULTS


def test_the_edge_of_a_machine_passes_streams_on_and_divides_requests(tmp_path: Path) -> None:
    text = edge_configuration(8080, [1, 2], tmp_path, {**DEFAULTS, "NGINX_CLIENT_MAX_BODY_SIZE": "7M"})
    assert "server 127.0.0.1:1 " in text
    assert "server 127.0.0.1:2 " in text
    assert "proxy_buffering off;" in text
    assert "client_max_body_size 7M;" in text
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in text
    assert "${" not in text


def test_what_is_for_operators_stays_inside(tmp_path: Path) -> None:
    text = edge_configuration(8080, [1], tmp_path, DEFAULTS)
    hidden = text.index("location ~ ^/(threads|db-pool-stat|metrics)$")
    assert text[hidden:].split("}")[0].endswith("return 404;\n        ")


def test_endpoints_of_plugins_go_to_the_plugin_daemon(tmp_path: Path) -> None:
    text = edge_configuration(8080, [1], tmp_path, DEFAULTS, plugin_daemon=9)
    route = text[text.index("location /e/ {") :].split("}")[0]
    assert "proxy_pass http://127.0.0.1:9;" in route
    assert "proxy_set_header Dify-Hook-Url $scheme://$host$request_uri;" in route
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in route
    assert "/e/" not in edge_configuration(8080, [1], tmp_path, DEFAULTS)
