"""``python -m tests.support.next_version COMMAND``: any command of ``orrery``, as the version after this one.

What it writes down it writes in forms that this version does not read: of runs, and of the payload of one job.
"""

from __future__ import annotations

import msgspec
from tests.support import next_version

from orrery.apps.runs import form
from orrery.jobs.declaration import job_of


def main() -> None:
    next_version.become()
    # Before the rest is imported: it takes the form over.
    form.FORM += 1
    from orrery.apps.runs.callbacks import CallBack, Callbacks
    from orrery.cli.main import main as orrery

    def from_first(old: CallBack) -> CallBack:
        return old

    declared = job_of(Callbacks.deliver)
    assert declared is not None
    from_first.__annotations__ = {"old": CallBack, "return": CallBack}
    newer = msgspec.structs.replace(declared, version=2, earlier={1: from_first})
    Callbacks.deliver.__job__ = newer  # type: ignore[attr-defined]  # as `job` does
    orrery()


main()
