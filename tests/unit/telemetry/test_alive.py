from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from orrery.cli.main import main
from orrery.deploy.native.unit import is_well
from orrery.deploy.probe import is_well as probed_well
from orrery.telemetry.alive import SILENT_SECONDS, SignsOfLife, file_of, what_is_wrong


async def _until_said(file: Path) -> None:
    async with asyncio.timeout(60):
        while not file.exists() or not file.read_text():
            await asyncio.sleep(0.01)


def _line(ago: float, pid: int) -> str:
    return f"{time.monotonic() - ago:020.3f} {pid:010d}\n"


async def test_a_role_is_well_from_its_start_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "alive"
    signs = SignsOfLife(file)
    assert what_is_wrong(file) == "has not started, or was stopped"
    await signs.start()
    await _until_said(file)
    assert what_is_wrong(file) is None
    assert probed_well(f"alive:{file}")
    assert await is_well(f"alive:{file}")
    await signs.close()
    assert not file.exists()
    await signs.close()


def test_one_that_is_silent_or_gone_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "alive"
    with subprocess.Popen([sys.executable, "-S", "-c", ""]) as gone:
        gone.wait()
    file.write_text(_line(0, gone.pid))
    assert what_is_wrong(file) == f"has ended without a word (process {gone.pid})"
    file.write_text(_line(SILENT_SECONDS + 3600, os.getpid()))
    assert "has been silent for 36" in (what_is_wrong(file) or "")
    assert not probed_well(f"alive:{file}")
    assert "has been silent for 36" in capsys.readouterr().out
    # From before the machine was started again.
    file.write_text(_line(-3600, os.getpid()))
    assert "has been silent" in (what_is_wrong(file) or "")
    file.write_text("nonsense\n")
    assert "left no readable sign" in (what_is_wrong(file) or "")


async def test_a_place_that_can_not_be_written_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("kept")
    link = tmp_path / "alive"
    link.symlink_to(elsewhere)
    signs = SignsOfLife(link)
    await signs.start()
    async with asyncio.timeout(60):
        while "No sign of life can be left" not in caplog.text:
            await asyncio.sleep(0.01)
    await signs.close()
    assert elsewhere.read_text() == "kept"


@pytest.mark.parametrize("role", ["worker", "beat"])
def test_the_commands_ask_without_loading_the_product(
    role: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "alive"
    monkeypatch.setenv("ORRERY_ALIVE_FILE", str(file))
    assert file_of(role) == file
    result = CliRunner().invoke(main, [role, "--check"])
    assert (result.exit_code, result.stderr) == (1, f"The {role} has not started, or was stopped.\n")
    file.write_text(_line(0, os.getpid()))
    asked = "import sys\nfrom orrery.cli.main import main\nmain.main(sys.argv[1:], standalone_mode=False)\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked, role, "--check"], check=True, capture_output=True, text=True)
    told, _, loaded = done.stdout.partition("\n")
    assert told == f"The {role} is well."
    assert not {"sqlalchemy", "celery", "redis", "msgspec", "orrery.wiring", "orrery.settings.load"} & set(
        loaded.split()
    )
