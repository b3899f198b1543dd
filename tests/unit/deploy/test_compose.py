from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
import yaml
from jsonschema import Draft202012Validator

from orrery.deploy.environment import REQUIRED, fields
from orrery.deploy.interpolation import MissingValue, interpolate
from orrery.deploy.render.compose import compose_files
from orrery.deploy.render.dotenv_example import dotenv_example
from orrery.deploy.secrets import generate
from orrery.settings.declare import declared
from orrery.settings.dotenv import read_dotenv
from orrery.settings.groups.plugin_daemon import PluginDaemon

TEXTS = compose_files()
WHOLE: dict[str, Any] = yaml.safe_load(TEXTS["docker-compose.yaml"])
MIDDLEWARE: dict[str, Any] = yaml.safe_load(TEXTS["docker-compose.middleware.yaml"])
MEMBERSHIP = {"anyOf": [{"type": "null"}, {"type": "object", "required": ["aliases"]}]}
WORDS = {"type": "array", "items": {"type": "string"}, "minItems": 1}
SECONDS = r"^([0-9]+s|\$\{[A-Z_]+:-[0-9]+s\})$"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["services", "networks"],
    "additionalProperties": False,
    "patternProperties": {"^x-": True},
    "properties": {
        "networks": {
            "additionalProperties": {
                "additionalProperties": False,
                "properties": {"driver": {"const": "bridge"}, "internal": {"type": "boolean"}},
            }
        },
        "volumes": {"additionalProperties": {"type": "null"}},
        "services": {
            "propertyNames": {"pattern": "^[a-z][a-z0-9_-]*$"},
            "additionalProperties": {
                "type": "object",
                "required": ["image"],
                "additionalProperties": False,
                "properties": {
                    "image": {"type": "string", "pattern": "^[^ ]+$"},
                    "build": {
                        "required": ["context", "dockerfile", "target"],
                        "properties": {"target": {"enum": ["orrery", "web"]}},
                    },
                    "container_name": {"type": "string"},
                    "profiles": WORDS,
                    "restart": {"enum": ["always", "no"]},
                    "user": {"type": "string", "pattern": "^([0-9]+:[0-9]+|[$]{ORRERY_USER:-1001:1001})$"},
                    "privileged": {"const": True},
                    "entrypoint": WORDS,
                    "command": WORDS,
                    "env_file": {"type": "string"},
                    "environment": {"type": "object", "additionalProperties": {"type": "string"}},
                    "ports": WORDS,
                    "expose": WORDS,
                    "volumes": {"type": "array", "items": {"type": "string", "pattern": "^[^ ]+:/[^ ]+$"}},
                    "tmpfs": {"type": "array", "items": {"type": "string", "pattern": "^/"}},
                    "read_only": {"const": True},
                    "cap_drop": {"const": ["ALL"]},
                    "security_opt": WORDS,
                    "extra_hosts": WORDS,
                    "ulimits": {"type": "object"},
                    "mem_limit": {"type": "string", "pattern": "^[0-9]+[mg]$"},
                    "pids_limit": {"type": "integer"},
                    "depends_on": {
                        "additionalProperties": {
                            "required": ["condition"],
                            "additionalProperties": False,
                            "properties": {
                                "condition": {
                                    "enum": ["service_started", "service_healthy", "service_completed_successfully"]
                                },
                                "required": {"const": False},
                            },
                        }
                    },
                    "healthcheck": {
                        "required": ["test"],
                        "additionalProperties": False,
                        "properties": {
                            "test": {"type": "array", "prefixItems": [{"enum": ["CMD", "CMD-SHELL"]}], "minItems": 2},
                            "interval": {"pattern": SECONDS},
                            "timeout": {"pattern": SECONDS},
                            "start_period": {"pattern": "^[0-9]+s$"},
                            "retries": {"type": "integer"},
                            # Compose makes a truth value of what an expression gives.
                            "disable": {"pattern": r"^\$\{[A-Z_]+:-(true|false)\}$"},
                        },
                    },
                    "networks": {"anyOf": [WORDS, {"type": "object", "additionalProperties": MEMBERSHIP}]},
                },
            },
        },
    },
}


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in cast("dict[str, Any]", value).values():
            yield from strings(part)
    elif isinstance(value, list):
        for part in cast("list[Any]", value):
            yield from strings(part)


def environment_after_init() -> dict[str, str]:
    return {**read_dotenv(dotenv_example(), {}), **generate({})}


@pytest.mark.parametrize("document", [WHOLE, MIDDLEWARE], ids=["whole", "middleware"])
def test_the_file_has_the_form_that_compose_reads(document: dict[str, Any]) -> None:
    errors = [f"{'/'.join(map(str, e.path))}: {e.message}" for e in Draft202012Validator(SCHEMA).iter_errors(document)]
    assert errors == []


@pytest.mark.parametrize("document", [WHOLE, MIDDLEWARE], ids=["whole", "middleware"])
def test_every_name_leads_somewhere(document: dict[str, Any]) -> None:
    services, networks = document["services"], document["networks"]
    for name, service in services.items():
        for other, dependency in service.get("depends_on", {}).items():
            assert other in services, f"{name} -> {other}"
            if dependency["condition"] == "service_healthy":
                assert "healthcheck" in services[other]
        assert set(service.get("networks", ["default"])) <= set(networks), name
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0] if not volume.startswith("$") else "./"
            assert source.startswith(".") or source in document["volumes"], volume


