"""The workers of a fleet, as it is declared, serve every queue that any job or schedule of the product uses."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from orrery.deploy.interpolation import interpolate
from orrery.deploy.render.compose import compose_files
from orrery.deploy.render.dotenv_example import dotenv_example
from orrery.deploy.secrets import generate
from orrery.jobs.announcing import NoAnnouncer
from orrery.jobs.queues import KNOWN, served_by_default
from orrery.settings.dotenv import read_dotenv
from orrery.settings.load import Settings, load_settings
from orrery.wiring.core import Core
from orrery.wiring.worker import WorkerChoice

SERVICES: dict[str, Any] = yaml.safe_load(compose_files()["docker-compose.yaml"])["services"]
VALUES = {**read_dotenv(dotenv_example(), {}), **generate({})}


def declared_workers(**changed: str) -> dict[str, Settings]:
    """The settings of each worker service of the Compose file, with the example's values but for ``changed``."""
    values = {**VALUES, **changed}
    workers = {name: service for name, service in SERVICES.items() if _environment(service).get("MODE") == "worker"}
    return {
        name: load_settings({key: interpolate(text, values) for key, text in _environment(one).items()}, shape="fleet")
        for name, one in workers.items()
    }


def _environment(service: dict[str, Any]) -> dict[str, str]:
    return cast("dict[str, str]", service.get("environment", {}))


async def used_queues(home: Path) -> frozenset[str]:
    """The queues of all declared jobs, those of schedules among them."""
    core = Core(load_settings({"ORRERY_HOME": str(home)}), NoAnnouncer(), stores=False)
    try:
        return core.jobs.catalog.queues
    finally:
        await core.close()


@pytest.mark.parametrize("edition", ["SELF_HOSTED", "CLOUD"])
async def test_the_declared_workers_serve_every_queue_in_use(edition: str, tmp_path: Path) -> None:
    workers = declared_workers(EDITION=edition)
    assert workers, "the fleet has a worker"
    served: set[str] = set()
    for settings in workers.values():
        assert settings.jobs.backend == "celery"
        served |= set(WorkerChoice.of(settings.jobs).queues or served_by_default(settings.server.edition))
    used = await used_queues(tmp_path)
    assert len(used) > 5, "it is the product's own catalogue"
    assert used - served == set()
    # No job is ever put into another queue than these, whatever it is declared with.
    assert served | {"workflow", "workflow_professional", "workflow_team", "workflow_sandbox"} == KNOWN


def test_what_operators_say_of_queues_holds_for_the_declared_workers() -> None:
    chosen = {name: WorkerChoice.of(one.jobs) for name, one in declared_workers(CELERY_QUEUES="mail, plugin").items()}
    assert {one.queues for one in chosen.values()} == {("mail", "plugin")}
    chosen = {name: WorkerChoice.of(one.jobs) for name, one in declared_workers(CELERY_WORKER_QUEUES="mail").items()}
    assert {one.queues for one in chosen.values()} == {("mail",)}
