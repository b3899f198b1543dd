from __future__ import annotations

import stat
from pathlib import Path

import pytest
from sqlalchemy import make_url

from orrery.settings import Settings, SettingsError, Source, load_settings
from orrery.settings.declare import declared
from orrery.settings.home import GENERATED, SECRETS_FILE
from orrery.settings.load import groups


def embedded(tmp_path: Path, environ: dict[str, str] | None = None, dotenv: str | None = None) -> Settings:
    path = None
    if dotenv is not None:
        path = tmp_path / ".env"
        path.write_text(dotenv)
    return load_settings(environ or {}, home=tmp_path / "home", dotenv=path)


def problems(environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        embedded(tmp_path, environ)
    return {problem.name: f"{problem.text} {problem.mend}" for problem in caught.value.problems}


def test_an_empty_environment_gives_a_working_embedded_shape(tmp_path: Path) -> None:
    settings = embedded(tmp_path)
    home = tmp_path / "home"
    assert settings.home == home
    assert settings.database.url() == f"sqlite+aiosqlite:///{home}/orrery.db"
    assert settings.cache.backend == "memory"
    assert settings.jobs.backend == "process"
    assert settings.storage.local_path == home / "storage"
    assert settings.server.host == "127.0.0.1"
    assert settings.sandbox.endpoint == ""
    assert len(settings.security.secret_key) >= 56


def test_the_home_is_private_and_its_secrets_stay(tmp_path: Path) -> None:
    first = embedded(tmp_path)
    home = tmp_path / "home"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / SECRETS_FILE).stat().st_mode) == 0o600
    second = embedded(tmp_path)
    assert second.security.secret_key == first.security.secret_key
    assert second.security.master_key == first.security.master_key
    assert first.security.master_key != first.security.secret_key
    assert first.sandbox.key == first.sandbox.accepted_key


def test_a_secret_that_is_missing_from_an_older_home_is_added_and_the_rest_kept(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    (home / SECRETS_FILE).write_text('SECRET_KEY="kept as it was written"\n')
    settings = embedded(tmp_path)
    assert settings.security.secret_key == "kept as it was written"
    assert settings.security.master_key
    text = (home / SECRETS_FILE).read_text()
    assert all(f"{name}=" in text for name in GENERATED)
    assert [path.name for path in home.iterdir()] == [SECRETS_FILE]


def test_the_chain_is_asked_in_order(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    for name in ("DB_HOST", "DB_USERNAME", "DB_DATABASE", "DB_CHARSET", "SMTP_SERVER"):
        (tmp_path / "files" / name).write_text("file\n")
    (tmp_path / ".env").write_text("DB_HOST=dotenv\nDB_USERNAME=dotenv\nDB_DATABASE=dotenv\nDB_CHARSET=dotenv")
    settings = load_settings(
        {"DB_HOST": "environment", "DB_USERNAME": "environment", "ORRERY_SECRETS_DIR": str(tmp_path / "files")},
        home=tmp_path / "home",
        dotenv=tmp_path / ".env",
        arguments={"DB_HOST": "argument"},
        remote=lambda _: Source.of("remote", {"DB_USERNAME": "remote", "DB_DATABASE": "remote"}),
    )
    database = settings.database
    assert (database.host, database.username, database.database) == ("argument", "environment", "remote")
    assert (database.charset, settings.mail.smtp_server) == ("dotenv", "file")


def test_names_may_be_written_in_any_case_and_aliases_count(tmp_path: Path) -> None:
    settings = embedded(tmp_path, {"db_host": "lower", "DB_Port": "1", "PLUGIN_DIFY_INNER_API_KEY": "alias"})
    assert settings.database.host == "lower"
    assert settings.database.port == 1
    assert settings.plugins.callback_key == "alias"


def test_values_take_the_type_of_their_field(tmp_path: Path) -> None:
    environ = {
        "DEBUG": "Yes",
        "MIGRATION_ENABLED": "off",
        "REFRESH_TOKEN_EXPIRE_DAYS": "0.5",
        "WEB_API_CORS_ALLOW_ORIGINS": "http://127.0.0.1:3000,*",
        "LOG_LEVEL": "debug",
        "LOG_FILE": "~/x.log",
        "REDIS_MAX_CONNECTIONS": "7",
        "CODE_MIN_NUMBER": "-5",
    }
    settings = embedded(tmp_path, environ)
    assert settings.server.debug is True
    assert settings.server.migration_enabled is False
    assert settings.security.refresh_token_days == 0.5
    assert settings.security.web_origins == ("http://127.0.0.1:3000", "*")
    assert settings.logs.level == "DEBUG"
    assert settings.logs.file == Path.home() / "x.log"
    assert settings.cache.max_connections == 7
    assert settings.code.min_number == -5


def test_an_empty_number_switch_or_secret_is_not_set_but_an_empty_text_is_empty(tmp_path: Path) -> None:
    settings = embedded(
        tmp_path, {"DB_PORT": "", "DEBUG": " ", "SECRET_KEY": "", "LOG_LEVEL": "", "RESEND_API_URL": "", "LOG_FILE": ""}
    )
    assert settings.database.port == 5432
    assert settings.server.debug is False
    assert settings.security.secret_key
    assert settings.logs.level == "INFO"
    assert settings.mail.resend_url == ""
    assert settings.logs.file is None


def test_all_wrong_values_are_told_at_once_with_their_mend(tmp_path: Path) -> None:
    wrong = problems(
        {
            "DB_PORT": "five",
            "DIFY_PORT": "70000",
            "DEBUG": "perhaps",
            "DB_TYPE": "oracle",
            "REDIS_SOCKET_TIMEOUT": "0",
            "ACCESS_TOKEN_EXPIRE_MINUTES": "-1",
            "SSRF_DEFAULT_TIME_OUT": "nan",
            "DB_HOST": "fine",
        },
        tmp_path,
    )
    assert set(wrong) == {
        "DB_PORT",
        "DIFY_PORT",
        "DEBUG",
        "DB_TYPE",
        "REDIS_SOCKET_TIMEOUT",
        "ACCESS_TOKEN_EXPIRE_MINUTES",
        "SSRF_DEFAULT_TIME_OUT",
    }
    assert "'five' from environment" in wrong["DB_PORT"]
    assert "at least 1 and at most 65535" in wrong["DB_PORT"]
    assert "sqlite, postgresql, mysql" in wrong["DB_TYPE"]
    assert "above 0" in wrong["REDIS_SOCKET_TIMEOUT"]
    assert "true or false" in wrong["DEBUG"]


def test_a_wrong_variable_of_the_dotenv_file_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"DB_PORT: .*'x' from .*\.env"):
        embedded(tmp_path, dotenv="DB_PORT=x")


def test_unknown_variables_never_stop_a_start_and_are_remembered(tmp_path: Path) -> None:
    settings = embedded(tmp_path, {"WHATEVER": "1"}, dotenv="WEAVIATE_ENDPOINT=http://w\nDB_HOST=x")
    assert settings.unknown == ("WEAVIATE_ENDPOINT",)


def test_an_unreadable_dotenv_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"A=\xff\xfe")
    with pytest.raises(SettingsError, match="not UTF-8"):
        load_settings({}, home=tmp_path / "home", dotenv=path)


