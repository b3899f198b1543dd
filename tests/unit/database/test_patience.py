"""What is read again while the database is away, and what is not."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from orrery.database.patience import patiently

AWAY = OperationalError("SELECT 1", None, ConnectionError("lost"))


class Source:
    """Answers after it raised all of ``errors``."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.asked = 0

    async def read(self) -> str:
        self.asked += 1
        if self.errors:
            raise self.errors.pop(0)
        return "rows"


async def test_an_absence_is_waited_out() -> None:
    source = Source(AWAY, ConnectionRefusedError("refused"))
    assert await patiently(source.read, (0.001, 0.001)) == "rows"
    assert source.asked == 3


async def test_a_long_absence_is_told() -> None:
    source = Source(AWAY, AWAY, AWAY)
    with pytest.raises(OperationalError):
        await patiently(source.read, (0.001, 0.001))
    assert source.asked == 3


@pytest.mark.parametrize("error", [IntegrityError("x", None, ValueError("taken")), ValueError("wrong")])
async def test_faults_are_told_at_once(error: Exception) -> None:
    source = Source(error)
    with pytest.raises(type(error)):
        await patiently(source.read, (60.0,))
    assert source.asked == 1
