"""SIGKILL while documents are indexed, at each stage: they are completed, and stored as if nothing had happened (F3).

A process is held at a place from outside, seen there, killed, and comes back (embedded), or another one takes its jobs
over (fleet). What is stored then is compared row by row with what an undisturbed indexing of the same file stored.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.fault.fleet import Fleet
from tests.fault.holds import PATIENCE, Place, PostgresHold, SqliteHold, parser_held
from tests.fault.knowledge import BATCH, FREE_MODEL, HELD_MODEL, SAVED, Added, Answers, Knowledge, Rows
from tests.fault.psql import session
from tests.fault.scale import FULL, THOROUGH, scaled
from tests.support.listening import until_up
from tests.support.server import Console, OrreryServer

LEASE_SECONDS = 3.0

_HERE = "NEW.dataset_id = '{dataset}'"
_THERE = "(SELECT count(*) FROM knowledge_terms WHERE dataset_id = NEW.dataset_id)"


class Stage(NamedTuple):
    """Where a document is held, and what its status is there."""

    status: str
    place: Place


STATEMENTS = {
    "parsed": Stage("parsing", Place("documents", "UPDATE", f"{_HERE} AND NEW.indexing_status = 'splitting'")),
    "split": Stage("splitting", Place("document_segments", "INSERT", f"{_HERE} AND NEW.position = 1")),
    "split later": Stage("splitting", Place("document_segments", "INSERT", f"{_HERE} AND NEW.position = {SAVED + 99}")),
    "write": Stage("indexing", Place("knowledge_terms", "INSERT", f"{_HERE} AND {_THERE} = {BATCH // 2}")),
    "write later": Stage("indexing", Place("knowledge_terms", "INSERT", f"{_HERE} AND {_THERE} = {BATCH * 3 // 2}")),
    "end": Stage("indexing", Place("documents", "UPDATE", f"{_HERE} AND NEW.indexing_status = 'completed'")),
}  # fmt: skip
"""Stages that are held in the middle of a transaction, whose status is the one before it."""

EMBEDDED = ("text", "parents", "whole")
READING = ("parsed", "split", "split later", "parse")
"""Of these a process lets two documents be at a time."""


class Trial(NamedTuple):
    """``stage`` is one of `STATEMENTS`, ``parse``, or ``embed`` and ``embed later`` for the first and later batches."""

    form: str
    stage: str


class UnderWay(NamedTuple):
    """A document that is held, and what of it was finished by then."""

    form: str
    added: Added
    finished: set[tuple[str, ...]]


class World:
    """Knowledge bases, what holds their indexing, and what undisturbed documents leave."""

    def __init__(self, knowledge: Knowledge, answers: Answers, hold: SqliteHold | PostgresHold) -> None:
        self.knowledge = knowledge
        self.answers = answers
        self.hold = hold
        self._undisturbed: dict[str, dict[str, Rows]] = {}

    def undisturbed(self, form: str) -> dict[str, Rows]:
        """What is stored of a document of this form that nothing happened to."""
        if form not in self._undisturbed:
            self._undisturbed[form] = self.knowledge.stored(self.knowledge.completed(form))
        return self._undisturbed[form]

    def under_way(self, stack: ExitStack, trials: Sequence[Trial], process: int) -> list[UnderWay]:
        """Adds documents and returns when each is held by ``process``; ``stack`` lets them go."""
        # So that every text is asked for again, and the parsers' process is there.
        self.hold.write("DELETE FROM embeddings")
        if any(trial.stage == "parse" for trial in trials):
            self.knowledge.completed("economy")
        held: list[UnderWay] = []
        held += [self._embedding(trial) for trial in trials if trial.stage.startswith("embed")]
        held += self._writing(stack, [trial for trial in trials if trial.stage in STATEMENTS])
        if any(trial.stage == "parse" for trial in trials):
            stack.enter_context(parser_held(process))
            held += [self._parsing(trial) for trial in trials if trial.stage == "parse"]
        return held

    def _embedding(self, trial: Trial) -> UnderWay:
        step = "later" if trial.stage == "embed later" else "first"
        self.answers.arm(step)
        added = self.knowledge.add(self.knowledge.dataset(trial.form, HELD_MODEL), trial.form)
        assert self.answers.reached.wait(PATIENCE)
        stored = f"SELECT count(*) FROM knowledge_vectors WHERE dataset_id = '{added.dataset}'"
        self.knowledge.wait(stored, [(str(BATCH if step == "later" else 0),)])
        return self._held(trial, added, "indexing")

    def _parsing(self, trial: Trial) -> UnderWay:
        return self._held(
            trial, self.knowledge.add(self.knowledge.dataset(trial.form, FREE_MODEL), trial.form), "parsing"
        )

    def _writing(self, stack: ExitStack, trials: Sequence[Trial]) -> list[UnderWay]:
        if not trials:
            return []
        datasets = [self.knowledge.dataset(trial.form, FREE_MODEL) for trial in trials]
        places = [
            STATEMENTS[trial.stage].place._replace(
                condition=STATEMENTS[trial.stage].place.condition.format(dataset=dataset)
            )
            for trial, dataset in zip(trials, datasets, strict=True)
        ]
        held = stack.enter_context(self.hold.at(places))
        added: list[UnderWay] = []
        # Two documents are read at a time: those that go beyond that come first.
        for trial, dataset in sorted(zip(trials, datasets, strict=True), key=lambda one: one[0].stage in READING):
            document = self.knowledge.add(dataset, trial.form)
            held.until_held(len(added) + 1)
            added.append(self._held(trial, document, STATEMENTS[trial.stage].status))
        return added

    def _held(self, trial: Trial, added: Added, status: str) -> UnderWay:
        self.knowledge.until(added, status)
        return UnderWay(trial.form, added, self.knowledge.finished_parts(added))

    def check(self, held: Sequence[UnderWay]) -> None:
        """Each is completed: what was finished was not done again, and all is as if nothing had happened."""
        for form, added, finished in held:
            self.knowledge.until_settled(added)
            assert finished <= self.knowledge.finished_parts(added), form
            assert self.knowledge.stored(added) == self.undisturbed(form), form


@pytest.fixture(scope="module")
def answers(models: str) -> Iterator[Answers]:
    with Answers(models, {}) as gate:
        yield gate


@pytest.fixture(scope="module")
def embedded(server: OrreryServer, console: Console, answers: Answers) -> World:
    return World(Knowledge.embedded(server, console, answers), answers, SqliteHold(server.database))


def rounds() -> list[list[Trial]]:
    """Of the embedded shape: one document whose answers are held, and one that is parsed, or in a transaction."""
    if not FULL:
        taste = [[Trial("parents", "embed later"), Trial("economy", "parse")],
                 [Trial("text", "embed"), Trial("economy", "write later")]]  # fmt: skip
        if not THOROUGH:
            return taste
        more = [("text", "parsed"), ("parents", "split"), ("long", "split later"), ("whole", "write"), ("text", "end")]
        return [*taste, *([Trial(*one)] for one in more)]
    return [
        [Trial(EMBEDDED[(number + place) % 3], ("embed", "embed later")[number % 2]), trial_of(stage, number + place)]
        for number in range(20)
        for place, stage in enumerate(["parse", *STATEMENTS])
    ]


def trial_of(stage: str, turn: int) -> Trial:
    """Of one form after the other; only a long document has segments that are saved later."""
    return Trial("long" if stage == "split later" else [*EMBEDDED, "economy"][turn % 4], stage)


@pytest.mark.row("F3", "G13")
def test_a_killed_server_goes_on_with_its_documents(
    embedded: World, server: OrreryServer, measured: Callable[[str, object], None]
) -> None:
    kills = 0
    for trials in rounds():
        with ExitStack() as stack:
            held = embedded.under_way(stack, trials, server.pid)
            server.kill()
        embedded.answers.release()
        server.start()
        embedded.check(held)
        kills += len(held)
    measured("documents", kills)


@pytest.mark.row("F3", "G13")
def test_a_killed_parser_is_followed_by_another(embedded: World, server: OrreryServer) -> None:
    embedded.knowledge.completed("economy")
    with parser_held(server.pid) as parsers:
        added = embedded.knowledge.add(embedded.knowledge.dataset("economy"), "economy")
        embedded.knowledge.until(added, "parsing")
        for parser in parsers:
            os.kill(parser, signal.SIGKILL)
    embedded.check([UnderWay("economy", added, set())])


class Worker(OrreryServer):
    """One ``orrery worker`` with room for all that a test adds."""

    def command(self) -> Sequence[str]:
        return [sys.executable, "-m", "orrery", "worker"]

    def _wait_until_up(self, process: subprocess.Popen[bytes]) -> None:
        """`until_ready` waits: several start side by side."""

    def until_ready(self) -> None:
        assert self._process is not None
        ready = ("Orrery runs background jobs.", " ready.")
        until_up(self._process, lambda: any(word in self.log for word in ready), lambda: self.log)

    def until_said(self, words: Sequence[str]) -> None:
        until = time.monotonic() + PATIENCE
        while not any(word in self.log for word in words):
            assert time.monotonic() < until, self.log[-3000:]
            time.sleep(0.05)


@pytest.fixture(scope="module")
def fleet(two: Fleet, answers: Answers) -> Iterator[World]:
    with session(two.postgres) as talk:
        yield World(Knowledge.of_fleet(two, answers, talk), answers, PostgresHold(two.postgres, talk))


def workers(two: Fleet, folder: Path, stack: ExitStack, count: int, **more: str) -> list[Worker]:
    """Started, and ready."""
    lease = {"ORRERY_JOB_LEASE_SECONDS": str(LEASE_SECONDS), "TENANT_ISOLATED_TASK_CONCURRENCY": "16"}
    environment = {**two.environment, **lease, "CELERY_WORKER_AMOUNT": "16", **more}
    folder.mkdir(exist_ok=True)
    made = [Worker(folder / str(number), environment=environment) for number in range(count)]
    for worker in made:
        stack.callback(worker.close)
        worker.start()
    for worker in made:
        worker.until_ready()
    return made


@pytest.mark.row("F3", "F5", "G13")
def test_workers_take_documents_over_from_dead_and_from_frozen_ones(fleet: World, two: Fleet, tmp_path: Path) -> None:
    """The frozen one wakes when all is done by others, and changes nothing."""
    with ExitStack() as running:
        frozen, killed, heir = workers(two, tmp_path, running, 3, ORRERY_JOBS="process")
        # One that stands still takes no job, so each document is where it should be.
        killed.send(signal.SIGSTOP)
        heir.send(signal.SIGSTOP)
        with ExitStack() as stack:
            slept = fleet.under_way(stack, [Trial("parents", "embed later")], frozen.pid)
            frozen.send(signal.SIGSTOP)
            killed.send(signal.SIGCONT)
            trials = [
                Trial("whole", "split"),
                Trial("text", "write later"),
                Trial("economy", "parsed"),
                Trial("text", "end"),
            ]
            died = fleet.under_way(stack, trials, killed.pid)
            killed.kill()
        heir.send(signal.SIGCONT)
        fleet.answers.release()
        fleet.check([*slept, *died])
        (document,) = {one.added.document for one in slept}
        rows = f"SELECT updated_at FROM documents WHERE id = '{document}'"
        before = fleet.knowledge.say(rows)
        frozen.send(signal.SIGCONT)
        frozen.until_said([f"document {document} is not this job's any more", "was taken over"])
        fleet.check([*slept, *died])
        assert fleet.knowledge.say(rows) == before


@pytest.mark.thorough
@pytest.mark.row("F3", "G13")
def test_a_worker_takes_over_whatever_stage_another_one_died_at(
    fleet: World, two: Fleet, tmp_path: Path, measured: Callable[[str, object], None]
) -> None:
    """Workers of a broker, one after the other: each inherits and is killed."""
    count = 0
    with ExitStack() as running:
        (worker,) = workers(two, tmp_path / "first", running, 1)
        for number in range(scaled(3, 20)):
            read = [READING[(number + place) % 4] for place in range(2)]
            written = [stage for stage in STATEMENTS if stage not in READING]
            trials = [
                Trial(EMBEDDED[number % 3], ("embed later", "embed")[number % 2]),
                *(trial_of(stage, number + place) for place, stage in enumerate([*written, *read])),
            ]
            with ExitStack() as stack:
                held = fleet.under_way(stack, trials, worker.pid)
                (heir,) = workers(two, tmp_path / str(number), running, 1)
                worker.kill()
            fleet.answers.release()
            fleet.check(held)
            worker, count = heir, count + len(held)
    measured("documents", count)
