"""``orrery doctor``: a line for each part, a mend for what does not work, and an exit code that scripts can use."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from orrery.cli.main import main


def doctor(home: Path) -> Result:
    return CliRunner().invoke(main, ["doctor", "--home", str(home)])


def test_parts_that_are_away_are_bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "MAIL_TYPE": "smtp", "SMTP_SERVER": "127.0.0.1", "SMTP_PORT": "1", "SMTP_PASSWORD": "never-to-be-seen",
        "SSRF_PROXY_ALL_URL": "http://127.0.0.1:1", "ORRERY_JOBS": "celery",
        "CELERY_BROKER_URL": "redis://:never-to-be-seen@127.0.0.1:1/1", "STORAGE_TYPE": "s3",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    found = doctor(tmp_path / "home")
    assert found.exit_code == 1
    bad = {line.split()[1] for line in found.output.splitlines() if line.startswith("BAD")}
    assert {"storage", "proxy", "mail", "queue"} <= bad
    assert found.output.count("Mend: ") == len(bad)
    assert "never-to-be-seen" not in found.output
    assert "Traceback" not in found.output


def test_looking_makes_nothing_that_stays(tmp_path: Path) -> None:
    found = doctor(tmp_path / "home")
    assert "ok   database" in found.output
    assert "ok   queue      in this process" in found.output
    assert [path.name for path in (tmp_path / "home").rglob("orrery-doctor*")] == []
