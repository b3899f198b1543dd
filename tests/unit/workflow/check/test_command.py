"""``orrery check`` on files."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from orrery.cli.main import main
from workflow.graphs import end, node, start, stored

REFERENCE = Path(os.environ.get("ORRERY_REFERENCE", Path(__file__).parents[5] / "shared" / "reference"))
FIXTURES = REFERENCE / "dsl-fixtures"


def file_with(folder: Path, *nodes: dict[str, object], edges: str) -> str:
    graph = stored(start(), *nodes, edges_=edges)
    app = {"kind": "app", "version": "0.5.0", "app": {"name": "A", "mode": "workflow"}, "workflow": {"graph": graph}}
    path = folder / "app.yml"
    path.write_text(yaml.safe_dump(app))
    return str(path)


def test_a_sound_file(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["check", file_with(tmp_path, end(x="sys.user_id"), edges="start > end")])
    assert (result.exit_code, result.output) == (0, "Nothing found.\n")


def test_warnings_alone_are_no_failure(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["check", file_with(tmp_path, end(), edges="start > end")])
    assert result.exit_code == 0
    assert result.output.endswith("0 errors, 1 warning\n")


def test_errors_name_node_field_and_mend(tmp_path: Path) -> None:
    call = node("call", "http-request", url="example.com")
    path = file_with(tmp_path, call, end(x="call.body"), edges="start > call > end")
    result = CliRunner().invoke(main, ["check", path])
    assert result.exit_code == 1
    assert result.output == (
        "error    call (call): url\n"
        "         url should start with http:// or https://\n"
        "         Mend: Put http:// or https:// in front.\n"
        "1 error, 0 warnings\n"
    )
    found = json.loads(CliRunner().invoke(main, ["check", "--json", path]).output)
    assert [(item["level"], item["node_id"], item["field"]) for item in found] == [("error", "call", "url")]
    assert set(found[0]) == {"level", "node_id", "title", "field", "message", "mend"}


def test_credentials_are_looked_for_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = {"provider": "openai", "name": "gpt-4o", "mode": "chat"}
    llm = node("llm", "llm", model=model, prompt_template=[{"role": "user", "text": "hi"}])
    path = file_with(tmp_path, llm, end(x="llm.text"), edges="start > llm > end")
    for name in ("OPENAI_API_KEY", "ORRERY_MODEL_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    assert "no credentials for gpt-4o of openai" in CliRunner().invoke(main, ["check", path]).output
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    assert CliRunner().invoke(main, ["check", path]).output == "Nothing found.\n"


def test_files_that_are_no_app(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    path.write_text("- a list")
    result = CliRunner().invoke(main, ["check", str(path)])
    assert result.exit_code == 1
    assert "content must be a mapping" in result.output


@pytest.mark.reference
@pytest.mark.skipif(not FIXTURES.is_dir(), reason="the contract's fixtures are not beside the repository")
def test_apps_from_the_wild_are_not_blamed_for_what_is_right() -> None:
    kinds_to_come = {"Unknown node type: tool", "No model is chosen"}
    for path in sorted(FIXTURES.glob("*.yml")):
        found = json.loads(CliRunner().invoke(main, ["check", "--json", str(path)]).output)
        assert not [f for f in found if f["level"] == "error" and f["message"] not in kinds_to_come], path.name