def test_one_environment_is_shared_by_anchor() -> None:
    text = TEXTS["docker-compose.yaml"]
    assert text.count("&shared-api-worker-env") == 1
    assert text.count("<<: *shared-api-worker-env") == 3
    shared = WHOLE["x-shared-env"]
    for name in ("api", "worker", "worker_beat"):
        environment = WHOLE["services"][name]["environment"]
        assert set(shared) <= set(environment)
        assert environment["MODE"] != ""


def test_every_declared_setting_reaches_the_api() -> None:
    environment = set(WHOLE["services"]["api"]["environment"])
    daemons = {field.env.name for field in declared(PluginDaemon)}
    missing = {field.env.name for field in fields()} - environment
    assert missing == {"COMMIT_SHA", "SANDBOX_API_KEY", "SANDBOX_PORT", "ORRERY_SQLITE_PATH"} | daemons


def test_the_plugin_daemon_gets_what_it_needs_and_no_secret_more() -> None:
    environment = WHOLE["services"]["plugin_daemon"]["environment"]
    assert {field.env.name for field in declared(PluginDaemon)} <= set(environment)
    given = "".join(strings(environment))
    for secret in ("SECRET_KEY", "ORRERY_MASTER_KEY", "REDIS_PASSWORD", "CODE_EXECUTION_API_KEY", "ADMIN_API_KEY"):
        assert f"${{{secret}" not in given


def test_all_expressions_have_values_after_init() -> None:
    values = environment_after_init()
    for text in strings(WHOLE["services"]):
        interpolate(text, values)
    api = {k: interpolate(v, values) for k, v in WHOLE["services"]["api"]["environment"].items()}
    assert api["CELERY_BROKER_URL"] == f"redis://:{values['REDIS_PASSWORD']}@redis:6379/1"
    assert api["DB_HOST"] == "db_postgres"
    sandbox = WHOLE["services"]["sandbox"]["environment"]
    assert interpolate(sandbox["API_KEY"], values) == api["CODE_EXECUTION_API_KEY"]


@pytest.mark.parametrize("name", REQUIRED)
def test_nothing_starts_without_a_secret(name: str) -> None:
    values = {**environment_after_init(), name: ""}
    with pytest.raises(MissingValue, match=f"{name}: run: orrery stack init"):
        for text in strings(WHOLE["services"]["api"]["environment"]):
            interpolate(text, values)


def test_only_the_edge_has_ports_on_the_machine() -> None:
    published = {
        name: service["ports"]
        for name, service in WHOLE["services"].items()
        if any(not port.startswith("127.0.0.1:") for port in service.get("ports", []))
    }
    assert set(published) == {"nginx"}
    assert all(
        port.startswith("127.0.0.1:")
        for s in MIDDLEWARE["services"].values()
        for port in s.get("ports", [])
        if "DEBUGGING" not in port
    )


def test_the_sandbox_is_alone_with_the_proxy_on_the_internal_network() -> None:
    for document in (WHOLE, MIDDLEWARE):
        assert list(document["services"]["sandbox"]["networks"]) == ["ssrf_proxy_network"]
        # Who calls the sandbox by its name meets the proxy's door.
        assert document["services"]["ssrf_proxy"]["networks"]["default"] == {"aliases": ["sandbox"]}
        assert document["networks"]["ssrf_proxy_network"]["internal"] is True
        members = {n for n, s in document["services"].items() if "ssrf_proxy_network" in s.get("networks", [])}
        assert members == {"sandbox", "ssrf_proxy"}


def test_a_plain_start_is_small() -> None:
    values = read_dotenv(dotenv_example(), {})
    chosen = set(values["COMPOSE_PROFILES"].split(",")) - {""}
    assert chosen == {"postgresql"}
    started = {n for n, s in WHOLE["services"].items() if not s.get("profiles") or chosen & set(s["profiles"])}
    assert {"api", "web", "nginx", "redis", "sandbox", "ssrf_proxy", "db_postgres", "init_permissions"} <= started
    assert "weaviate" not in started


def test_volumes_of_the_engine_take_the_place_of_every_folder() -> None:
    overlay = yaml.safe_load(TEXTS["docker-compose.volumes.yaml"])
    used: set[str] = set()
    for name, service in WHOLE["services"].items():
        # As Compose lays one file over another: mounts are told apart by their place in the container.
        mounts = {place(mount): mount for mount in service.get("volumes", [])}
        mounts |= {place(mount): mount for mount in overlay["services"].get(name, {}).get("volumes", [])}
        assert len(mounts) == len(service.get("volumes", [])), name
        for mount in mounts.values():
            assert "./volumes" not in mount, (name, mount)
        used |= {mount.partition(":")[0] for mount in overlay["services"].get(name, {}).get("volumes", [])}
    assert used == set(overlay["volumes"])
    assert {"app_storage", "db_data", "redis_data", "sandbox_dependencies", "certbot_conf"} <= used
    # nginx reads what certbot writes.
    assert "certbot_conf:/etc/letsencrypt:ro" in overlay["services"]["nginx"]["volumes"]


def place(mount: str) -> str:
    return interpolate(mount, {}).split(":")[1]
