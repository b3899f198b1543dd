"""The operator's commands as scripts see them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, insert, select
from tests.support.object_stores.s3 import s3_server

from orrery.cli.main import _BY_CONTRACT, main
from orrery.cli.operations.not_here import REASONS
from orrery.database import Database, new_id
from orrery.operations.archive import sealed
from orrery.workspaces.members.tables import Workspace


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder and an environment that say nothing; passphrases that cost little."""
    for name in ("ORRERY_SHAPE", "DB_TYPE", "SECRET_KEY", "ORRERY_MASTER_KEY", "STORAGE_TYPE", "MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sealed, "SCRYPT_COST", 2**4)
    return iter(())


def call(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(main, list(arguments), input=text)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An installation with one workspace and one file."""
    folder = tmp_path / "home"
    assert call("migrate", "--home", str(folder)).exit_code == 0

    async def fill() -> None:
        database = Database(f"sqlite+aiosqlite:///{folder / 'orrery.db'}")
        async with database.connection() as connection:
            await connection.execute(insert(Workspace), [{"id": new_id(), "name": "ours"}])
        await database.close()

    asyncio.run(fill())
    (folder / "storage" / "tools").mkdir(parents=True)
    (folder / "storage" / "tools" / "a.txt").write_text("content")
    return folder


def workspaces(path: Path) -> int:
    async def count() -> int:
        database = Database(f"sqlite+aiosqlite:///{path}")
        async with database.read() as session:
            found = await session.scalar(select(func.count()).select_from(Workspace))
        await database.close()
        return found or 0

    return asyncio.run(count())


def test_a_home_comes_back_with_its_secrets(home: Path, tmp_path: Path) -> None:
    made = call("backup", "b.zip", "--home", str(home))
    assert (made.exit_code, made.exception) == (0, None)
    assert "1 rows, 1 files" in made.output
    assert "It holds the secrets" in made.output
    whole = call("restore", "b.zip", "--check")
    assert "b.zip is whole" in whole.output
    other = tmp_path / "other"
    back = call("restore", "b.zip", "--home", str(other))
    assert (back.exit_code, back.exception) == (0, None)
    assert workspaces(other / "orrery.db") == 1
    assert (other / "storage" / "tools" / "a.txt").read_text() == "content"
    assert (other / "secrets.env").read_bytes() == (home / "secrets.env").read_bytes()
    assert (other / "secrets.env").stat().st_mode & 0o777 == 0o600
    assert (other / "secrets.env.before-restore").exists()
    again = call("restore", "b.zip", "--home", str(other))
    assert again.exit_code == 1
    assert "not empty" in again.output


def test_a_sealed_backup_asks_for_its_passphrase(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = call("backup", "b", "--seal", "--home", str(home), text="one two\none two\n")
    assert made.exit_code == 0
    assert "sealed." in made.output
    assert "one two" not in made.output
    assert call("restore", "b", "--check").exit_code == 1
    monkeypatch.setenv("ORRERY_BACKUP_PASSPHRASE", "one two")
    assert call("restore", "b", "--check").exit_code == 0
    Path("pass").write_text("other\n")
    wrong = call("restore", "b", "--check", "--passphrase-file", "pass")
    assert wrong.exit_code == 1
    assert "passphrase is another one" in wrong.output


def test_a_backup_without_secrets_needs_the_same_key(home: Path, tmp_path: Path) -> None:
    call("backup", "b.zip", "--without-secrets", "--home", str(home))
    other = tmp_path / "other"
    refused = call("restore", "b.zip", "--home", str(other))
    assert refused.exit_code == 1
    assert "ORRERY_MASTER_KEY" in refused.output
    assert call("restore", "b.zip", "--home", str(other), "--any-key").exit_code == 0
    assert workspaces(other / "orrery.db") == 1


def test_moving_says_what_to_do_next_and_tells_no_password(home: Path) -> None:
    moved = call("move", "--from", f"sqlite:///{home / 'orrery.db'}", "--to", "sqlite:///moved.db")
    assert (moved.exit_code, moved.exception) == (0, None)
    assert "Moved 1 rows" in moved.output
    assert workspaces(Path("moved.db")) == 1
    away = call("move", "--from", f"sqlite:///{home / 'orrery.db'}", "--to", "postgresql://u:hidden@127.0.0.1:1/x")
    assert away.exit_code == 69
    assert "hidden" not in away.output
    same = call("move", "--from", "sqlite:///moved.db", "--to", "sqlite:///moved.db")
    assert same.exit_code == 1


def test_nothing_is_restored_under_a_running_process(home: Path) -> None:
    import fcntl

    call("backup", "b.zip", "--home", str(home))
    with (home / "orrery.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = call("restore", "b.zip", "--home", str(home))
        assert refused.exit_code == 1
        assert "is running" in refused.output
        assert call("backup", "c.zip", "--home", str(home)).exit_code == 0


def make_tenant(home: Path) -> str:
    """The first password of an owner that was just made."""
    made = call(
        "create-tenant", "--email", "Ann@Example.com", "--name", "Ours", "--language", "xx", "--home", str(home)
    )
    assert (made.exit_code, made.exception) == (0, None)
    assert "ann@example.com" in made.output
    return made.output.partition("Password: ")[2].partition("\n")[0]


def test_a_tenant_its_password_and_its_address(home: Path) -> None:
    here = ("--home", str(home))
    assert len(make_tenant(home)) > 16
    again = call("create-tenant", "--email", "ann@example.com", "--name", "Ours", "--language", "en-US", *here)
    assert again.exit_code == 1
    typed = call("reset-password", *here, text="ann@example.com\nnew-password-1\nnew-password-1\n")
    assert typed.exit_code == 0
    assert "new-password-1" not in typed.output
    for email, one, other, words in (
        ("ann@example.com", "new-password-1", "new-password-2", "not the same"),
        ("ann@example.com", "short", "short", "letters and numbers"),
        ("bob@example.com", "new-password-1", "new-password-1", ""),
    ):
        given = ("--email", email, "--new-password", one, "--password-confirm", other)
        refused = call("reset-password", *given, *here)
        assert refused.exit_code == 1
        assert words in refused.output
        assert "new-password" not in refused.output
    moved = ("--email", "ann@example.com", "--new-email", "A@b.example", "--email-confirm", "a@b.example")
    assert call("reset-email", *moved, *here).exit_code == 0
    assert call("reset-email", *moved, *here).exit_code == 1  # nobody has the former address now


def test_a_new_key_forgets_credentials_and_keeps_the_former_secrets(home: Path) -> None:
    before = (home / "secrets.env").read_text()
    asked = call("reset-encrypt-key-pair", "--home", str(home), text="n\n")
    assert asked.exit_code == 1
    assert (home / "secrets.env").read_text() == before
    done = call("reset-encrypt-key-pair", "--yes", "--home", str(home))
    assert (done.exit_code, done.exception) == (0, None)
    after = (home / "secrets.env").read_text()
    assert after != before
    assert (home / "secrets.env.before-reset").read_text() == before
    assert next(line for line in after.splitlines() if line.startswith("SECRET_KEY")) in before
    assert not any(line.partition('"')[2][:20] in done.output for line in (before + after).splitlines() if '"' in line)


def test_orphans_are_shown_before_they_are_deleted(home: Path) -> None:
    here = ("--home", str(home))
    assert "0 files are named by no row" in call("clear-orphaned-file-records", *here).output
    shown = call("remove-orphaned-files-on-storage", "--dry-run", "--older-than-hours", "0", *here)
    assert "tools/a.txt" in shown.output
    assert "Nothing was deleted" in shown.output
    assert call("remove-orphaned-files-on-storage", "--older-than-hours", "0", *here, text="n\n").exit_code == 1
    assert (home / "storage" / "tools" / "a.txt").exists()
    young = call("remove-orphaned-files-on-storage", "-f", *here)
    assert "0 objects" in young.output
    gone = call("remove-orphaned-files-on-storage", "-f", "--older-than-hours", "0", *here)
    assert (gone.exit_code, gone.exception) == (0, None)
    assert not (home / "storage" / "tools" / "a.txt").exists()
    usage = call("file-usage", "--json", *here)
    assert '"total": 0' in usage.output


def test_files_move_to_the_storage_of_the_settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = ("--home", str(home))
    refused = call("migrate-oss", "-f", *here)
    assert refused.exit_code == 1
    assert "still names a folder" in refused.output
    server = s3_server()
    for name, value in {
        "STORAGE_TYPE": "s3", "S3_ENDPOINT": server.url, "S3_BUCKET_NAME": "moved-files",
        "S3_ACCESS_KEY": server.access_key, "S3_SECRET_KEY": server.secret_key,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    first = call("migrate-oss", "-f", "--source", "local", *here)
    assert (first.exit_code, first.exception) == (0, None)
    assert "1 objects of 7 bytes copied and compared; 0 were there already" in first.output
    assert "0 objects of 0 bytes copied and compared; 1 were there already" in call("migrate-oss", "-f", *here).output
    assert server.secret_key not in first.output
    assert "ok   storage    s3, bucket moved-files" in call("doctor", *here).output


def test_cleaning_by_time(home: Path) -> None:
    here = ("--home", str(home))
    assert "0 runs would be deleted" in call("clean-workflow-runs", "--dry-run", *here).output
    assert "0 runs were deleted" in call("clean-workflow-runs", "--days", "7", *here).output
    assert call("clean-workflow-runs", "--from-days-ago", "9", *here).exit_code == 2
    both = ("--from-days-ago", "9", "--to-days-ago", "5", "--start-from", "2024-01-01", "--end-before", "2024-02-01")
    assert call("clean-workflow-runs", *both, *here).exit_code == 2
    assert call("clean-workflow-runs", "--from-days-ago", "5", "--to-days-ago", "9", *here).exit_code == 2
    span = ("--start-from", "2024-01-01", "--end-before", "2024-02-01")
    assert "0 messages were deleted" in call("clean-expired-messages", *span, *here).output
    assert call("clean-expired-messages", "--start-from", "2024-01-01", *here).exit_code == 2


@pytest.mark.parametrize("name", sorted(REASONS))
def test_commands_that_do_nothing_say_why(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = call(name, "--scope", "all", "word")
    assert refused.exit_code == 1
    assert f"{name} does nothing here. {REASONS[name]}" in refused.output
    assert call(name, "--help").exit_code == 0
    monkeypatch.setenv("MODE", "job")
    assert REASONS[name] in call("role", name).output


def test_a_container_runs_the_contracts_commands(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODE", "job")
    monkeypatch.setenv("ORRERY_HOME", str(home))
    assert "0 runs were deleted" in call("role", "clean-workflow-runs", "--days", "7").output
    assert call("role", "reset-password", "--email", "nobody@example.com").exit_code != 0


def test_the_page_of_commands_names_them_all() -> None:
    page = (Path(__file__).parents[3] / "docs" / "commands.md").read_text("utf-8")
    for name in (*_BY_CONTRACT, *REASONS, "backup", "restore", "move", "upgrade-db"):
        assert f"`{name}`" in page, name
