from __future__ import annotations

import re

from orrery.deploy.contract import contract
from orrery.deploy.example import example
from orrery.deploy.secrets import BROKER, FOREIGN, SAME_AS, SECRETS, STRONG, generate
from orrery.settings.refuse import PUBLISHED_DEFAULTS


def test_every_secret_is_made_and_twins_are_equal() -> None:
    made = generate({})
    assert set(made) == set(STRONG) | set(SAME_AS)
    assert all(made[name] == made[first] for name, first in SAME_AS.items())
    assert len({made[name] for name in STRONG}) == len(STRONG)


def test_secrets_are_long_and_of_every_kind_and_need_no_quoting() -> None:
    for value in generate({}).values():
        assert len(value) >= 43
        assert re.fullmatch(r"[A-Za-z0-9_-]+", value)
        assert re.search(r"[a-z]", value)
        assert re.search(r"[A-Z]", value)
        assert re.search(r"[0-9]", value)


def test_what_is_given_stays_and_its_twin_follows() -> None:
    made = generate({"SANDBOX_API_KEY": "mine", "DB_PASSWORD": "old"})
    assert made["CODE_EXECUTION_API_KEY"] == "mine"
    assert not {"SANDBOX_API_KEY", "DB_PASSWORD"} & set(made)


def test_no_secret_of_the_example_has_a_value() -> None:
    filled = {row.name for row in example() if row.name in SECRETS and row.default}
    assert filled == set()


def test_no_published_password_is_in_the_example() -> None:
    for row in example():
        assert row.default not in PUBLISHED_DEFAULTS - {"secret", "password"}, row.name
        assert "difyai" not in row.default, row.name


def test_the_tables_name_real_variables() -> None:
    known = {variable.name for variable in contract()} | {"ORRERY_MASTER_KEY"}
    assert known >= SECRETS
    assert not FOREIGN & set(STRONG)
    assert BROKER in known
