"""Holds a run of the engine against the reference, told by told."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

from orrery.workflow.conversation_writes import WroteInside
from orrery.workflow.graph import Graph
from orrery.workflow.journal import FinishedNode, PausedNode, Resume
from orrery.workflow.nodes.human_input_memory import MemoryForms

from .engine_run import REGISTRY, STOP, Key, Order, Told, Trace, run_engine
from .random_graphs import TIMEOUT, Case, make_case
from .reference import CUT, OUTSIDE, Reference


class Disagreement(AssertionError):
    """The engine and the reference tell different things."""


def graph_of(case: Case) -> Graph:
    return Graph.parse(case.graph, registry=REGISTRY)


async def check_seed(seed: int, interleavings: int = 1) -> None:
    """One graph under several interleavings, one of them cut off and resumed."""
    case = make_case(seed)
    graph = graph_of(case)
    ends: list[Any] = []
    for number in range(interleavings):
        dice = random.Random(f"{seed}-{number}")
        trace = await run_engine(case, graph, dice)
        expected = replayed(case, trace)
        compare(case, trace.told, expected.told)
        check_order(case, trace)
        ends.append(what_timing_must_not_change(trace))
        await check_resume(case, graph, trace, dice)
        await check_stop(case, graph, trace, dice)
        await check_pause(case, graph, trace, dice)
        await check_people(case, graph, dice)
    if not case.racing and all(end is not None for end in ends) and any(end != ends[0] for end in ends):
        raise Disagreement(f"seed {seed}: timing changed what the run gave: {ends}")


def replayed(case: Case, trace: Trace, order: Order | None = None) -> Reference:
    return follow(case, trace, Reference(case), order)


def follow(case: Case, trace: Trace, reference: Reference, order: Order | None = None) -> Reference:
    """Has the reference make the choices that the engine made from the run's beginning to its end or pause."""
    reference.begin()
    for number, key in enumerate(trace.choices):
        if order == ("pause", number):
            reference.pause()
        if key not in reference.waiting:
            raise Disagreement(
                f"seed {case.seed}: the engine lets {key} run, the reference only {list(reference.waiting)}"
            )
        reference.choose(key)
    if order == ("stop", len(trace.choices)) and not reference.over:
        reference.stop(STOP)
    if not reference.over:
        raise Disagreement(f"seed {case.seed}: the engine ended, the reference waits for {list(reference.waiting)}")
    return reference


def compare(case: Case, told: list[Told], expected: list[Told]) -> None:
    ours, theirs = _settled(told), _settled(expected)
    for number, (a, b) in enumerate(zip(ours, theirs, strict=False)):
        if a != b:
            raise Disagreement(f"seed {case.seed}: at {number} the engine tells {a}, the reference {b}")
    if len(ours) != len(theirs):
        raise Disagreement(
            f"seed {case.seed}: {len(ours)} told, {len(theirs)} expected: {ours[len(theirs) :] or theirs[len(ours) :]}"
        )


def _settled(told: list[Told]) -> list[Any]:
    """Ends of nodes that were cut off come in no particular order; names of unforeseen errors are no part of the rules."""
    made: list[Any] = []
    cut: list[str] = []
    for item in told:
        if item[0] == "done" and item[4] == CUT:
            cut.append(repr(item))
            continue
        made += [*sorted(cut), _shown(item)]
        cut = []
    return made + sorted(cut)


def _shown(item: Told) -> Told:
    if item[0] == "done" and item[3] == "exception":
        return (*item[:5], {key: value for key, value in item[5].items() if key != "error_type"})
    return item


def check_order(case: Case, trace: Trace) -> None:
    """What holds of every run: one beginning and end, ends after beginnings, one id for all that a node tells."""
    told = trace.told
    assert told[0] == ("run",), case.seed
    assert [item[0] for item in told].count("end") == 1, case.seed
    assert told[-1][0] == "end", case.seed
    started: Counter[Any] = Counter()
    for item in told:
        if item[0] == "start":
            started[item[1:3]] += 1
        elif item[0] in {"done", "pause"}:
            started[item[1:3]] -= 1
            assert started[item[1:3]] == 0, (case.seed, item)
    assert not +started, (case.seed, started)
    assert trace.result is not None
    # An inner round may refer to a node around it: only then the id is of another place.
    starts = {repr(item[1:3]) for item in told if item[0] == "start"}
    assert all(len(ids) == 1 for place, ids in trace.ids.items() if place in starts), (case.seed, trace.ids)


def what_timing_must_not_change(trace: Trace) -> Any:
    """None when the run did not go to its good end, or a failure inside cut other nodes off wherever they were."""
    end = trace.told[-1]
    if end[1] not in {"succeeded", "partial-succeeded"} or any(
        item[0] == "done" and item[3] == "failed" for item in trace.told
    ):
        return None
    outputs = {name: value for name, value in end[2].items() if name != "answer"}
    states = sorted(repr(item[:6]) for item in trace.told if item[0] in {"done", "retry"} and not _is_response(item))
    # What was told of an attempt that failed, or of a value that was shown before it was left out, is a matter of time.
    retried = any(item[0] == "retry" for item in trace.told)
    letters = [] if retried else sorted("".join(item[4] for item in trace.told if item[0] == "text"))
    return (end[1], outputs, sorted(str(end[2].get("answer"))), end[4:], states, letters)


