"""Logged runs, conversations and messages as the console shows them (product.md 8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from orrery.apps.catalog.tables import AppModelConfig
from orrery.apps.conversations.tables import ConversationVariable, MessageFeedback
from orrery.apps.files.file_value import suffix_of_key
from orrery.apps.files.links import FileLinks
from orrery.apps.files.tables import UploadFile
from orrery.apps.runs.file_values import with_urls
from orrery.apps.runs.records import LogRow
from orrery.apps.runs.tables import WorkflowRun
from orrery.apps.statistics.conversation_log import Counts, LoggedConversation
from orrery.apps.statistics.message_log import LoggedFile, LoggedMessage
from orrery.http.agent_rounds import thought_object
from orrery.http.console.app_shapes import JsonObject, full_config, unix
from orrery.http.console.run_history_shapes import end_user_object
from orrery.http.console.workflows import person
from orrery.workspaces.members.names import Person

People = Mapping[str, Person]


def run_log_row(found: LogRow) -> JsonObject:
    """One line of a workflow app's log."""
    log, account = found.log, found.account
    return {
        "id": log.id,
        "workflow_run": _run_summary(found.run),
        "details": None,
        "created_from": log.created_from,
        "created_by_role": log.created_by_role,
        "created_by_account": None
        if account is None
        else {"id": account.id, "name": account.name, "email": account.email},
        "created_by_end_user": None if found.end_user is None else end_user_object(found.end_user),
        "created_at": unix(log.created_at),
    }


def _run_summary(run: WorkflowRun) -> JsonObject:
    return {
        "id": run.id,
        "version": run.version,
        "status": run.status,
        "triggered_from": run.triggered_from,
        "error": run.error,
        "elapsed_time": run.elapsed_time,
        "total_tokens": run.total_tokens,
        "total_steps": run.total_steps,
        "created_at": unix(run.created_at),
        "finished_at": unix(run.finished_at),
        "exceptions_count": run.exceptions_count,
    }


def chat_row(found: LoggedConversation, people: People) -> JsonObject:
    """One line of a chat app's log."""
    row = found.row
    return {
        **_whose(found, people),
        "name": row.name,
        "summary": row.summary or found.query,
        "read_at": unix(row.read_at),
        "created_at": unix(row.created_at),
        "updated_at": unix(row.updated_at),
        "annotated": False,
        "model_config": _short_config(found.config),
        "message_count": found.messages,
        "user_feedback_stats": _stats(found.user_feedback),
        "admin_feedback_stats": _stats(found.admin_feedback),
        "status_count": _status_count(found.runs) if row.mode == "advanced-chat" else None,
    }


def completion_row(found: LoggedConversation, message: LoggedMessage | None, people: People) -> JsonObject:
    """One line of a text generator's log: its conversations are single messages."""
    row = found.row
    return {
        **_whose(found, people),
        "name": row.name,
        "summary": row.summary or found.query,
        "read_at": unix(row.read_at),
        "created_at": unix(row.created_at),
        "updated_at": unix(row.updated_at),
        "annotation": None,
        "model_config": _short_config(found.config),
        "message_count": found.messages,
        "user_feedback_stats": _stats(found.user_feedback),
        "admin_feedback_stats": _stats(found.admin_feedback),
        "message": None
        if message is None
        else {
            "inputs": message.row.inputs,
            "query": message.row.query,
            "message": message.row.message or [],
            "answer": message.row.answer,
        },
    }


def conversation_detail(found: LoggedConversation) -> JsonObject:
    """A conversation with the configuration it began with."""
    row = found.row
    return {
        "id": row.id,
        "status": row.status,
        "from_source": row.from_source,
        "from_end_user_id": row.from_end_user_id,
        "from_account_id": row.from_account_id,
        "created_at": unix(row.created_at),
        "updated_at": unix(row.updated_at),
        "annotated": False,
        "introduction": row.introduction,
        "model_config": None if found.config is None else full_config(found.config),
        "message_count": found.messages,
        "user_feedback_stats": _stats(found.user_feedback),
        "admin_feedback_stats": _stats(found.admin_feedback),
    }


