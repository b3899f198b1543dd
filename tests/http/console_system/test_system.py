"""The installation as its owner sees it in the console, and nobody else."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from tests.support.clock import MovableClock
from tests.support.people import People

from orrery.cache.memory import MemoryCache
from orrery.database.migrate import migrate
from orrery.database.orm import utc_now
from orrery.jobs.inspection import JobInspection
from orrery.jobs.tables import Job
from orrery.schema import schema
from orrery.wiring import settings_of
from orrery.wiring.process import Process

PARTS = ["settings", "database", "cache", "storage", "sandbox", "proxy", "mail", "queue", "pages"]
READS = ("/system/parts", "/system/addresses?origin=http://orrery.test", "/system/jobs", "/system/egress")
EXEMPT = {"SSRF_PROXY_ALLOW_PRIVATE_IPS": "10.1.0.0/16", "SSRF_PROXY_ALLOW_PRIVATE_DOMAINS": "inside.example"}


class System(msgspec.Struct, frozen=True):
    """An installation with its owner's browser."""

    process: Process
    people: People
    owner: httpx.AsyncClient

    @property
    def jobs(self) -> JobInspection:
        return self.process.operators().system.jobs

    async def get(self, path: str, **headers: str) -> Any:
        answer = await self.owner.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def part(self, name: str) -> dict[str, str | None]:
        return next(one for one in (await self.get("/system/parts"))["data"] if one["part"] == name)

    async def job(self, **columns: Any) -> str:
        """A row of a job; failed unless it is said."""
        given: dict[str, Any] = {"name": "send_mail", "queue": "mail", "payload": {"to": "ann"}, "status": "failed"}
        row = Job(**{**given, **columns})
        async with self.process.database.write() as session:
            session.add(row)
        return row.id


@asynccontextmanager
async def opened(home: Path, **variables: str) -> AsyncGenerator[System]:
    """The whole product in process, without its background jobs."""
    process = Process(settings_of(variables, home=home))
    try:
        await migrate(process.database, schema())
        clock = MovableClock()
        people = People(
            process.app, process.database, process.product.workspaces, clock, MemoryCache(clock=clock.seconds)
        )
        await people.set_up()
        yield System(process, people, await people.signed_in())
        await people.close()
    finally:
        await process.close()


async def test_every_part_is_looked_at(tmp_path: Path) -> None:
    async with opened(tmp_path / "home") as system:
        told = await system.get("/system/parts")
        assert [one["part"] for one in told["data"]] == PARTS
        assert (told["version"], told["shape"]) == ("0.1.0", "embedded")
        found = {one["part"]: one for one in told["data"]}
        for name in PARTS:
            assert bool(found[name]["problem"]) == bool(found[name]["mend"])
        # A checkout may have no built pages, and a machine no safe way to run snippets.
        assert {name for name in PARTS if found[name]["problem"]} <= {"pages", "sandbox"}
        assert found["sandbox"]["problem"] or "level" in found["sandbox"]["configured"]
        assert "0 waiting, 0 failed" in found["queue"]["configured"]


async def test_parts_that_do_not_work_are_told_with_their_mend(tmp_path: Path) -> None:
    away = {
        "MAIL_TYPE": "smtp", "SMTP_SERVER": "127.0.0.1", "SMTP_PORT": "1", "SMTP_PASSWORD": "never-to-be-seen",
        "SSRF_PROXY_ALL_URL": "http://user:never-to-be-seen@127.0.0.1:1",
    }  # fmt: skip
    async with opened(tmp_path / "home", **away) as system:
        storage = tmp_path / "home" / "storage"
        storage.rename(tmp_path / "elsewhere")
        storage.write_text("in the way")
        await system.job(status="waiting", due_at=utc_now() - timedelta(hours=1))
        told = await system.get("/system/parts")
        found = {one["part"]: one for one in told["data"] if one["problem"]}
        assert {"storage", "proxy", "mail", "queue"} <= set(found)
        assert "can't be reached" in found["proxy"]["problem"]
        assert found["proxy"]["configured"] == "http://127.0.0.1:1"
        assert "127.0.0.1:1 can't be used" in found["mail"]["problem"]
        assert "more than 10 minutes in: mail" in found["queue"]["problem"]
        assert all(one["mend"] for one in found.values())
        assert "never-to-be-seen" not in str(told)


async def test_a_mail_service_without_its_server(tmp_path: Path) -> None:
    async with opened(tmp_path / "home", MAIL_TYPE="smtp", SSRF_PROXY_HTTP_URL="http://127.0.0.1:1") as system:
        assert (await system.part("mail"))["mend"] == "Set SMTP_SERVER."
        assert "Only one of" in str((await system.part("proxy"))["problem"])


