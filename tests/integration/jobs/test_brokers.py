"""The other ways to a Redis broker: through Sentinel, and over TLS with a checked certificate."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.integration.jobs.conformance import effects, until_status
from tests.integration.jobs.fleet_world import FleetWorld
from tests.integration.jobs.sample import Note
from tests.support.databases import postgres_url
from tests.support.ports import free_port
from tests.support.redis_server import redis_server

from orrery.database.migrate import migrate
from orrery.jobs.announcing import Announced
from orrery.jobs.fleet.application import celery_app
from orrery.jobs.fleet.broker import Broker, broker_of
from orrery.jobs.fleet.carrier import CeleryCarrier
from orrery.schema import schema
from orrery.settings.groups.cache import CacheSettings
from orrery.settings.groups.jobs import Jobs as JobSettings

pytest.importorskip("celery", reason="the celery extra is not installed")
pytestmark = pytest.mark.redis


async def _sends(broker: Broker) -> None:
    """A message arrives: the broker counts it."""
    carrier = CeleryCarrier(celery_app(broker))
    try:
        assert await carrier.depth("mail") == 0
        carrier.announce([Announced("id", "name", "mail", {}, datetime.now(UTC))])
        assert await carrier.depth("mail") == 1
    finally:
        await carrier.close()


async def _is_done(folder: Path, url: str, **told: object) -> None:
    """A worker of its own carries out a job that came by this broker."""
    world = FleetWorld(folder, postgres_url(), url, **told)
    try:
        await migrate(world.database, schema())
        await world.start()
        await until_status(world, await world.jobs.outbox.enqueue_now(Note("arrived")), "done")
        assert effects(world) == ["arrived"]
        await world.stop()
    finally:
        await world.close()


@pytest.mark.postgres
async def test_a_master_is_found_through_its_sentinels(redis_url: str, tmp_path: Path) -> None:
    port, master = free_port(), redis_url.rpartition(":")[2]
    configuration = tmp_path / "sentinel.conf"
    configuration.write_text(f"port {port}\ndir {tmp_path}\nsentinel monitor watched 127.0.0.1 {master} 1\n")
    with redis_server(port, str(configuration), "--sentinel", folder=tmp_path):
        url = f"sentinel://127.0.0.1:{port}/62;sentinel://127.0.0.1:1/62"
        # The usual tenth of a second is short for a machine under load.
        jobs = JobSettings(broker_url=url, sentinel_master="watched", sentinel_timeout=30)
        await _sends(broker_of(jobs, CacheSettings()))
        await _is_done(tmp_path, url, jobs={"sentinel_master": "watched", "sentinel_timeout": 30})


@pytest.mark.postgres
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
async def test_a_broker_over_tls_shows_its_certificate(tmp_path: Path) -> None:
    port, key, certificate = free_port(), tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    tls = ["--tls-port", str(port), "--port", "0", "--tls-cert-file", str(certificate), "--tls-key-file", str(key)]
    plain = ["--tls-auth-clients", "no", "--save", "", "--dir", str(tmp_path)]
    with redis_server(port, *tls, *plain, folder=tmp_path):
        jobs = JobSettings(broker_url=f"rediss://localhost:{port}/0")
        await _sends(broker_of(jobs, CacheSettings(tls_check="CERT_REQUIRED", tls_ca=certificate)))
        # Without the authority the certificate proves nothing, and nothing is sent.
        stranger = CeleryCarrier(celery_app(broker_of(jobs, CacheSettings(tls_check="CERT_REQUIRED"))))
        assert await stranger.depth("mail") is None
        await stranger.close()
        shown = {"tls_check": "CERT_REQUIRED", "tls_ca": str(certificate)}
        await _is_done(tmp_path, jobs.broker_url, cache=shown)
