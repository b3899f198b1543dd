"""The operator's commands as scripts see them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, insert, select

from orrery.cli.main import main
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
