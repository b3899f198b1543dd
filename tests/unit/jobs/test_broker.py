from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from orrery.jobs import JobsConfigurationError
from orrery.jobs.fleet.broker import broker_of
from orrery.settings.groups.cache import CacheSettings
from orrery.settings.groups.jobs import Jobs as JobSettings


def test_the_broker_stands_beside_the_cache_unless_named() -> None:
    cache = CacheSettings(host="redis", password="p@ss/word")
    assert broker_of(JobSettings(), cache).url == "redis://:p%40ss%2Fword@redis:6379/1"
    assert broker_of(JobSettings(broker_url="amqp://guest@rabbit//"), cache).url == "amqp://guest@rabbit//"
    assert broker_of(JobSettings(), CacheSettings(host="h", tls=True)).url == "rediss://h:6379/1"


@pytest.mark.parametrize(
    "cache", [CacheSettings(backend="memory"), CacheSettings(use_cluster=True), CacheSettings(use_sentinel=True)]
)
def test_without_a_redis_to_stand_beside_it_must_be_named(cache: CacheSettings) -> None:
    with pytest.raises(JobsConfigurationError, match="CELERY_BROKER_URL is empty"):
        broker_of(JobSettings(), cache)


def test_sentinels_get_their_master_and_their_own_password() -> None:
    url = "sentinel://:pw@h1:26379/1;sentinel://:pw@h2:26379/1"
    jobs = JobSettings(broker_url=url)
    with pytest.raises(JobsConfigurationError, match="CELERY_SENTINEL_MASTER_NAME"):
        broker_of(jobs, CacheSettings())
    named = JobSettings(broker_url=url, sentinel_master="m", sentinel_password="other")
    options = broker_of(named, CacheSettings()).transport_options
    assert options["master_name"] == "m"
    assert options["sentinel_kwargs"] == {"socket_timeout": 0.1, "password": "other"}
    assert broker_of(jobs, CacheSettings(sentinel_service="s")).transport_options["master_name"] == "s"


def test_tls_takes_its_certificates_from_redis() -> None:
    cache = CacheSettings(tls_check="CERT_REQUIRED", tls_ca=Path("/ca.pem"))
    assert broker_of(JobSettings(broker_url="rediss://h/1"), cache).tls == {
        "ssl_cert_reqs": "required", "ssl_check_hostname": True, "ssl_ca_certs": "/ca.pem",
    }  # fmt: skip
    assert broker_of(JobSettings(broker_url="redis://h/1"), cache).tls is None


def test_rabbitmq_confirms_messages_and_shows_its_certificate() -> None:
    cache = CacheSettings(tls_ca=Path("/ca.pem"))
    plain = broker_of(JobSettings(broker_url="amqp://guest@rabbit//"), cache)
    assert (plain.transport_options, plain.tls) == ({"confirm_publish": True}, None)
    assert broker_of(JobSettings(broker_url="amqps://u:p@rabbit:5671//"), cache).tls == {
        "cert_reqs": ssl.CERT_REQUIRED, "server_hostname": "rabbit", "ca_certs": "/ca.pem",
    }  # fmt: skip
    several = broker_of(JobSettings(broker_url="amqps://u:p@one//;amqps://u:p@two//"), CacheSettings())
    assert several.tls == {"cert_reqs": ssl.CERT_REQUIRED}


def test_a_broker_prints_without_its_password() -> None:
    assert "secret" not in repr(broker_of(JobSettings(broker_url="redis://:secret@h/1"), CacheSettings()))