def completion_detail(found: LoggedConversation, message: JsonObject | None) -> JsonObject:
    """A text generator's conversation with its message."""
    row = found.row
    return {
        "id": row.id,
        "status": row.status,
        "from_source": row.from_source,
        "from_end_user_id": row.from_end_user_id,
        "from_account_id": row.from_account_id,
        "created_at": unix(row.created_at),
        "model_config": None if found.config is None else full_config(found.config),
        "message": message,
    }


def message_detail(found: LoggedMessage, people: People, links: FileLinks) -> JsonObject:
    """A message with its prompt, files and ratings."""
    row = found.row
    return {
        "id": row.id,
        "conversation_id": row.conversation_id,
        "inputs": with_urls(row.inputs, links.of_value),
        "query": row.query,
        "message": row.message or [],
        "message_tokens": row.message_tokens,
        "answer": links.renewed(row.answer),
        "answer_tokens": row.answer_tokens,
        "provider_response_latency": row.provider_response_latency,
        "from_source": row.from_source,
        "from_end_user_id": row.from_end_user_id,
        "from_account_id": row.from_account_id,
        "feedbacks": [_feedback(item, people) for item in found.feedback],
        "workflow_run_id": row.workflow_run_id,
        "annotation": None,
        "annotation_hit_history": None,
        "created_at": unix(row.created_at),
        "agent_thoughts": [thought_object(thought) for thought in found.thoughts],
        "message_files": [_file(item, links) for item in found.files],
        "metadata": row.message_metadata or {},
        "status": row.status,
        "error": row.error,
        "parent_message_id": row.parent_message_id,
    }


def conversation_variable(row: ConversationVariable) -> JsonObject:
    """A conversation variable with its value."""
    data = cast("JsonObject", row.data)
    return {
        "id": row.id,
        "name": data.get("name"),
        "value_type": data.get("value_type"),
        "value": data.get("value"),
        "description": data.get("description"),
        "created_at": unix(row.created_at),
        "updated_at": unix(row.updated_at),
    }


def _whose(found: LoggedConversation, people: People) -> JsonObject:
    row, end_user = found.row, found.end_user
    account = people.get(row.from_account_id or "")
    return {
        "id": row.id,
        "status": row.status,
        "from_source": row.from_source,
        "from_end_user_id": row.from_end_user_id,
        "from_end_user_session_id": None if end_user is None else end_user.session_id,
        "from_account_id": row.from_account_id,
        "from_account_name": None if account is None else account.name,
    }


def _short_config(config: AppModelConfig | None) -> JsonObject:
    configs = {} if config is None else cast("JsonObject", config.configs)
    return {"model": configs.get("model"), "pre_prompt": configs.get("pre_prompt")}


def _stats(counts: Counts) -> JsonObject:
    return {"like": counts.get("like", 0), "dislike": counts.get("dislike", 0)}


def _status_count(runs: Counts) -> JsonObject:
    """``failed`` are those that failed or were stopped; running ones count nowhere yet."""
    return {
        "success": runs.get("succeeded", 0),
        "failed": runs.get("failed", 0) + runs.get("stopped", 0),
        "partial_success": runs.get("partial-succeeded", 0),
    }


def _feedback(row: MessageFeedback, people: People) -> JsonObject:
    return {
        "rating": row.rating,
        "content": row.content,
        "from_source": row.from_source,
        "from_end_user_id": row.from_end_user_id,
        "from_account": person(people, row.from_account_id),
    }


def _file(found: LoggedFile, links: FileLinks) -> JsonObject:
    row, stored = found.row, found.stored
    filename, size, mime_type, url = (row.url or "").rpartition("/")[2], None, None, row.url
    if isinstance(stored, UploadFile):
        filename, size, mime_type, url = stored.name, stored.size, stored.mime_type, links.upload(stored.id)
    elif stored is not None:
        extension = suffix_of_key(stored.file_key)
        filename, size, mime_type, url = stored.name, stored.size, stored.mimetype, links.tool(stored.id, extension)
    return {
        "id": row.id,
        "filename": filename,
        "type": row.type,
        "url": url,
        "mime_type": mime_type,
        "size": size,
        "transfer_method": row.transfer_method,
        "belongs_to": row.belongs_to,
        "upload_file_id": row.upload_file_id,
    }
