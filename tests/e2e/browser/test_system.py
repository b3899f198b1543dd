"""The installation as its owner sees it: parts, addresses, a failed job, a refused destination; and who may not look."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

import pytest
from playwright.sync_api import expect
from sqlalchemy import Table, create_engine
from tests.e2e.browser.conftest import Meet
from tests.e2e.browser.house import House

from orrery.database.ids import new_id
from orrery.jobs.tables import Job

KEPT_WORK = ("clean_finished_jobs", "retention")
"""A job that may be done at any time; what it forgets is older than this test."""


@pytest.fixture
def failed_jobs(house: House) -> list[str]:
    """Two jobs that failed for good."""
    now = datetime.now(UTC)
    jobs = [KEPT_WORK, ("send_human_input_mails", "mail")]
    engine = create_engine(f"sqlite:///{house.server.database}", connect_args={"timeout": 60})
    with engine.begin() as connection:
        for name, queue in jobs:
            row = {
                "id": new_id(), "name": name, "queue": queue, "payload": {"due_at": now.isoformat()},
                "status": "failed", "attempts": 3, "due_at": now, "error": f"{name} said 550 no such person",
                "finished_at": now,
            }  # fmt: skip
            connection.execute(cast("Table", Job.__table__).insert().values(row))
    engine.dispose()
    return [name for name, _ in jobs]


def test_what_an_operator_does(house: House, meet: Meet, failed_jobs: list[str]) -> None:
    refused = house.owner.http.post("/remote-files/upload", json={"url": "http://10.1.2.3:8080/hidden?key=secret"})
    assert refused.status_code == 400
    person = house.enter(meet(house.url))
    page = person.open("/settings/members")
    page.get_by_role("link", name="System", exact=True).click()

    parts = page.get_by_role("region", name="Parts")
    expect(parts.get_by_role("listitem").filter(has_text="Database")).to_contain_text("schema")
    expect(parts.get_by_role("listitem").filter(has_text="Jobs")).to_contain_text("failed")
    addresses = page.get_by_role("region", name="Addresses")
    expect(addresses).to_contain_text(house.url)
    expect(addresses.get_by_role("img", name="Does not work")).to_have_count(0)

    egress = page.get_by_role("region", name="Outbound requests")
    expect(egress).to_contain_text("127.0.0.0/8")
    expect(egress.get_by_role("listitem").filter(has_text="10.1.2.3:8080")).to_be_visible()
    expect(egress).not_to_contain_text("secret")

    jobs = page.get_by_role("region", name="Failed jobs")
    first, second = (jobs.get_by_role("listitem").filter(has_text=name) for name in failed_jobs)
    expect(first).to_contain_text("550 no such person")
    with page.expect_response(lambda answer: answer.url.endswith("/retry") and answer.ok):
        first.get_by_role("button", name="Retry").click()
    expect(first).to_have_count(0)
    second.get_by_role("button", name="Delete").click()
    expect(second).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(second).to_be_visible()
    # After the time to undo.
    with page.expect_response(lambda answer: answer.request.method == "DELETE" and answer.ok, timeout=60_000):
        second.get_by_role("button", name="Delete").click()
    page.reload()
    expect(egress).to_contain_text("10.1.2.3:8080")
    expect(jobs.get_by_role("status")).to_have_count(0)
    expect(second).to_have_count(0)


def test_nobody_else_looks(house: House, meet: Meet) -> None:
    editor = house.enter(meet(house.url), house.add_member("edith@example.com", "editor"))
    page = editor.open("/settings/system")
    expect(page.get_by_text("Only owners and admins look after the installation.")).to_be_visible()
    expect(page.get_by_role("link", name="System", exact=True)).to_have_count(0)
