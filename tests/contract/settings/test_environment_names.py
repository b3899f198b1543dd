"""Every variable we declare is the contract's, with the contract's default, unless a reason stands here."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from orrery.settings.declare import Declared, declared
from orrery.settings.load import groups
from orrery.settings.reference import default_text

OURS = {
    "ORRERY_MASTER_KEY": "stored credentials have a key of their own",
    "ORRERY_SQLITE_PATH": "the contract knows no SQLite",
    "ORRERY_DB_BEHIND_POOLER": "the contract gives no word on poolers",
    "ORRERY_FLEET_APIS": "the contract counts no connections",
    "ORRERY_FLEET_WORKERS": "the contract counts no connections",
    "ORRERY_FLEET_BEATS": "the contract counts no connections",
    "ORRERY_MIGRATION_WAIT_SECONDS": "the contract's migrations wait for nobody",
    "ORRERY_CACHE": "the contract knows no cache inside the process",
    "ORRERY_JOBS": "the contract knows no jobs inside the process",
    "ORRERY_METRICS": "the contract offers no Prometheus metrics",
    "ORRERY_METRICS_TOKEN": "the contract offers no Prometheus metrics",
    "ORRERY_METRICS_PORT": "the contract offers no Prometheus metrics",
    "ORRERY_RUN_LEASE_SECONDS": "runs of the contract have no leases",
    "ORRERY_JOB_LEASE_SECONDS": "jobs of the contract have no leases",
    "ORRERY_JS_ENGINE": "the contract's sandbox is always a service, with settings of its own",
    "ORRERY_NODE": "the contract's sandbox is always a service, with settings of its own",
    "ORRERY_SANDBOX_CGROUP": "the contract's sandbox knows no control groups",
    "ORRERY_CONFINE_DOCUMENTS": "the contract reads documents unconfined",
    "ORRERY_APOLLO_SECRET": "the contract can not sign requests to Apollo",
}
YOUNGER = {
    "HUMAN_INPUT_GLOBAL_TIMEOUT_SECONDS",
    "WEB_FORM_SUBMIT_RATE_LIMIT_MAX_ATTEMPTS",
    "WEB_FORM_SUBMIT_RATE_LIMIT_WINDOW_SECONDS",
    "THIRD_PARTY_SIGNATURE_VERIFICATION_ENABLED",
    "THIRD_PARTY_SIGNATURE_VERIFICATION_PUBLIC_KEYS",
}
"""The contract's, but younger than its table."""
OTHER_DEFAULT = {
    "APPLICATION_NAME": "our own name",
    "PLUGIN_DAEMON_URL": "plugins run without a daemon unless one is named",
    "PLUGIN_DAEMON_KEY": "no published default for a key",
    "INNER_API_KEY_FOR_PLUGIN": "no published default for a key",
}

with (Path(__file__).parent / "environment.csv").open(encoding="utf-8", newline="") as file:
    CONTRACT = {row["name"]: row for row in csv.DictReader(file)}

PLACEHOLDER = re.compile(r"^your-|<your|//your-")
"""What the contract's file holds where people are to write something; to the product it is the same as nothing."""

FIELDS = [field for group in groups().values() for field in declared(group)]


def contract_defaults(name: str) -> set[str]:
    """The defaults of one variable: of the containers, and those of other places (``place=value | ...``)."""
    row = CONTRACT[name]
    others = [part.partition("=")[2].strip() for part in row["other_defaults"].split(" | ") if part]
    return {"" if text == "(empty)" or PLACEHOLDER.search(text) else text for text in (row["default"], *others)}


def same(ours: str, theirs: str) -> bool:
    if ours.lower() == theirs.lower():
        return True
    try:
        return float(ours) == float(theirs)
    except ValueError:
        return False


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.env.name)
def test_name_and_default_are_the_contracts(field: Declared) -> None:
    name = field.env.name
    if name in OURS:
        assert name not in CONTRACT
        assert name.startswith("ORRERY_")
        return
    if name in YOUNGER:
        assert name not in CONTRACT
        return
    assert name in CONTRACT
    matches = any(same(default_text(field.default), theirs) for theirs in contract_defaults(name))
    assert matches != (name in OTHER_DEFAULT), f"{default_text(field.default)!r}, contract {contract_defaults(name)}"


def test_aliases_are_the_contracts() -> None:
    assert {alias for field in FIELDS for alias in field.env.aliases} <= set(CONTRACT)


def test_no_variable_is_declared_twice() -> None:
    names = [name for field in FIELDS for name in (field.env.name, *field.env.aliases)]
    assert len(names) == len(set(names))


def test_the_tables_of_reasons_hold_no_leftovers() -> None:
    assert (set(OURS) | set(OTHER_DEFAULT)) <= {field.env.name for field in FIELDS}


def test_all_contract_variables_together_never_stop_an_embedded_start(tmp_path: Path) -> None:
    from orrery.settings import load_settings

    environ = {name: row["default"] for name, row in CONTRACT.items() if row["default"] and " " not in row["default"]}
    environ["DB_TYPE"] = "postgresql"
    settings = load_settings(environ, home=tmp_path / "home")
    assert settings.database.host == "db_postgres"
    assert settings.workflow.max_steps == 500
