"""Prebuilt statements of a run's life: rows go through shared commits, so each is built once and reused."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Table, bindparam, insert, update

from orrery.apps.conversations.amending import written_variable
from orrery.apps.conversations.tables import (
    Conversation,
    ConversationVariable,
    Message,
    MessageAgentThought,
    MessageFile,
)
from orrery.apps.forms.tables import HumanInputForm, HumanInputRecipient
from orrery.apps.runs.tables import AppLog, IdempotencyKey, NodeExecution, RunEvents, WorkflowPause, WorkflowRun
from orrery.database.amendment import Amendment
from orrery.database.insert_missing import InsertMissing

INSERT_RUN = insert(WorkflowRun)
INSERT_APP_LOG = insert(AppLog)
INSERT_NODE = insert(NodeExecution)
INSERT_EVENTS = insert(RunEvents)
INSERT_KEY = insert(IdempotencyKey)
INSERT_CONVERSATION = insert(Conversation)
INSERT_MESSAGE = insert(Message)
INSERT_MESSAGE_FILE = insert(MessageFile)
INSERT_THOUGHT = insert(MessageAgentThought)
INSERT_CONVERSATION_VARIABLE = InsertMissing(ConversationVariable)
"""Turns that begin at once in a conversation both find that it lacks a variable."""
INSERT_FORM = insert(HumanInputForm)
INSERT_RECIPIENT = insert(HumanInputRecipient)
INSERT_PAUSE = insert(WorkflowPause)

HOLD_LEASE = (
    update(WorkflowRun)
    .where(
        WorkflowRun.id == bindparam("b_id"),
        WorkflowRun.lease_token == bindparam("b_token"),
        WorkflowRun.status == "running",
    )
    .values(lease_expires_at=bindparam("b_expires"))
)
"""The guard of a running run's writes: changes a row only while the writer still owns the run."""

FINISH_RUN = (
    update(WorkflowRun)
    .where(
        WorkflowRun.id == bindparam("b_id"),
        WorkflowRun.lease_token == bindparam("b_token"),
        WorkflowRun.status == "running",
    )
    .values(
        status=bindparam("b_status"),
        outputs=bindparam("b_outputs"),
        error=bindparam("b_error"),
        elapsed_time=bindparam("b_elapsed"),
        total_tokens=bindparam("b_tokens"),
        total_steps=bindparam("b_steps"),
        exceptions_count=bindparam("b_exceptions"),
        finished_at=bindparam("b_finished"),
        lease_owner=None,
        lease_expires_at=None,
    )
)
"""The end of a run, once: the guard and the terminal state in one statement."""

FINISH_NODE = (
    update(NodeExecution)
    .where(NodeExecution.id == bindparam("b_id"))
    .values(
        inputs=bindparam("b_inputs"),
        process_data=bindparam("b_process_data"),
        outputs=bindparam("b_outputs"),
        status=bindparam("b_status"),
        error=bindparam("b_error"),
        elapsed_time=bindparam("b_elapsed"),
        execution_metadata=bindparam("b_metadata"),
        checkpoint=bindparam("b_checkpoint"),
        finished_at=bindparam("b_finished"),
    )
)

FINISH_MESSAGE = (
    update(Message)
    .where(Message.id == bindparam("b_id"))
    .values(
        answer=bindparam("b_answer"),
        message=bindparam("b_message"),
        message_tokens=bindparam("b_message_tokens"),
        answer_tokens=bindparam("b_answer_tokens"),
        total_price=bindparam("b_price"),
        currency=bindparam("b_currency"),
        provider_response_latency=bindparam("b_latency"),
        message_metadata=bindparam("b_metadata"),
        status=bindparam("b_status"),
        error=bindparam("b_error"),
        updated_at=bindparam("b_updated"),
    )
)

SET_THOUGHT = (
    update(MessageAgentThought)
    .where(MessageAgentThought.id == bindparam("b_id"))
    .values(
        thought=bindparam("b_thought"),
        tool=bindparam("b_tool"),
        tool_labels=bindparam("b_tool_labels"),
        tool_input=bindparam("b_tool_input"),
        observation=bindparam("b_observation"),
        message_files=bindparam("b_message_files"),
        tokens=bindparam("b_tokens"),
    )
)

TOUCH_CONVERSATION = (
    update(Conversation)
    .where(Conversation.id == bindparam("b_id"))
    .values(updated_at=bindparam("b_updated"), dialogue_count=bindparam("b_count"))
)

WRITE_CONVERSATION_VARIABLE = Amendment(
    cast("Table", ConversationVariable.__table__), "data", "updated_at", written_variable
)
"""What an assigner does to a variable, done to the value that is stored by then."""

SET_CONVERSATION_VARIABLE = (
    update(ConversationVariable)
    .where(
        ConversationVariable.conversation_id == bindparam("b_conversation"),
        ConversationVariable.id == bindparam("b_id"),
    )
    .values(data=bindparam("b_data"), updated_at=bindparam("b_updated"))
)

ORDER = (
    INSERT_RUN,
    INSERT_KEY,
    INSERT_APP_LOG,
    INSERT_CONVERSATION,
    INSERT_MESSAGE,
    INSERT_MESSAGE_FILE,
    INSERT_THOUGHT,
    INSERT_CONVERSATION_VARIABLE,
    INSERT_NODE,
    INSERT_FORM,
    INSERT_RECIPIENT,
    INSERT_PAUSE,
    FINISH_NODE,
    SET_CONVERSATION_VARIABLE,
    WRITE_CONVERSATION_VARIABLE,
    SET_THOUGHT,
    HOLD_LEASE,
    FINISH_MESSAGE,
    TOUCH_CONVERSATION,
    FINISH_RUN,
    INSERT_EVENTS,
)
"""How the statements of a shared commit run: parents before children, inserts before updates."""
