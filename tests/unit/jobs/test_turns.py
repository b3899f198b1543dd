from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orrery.jobs.fleet.fair_order import FairOrder
from orrery.jobs.queues import served_by_default
from orrery.jobs.turns import QueueTurns, weight_of

ALL = served_by_default()


def _taken(turns: QueueTurns, waiting: dict[str, int], number: int) -> list[str]:
    """Takes one job after the other while so many wait in each queue."""
    left, taken = dict(waiting), list[str]()
    while len(taken) < number and (open_queues := [queue for queue, jobs in left.items() if jobs]):
        queue = turns.order(open_queues)[0]
        turns.took(queue)
        left[queue] -= 1
        taken.append(queue)
    return taken


def test_while_all_wait_urgent_jobs_get_more_turns_and_none_starves() -> None:
    taken = _taken(QueueTurns(), {"mail": 1000, "dataset": 1000, "priority_dataset": 1000}, 110)
    assert taken[0] == "priority_dataset"
    assert {queue: taken.count(queue) for queue in ("priority_dataset", "dataset", "mail")} == {
        "priority_dataset": 80,
        "dataset": 20,
        "mail": 10,
    }


def test_a_single_job_does_not_wait_behind_a_long_queue_however_long_that_was_served() -> None:
    for single in ("mail", "plugin", "priority_pipeline"):
        turns = QueueTurns()
        _taken(turns, {"priority_dataset": 5000}, 5000)
        assert single in _taken(turns, {"priority_dataset": 1000, single: 1}, 2)


def test_who_had_nothing_to_do_saves_up_no_turns() -> None:
    turns = QueueTurns()
    _taken(turns, {"dataset": 1000}, 1000)
    taken = _taken(turns, {"dataset": 100, "pipeline": 100}, 20)
    assert taken.count("pipeline") == 10


@given(
    st.dictionaries(st.sampled_from(ALL), st.integers(1, 300), min_size=1),
    st.integers(1, 400),
    st.lists(st.sampled_from(ALL), max_size=30),
)
def test_every_queue_gets_its_share_of_any_stretch(waiting: dict[str, int], most: int, before: list[str]) -> None:
    turns = QueueTurns()
    for queue in before:
        turns.took(queue)
    taken = _taken(turns, waiting, most)
    whole = sum(weight_of(queue) for queue in waiting)
    for queue, jobs in waiting.items():
        # A queue that still waits has had its share, but for one turn of its own and one of each other queue.
        fair = len(taken) * weight_of(queue) / whole
        slack = 1 + len(waiting) * max(1.0, weight_of(queue))
        assert taken.count(queue) == jobs or taken.count(queue) >= fair - slack


@given(
    st.dictionaries(st.sampled_from(ALL), st.integers(0, 20), min_size=1),
    st.integers(0, 60),
    st.lists(st.sampled_from(ALL), max_size=30),
)
def test_a_share_is_what_so_many_turns_would_take(room: dict[str, int], most: int, before: list[str]) -> None:
    turns, same = QueueTurns(), QueueTurns()
    for queue in before:
        turns.took(queue)
        same.took(queue)
    shares = turns.share(sorted(room), room, most)
    taken = _taken(same, {queue: room[queue] for queue in sorted(room)}, most)
    assert shares == {queue: taken.count(queue) for queue in dict.fromkeys(taken)}


def test_celery_over_redis_asks_in_the_same_order() -> None:
    order, turns = FairOrder(), QueueTurns()
    order.update(ALL)
    taken: list[str] = []
    for _ in range(60):
        first = order.consume(len(ALL))
        assert sorted(first) == sorted(ALL)
        taken.append(order.rotate(first[0]))
    assert taken == _taken(turns, dict.fromkeys(ALL, 1000), 60)
