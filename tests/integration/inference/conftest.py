from collections.abc import AsyncIterator

import pytest
from tests.support.model_server import ModelServer

from orrery.egress import GuardedHttpClient, operator_policy
from orrery.inference.transport import ModelTimeouts, ModelTransport, RetryPolicy


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[GuardedHttpClient]:
    async with GuardedHttpClient(operator_policy(allow_private=True)) as client:
        yield client


@pytest.fixture
def waits() -> list[float]:
    """Seconds that the transport would have slept before another attempt."""
    return []


@pytest.fixture
def transport(http: GuardedHttpClient, waits: list[float]) -> ModelTransport:
    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    return ModelTransport(
        http,
        timeouts=ModelTimeouts(connect=1.0, first_byte=0.15, between=0.15, whole=1.0),
        retries=RetryPolicy(retries=2),
        sleep=sleep,
    )
