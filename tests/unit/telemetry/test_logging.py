from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from orrery.settings.groups.logs import Logs
from orrery.telemetry.configure import LoggingConfigurationError, configure_logging, log_request
from orrery.telemetry.context import Identity, identify, work
from orrery.telemetry.trace import new_trace

logger = logging.getLogger("orrery.tests")


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers = []
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_text_lines_have_the_contracts_form(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(Logs(), service="orrery")
    trace = new_trace()
    with work(trace):
        logger.info("hello %s", "world")
    pattern = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} INFO \[MainThread\] \[test_logging\.py:\d+\] (\w+) - hello world"
    match = re.fullmatch(pattern, lines(capsys)[0])
    assert match
    assert match[1] == trace.trace_id


def test_json_lines_have_the_contracts_fields(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(Logs(output="json"), service="shop")
    trace = new_trace()
    with work(trace):
        identify(Identity("t1", "u1", "end-user"))
        try:
            raise KeyError("gone\nwrong")
        except KeyError:
            logger.exception("failed", extra={"run_id": "r1", "count": 3, "odd": Path("/x"), "api_key": "abcdef"})
    (line,) = lines(capsys)
    record = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["ts"])
    assert record["severity"] == "ERROR"
    assert record["service"] == "shop"
    assert re.fullmatch(r"test_logging\.py:\d+", record["caller"])
    assert record["message"] == "failed"
    assert (record["trace_id"], record["span_id"]) == (trace.trace_id, trace.span_id)
    assert record["identity"] == {"tenant_id": "t1", "user_id": "u1", "user_type": "end-user"}
    assert record["attributes"] == {"run_id": "r1", "count": 3, "odd": "/x", "api_key": "***"}
    assert "KeyError" in record["stack_trace"]


def test_json_lines_leave_out_what_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(Logs(output="json"), service="shop")
    logger.warning("plain")
    logger.critical("worse")
    first, second = (json.loads(line) for line in lines(capsys))
    assert set(first) == {"ts", "severity", "service", "caller", "message"}
    assert (first["severity"], second["severity"]) == ("WARN", "ERROR")


@pytest.mark.parametrize("output", ["text", "json"])
def test_secrets_are_not_written(output: str, capsys: pytest.CaptureFixture[str]) -> None:
    secret = 'quo"ted\\secret'
    configure_logging(Logs(output="json" if output == "json" else "text"), service="x", secrets=[secret])
    try:
        raise ValueError("tried " + secret)
    except ValueError:
        logger.exception("with %s", secret, extra={"extra": secret})
    text = capsys.readouterr().err
    assert "ted" not in text
    assert text.count("***") == (3 if output == "json" else 2)


def test_the_level_and_the_chatty_libraries(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(Logs(level="WARNING"), service="x")
    logger.info("not shown")
    assert lines(capsys) == []
    configure_logging(Logs(level="WARNING"), service="x", debug=True)
    logger.debug("shown")
    logging.getLogger("aiosqlite").debug("not shown")
    assert len(lines(capsys)) == 1


def test_the_file_is_made_written_and_rotated(tmp_path: Path) -> None:
    file = tmp_path / "new folder" / "server.log"
    configure_logging(Logs(file=file, file_max_mb=1, file_backups=1), service="x")
    for _ in range(3):
        logger.info("x" * 600_000)
    assert sorted(path.name for path in file.parent.iterdir()) == ["server.log", "server.log.1"]


def test_setting_up_twice_writes_once(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(Logs(), service="x")
    configure_logging(Logs(), service="x")
    logger.info("once")
    assert len(lines(capsys)) == 1


def test_dates_follow_the_time_zone(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(Logs(timezone="Asia/Tokyo", text_format="%(asctime)s", date_format="%z"), service="x")
    logger.info("x")
    assert lines(capsys) == ["+0900"]


def test_the_access_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(Logs(text_format="%(message)s"), service="x")
    log_request("GET", "/v1/info", 200, 0.0123, "abc")
    assert lines(capsys) == ["GET /v1/info 200 12.300 abc"]


def test_wrong_settings_name_their_variable(tmp_path: Path) -> None:
    with pytest.raises(LoggingConfigurationError, match="LOG_TZ"):
        configure_logging(Logs(timezone="Moon/Base"), service="x")
    with pytest.raises(LoggingConfigurationError, match="LOG_FORMAT"):
        configure_logging(Logs(text_format="{asctime}"), service="x")
    (tmp_path / "file").write_text("")
    with pytest.raises(LoggingConfigurationError, match="LOG_FILE"):
        configure_logging(Logs(file=tmp_path / "file" / "server.log"), service="x")
