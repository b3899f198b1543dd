"""A confinement that can't be had: no snippet runs, and the reason is told."""

import asyncio
import os
import tempfile
from pathlib import Path

import pytest

from orrery.sandbox.cell.confinement import EXIT_UNCONFINED
from orrery.sandbox.cell.plan import Job, Plan, pack_payload
from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.sandbox.limits import Limits
from orrery.sandbox.pool import Unconfined, ZygotePool
from orrery.sandbox.protocol import SandboxRefusal
from orrery.sandbox.runs import execute
from orrery.sandbox.zygotes import Zygote, ZygoteLost

from .conftest import PATIENCE
from .waiting import until

_START = "import sys; sys.path.insert(0, sys.argv.pop())\n"
_END = "\ndel sys.path[0]\nzygote.main(Broken())"
_KERNEL = """
from orrery.sandbox.cell import confinement, kernel, zygote
class Broken(kernel.Kernel): pass
def fail(*args, **kwargs): raise OSError(1, 'made to fail')
"""
_PRCTL = """
def broken_prctl(self, option, first=0, real=kernel.Kernel.prctl):
    if option == {option}: fail()
    real(self, option, first)
Broken.prctl = broken_prctl
"""

# How each step is made to fail, in the zygote's own process.
BREAKS = {
    "session": "import os; os.setsid = fail",
    "groups": "confinement.JobDescriptors.received = classmethod(lambda cls, job, d: cls(*d[:4], groups=[0x7fff]))",
    "network": "confinement.Confinement._open_network = fail",
    "descriptors": "confinement.Confinement._place = fail",
    "environment": "import os; os.umask = fail",
    "user": "import os; os.setresuid = fail",
    "capabilities": "Broken.drop_capabilities = fail",
    "limits": "import resource; resource.setrlimit = fail",
    "parent-death": _PRCTL.format(option=1),
    "dumpable": _PRCTL.format(option=4),
    "no-new-privileges": _PRCTL.format(option=38),
    "landlock": "Broken.landlock_restrict = fail",
    "seccomp": "Broken.seccomp = fail",
}


def bootstrap(sabotage: str) -> str:
    return _START + _KERNEL + sabotage + _END


def plan(level: int = 1) -> Plan:
    return Plan("py", level, os.geteuid() == 0)


@pytest.mark.parametrize("step", BREAKS)
async def test_a_failing_step_ends_the_child_before_the_code(step: str):
    if step == "user" and os.geteuid() != 0:
        pytest.skip("only root changes users")
    zygote = await Zygote.start(plan(), patience=PATIENCE, bootstrap=bootstrap(BREAKS[step]))
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        canary = Path(folder) / "canary"
        try:
            code = f"open({str(canary)!r}, 'w').write('ran')\nprint('ran')"
            outcome = await execute(zygote, Job(1, "raw", 5, 0), pack_payload(code, "{}"), Limits(timeout=PATIENCE))
        finally:
            await zygote.close()
        assert not canary.exists()
    assert outcome.run.exit_code == EXIT_UNCONFINED
    assert outcome.run.stdout == ""
    assert not outcome.confined
    assert f"confinement step {step} failed" in outcome.run.stderr


async def test_every_step_is_covered():
    from orrery.sandbox.cell.confinement import Confinement, JobDescriptors
    from orrery.sandbox.cell.kernel import Kernel

    confinement = Confinement(Kernel(), plan(), landlock=True, programs={})
    names = [name for name, _ in confinement.steps(Job(1, "raw", 5, 0), JobDescriptors(9, 9, 9, 9))]
    assert names == list(BREAKS)
    assert names[-1] == "seccomp"


@pytest.mark.parametrize(
    ("sabotage", "gets_through"),
    [
        ("Broken.seccomp = lambda *a: None", "tcp"),
        ("Broken.landlock_restrict = lambda *a: None", "read /etc/passwd"),
        ("confinement._set_environment = lambda given: __import__('os').environ.update(A='1')", "environment left"),
        ("import os; os.closerange = lambda a, b: [os.dup(0) for _ in range(8)]", "descriptors left"),
    ],
)
async def test_the_self_test_notices_a_step_that_only_pretends(sabotage: str, gets_through: str):
    pool = ZygotePool(Limits(), levels=(1,), bootstrap=bootstrap(sabotage))
    try:
        with pytest.raises(Unconfined, match="the self-test got through") as raised:
            await pool.settle()
        assert gets_through in str(raised.value)
        assert pool.level == 0
        # and it stays that way
        with pytest.raises(Unconfined):
            await pool.acquire("py")
    finally:
        await pool.close()


async def test_a_machine_without_landlock_gets_no_level_one():
    sabotage = "Broken.landlock_abi = lambda self: 0"
    with pytest.raises(ZygoteLost, match="no Landlock"):
        await Zygote.start(plan(), patience=PATIENCE, bootstrap=bootstrap(sabotage))


async def test_without_namespaces_the_next_level_is_taken():
    pool = ZygotePool(Limits(), bootstrap=bootstrap("Broken.unshare = fail"))
    try:
        assert await pool.settle() == 1
    finally:
        await pool.close()


async def test_a_demanded_level_is_not_lowered():
    pool = ZygotePool(Limits(), minimum=3, bootstrap=bootstrap("Broken.unshare = fail"))
    try:
        with pytest.raises(Unconfined, match="level 3"):
            await pool.settle()
    finally:
        await pool.close()


async def test_the_refusal_reaches_the_caller():
    sandbox = EmbeddedSandbox(levels=())
    try:
        for _ in range(2):
            with pytest.raises(SandboxRefusal, match="sandbox confinement unavailable") as refused:
                await sandbox.run("python3", "print(1)")
            assert refused.value.code == -500
    finally:
        await sandbox.close()


async def test_the_self_test_has_more_time_than_a_snippet():
    sandbox = EmbeddedSandbox(Limits(timeout=0.001))
    try:
        assert await sandbox.ready() in {1, 3}
    finally:
        await sandbox.close()


async def test_a_zygote_that_never_answers_is_given_up():
    with pytest.raises(ZygoteLost, match="not ready"):
        await Zygote.start(plan(), patience=0.2, bootstrap="import time; time.sleep(3600)")


async def test_a_zygote_lost_with_a_run_in_it_is_told():
    sandbox = EmbeddedSandbox(Limits(timeout=PATIENCE))
    try:
        zygote = await sandbox._pool.acquire("py")
        running = asyncio.create_task(sandbox.run("python3", "import time\ntime.sleep(3600)"))
        children = Path(f"/proc/{zygote.pid}/task/{zygote.pid}/children")
        await until(Path.read_text, children)
        os.kill(zygote.pid, 9)
        with pytest.raises(SandboxRefusal, match="worker was lost"):
            await running
        assert (await sandbox.run("python3", "print(1)")).stdout == "1\n"
    finally:
        await sandbox.close()


async def test_zygotes_are_replaced_after_their_share_of_jobs():
    sandbox = EmbeddedSandbox(Limits(jobs_per_zygote=5))
    try:
        first = await sandbox._pool.acquire("py")
        for _ in range(8):
            await sandbox.run("python3", "pass")
        second = await sandbox._pool.acquire("py")
        assert second is not first
        assert not first.alive
    finally:
        await sandbox.close()
