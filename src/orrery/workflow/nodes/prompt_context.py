"""The knowledge that a prompt is given: its text, its citations, its pictures (workflow.md 3.10, context)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from orrery.workflow.nodes.llm_errors import InvalidContextStructureError
from orrery.workflow.nodes.prompt_template import FileValue, is_list, is_mapping
from orrery.workflow.segments import files_in

_METADATA_FIELDS = {
    # citation's field: metadata's field
    "position": "position",
    "dataset_id": "dataset_id",
    "dataset_name": "dataset_name",
    "document_id": "document_id",
    "document_name": "document_name",
    "data_source_type": "data_source_type",
    "segment_id": "segment_id",
    "retriever_from": "retriever_from",
    "score": "score",
    "hit_count": "segment_hit_count",
    "word_count": "segment_word_count",
    "segment_position": "segment_position",
    "index_node_hash": "segment_index_node_hash",
    "page": "page",
    "doc_metadata": "doc_metadata",
}
_ITEM_FIELDS = ("content", "title", "files", "summary")


class PromptContext(msgspec.Struct, frozen=True):
    """``text`` is None when the node has no context."""

    text: str | None = None
    resources: tuple[Mapping[str, object], ...] = ()
    files: tuple[FileValue, ...] = ()


def read_context(value: object) -> PromptContext:
    """Context of a string, or of a list of strings and retrieval results; others give none.

    Raises `InvalidContextStructureError`.
    """
    if isinstance(value, str):
        return PromptContext(text=value)
    if not is_list(value):
        return PromptContext()
    lines: list[str] = []
    resources: list[Mapping[str, object]] = []
    files: list[FileValue] = []
    for item in value:
        if isinstance(item, str):
            lines.append(item)
            continue
        if not is_mapping(item) or "content" not in item:
            raise InvalidContextStructureError(f"Invalid context structure: {item}")
        if item.get("summary"):
            lines.append(str(item["summary"]))
        lines.append(str(item["content"]))
        if is_knowledge(item):
            resources.append(citation(item))
            files.extend(files_in(item.get("files")))
    return PromptContext(text="\n".join(lines).strip(), resources=tuple(resources), files=tuple(files))


def is_knowledge(item: Mapping[str, object]) -> bool:
    """Whether an object is a result of knowledge retrieval."""
    metadata = item.get("metadata")
    return is_mapping(metadata) and metadata.get("_source") == "knowledge"


def citation(item: Mapping[str, object]) -> dict[str, object]:
    """A result of knowledge retrieval as answers cite it."""
    metadata = item["metadata"]
    assert is_mapping(metadata)
    citation = {name: metadata.get(source) for name, source in _METADATA_FIELDS.items()}
    return citation | {name: item.get(name) for name in _ITEM_FIELDS}
