"""The knowledge-retrieval node: passages that fit a question (workflow.md 3.11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, cast

import msgspec

from orrery.workflow.context import EngineContext
from orrery.workflow.node import Node, NodeFailure, NodeKindName, NodeOutcome, Selector
from orrery.workflow.nodes.knowledge_services import (
    MetadataCondition,
    MetadataFilter,
    OffersRetrieval,
    Retrieval,
    RetrievalRequest,
)
from orrery.workflow.nodes.llm_data import ModelConfig
from orrery.workflow.nodes.llm_record import metadata
from orrery.workflow.pool import Pool
from orrery.workflow.segments import files_in, is_file, text_of
from orrery.workflow.template import references_in


class StoredConditions(msgspec.Struct, frozen=True):
    logical_operator: Literal["and", "or"] | None = None
    conditions: tuple[MetadataCondition, ...] | None = ()


class SingleRetrieval(msgspec.Struct, frozen=True):
    model: ModelConfig | None = None


class RetrievalData(msgspec.Struct, frozen=True, kw_only=True):
    """Data of a knowledge-retrieval node."""

    query_variable_selector: tuple[str, ...] | None = ()
    query_attachment_selector: tuple[str, ...] | None = ()
    dataset_ids: tuple[str, ...] = ()
    retrieval_mode: Literal["multiple", "single"] = "multiple"
    multiple_retrieval_config: Mapping[str, object] | None = None
    single_retrieval_config: SingleRetrieval | None = None
    metadata_filtering_mode: Literal["disabled", "automatic", "manual"] | None = "disabled"
    metadata_model_config: Mapping[str, object] | None = None
    metadata_filtering_conditions: StoredConditions | None = None


class KnowledgeRetrievalNode:
    """Outputs ``result``, a list of passages; nothing at all when it has neither question nor attachment."""

    type: ClassVar[str] = "knowledge-retrieval"
    kind: ClassVar[NodeKindName] = "executable"
    repeatable: bool = True

    def __init__(self, data: RetrievalData) -> None:
        self._data = data

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Node:
        del node_id
        return cast("Node", cls(msgspec.convert(data, RetrievalData, strict=False)))

    def references(self) -> Sequence[Selector]:
        data = self._data
        chosen = [s for s in (data.query_variable_selector, data.query_attachment_selector) if s]
        conditions = data.metadata_filtering_conditions
        texts = [condition.value for condition in (conditions.conditions if conditions else None) or ()]
        return [*chosen, *(found for text in texts if isinstance(text, str) for found in references_in(text))]

    async def run(self, context: EngineContext) -> NodeOutcome:
        data, pool = self._data, context.pool
        if not data.query_variable_selector and not data.query_attachment_selector:
            return NodeOutcome()
        inputs: dict[str, object] = {}
        try:
            query = self._query(pool, inputs)
            attachments = self._attachments(pool, inputs)
            if not query and not attachments:
                return NodeOutcome(outputs={"result": []}, inputs=inputs)
            found = await _retrieval_of(context).retrieve(self._request(pool, query, attachments))
        except NodeFailure as failure:
            failure.inputs = inputs
            raise
        return NodeOutcome(
            outputs={"result": [dict(item) for item in found.items]},
            inputs=inputs,
            metadata={} if found.usage is None else metadata(found.usage),
            usage=found.usage,
        )

    def _query(self, pool: Pool, inputs: dict[str, object]) -> str:
        selector = self._data.query_variable_selector
        if not selector:
            return ""
        value = pool.get(selector)
        if not isinstance(value, str):
            raise NodeFailure("Query variable is not string type.")
        inputs["query"] = value
        return value

    def _attachments(self, pool: Pool, inputs: dict[str, object]) -> Sequence[Mapping[str, object]]:
        selector = self._data.query_attachment_selector
        if not selector:
            return ()
        value = pool.get(selector)
        files = files_in(value)
        single = is_file(value)
        if not single and not (isinstance(value, list) and len(files) == len(cast("list[object]", value))):
            raise NodeFailure("Attachments variable is not array file or file type.")
        inputs["attachments"] = value
        return files

    def _request(self, pool: Pool, query: str, attachments: Sequence[Mapping[str, object]]) -> RetrievalRequest:
        data = self._data
        router = data.single_retrieval_config.model if data.single_retrieval_config else None
        return RetrievalRequest(
            query=query,
            attachments=attachments,
            dataset_ids=data.dataset_ids,
            mode=data.retrieval_mode,
            settings=data.multiple_retrieval_config or {},
            model=None if router is None else router.ref,
            metadata=self._filter(pool),
        )

    def _filter(self, pool: Pool) -> MetadataFilter:
        data = self._data
        stored = data.metadata_filtering_conditions or StoredConditions()
        return MetadataFilter(
            mode=data.metadata_filtering_mode or "disabled",
            model=data.metadata_model_config or {},
            logical_operator=stored.logical_operator
            or ("or" if data.metadata_filtering_mode == "automatic" else "and"),
            conditions=tuple(
                MetadataCondition(condition.name, condition.comparison_operator, _value(condition.value, pool))
                for condition in stored.conditions or ()
            ),
        )


def _value(stored: object, pool: Pool) -> object:
    """A condition's value: of a text only the first piece counts, with its blanks drawn together."""
    if not isinstance(stored, str):
        return stored
    parts = pool.parts(stored)
    if not parts:
        return ""
    first = parts[0]
    return first if isinstance(first, int | float) else " ".join(text_of(first).split())


def _retrieval_of(context: EngineContext) -> Retrieval:
    services = context.services
    if not isinstance(services, OffersRetrieval):
        raise NodeFailure("This run has no knowledge to search in")
    return services.retrieval