async def test_failed_jobs_are_listed_tried_again_and_deleted(tmp_path: Path) -> None:
    async with opened(tmp_path / "home") as system:
        ids = [await system.job(error=f"no {number}", attempts=3, finished_at=utc_now()) for number in range(3)]
        other = await system.job(status="waiting")
        first = await system.get("/system/jobs?limit=2")
        assert [row["id"] for row in first["data"]] == [ids[2], ids[1]]
        assert (first["total"], first["has_more"]) == (3, True)
        shown = first["data"][0]
        assert (shown["name"], shown["queue"], shown["attempts"], shown["error"]) == ("send_mail", "mail", 3, "no 2")
        assert "payload" not in shown
        second = await system.get("/system/jobs?limit=2&page=2")
        assert ([row["id"] for row in second["data"]], second["has_more"]) == ([ids[0]], False)

        assert (await system.owner.post(f"/system/jobs/{ids[0]}/retry")).json() == {"result": "success"}
        again = await system.jobs.get(ids[0])
        assert (again.status, again.attempts, again.error) == ("waiting", 0, None)
        assert (await system.owner.delete(f"/system/jobs/{ids[1]}")).json() == {"result": "success"}
        assert [row["id"] for row in (await system.get("/system/jobs"))["data"]] == [ids[2]]

        for refused in (
            await system.owner.post(f"/system/jobs/{other}/retry"),
            await system.owner.delete(f"/system/jobs/{other}"),
        ):
            assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
        for missing in (
            await system.owner.post(f"/system/jobs/{ids[1]}/retry"),
            await system.owner.delete(f"/system/jobs/{ids[1]}"),
            await system.owner.delete("/system/jobs/no-id"),
        ):
            assert missing.status_code == 404
        log = await system.get("/workspaces/current/audit-log?action=system.")
        assert [(row["action"], row["target"]) for row in log["data"]] == [
            ("system.job.delete", ids[1]),
            ("system.job.retry", ids[0]),
        ]


async def test_refused_destinations_and_exemptions(tmp_path: Path) -> None:
    async with opened(tmp_path / "home", **EXEMPT) as system:
        assert await system.get("/system/egress") == {
            "addresses": ["10.1.0.0/16"], "domains": ["inside.example"], "proxy": "", "refused": [],
        }  # fmt: skip
        for path in ("a?key=never-to-be-seen", "b"):
            refused = await system.owner.post("/remote-files/upload", json={"url": f"http://192.168.0.9:8080/{path}"})
            assert refused.status_code == 400
        found = (await system.get("/system/egress"))["refused"]
        assert [(one["host"], one["port"]) for one in found] == [("192.168.0.9", 8080)]
        assert found[0]["times"] >= 2
        assert "never-to-be-seen" not in str(found)


async def test_addresses_are_compared_with_the_browsers(tmp_path: Path) -> None:
    given = {"CONSOLE_WEB_URL": "http://console.example.com", "FILES_URL": "http://api:5001"}
    async with opened(tmp_path / "home", **given) as system:
        told = await system.get("/system/addresses?origin=http://192.0.2.7:5001", **{"X-Forwarded-For": "192.0.2.1"})
        found = {one["variable"]: one for one in told["data"]}
        assert "came by http://192.0.2.7:5001" in found["CONSOLE_WEB_URL"]["problem"]
        assert "inner network" in found["FILES_URL"]["problem"]
        assert found["TRIGGER_URL"]["effective"] == "http://192.0.2.7:5001"
        assert found["RESPECT_XFORWARD_HEADERS_ENABLED"]["problem"]
        assert told["probe"] == "http://api:5001/files/reachable.svg"
        for wrong in ("", "javascript:alert(1)", "http://a/b", "orrery.test"):
            answer = await system.owner.get("/system/addresses", params={"origin": wrong})
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid_param")
        picture = await system.people.browser().get("http://orrery.test/files/reachable.svg")
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/svg+xml")


@pytest.mark.parametrize("path", READS)
async def test_only_those_who_look_after_the_installation(tmp_path: Path, path: str) -> None:
    async with opened(tmp_path / "home") as system:
        admin = await system.people.invited(system.owner, "bob@example.com", "admin")
        editor = await system.people.invited(system.owner, "eve@example.com", "editor")
        stranger = await system.people.second_workspace(system.owner, "sam@example.com")
        assert (await admin.get(path)).status_code == 200
        assert (await editor.get(path)).status_code == 403
        refused = await stranger.get(path)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_first_workspace")
        assert "first workspace" in refused.json()["message"]
        job = await system.job()
        assert (await stranger.delete(f"/system/jobs/{job}")).status_code == 403
        assert (await stranger.post(f"/system/jobs/{job}/retry")).status_code == 403
        assert (await system.jobs.get(job)).status == "failed"
