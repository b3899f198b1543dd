from __future__ import annotations

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from orrery.cli.main import main
from orrery.deploy.roles import Mode, has_role, mode_of
from orrery.settings.dotenv import read_dotenv


def run(*words: str, mode: str | None = None, **environ: str) -> Result:
    return CliRunner().invoke(main, list(words), env={"MODE": mode, **environ})


def test_render_writes_a_place_and_check_finds_what_is_stale(tmp_path: Path) -> None:
    assert run("stack", "render", "kubernetes", "--out", str(tmp_path)).exit_code == 0
    assert (tmp_path / "api.yaml").is_file()
    assert run("stack", "render", "kubernetes", "--out", str(tmp_path), "--check").exit_code == 0
    (tmp_path / "api.yaml").write_text("old")
    result = run("stack", "render", "kubernetes", "--out", str(tmp_path), "--check")
    assert result.exit_code == 1
    assert "api.yaml is not up to date" in result.output
    assert (tmp_path / "api.yaml").read_text() == "old"


def test_render_all_makes_a_folder_for_each_place(tmp_path: Path) -> None:
    assert run("stack", "render", "all", "--out", str(tmp_path)).exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"compose", "kubernetes", "helm"}


@pytest.mark.parametrize(
    ("place", "name"), [("compose", ".env"), ("middleware", "middleware.env"), ("kubernetes", "secrets.env")]
)
def test_init_makes_a_private_file_once(tmp_path: Path, place: str, name: str) -> None:
    assert run("stack", "init", "--for", place, "--out", str(tmp_path)).exit_code == 0
    path = tmp_path / name
    before = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = run("stack", "init", "--for", place, "--out", str(tmp_path))
    assert again.exit_code == 1
    assert "left alone" in again.output
    assert path.read_text() == before


def test_sync_adds_backs_up_and_tells(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("DB_PASSWORD=difyai123456\nMINE=1\n")
    dry = run("stack", "env-sync", "--env", str(env), "--dry-run")
    assert dry.exit_code == 0
    assert env.read_text() == "DB_PASSWORD=difyai123456\nMINE=1\n"
    assert "was not touched" in dry.output
    done = run("stack", "env-sync", "--env", str(env))
    assert done.exit_code == 0
    assert "difyai123456" not in done.output
    assert "  MINE" in done.output
    values = read_dotenv(env.read_text(), {})
    assert values["DB_PASSWORD"] == "difyai123456"
    assert "CONSOLE_API_URL" in values
    [backup] = (tmp_path / "env-backup").iterdir()
    assert backup.read_text() == "DB_PASSWORD=difyai123456\nMINE=1\n"
    assert "is up to date" in run("stack", "env-sync", "--env", str(env)).output


def test_sync_follows_an_example_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "example").write_text("NEW=1\n")
    (tmp_path / ".env").write_text("OLD=2\n")
    words = ("stack", "env-sync", "--env", str(tmp_path / ".env"), "--example", str(tmp_path / "example"))
    assert run(*words).exit_code == 0
    assert read_dotenv((tmp_path / ".env").read_text(), {}) == {"OLD": "2", "NEW": "1"}


def test_sync_without_a_file_says_so(tmp_path: Path) -> None:
    result = run("stack", "env-sync", "--env", str(tmp_path / "none"))
    assert result.exit_code == 1
    assert "No such file" in result.output


def test_every_mode_is_a_role_of_this_build() -> None:
    assert [mode for mode in Mode if not has_role(mode)] == []
    assert mode_of("plugin-daemon") is mode_of("plugin_daemon") is Mode.PLUGIN_DAEMON


@pytest.mark.parametrize("mode", ["plugin_daemon", "plugin-daemon"])
def test_the_plugin_daemon_is_started_by_its_mode(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORRERY_SHAPE", "fleet")
    monkeypatch.setenv("PLUGIN_DAEMON_KEY", "plugin-api-key")
    result = run("role", mode=mode)
    assert result.exit_code == 78
    assert "PLUGIN_DAEMON_KEY" in result.output
    assert "published default" in result.output


def test_an_unknown_mode_is_refused_with_the_list() -> None:
    result = run("role", mode="nonsense")
    assert result.exit_code == 78
    assert "MODE=nonsense is no role" in result.output
    assert "plugin_daemon" in result.output


def test_a_job_runs_its_command_and_gives_its_exit_code(tmp_path: Path) -> None:
    done = run("role", "version", mode="job")
    assert done.exit_code == 0
    assert done.output.startswith("orrery ")
    assert run("role", mode="job").exit_code == 1
    assert run("role", "no-such-command", mode="job").exit_code == 2


@pytest.mark.parametrize("words", [("upgrade-db",), ("db", "upgrade")])
def test_the_contracts_migration_commands_migrate(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = run("role", *words, "--home", str(tmp_path / "home"), mode="job")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "home" / "orrery.db").is_file()


def test_the_migration_mode_needs_no_second_switch(tmp_path: Path) -> None:
    done = run("role", mode="migration", ORRERY_HOME=str(tmp_path / "home"), MIGRATION_ENABLED="false")
    assert done.exit_code == 0, done.output
    assert "The schema was made." in done.output


def test_the_sandbox_role_refuses_the_published_key() -> None:
    done = run("role", mode="sandbox", API_KEY="dify-sandbox")
    assert done.exit_code == 78