def _is_response(item: Told) -> bool:
    return item[0] == "done" and "answer" in item[5]


def _outermost(reference: Reference, key: Key) -> str:
    """The node of the outer graph that a choice belongs to; what is inside a container is done with it."""
    name = key[1]
    while parent := reference.parents[name]:
        name = parent
    return name


async def check_resume(case: Case, graph: Graph, whole: Trace, dice: random.Random) -> None:
    """Dies after some choice, goes on elsewhere, and ends as the reference does that saw both parts as one."""
    # Who died while people were asked inside a container: tests/unit/workflow/human_input/test_inside_containers.py.
    if not whole.choices or case.asks_inside:
        return
    cut_at = dice.randint(0, len(whole.choices) - 1)
    forms = MemoryForms()
    first = await run_engine(case, graph, random.Random(f"{case.seed}-cut"), cut_at=cut_at, forms=forms)
    if first.result is not None:
        return
    assert first.told_after_cut == 0, f"seed {case.seed}: a run that died told more"
    _, entries, shown = first.cuts[-1]
    finished = [entry for entry in first.journal.entries[:entries] if isinstance(entry, FinishedNode)]
    # What was not told when the process died was not stored with it.
    wrote = [e for e in first.journal.entries[:entries] if isinstance(e, WroteInside) and e.execution_id in first.ended]
    paused = {e.node_id: e.execution_id for e in first.journal.entries[:entries] if isinstance(e, PausedNode)}
    resume = Resume(
        finished, {}, streamed_chars=shown, streamed_of=first.text_of, wrote=wrote,
        paused={name: id_ for name, id_ in paused.items() if name not in {entry.node_id for entry in finished}},
    )  # fmt: skip
    second = await run_engine(case, graph, dice, resume=resume, forms=forms)
    reference = Reference(case)
    reference.begin()
    done = {entry.node_id for entry in finished}
    boxes = {parent for parent in reference.parents.values() if parent}
    half_done = any(_outermost(reference, key) in boxes - done for key in first.choices)
    for key in [*(key for key in first.choices if _outermost(reference, key) in done), *second.choices]:
        if key not in reference.waiting:
            raise Disagreement(
                f"seed {case.seed}: resumed, the engine lets {key} run, the reference only {list(reference.waiting)}"
            )
        reference.choose(key)
    if not reference.over:
        raise Disagreement(
            f"seed {case.seed}: the resumed engine ended, the reference waits for {list(reference.waiting)}"
        )
    check_writes(case, [*first.told, *second.told], None if half_done and case.racing else reference.told)
    ends = (_end_of(case, second.told), _end_of(case, reference.told))
    # What others saw of a container that is done again from its start can't be taken back.
    if ends[0] != ends[1] and not (half_done and case.racing):
        raise Disagreement(f"seed {case.seed}: resumed, the engine ends with {ends[0]}, the reference with {ends[1]}")
    inner = any(item[0] == "text" and item[1] != OUTSIDE for item in [*first.told, *reference.told])
    # Text of rounds passes straight through, so that it may stand before or after what is told outside at that time.
    told, expected = [*first.told, *second.told], reference.told
    # What nodes had told that don't come to it any more, since the run ends before them, stays told.
    ended_early = second.told[-1][1] in {"failed", "stopped"}
    if ended_early or (half_done and case.racing):
        return
    if not inner and _text(told) != _text(expected):
        raise Disagreement(
            f"seed {case.seed}: resumed, the text is {first.text!r} + {second.text!r}, not {_text(expected)!r}"
        )
    ours, theirs = _text_of(told), _text_of(expected)
    if ours != theirs:
        raise Disagreement(f"seed {case.seed}: resumed, the texts are {ours}, not {theirs}")


def check_writes(case: Case, told: list[Told], expected: list[Told] | None) -> None:
    """What is done again writes nothing twice, and both parts together write what one run writes."""
    places = Counter(repr(item[1:5]) for item in told if item[0] == "write")
    assert not places or max(places.values()) == 1, (case.seed, places)
    if expected is not None:
        ours, theirs = (sorted(repr(item) for item in each if item[0] == "write") for each in (told, expected))
        if ours != theirs:
            raise Disagreement(f"seed {case.seed}: resumed, the run stores {ours}, the reference {theirs}")


