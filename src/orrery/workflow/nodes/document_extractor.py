"""The ``document-extractor`` node: the text of files (workflow.md 3.18)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Self, cast

import msgspec

from orrery.retrieval.extraction.formats import reader_of
from orrery.retrieval.extraction.in_thread import extract_in_thread
from orrery.retrieval.extraction.limits import MAX_INPUT_BYTES, UnreadableDocument, UnsupportedDocument
from orrery.retrieval.extraction.protocol import Extract
from orrery.workflow.node import NodeContext, NodeFailure, NodeKindName, NodeOutcome, Selector
from orrery.workflow.nodes.prompt_template import is_list
from orrery.workflow.segments import files_in, is_file


class DocumentExtractorError(NodeFailure):
    """The variable holds no files."""


class UnsupportedFileTypeError(DocumentExtractorError):
    """A kind of file that has no text to take."""


class FileDownloadError(DocumentExtractorError):
    """The file's content is not to be had."""


class TextExtractionError(DocumentExtractorError):
    """The content is not what its name says, or too much."""


class DocumentData(msgspec.Struct, frozen=True, kw_only=True):
    """Data of a ``document-extractor`` node; whether there is one text or a list is decided by the value."""

    variable_selector: tuple[str, ...] = ()


class DocumentExtractorNode:
    """Reads one file after the other; one that can't be read fails the node."""

    type: ClassVar[str] = "document-extractor"
    kind: ClassVar[NodeKindName] = "executable"
    repeatable: bool = True
    extract: ClassVar[Extract] = staticmethod(extract_in_thread)

    def __init__(self, node_id: str, data: DocumentData, extract: Extract) -> None:
        self.node_id = node_id
        self._data, self._extract = data, extract

    @classmethod
    def configured(cls, extract: Extract) -> type[Self]:
        """The same kind of node with another way to extract, for the registry's table."""
        return cast("type[Self]", type(cls.__name__, (cls,), {"extract": staticmethod(extract)}))

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Self:
        return cls(node_id, msgspec.convert(data, DocumentData, strict=False), cls.extract)

    def references(self) -> Sequence[Selector]:
        return [self._data.variable_selector]

    async def run(self, context: NodeContext) -> NodeOutcome:
        selector = list(self._data.variable_selector)
        value = context.variables.get(selector)
        if value is None:
            raise DocumentExtractorError(f"File variable not found for selector: {selector}")
        files = files_in(value)
        single = is_file(value)
        if not single and (not is_list(value) or len(files) != len(value)):
            raise DocumentExtractorError(f"Variable {selector} is not an ArrayFileSegment")
        inputs = {"variable_selector": selector}
        process_data = {"documents": [dict(file) for file in files]}
        try:
            texts = [await self._text(context, file) for file in files]
        except NodeFailure as failure:
            failure.inputs, failure.process_data = inputs, process_data
            raise
        return NodeOutcome(outputs={"text": texts[0] if single else texts}, inputs=inputs, process_data=process_data)

    async def _text(self, context: NodeContext, file: Mapping[str, object]) -> str:
        extension = str(file.get("extension") or "")
        mime_type = str(file.get("mime_type") or "")
        try:
            reader_of(extension, mime_type)
        except UnsupportedDocument as error:
            raise UnsupportedFileTypeError(str(error)) from error
        try:
            content = await context.services.files.read(file, max_bytes=MAX_INPUT_BYTES)
        except NodeFailure as failure:
            raise FileDownloadError(f"Error downloading file: {failure.message}") from failure
        try:
            return await self._extract(content, extension=extension, mime_type=mime_type)
        except UnsupportedDocument as error:
            raise UnsupportedFileTypeError(str(error)) from error
        except UnreadableDocument as error:
            raise TextExtractionError(str(error)) from error
