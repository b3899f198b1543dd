from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.deploy.envfile.initial import Place, filled, initial
from orrery.deploy.envfile.sync import BrokenFile, synchronised
from orrery.deploy.envfile.writing import replace_text, write_new
from orrery.deploy.render.cluster.translation import CLUSTER_SECRETS
from orrery.deploy.render.dotenv_example import dotenv_example
from orrery.deploy.secrets import SAME_AS, STRONG
from orrery.settings import load_settings
from orrery.settings.dotenv import read_dotenv, write_dotenv

EXAMPLE = """# head

# ---- one ----
# What A does
A=1
B=
# ---- two ----
C='x y'
"""


def test_the_first_file_has_every_secret_and_the_defaults() -> None:
    values = read_dotenv(initial(Place.COMPOSE), {})
    assert all(values[name] for name in (*STRONG, *SAME_AS) if name in values)
    assert values["CODE_EXECUTION_API_KEY"] == values["SANDBOX_API_KEY"]
    assert values["COMPOSE_PROFILES"] == "postgresql,"
    assert values["NGINX_SSL_PROTOCOLS"] == "TLSv1.2 TLSv1.3"
    assert set(read_dotenv(dotenv_example(), {})) == set(values)


def test_two_installations_share_no_secret() -> None:
    one, other = (read_dotenv(initial(Place.COMPOSE), {}) for _ in range(2))
    assert not [name for name in STRONG if one.get(name) and one.get(name) == other.get(name)]


def test_a_fleet_starts_with_the_first_file(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(initial(Place.COMPOSE))
    settings = load_settings({"ORRERY_SECRETS_DIR": str(tmp_path / "none")}, dotenv=path, shape="fleet")
    assert settings.database.host == "db_postgres"


def test_a_cluster_gets_its_secrets_and_no_more() -> None:
    values = read_dotenv(initial(Place.KUBERNETES), {})
    assert list(values) == list(CLUSTER_SECRETS)
    assert values["CELERY_BROKER_URL"] == f"redis://:{values['REDIS_PASSWORD']}@redis:6379/1"


def test_only_empty_variables_are_filled() -> None:
    assert filled("A=\nB=1\nC=\n", {"A": "x", "B": "y"}) == "A=x\nB=1\nC=\n"


def test_new_variables_come_after_the_old_lines_with_their_comments() -> None:
    report = synchronised("B=mine\n", EXAMPLE)
    assert report.added == ("A", "C")
    assert report.text.startswith("B=mine\n")
    assert report.text.endswith("# What A does\nA=1\nC='x y'\n")
    assert [d.name for d in report.kept] == ["B"]


def test_a_second_run_changes_nothing() -> None:
    first = synchronised("B=mine", EXAMPLE)
    second = synchronised(first.text, EXAMPLE)
    assert second.added == ()
    assert second.text == first.text


def test_an_empty_file_becomes_the_examples_variables() -> None:
    assert read_dotenv(synchronised("", EXAMPLE).text, {}) == read_dotenv(EXAMPLE, {})


def test_a_variable_that_is_gone_is_kept_and_told() -> None:
    report = synchronised("OLD=1\n", EXAMPLE)
    assert report.retired == ("OLD",)
    assert "OLD=1\n" in report.text


def test_secrets_are_masked_and_published_ones_named() -> None:
    report = synchronised("DB_PASSWORD=difyai123456\nSECRET_KEY=mine\n", dotenv_example())
    assert {d.name: d.value for d in report.kept} == {"DB_PASSWORD": "***", "SECRET_KEY": "***"}
    assert report.published == ("DB_PASSWORD",)


def test_a_quote_that_is_never_closed_is_refused() -> None:
    with pytest.raises(BrokenFile):
        synchronised("B='open\n", EXAMPLE)


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.from_regex(r"[A-Z][A-Z0-9_]{0,8}", fullmatch=True),
        st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t")),
        max_size=6,
    )
)
def test_no_value_is_ever_lost(values: dict[str, str]) -> None:
    report = synchronised(write_dotenv(values), EXAMPLE)
    after = read_dotenv(report.text, {})
    assert {name: after[name] for name in values} == values
    assert set(after) == set(values) | {"A", "B", "C"}


def test_files_are_private_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    write_new(path, "one")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        write_new(path, "two")
    assert path.read_text() == "one"


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("one")
    replace_text(path, "two")
    assert path.read_text() == "two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
