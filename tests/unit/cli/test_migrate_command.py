"""``orrery migrate``: what it writes, tells and refuses, also as MODE=migration and MODE=job."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from orrery.cli.main import main
from orrery.database.migrate import HEAD


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder and an environment that say nothing."""
    for name in ("ORRERY_SHAPE", "DB_TYPE", "SECRET_KEY", "MODE", "ORRERY_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def call(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def at(tmp_path: Path) -> tuple[str, str]:
    return "--home", str(tmp_path / "home")


def test_statements_are_written_without_a_database(tmp_path: Path) -> None:
    shown = call("migrate", "--sql", "--dialect", "postgresql", *at(tmp_path))
    assert shown.exit_code == 0
    assert shown.output.startswith("-- base -> 0001")
    assert shown.output.rstrip().endswith("COMMIT;")
    back = call("migrate", "--sql", "--from", HEAD, "--to", "base", *at(tmp_path))
    assert "DROP TABLE accounts;" in back.output
    assert not (tmp_path / "home" / "orrery.db").exists()
    assert call("migrate", "--sql", "--from", "head", "--to", "head", *at(tmp_path)).output == ""


def test_statements_go_into_a_file_and_make_the_schema(tmp_path: Path) -> None:
    file = tmp_path / "schema.sql"
    told = call("migrate", "--sql", "--output", str(file), *at(tmp_path))
    assert (told.exit_code, told.output) == (0, f"{file}: {int(HEAD)} steps for sqlite.\n")
    with closing(sqlite3.connect(tmp_path / "home" / "orrery.db")) as connection:
        connection.executescript(file.read_text())
    assert call("migrate", "--check", *at(tmp_path)).output == "The schema is current.\n"


def test_a_dry_run_tells_the_steps_and_the_rows(tmp_path: Path) -> None:
    fresh = call("migrate", "--dry-run", *at(tmp_path)).output
    assert "The schema is at revision none." in fresh
    assert "The database is empty" in fresh
    assert call("migrate", "--to", "0001", *at(tmp_path)).exit_code == 0
    told = call("migrate", "--dry-run", *at(tmp_path)).output
    assert "Would run 0001 -> 0002" in told
    assert told.endswith("Nothing was changed.\n")
    back = call("migrate", "--dry-run", "--to", "base", *at(tmp_path)).output.split()
    assert back[back.index("accounts") + 1 : back.index("accounts") + 3] == ["0", "rows"]
    assert call("migrate", "--check", *at(tmp_path)).exit_code == 1
    call("migrate", *at(tmp_path))
    assert "Nothing would run." in call("migrate", "--dry-run", *at(tmp_path)).output


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--sql", "--check"), "only one of"),
        (("--dry-run", "--check"), "only one of"),
        (("--from", "0001"), "belong to --sql"),
        (("--dialect", "mysql"), "belong to --sql"),
        (("--sql", "--dialect", "oracle"), "oracle"),
        (("--wait", "-1"), "-1"),
    ],
)
def test_words_that_contradict_each_other(words: tuple[str, ...], reason: str, tmp_path: Path) -> None:
    refused = call("migrate", *words, *at(tmp_path))
    assert (refused.exit_code, reason in refused.output) == (2, True), refused.output


@pytest.mark.parametrize("words", [("--to", "7777"), ("--sql", "--to", "7777"), ("--dry-run", "--to", "7777")])
def test_an_unknown_revision_is_refused_with_those_that_are_known(words: tuple[str, ...], tmp_path: Path) -> None:
    refused = call("migrate", *words, *at(tmp_path))
    assert refused.exit_code == 1
    assert f"There is no revision 7777 in this version; it knows base, 0001, 0002, {HEAD}." in refused.output


def test_somebody_who_holds_the_database_is_waited_for_as_long_as_said(tmp_path: Path) -> None:
    call("migrate", "--to", "0001", *at(tmp_path))
    with closing(sqlite3.connect(tmp_path / "home" / "orrery.db")) as held:
        held.execute("BEGIN IMMEDIATE")
        refused = call("migrate", "--wait", "0", *at(tmp_path))
        held.rollback()
    assert refused.exit_code == 69
    assert "another process has been migrating this database for 0 seconds" in refused.output.lower()
    assert call("migrate", "--wait", "0", *at(tmp_path)).exit_code == 0


def test_a_failure_has_an_exit_code_and_a_reason(tmp_path: Path) -> None:
    call("migrate", "--to", "0001", *at(tmp_path))
    with closing(sqlite3.connect(tmp_path / "home" / "orrery.db")) as connection:
        connection.execute("CREATE TABLE human_input_forms (mine INTEGER)")
    refused = call("migrate", *at(tmp_path))
    assert refused.exit_code == 1
    assert "Statement: CREATE TABLE human_input_forms" in refused.output
    assert "The database says: table human_input_forms already exists" in refused.output
    assert "Traceback" not in refused.output


def test_containers_migrate_and_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORRERY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MODE", "job")
    assert call("role").exit_code == 1
    assert "Would run base -> 0001" in call("role", "db", "upgrade", "--dry-run").output
    assert call("role", "migrate", "--sql", "--dialect", "mysql").output.count("CREATE TABLE accounts") == 1
    monkeypatch.setenv("MODE", "migration")
    made = call("role")
    assert (made.exit_code, made.output.splitlines()[-1]) == (0, "The schema was made.")
    monkeypatch.setenv("MODE", "job")
    assert call("role", "upgrade-db").output == "The schema was current.\n"
