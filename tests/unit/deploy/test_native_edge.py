"""The edge of a native stack: nginx before the API processes of one machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from orrery.deploy.native.certificate import Pair
from orrery.deploy.native.edge import Tls, edge_configuration
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


@pytest.mark.parametrize(
    ("apart", "listens"),
    [(False, "listen 8443 ssl http2;\n        ssl_certificate "), (True, "listen 8443 ssl;\n        http2 on;\n")],
)
def test_tls_is_the_containers(tmp_path: Path, apart: bool, listens: str) -> None:
    pair = Pair(Path("/a folder/a.crt"), Path("/a folder/a.key"))
    values = {**DEFAULTS, "NGINX_SSL_PROTOCOLS": "TLSv1.3", "NGINX_SERVER_NAME": "orrery.test"}
    text = edge_configuration(8080, [1], tmp_path, values, tls=Tls(8443, pair, http2_apart=apart))
    assert listens in text
    for line in (
        "listen 8080;",
        "server_name orrery.test;",
        'ssl_certificate "/a folder/a.crt";',
        'ssl_certificate_key "/a folder/a.key";',
        "ssl_protocols TLSv1.3;",
        "ssl_session_cache shared:SSL:10m;",
        "proxy_set_header X-Forwarded-Proto $scheme;",
    ):
        assert text.count(f"        {line}\n") == 1
    assert "${" not in text
    assert "ssl" not in edge_configuration(8080, [1], tmp_path, values)


def test_balancers_in_front_are_believed_when_they_are_named(tmp_path: Path) -> None:
    text = edge_configuration(8080, [1], tmp_path, {**DEFAULTS, "ORRERY_TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.7"})
    assert (
        "    set_real_ip_from 10.0.0.0/8;\n    set_real_ip_from 192.0.2.7;\n    real_ip_header X-Forwarded-For;" in text
    )
    assert "proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;" in text
    assert "real_ip" not in edge_configuration(8080, [1], tmp_path, DEFAULTS)


def test_certbots_answers_are_served_where_they_are_asked_for(tmp_path: Path) -> None:
    text = edge_configuration(8080, [1], tmp_path, {**DEFAULTS, "NGINX_ENABLE_CERTBOT_CHALLENGE": "true"})
    assert "location /.well-known/acme-challenge/ { root /var/www/html; }" in text
    assert "acme" not in edge_configuration(8080, [1], tmp_path, DEFAULTS)