async def check_stop(case: Case, graph: Graph, whole: Trace, dice: random.Random) -> None:
    """Somebody stops the run: what runs is cut off, nothing more begins."""
    if whole.choices:
        order: Order = ("stop", dice.randint(0, len(whole.choices) - 1))
        trace = await run_engine(case, graph, dice, order=order)
        told, expected = trace.told, replayed(case, trace, order).told
        if case.asks_inside:  # rounds side by side that are cut off tell who is asked, in no particular order
            told, expected = sorted(told, key=repr), sorted(expected, key=repr)
        compare(case, told, expected)


async def check_pause(case: Case, graph: Graph, whole: Trace, dice: random.Random) -> None:
    """Somebody pauses the run, and later it goes on: both parts tell what the reference tells."""
    if not whole.choices:
        return
    order: Order = ("pause", dice.randint(0, len(whole.choices) - 1))
    forms = MemoryForms()
    first = await run_engine(case, graph, dice, order=order, forms=forms)
    reference = replayed(case, first, order)
    compare(case, first.told, reference.told)
    if first.told[-1][1] != "paused":
        return
    resume = Resume.from_entries(first.journal.entries, streamed_chars=len(first.text), streamed_of=first.text_of)
    second = await run_engine(case, graph, dice, resume=resume, forms=forms)
    check_going_on(case, second, reference)


async def check_people(case: Case, graph: Graph, dice: random.Random) -> list[Told]:
    """People answer some of the forms that are open, others run out of time, until the run waits for nobody.

    Gives all that was told.
    """
    forms, reference = MemoryForms(), Reference(case)
    trace = await run_engine(case, graph, dice, forms=forms)
    follow(case, trace, reference)
    entries, shown = list(trace.journal.entries), dict(trace.text_of)
    while trace.told[-1][1] == "paused":
        open_places = [key for key, form in reference.forms.items() if not form.handle]
        for key in dice.sample(open_places, dice.randint(1, len(open_places))):
            answer(forms, reference, key, dice)
        resume = Resume.from_entries(entries, streamed_of=shown)
        trace = await run_engine(case, graph, dice, resume=resume, forms=forms)
        check_going_on(case, trace, reference)
        entries += trace.journal.entries
        for source, text in trace.text_of.items():
            shown[source] = shown.get(source, "") + text
    return reference.told


def answer(forms: MemoryForms, reference: Reference, key: Key, dice: random.Random) -> None:
    """Somebody answers a form, or nobody does."""
    form = reference.forms[key]
    actions = [action["id"] for action in reference.part.nodes[key[1]]["user_actions"]]
    form.handle = dice.choice([*actions, *actions, TIMEOUT])
    if form.handle == TIMEOUT:
        forms.end(opened_at(key), "timeout")
    else:
        form.note = dice.choice(["x", "n", "a"])
        forms.submit(opened_at(key), form.handle, {"note": form.note})


def opened_at(key: Key) -> str:
    """The place of a form, as the engine names it."""
    (iteration, item, loop, turn), name = key
    rounds = [f"/{iteration}:{item}"] * bool(iteration) + [f"/{loop}:{turn}"] * bool(loop)
    return "".join([name, *rounds])


def check_going_on(case: Case, second: Trace, reference: Reference) -> None:
    """What a run tells after a pause is what the reference tells."""
    before = len(reference.told)
    reference.go_on()
    for key in second.choices:
        if key not in reference.waiting:
            raise Disagreement(
                f"seed {case.seed}: after a pause the engine lets {key} run, the reference only {list(reference.waiting)}"
            )
        reference.choose(key)
    expected = reference.told[before:]
    compare(case, _without_text(second.told)[:-1], _without_text(expected)[:-1])
    if _end_of(case, second.told) != _end_of(case, expected):
        raise Disagreement(f"seed {case.seed}: after a pause the run ends with {second.told[-1]}, not {expected[-1]}")
    # A round that goes on sees what was made outside meanwhile, which its texts may have waited for.
    if second.text != _text(expected) and not (case.racing and case.asks_inside):
        raise Disagreement(f"seed {case.seed}: after a pause the text is {second.text!r}, not {_text(expected)!r}")


def _end_of(case: Case, told: list[Told]) -> Told:
    """The end. Answers of rounds are part of the answer as rounds end; later they come with their container's end."""
    end = told[-1]
    if any(node["data"]["type"] == "answer" and node.get("parentId") for node in case.graph["nodes"]):
        outputs = {name: sorted(value) if name == "answer" else value for name, value in end[2].items()}
        return (*end[:2], outputs, *end[3:])
    return end


def _text_of(told: list[Told]) -> dict[str, Any]:
    """All text by what it is the text of, and where that is told."""
    found: dict[str, str] = {}
    for item in told:
        if item[0] == "text" and item[4]:
            source = f"{'.'.join(item[3])} {item[1]}"
            found[source] = found.get(source, "") + item[4]
    return found


def _without_text(told: list[Told]) -> list[Told]:
    return [item for item in told if item[0] != "text"]


def _text(told: list[Told]) -> str:
    return "".join(item[4] for item in told if item[0] == "text")
