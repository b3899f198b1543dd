"""Conversations, messages and what belongs to them as the Service API and the page of an app show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

import msgspec

from orrery.apps.conversations.messages import MessageView
from orrery.apps.conversations.tables import Conversation, ConversationVariable, EndUser, MessageFeedback
from orrery.apps.conversations.variables import item_of
from orrery.apps.files.links import FileLinks
from orrery.apps.runs.file_values import with_urls
from orrery.apps.runs.records import LogRow
from orrery.apps.runs.tables import WorkflowRun
from orrery.http.agent_rounds import thought_object

JsonObject = dict[str, object]


def unix(moment: datetime) -> int:
    return int(moment.timestamp())


def iso(moment: datetime) -> str:
    """The time as RFC 3339 in UTC, with whole seconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def page_object(data: list[JsonObject], *, limit: int, has_more: bool) -> JsonObject:
    """An infinite list."""
    return {"limit": limit, "has_more": has_more, "data": data}


def conversation_object(row: Conversation, links: FileLinks) -> JsonObject:
    """ConversationListItem of the contract."""
    return {
        "id": row.id,
        "name": row.name,
        "inputs": with_urls(row.inputs or {}, links.of_value),
        "status": row.status,
        "introduction": row.introduction or "",
        "created_at": unix(row.created_at),
        "updated_at": unix(row.updated_at),
    }


def message_object(view: MessageView, links: FileLinks, extra: Sequence[object] = ()) -> JsonObject:
    """ConversationMessageItem of the contract. Links in texts are fresh; ``extra`` are forms that its run asked with."""
    row = view.row
    metadata = cast("Mapping[str, object]", row.message_metadata or {})
    return {
        "id": row.id,
        "conversation_id": row.conversation_id,
        "parent_message_id": row.parent_message_id,
        "inputs": with_urls(row.inputs or {}, links.of_value),
        "query": row.query,
        "answer": links.renewed(row.answer),
        "status": row.status,
        "error": row.error,
        "message_files": [msgspec.structs.replace(file, url=links.whole(file.url)) for file in view.files],
        "feedback": {"rating": view.rating} if view.rating else None,
        "retriever_resources": metadata.get("retriever_resources") or [],
        "agent_thoughts": [thought_object(thought) for thought in view.thoughts],
        "extra_contents": list(extra),
        "created_at": unix(row.created_at),
        "message_tokens": row.message_tokens,
        "answer_tokens": row.answer_tokens,
        "total_tokens": row.message_tokens + row.answer_tokens,
        "provider_response_latency": row.provider_response_latency,
        "total_price": str(row.total_price),
        "currency": row.currency,
    }


def variable_object(row: ConversationVariable) -> JsonObject:
    """ConversationVariableItem of the contract: values that are no text are shown as JSON."""
    item = item_of(row)
    value = item.get("value")
    return {
        "id": row.id,
        "name": item.get("name"),
        "value_type": item.get("value_type"),
        "value": value if isinstance(value, str) else msgspec.json.encode(value).decode(),
        "description": item.get("description") or "",
        "created_at": unix(row.created_at),
        "updated_at": unix(row.updated_at),
    }


def feedback_object(row: MessageFeedback) -> JsonObject:
    """FeedbackItem of the contract."""
    return {
        "id": row.id,
        "app_id": row.app_id,
        "conversation_id": row.conversation_id,
        "message_id": row.message_id,
        "rating": row.rating,
        "content": row.content,
        "from_source": row.from_source,
        "from_end_user_id": row.from_end_user_id,
        "from_account_id": row.from_account_id,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
    }


def end_user_object(row: EndUser) -> JsonObject:
    """EndUserDetail of the contract."""
    return {
        "id": row.id,
        "tenant_id": row.tenant_id,
        "app_id": row.app_id,
        "type": row.type,
        "external_user_id": row.external_user_id,
        "name": row.name,
        "is_anonymous": row.is_anonymous,
        "session_id": row.session_id,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
    }


def run_object(row: WorkflowRun, links: FileLinks) -> JsonObject:
    """WorkflowRunDetailResponse of the contract: inputs as JSON text, outputs as an object."""
    outputs = msgspec.json.decode(row.outputs or "{}", type=dict[str, object])
    return {
        "id": row.id,
        "workflow_id": row.workflow_id,
        "status": row.status,
        "inputs": row.inputs,
        "outputs": with_urls(outputs, links.of_value),
        "error": row.error,
        "total_steps": row.total_steps,
        "total_tokens": row.total_tokens,
        "created_at": unix(row.created_at),
        "finished_at": unix(row.finished_at) if row.finished_at else None,
        "elapsed_time": row.elapsed_time,
    }


def log_object(line: LogRow) -> JsonObject:
    """WorkflowLogItem of the contract."""
    run, user, account = line.run, line.end_user, line.account
    return {
        "id": line.log.id,
        "workflow_run": {
            "id": run.id,
            "version": run.version,
            "status": run.status,
            "triggered_from": run.triggered_from,
            "error": run.error,
            "elapsed_time": run.elapsed_time,
            "total_tokens": run.total_tokens,
            "total_steps": run.total_steps,
            "created_at": unix(run.created_at),
            "finished_at": unix(run.finished_at) if run.finished_at else None,
            "exceptions_count": run.exceptions_count,
        },
        "details": None,
        "created_from": line.log.created_from,
        "created_by_role": line.log.created_by_role,
        "created_by_account": None
        if account is None
        else {"id": account.id, "name": account.name, "email": account.email},
        "created_by_end_user": None
        if user is None
        else {"id": user.id, "type": user.type, "is_anonymous": user.is_anonymous, "session_id": user.session_id},
        "created_at": unix(line.log.created_at),
    }
