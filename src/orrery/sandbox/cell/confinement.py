"""The steps between a fork and the first byte of a snippet, in their order. A step that fails ends the child.

No step is best effort: what a `Plan` asks for is done or the process exits with `EXIT_UNCONFINED`, its code unread.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from orrery.sandbox.cell import kernel as k
from orrery.sandbox.cell import namespaces
from orrery.sandbox.cell.kernel import Kernel
from orrery.sandbox.cell.plan import FIRST_RUN_UID, Job, Plan
from orrery.sandbox.cell.policy import for_process

EXIT_UNCONFINED = 97
SIGKILL = 9

# Where descriptors stand in a zygote and in its children; a job's own ones arrive above them.
CONTROL, NULL, RULESET = 0, 3, 4
CODE, RESULT = 3, 5
NETWORK_RULESET = 6


@dataclass(frozen=True)
class JobDescriptors:
    """Descriptors of one job as received: payload to read, pipes to write, control groups to join, the gate."""

    code: int
    stdout: int
    stderr: int
    result: int
    groups: Sequence[int] = ()
    gate: int | None = None

    @classmethod
    def received(cls, job: Job, descriptors: Sequence[int]) -> JobDescriptors:
        """In the order in which they were sent."""
        code, stdout, stderr, result = descriptors[:4]
        gate = descriptors[4 + job.groups] if job.network else None
        return cls(code, stdout, stderr, result, descriptors[4 : 4 + job.groups], gate)


class Confinement:
    """Holds what a zygote prepared once (ruleset, filter) and applies it to each child."""

    def __init__(self, kernel: Kernel, plan: Plan, *, landlock: bool, programs: Mapping[bool, bytes]) -> None:
        self._kernel, self._plan, self._landlock, self._programs = kernel, plan, landlock, programs

    def steps(self, job: Job, descriptors: JobDescriptors) -> list[tuple[str, Callable[[], object]]]:
        """Name and action of each step. The filter comes last, because the others need calls that it refuses."""
        kernel, plan = self._kernel, self._plan
        return [
            ("session", os.setsid),
            ("groups", lambda: [os.write(group, b"0") for group in descriptors.groups]),
            ("network", lambda: self._open_network(job, descriptors)),
            ("descriptors", lambda: self._place(descriptors)),
            ("environment", lambda: _set_environment(job.environment)),
            ("user", lambda: self._change_user(job.slot)),
            ("capabilities", kernel.drop_capabilities),
            ("limits", lambda: _limit(plan, job.cpu_seconds)),
            # after the change of user, which resets both
            ("parent-death", lambda: kernel.prctl(k.PR_SET_PDEATHSIG, SIGKILL)),
            ("dumpable", lambda: kernel.prctl(k.PR_SET_DUMPABLE, 0)),
            ("no-new-privileges", lambda: kernel.prctl(k.PR_SET_NO_NEW_PRIVS, 1)),
            ("landlock", self._restrict_files),
            ("seccomp", lambda: kernel.seccomp(for_process(self._programs[job.network], os.getpid()))),
        ]

    def _open_network(self, job: Job, descriptors: JobDescriptors) -> None:
        if not job.network:
            return
        if self._plan.level < 3 or descriptors.gate is None:
            msg = "no network to be had"
            raise OSError(msg)
        namespaces.open_gate(self._kernel, descriptors.gate)
        os.dup2(NETWORK_RULESET, RULESET)

    def _place(self, descriptors: JobDescriptors) -> None:
        # stderr is in its place already, so that a failing step can be named
        os.dup2(NULL, 0)
        os.dup2(descriptors.stdout, 1)
        os.dup2(descriptors.code, CODE)
        os.dup2(descriptors.result, RESULT)
        os.closerange(RESULT + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])

    def _change_user(self, slot: int) -> None:
        if not self._plan.drop_user:
            return
        os.setgroups([])
        os.setresgid(FIRST_RUN_UID + slot, FIRST_RUN_UID + slot, FIRST_RUN_UID + slot)
        os.setresuid(FIRST_RUN_UID + slot, FIRST_RUN_UID + slot, FIRST_RUN_UID + slot)
        if os.getresuid() != (FIRST_RUN_UID + slot,) * 3:
            msg = "user not changed"
            raise OSError(msg)

    def _restrict_files(self) -> None:
        if self._landlock:
            self._kernel.landlock_restrict(RULESET)
        os.close(RULESET)


def _set_environment(environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.umask(0o077)
    os.chdir("/")


def _limit(plan: Plan, cpu_seconds: int) -> None:
    limits = [
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_AS, plan.address_space),
        (resource.RLIMIT_DATA, plan.memory),
        (resource.RLIMIT_FSIZE, plan.file_size),
        (resource.RLIMIT_NOFILE, plan.open_files),
        (resource.RLIMIT_STACK, plan.stack),
        (resource.RLIMIT_CORE, 0),
    ]
    if plan.drop_user:
        # counted per uid: without a uid of its own a run would pay for the other processes of the user
        limits.append((resource.RLIMIT_NPROC, plan.processes))
    for what, value in limits:
        if value == 0 and what == resource.RLIMIT_AS:
            continue
        hard = resource.getrlimit(what)[1]
        ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (ceiling, ceiling))


def confine(steps: list[tuple[str, Callable[[], object]]]) -> None:
    """Takes every step, or ends the process with `EXIT_UNCONFINED` after naming the step on stderr."""
    for name, action in steps:
        try:
            action()
        except BaseException as error:  # noqa: BLE001  whatever it is, the snippet must not run
            try:
                os.write(2, f"confinement step {name} failed: {error}\n".encode())
            finally:
                os._exit(EXIT_UNCONFINED)
