from __future__ import annotations

from pathlib import Path

from orrery.deploy.contract import contract
from orrery.deploy.environment import fields
from orrery.deploy.settings_map import entries, render, stack_names
from orrery.deploy.settings_map_rules import NAMES, PREFIXES

ROOT = Path(__file__).parents[3]


def test_the_page_is_what_the_tables_say() -> None:
    page = (ROOT / "docs" / "settings-map.md").read_text("utf-8")
    assert page == render(), "run: python -m orrery.deploy.settings_map > docs/settings-map.md"


LATER = {
    "HUMAN_INPUT_GLOBAL_TIMEOUT_SECONDS",
    "WEB_FORM_SUBMIT_RATE_LIMIT_MAX_ATTEMPTS",
    "WEB_FORM_SUBMIT_RATE_LIMIT_WINDOW_SECONDS",
    "THIRD_PARTY_SIGNATURE_VERIFICATION_ENABLED",
    "THIRD_PARTY_SIGNATURE_VERIFICATION_PUBLIC_KEYS",
}
"""The contract's, but younger than its table."""


def test_every_variable_has_one_fate() -> None:
    names = [entry.name for entry in entries()]
    assert names == [variable.name for variable in contract()]
    assert len(names) == len(set(names)) == 1003
    assert all(entry.text for entry in entries())


def test_the_settings_of_the_page_are_exactly_the_declared_ones() -> None:
    declared = {name for field in fields() for name in (field.env.name, *field.env.aliases)}
    known = {variable.name for variable in contract()}
    assert {entry.name for entry in entries() if entry.fate == "setting"} == declared & known
    assert all(name.startswith("ORRERY_") for name in declared - known - LATER)


def test_what_the_stack_reads_is_exactly_what_containers_name() -> None:
    settings = {entry.name for entry in entries() if entry.fate == "setting"}
    known = {variable.name for variable in contract()}
    assert {entry.name for entry in entries() if entry.fate == "stack"} == (set(stack_names()) & known) - settings


def test_the_table_of_names_holds_no_leftovers() -> None:
    free = {entry.name for entry in entries() if entry.fate in {"replaced", "ignored"}}
    assert set(NAMES) - free == set(), "these are read now: take their rows out of the table"


def test_prefixes_are_those_of_contract_variables() -> None:
    names = [variable.name for variable in contract()]
    assert [prefix for prefix in PREFIXES if not any(name.startswith(prefix) for name in names)] == []
