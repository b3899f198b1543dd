from __future__ import annotations

from orrery.jobs.queues import KNOWN, SELF_HOSTED, served_by_default, unserved

CONTRACT = (
    "dataset,priority_dataset,priority_pipeline,pipeline,mail,ops_trace,app_deletion,plugin,workflow_storage,"
    "conversation,workflow,schedule_poller,schedule_executor,triggered_workflow_dispatcher,trigger_refresh_executor,"
    "retention"
)


def test_the_default_queues_are_the_contracts_in_its_order() -> None:
    assert ",".join(SELF_HOSTED) == CONTRACT
    assert served_by_default()[: len(SELF_HOSTED)] == SELF_HOSTED


def test_the_cloud_edition_splits_the_workflow_queue() -> None:
    cloud = served_by_default("CLOUD")
    assert cloud[10:13] == ("workflow_professional", "workflow_team", "workflow_sandbox")
    assert "workflow" not in cloud
    assert cloud[13] == "schedule_poller"


def test_no_known_queue_is_left_without_a_worker() -> None:
    """Queues outside the default list have grown without bound elsewhere: here the default serves them all."""
    assert set(served_by_default()) | set(served_by_default("CLOUD")) == KNOWN
    assert len(set(served_by_default())) == len(served_by_default())


def test_unserved_names_what_is_missing() -> None:
    assert unserved(["mail", "plugin", "dataset"], ["mail"]) == ("dataset", "plugin")
    assert unserved(["mail"], served_by_default()) == ()
