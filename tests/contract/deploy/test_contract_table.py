"""The table of variables, and the files made of it, say what the contract says."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from orrery.deploy.contract import contract
from orrery.deploy.render.dotenv_example import dotenv_example, middleware_example
from orrery.settings import SettingsError, load_settings
from orrery.settings.dotenv import read_dotenv

SETTINGS_TABLE = Path(__file__).parents[1] / "settings" / "environment.csv"
PUBLISHED = {"SECRET_KEY", "DB_PASSWORD", "REDIS_PASSWORD", "CELERY_BROKER_URL", "CODE_EXECUTION_API_KEY"}


def old_dotenv() -> str:
    """What somebody has who copied the contract's example and changed nothing."""
    return "".join(f"{v.name}={v.default}\n" for v in contract() if v.in_example)


def test_names_and_defaults_are_those_of_the_settings_test() -> None:
    with SETTINGS_TABLE.open(encoding="utf-8", newline="") as file:
        rows = {row["name"]: row["default"] for row in csv.DictReader(file)}
    assert {v.name: v.default for v in contract()} == rows


def test_the_example_has_every_variable_of_the_contracts() -> None:
    theirs = {v.name for v in contract() if v.in_example}
    assert len(theirs) == 683
    ours = read_dotenv(dotenv_example(), {})
    assert theirs <= set(ours)
    assert all(name.startswith("ORRERY_") for name in set(ours) - theirs)


def test_the_middleware_example_has_what_its_containers_read() -> None:
    ours = set(read_dotenv(middleware_example(), {}))
    theirs = {v.name for v in contract() if "middleware" in v.sources}
    assert ours <= theirs
    assert {"DB_PASSWORD", "REDIS_PASSWORD", "SANDBOX_API_KEY", "EXPOSE_POSTGRES_PORT"} <= ours


def test_an_old_file_is_refused_for_its_published_secrets_alone(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(old_dotenv())
    with pytest.raises(SettingsError) as caught:
        load_settings({"ORRERY_SECRETS_DIR": str(tmp_path / "none")}, dotenv=path, shape="fleet")
    refused = {problem.name for problem in caught.value.problems}
    assert refused >= PUBLISHED
    assert all(name.endswith(("KEY", "PASSWORD", "PLUGIN", "URL")) for name in refused)


def test_an_old_file_with_secrets_of_its_own_is_accepted_as_it_is(tmp_path: Path) -> None:
    text = old_dotenv()
    for published in (
        "sk-9f73s3ljTXVcMT3Blb3ljTqtsKiGHXVcMT3BlbkFJLK7U",
        "difyai123456",
        "dify-sandbox",
        "lYkiYYT6owG+71oLerGzA7GXCgOT++6ovaezWAjpCjf+Sjc3ZtU+qUEi",
        "QaHbTe77CtuXmsfyhR7+vRjI/+XbV1AaFy691iy+kGDv2Jvy0/eAh8Y1",
    ):
        text = text.replace(published, "a-secret-of-my-own-42")
    path = tmp_path / ".env"
    path.write_text(text)
    settings = load_settings({"ORRERY_SECRETS_DIR": str(tmp_path / "none")}, dotenv=path, shape="fleet")
    assert settings.database.host == "db_postgres"
    assert settings.cache.host == "redis"
    assert settings.sandbox.endpoint == "http://sandbox:8194"
    assert settings.plugins.daemon_url == "http://plugin_daemon:5002"
    assert "NGINX_PORT" in settings.unknown
