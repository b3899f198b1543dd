"""Zygotes by kind: found a level for, started on first use, tested before they serve, replaced in time."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from orrery.sandbox.cell.plan import Job, Plan, pack_payload
from orrery.sandbox.cgroups import RunGroup, RunGroups
from orrery.sandbox.limits import Limits
from orrery.sandbox.protocol import NetworkGate
from orrery.sandbox.runs import Outcome, execute
from orrery.sandbox.zygotes import BOOTSTRAP, Zygote, ZygoteLost, engine_folders

SNIPPETS: Mapping[str, Sequence[str]] = {"py": (), "tpl": ("jinja2", "markupsafe"), "js": ("_quickjs",)}
"""Kinds of zygotes and the packages of their engines; the first kind is the one to find a level with."""

_LOOK_EVERY = 100
_FEWEST_TRIES = 30

_log = logging.getLogger(__name__)


class Unconfined(Exception):
    """Snippets can't be confined as demanded; the text says which step failed."""


class ZygotePool:
    """Hands out the zygote of a kind. ``level`` is 0 until `settle` has found one.

    ``kinds`` are the kinds of zygotes with the packages of their engines; ``entry`` is the function of the kind
    ``call``; ``environment`` is what runs find, besides ``network_environment`` with network; ``programs`` are commands that children of a kind become. Runs are put into ``groups`` where there are any and may make ``system_calls`` besides. Slots count from ``first_slot``, so that pools share no users. ``bootstrap`` is the program that a zygote's interpreter is given; only tests give another one.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        levels: Sequence[int] = (3, 1),
        minimum: int = 1,
        packages: Sequence[str] = (),
        kinds: Mapping[str, Sequence[str]] = SNIPPETS,
        entry: str = "",
        first_slot: int = 0,
        programs: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
        environment: Mapping[str, str] = MappingProxyType({}),
        network_environment: Mapping[str, str] = MappingProxyType({}),
        groups: RunGroups | None = None,
        system_calls: Sequence[str] = (),
        bootstrap: str = BOOTSTRAP,
    ) -> None:
        self._limits = limits
        self._levels = [level for level in levels if level >= minimum]
        self._packages = tuple(packages)
        self._kinds, self._entry, self._bootstrap = kinds, entry, bootstrap
        self._first_slot, self._programs = first_slot, programs
        self._groups, self._system_calls = groups, tuple(system_calls)
        self._environment, self._network_environment = dict(environment), dict(network_environment)
        self._shape: tuple[int, bool] | None = None
        self._current: dict[str, Zygote] = {}
        self._first_size: dict[str, int] = {}
        self._retired: list[Zygote] = []
        self._locks = {kind: asyncio.Lock() for kind in (*kinds, *programs)}
        self._settling = asyncio.Lock()
        self._refusal: str | None = None
        self._jobs = 0

    @property
    def level(self) -> int:
        return self._shape[0] if self._shape else 0

    @property
    def grouped(self) -> bool:
        """Whether the kernel bounds each run by a control group; a watch on its memory does elsewhere."""
        return self._groups is not None

    @property
    def refusal(self) -> str | None:
        """Why nothing may run, once that is known."""
        return self._refusal

    @property
    def zygotes(self) -> dict[str, int]:
        """Process ids of the zygotes that serve now, by kind."""
        return {kind: zygote.pid for kind, zygote in self._current.items() if zygote.alive}

    async def settle(self) -> int:
        """Finds the strongest confinement that works here by trying it. Returns its level; raises Unconfined."""
        async with self._settling:
            if self._refusal is not None:
                raise Unconfined(self._refusal)
            if self._shape is None:
                await self._find_shape()
        return self.level

    async def _find_shape(self) -> None:
        reasons: list[str] = []
        first = next(iter(self._kinds))
        for level in self._levels:
            for drop_user in (True, False) if os.geteuid() == 0 else (False,):
                try:
                    self._current[first] = await self._start_first(first, level, drop_user=drop_user)
                except (ZygoteLost, Unconfined) as error:
                    reasons.append(f"level {level}{' with own users' if drop_user else ''}: {error}")
                    continue
                self._shape = (level, drop_user)
                if reasons:
                    _log.warning("stronger confinement is not to be had here: %s", "; ".join(reasons))
                _log.info(
                    "snippets run at confinement level %d, %s users of their own, memory bounded by %s",
                    level,
                    "with" if drop_user else "without",
                    "control groups" if self.grouped else "a watch",
                )
                return
        self._refusal = "; ".join(reasons) or "no confinement level is allowed"
        _log.error("snippets can't be confined and won't run: %s", self._refusal)
        raise Unconfined(self._refusal)

    async def _start_first(self, kind: str, level: int, *, drop_user: bool) -> Zygote:
        """With control groups if they can be joined here, else without."""
        if self._groups is not None:
            try:
                return await self._start(kind, level, drop_user=drop_user)
            except (ZygoteLost, Unconfined) as error:
                if "groups" not in str(error):
                    raise
                _log.warning("control groups are left alone: %s", error)
                self._groups.close()
                self._groups = None
        return await self._start(kind, level, drop_user=drop_user)

    async def acquire(self, kind: str) -> Zygote:
        """A zygote ready for a job. Raises Unconfined, or ZygoteLost when it can't be started."""
        level = await self.settle()
        async with self._locks[kind]:
            zygote = self._current.get(kind)
            if zygote is None or not zygote.alive or self._worn(kind, zygote):
                if zygote is not None:
                    self._retired.append(zygote)
                drop_user = self._shape is not None and self._shape[1]
                zygote = self._current[kind] = await self._start(kind, level, drop_user=drop_user)
            return zygote

    async def run(self, kind: str, mode: str, payload: bytes, slot: int, gate: NetworkGate | None = None) -> Outcome:
        """Runs one job in a child of the zygote of ``kind``; ``slot`` is unique among the jobs running now.

        Only level 3 can give a ``gate``; at others the job runs without network.
        """
        zygote = await self.acquire(kind)
        job = self._job(mode, slot, network=gate is not None and self.level >= 3)
        try:
            return await execute(zygote, job, payload, self._limits, gate, self.group_of(job))
        finally:
            await self._close_idle()

    async def renew(self, kind: str) -> None:
        """Replaces the zygote of ``kind`` before its next job; running jobs end in the old one."""
        async with self._locks[kind]:
            old = self._current.pop(kind, None)
            if old is not None:
                self._retired.append(old)
        await self._close_idle()

    def _job(self, mode: str, slot: int, *, network: bool = False) -> Job:
        return self._numbered(mode, int(self._limits.timeout) + 2, slot, network=network)

    def _numbered(self, mode: str, seconds: int, slot: int, *, network: bool) -> Job:
        self._jobs += 1
        # the self-test holds a leftover environment against a zygote
        own = {} if mode == "escapes" else self._environment
        environment = {**own, **self._network_environment} if network else own
        groups = 0 if self._groups is None else self._groups.width
        return Job(self._jobs, mode, seconds, self._first_slot + slot, network, environment, groups)

    def group_of(self, job: Job) -> RunGroup | None:
        """The control group for a job, if it is to have one. Raises ZygoteLost when the kernel refuses it."""
        if not job.groups or self._groups is None:
            return None
        try:
            return self._groups.at(job.slot)
        except OSError as error:
            msg = f"control groups: {error}"
            raise ZygoteLost(msg) from error

    def program_job(self, slot: int, *, network: bool) -> Job:
        """A job for a child that becomes its kind's program. Threads of the engine count as CPU time of the child."""
        seconds = 2 * int(self._limits.timeout) + 4
        return self._numbered("program", seconds, slot, network=network and self.level >= 3)

    def _worn(self, kind: str, zygote: Zygote) -> bool:
        if zygote.jobs_taken >= self._limits.jobs_per_zygote:
            return True
        looked_at = zygote.jobs_taken % _LOOK_EVERY == 0
        return looked_at and zygote.resident() > self._first_size[kind] * (1 + self._limits.zygote_growth)

    async def _close_idle(self) -> None:
        for old in [z for z in self._retired if not z.busy]:
            self._retired.remove(old)
            await old.close()

    async def _start(self, kind: str, level: int, *, drop_user: bool) -> Zygote:
        program, memory = self._programs.get(kind, ()), self._limits.memory
        plan = Plan(
            kind,
            level,
            drop_user,
            engine_folders(self._kinds.get(kind, ())),
            self._packages,
            # a program's engine reserves far more than it uses: the watch on resident memory bounds it
            memory=4 * memory if program else memory,
            address_space=0 if program else max(Plan.address_space, 2 * memory),
            entry=self._entry,
            program=program,
            system_calls=self._system_calls,
        )
        zygote = await Zygote.start(plan, patience=self._limits.start_timeout, bootstrap=self._bootstrap)
        try:
            await self._test(zygote)
        except BaseException:
            await zygote.close()
            raise
        self._first_size[kind] = zygote.resident()
        return zygote

    async def _test(self, zygote: Zygote) -> None:
        """Lets the zygote try to break out. Raises Unconfined when one try succeeds or the test can't tell."""
        # a slot of its own, so that the test shares its user with no run
        job = self._job("escapes", self._limits.workers)
        limits = self._limits.patient()
        outcome = await execute(zygote, job, pack_payload("", "{}"), limits, group=self.group_of(job))
        if outcome.result is None:
            raise Unconfined(outcome.run.stderr.strip() or outcome.run.error.strip() or "the self-test did not end")
        judge(outcome.result, _FEWEST_TRIES)

    async def close(self) -> None:
        """Ends all zygotes and whatever runs in them."""
        zygotes = [*self._current.values(), *self._retired]
        self._current.clear()
        self._retired.clear()
        for zygote in zygotes:
            await zygote.close()
        if self._groups is not None:
            self._groups.close()


def judge(report: bytes, fewest: int) -> None:
    """Raises Unconfined unless the report of a self-test has ``fewest`` tries and no breach."""
    found = json.loads(report)
    if found["breaches"] or found["tried"] < fewest:
        msg = f"the self-test got through: {', '.join(found['breaches'])}"
        raise Unconfined(msg)
