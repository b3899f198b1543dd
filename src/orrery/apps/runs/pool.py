"""The variable pool that a run begins with (workflow.md 2.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from orrery.apps.runs.basic_graph import FORM, aliases
from orrery.apps.runs.spec import RunSpec
from orrery.apps.workflows.variables import Variable
from orrery.workflow.pool import Pool
from orrery.workflow.segments import FileUrl, ValueType


def pool_for(
    spec: RunSpec,
    *,
    environment: Sequence[Variable],
    conversation: Sequence[Variable],
    form: Sequence[Mapping[str, object]],
    file_url: FileUrl,
) -> Pool:
    """Inputs, ``sys``, ``env`` and ``conversation`` as they are when the run begins; ``form`` for basic apps."""
    pool = Pool(inputs=spec.inputs, system=system_variables(spec), file_url=file_url)
    if spec.kind == "basic":
        pool.put_all(FORM, {alias: spec.inputs.get(name) for name, alias in aliases(form).items()})
    for scope, items in (("env", environment), ("conversation", conversation)):
        for item in items:
            pool.declare(scope, str(item["name"]), cast("ValueType", item["value_type"]), item["value"])
    if spec.single is not None:
        for namespace, values in spec.single.values.items():
            pool.put_all(namespace, values)
    return pool


def system_variables(spec: RunSpec) -> Mapping[str, object]:
    """``sys.*`` by bare name, in the order that records show."""
    system: dict[str, object] = {}
    turn = spec.turn
    if turn is not None:
        system["query"] = turn.query
    system |= {
        "files": list(spec.files),
        "user_id": spec.user.session_id,
        "app_id": spec.app_id,
        "workflow_id": spec.workflow_id,
        "workflow_run_id": spec.run_id,
    }
    if turn is None:
        system["timestamp"] = int(spec.created_at)
    else:
        system["dialogue_count"] = turn.dialogue_count
        system["conversation_id"] = turn.conversation_id
    return system