def test_a_home_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"ORRERY_HOME: .*can't be used"):
        load_settings({}, home=tmp_path / "file" / "home")


GOOD = {"SECRET_KEY": "of our own 0123456789", "CODE_EXECUTION_API_KEY": "ours too"}


def refused(environ: dict[str, str], **options: set[str]) -> dict[str, str]:
    try:
        load_settings(environ, shape="fleet", **options)
    except SettingsError as error:
        return {problem.name: problem.text for problem in error.problems}
    return {}


def test_a_fleet_starts_with_secrets_of_its_own_and_makes_no_home() -> None:
    settings = load_settings(GOOD, shape="fleet")
    assert settings.home is None
    assert settings.database.url() == "postgresql+asyncpg://postgres@localhost:5432/dify"
    assert settings.cache.backend == "redis"


def test_a_fleet_refuses_missing_and_published_secrets() -> None:
    assert refused({}) == {
        "SECRET_KEY": "the secret is not set.",
        "CODE_EXECUTION_API_KEY": "the value is a published default that anybody can look up.",
    }
    published = GOOD | {"DB_PASSWORD": "difyai123456", "CELERY_BROKER_URL": "redis://:difyai123456@redis:6379/1"}
    assert set(refused(published)) == {"DB_PASSWORD", "CELERY_BROKER_URL"}
    assert set(refused(GOOD | {"SECRET_KEY": "short"})) == {"SECRET_KEY"}
    assert set(refused(GOOD | {"PLUGIN_DAEMON_URL": "http://d"})) == {"PLUGIN_DAEMON_KEY", "INNER_API_KEY_FOR_PLUGIN"}
    assert set(refused(GOOD | {"ADMIN_API_KEY_ENABLE": "true"})) == {"ADMIN_API_KEY"}


def test_a_role_says_which_secrets_it_needs() -> None:
    assert refused({"SANDBOX_API_KEY": "ours"}, required_secrets={"SANDBOX_API_KEY"}) == {}
    assert set(refused({}, required_secrets={"SANDBOX_API_KEY"})) == {"SANDBOX_API_KEY"}


def test_no_message_and_no_repr_shows_a_secret(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(GOOD | {"DB_PASSWORD": "difyai123456"}, shape="fleet")
    assert "difyai123456" not in str(caught.value)
    settings = embedded(tmp_path, {"DB_PASSWORD": "hunter2!", "CELERY_BROKER_URL": "redis://:hunter3!@h"})
    shown = repr(settings)
    assert "hunter" not in shown
    assert settings.security.secret_key not in shown
    assert "password=***" in shown
    assert {"hunter2!", "redis://:hunter3!@h", settings.security.secret_key} <= settings.secrets()


@pytest.mark.parametrize("kind", ["postgresql", "mysql", "seekdb"])
def test_the_database_address_is_understood_as_it_was_meant(kind: str) -> None:
    login = {"DB_USERNAME": "u@x", "DB_PASSWORD": "p/w:# +%20", "DB_DATABASE": "data-base"}
    url = make_url(load_settings(GOOD | login | {"DB_TYPE": kind}, shape="fleet").database.url())
    assert (url.username, url.password, url.database, url.host) == ("u@x", "p/w:# +%20", "data-base", "localhost")
    assert url.get_backend_name() == ("postgresql" if kind == "postgresql" else "mysql")


def test_every_declaration_has_a_meaning_and_a_fitting_default() -> None:
    for group in groups().values():
        for field in declared(group):
            assert len(field.env.meaning) > 5
            assert not field.env.meaning.endswith(".")
            assert field.default is None or isinstance(field.default, (field.base, str, int))
