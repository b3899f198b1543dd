"""The document-extractor node: what it reads, what it names, and how the installation chooses the reader."""

from __future__ import annotations

import sys

import pytest

from orrery.retrieval.extraction.confined import ConfinedExtract, confined_reader
from orrery.workflow.node import NodeFailure
from orrery.workflow.nodes.document_extractor import DocumentExtractorNode

from .outside import Context


async def test_the_node_gives_a_text_or_a_list():
    made = Context()
    one = made.services.files.add(b"1", name="a.txt", mime_type="text/plain")
    two = made.services.files.add(b"[2]", name="b.json", mime_type="application/json")
    made.variables.put("a", "file", one)
    made.variables.put("a", "files", [one, two])
    node = DocumentExtractorNode.parse("d", {"variable_selector": ["a", "file"], "is_array_file": False})
    assert (await node.run(made)).outputs == {"text": "1"}
    node = DocumentExtractorNode.parse("d", {"variable_selector": ["a", "files"], "is_array_file": True})
    assert (await node.run(made)).outputs == {"text": ["1", "[\n  2\n]"]}
    made.services.files.contents.clear()
    with pytest.raises(NodeFailure, match=r"^Error downloading file: ") as caught:
        await node.run(made)
    assert type(caught.value).__name__ == "FileDownloadError"


async def test_the_installation_chooses_how_to_extract():
    async def shout(content: bytes, *, extension: str, mime_type: str) -> str:
        return f"{content.decode().upper()}{extension}"

    made = Context()
    made.variables.put("a", "file", made.services.files.add(b"x", name="a.txt", mime_type="text/plain"))
    kind = DocumentExtractorNode.configured(shout)
    assert (await kind.parse("d", {"variable_selector": ["a", "file"]}).run(made)).outputs == {"text": "X.txt"}


async def test_the_node_names_what_it_cannot_read():
    made = Context()
    odd = made.services.files.add(b"1", name="a.xyz", mime_type="text/plain")
    bad = made.services.files.add(b"1", name="a.pdf", mime_type="application/pdf")
    for name, value in {"text": "x", "odd": odd, "bad": [bad], "mixed": [odd, 1]}.items():
        made.variables.put("a", name, value)

    async def error(name: str) -> tuple[str, str]:
        with pytest.raises(NodeFailure) as caught:
            await DocumentExtractorNode.parse("d", {"variable_selector": ["a", name]}).run(made)
        return type(caught.value).__name__, caught.value.message

    assert await error("gone") == ("DocumentExtractorError", "File variable not found for selector: ['a', 'gone']")
    assert (await error("text"))[1] == "Variable ['a', 'text'] is not an ArrayFileSegment"
    assert (await error("mixed"))[1] == "Variable ['a', 'mixed'] is not an ArrayFileSegment"
    assert await error("odd") == ("UnsupportedFileTypeError", "Unsupported Extension Type: .xyz")
    assert (await error("bad"))[0] == "TextExtractionError"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux confines")
async def test_the_node_fails_by_the_confined_readers_words_and_the_next_one_works():
    made = Context()
    reader = confined_reader()
    kind = DocumentExtractorNode.configured(ConfinedExtract(reader))
    made.variables.put("a", "bad", made.services.files.add(b"%PDF-", name="a.pdf", mime_type=""))
    made.variables.put("a", "good", made.services.files.add(b"{}", name="b.json", mime_type=""))
    with pytest.raises(NodeFailure, match="Failed to extract text from PDF: ") as caught:
        await kind.parse("d", {"variable_selector": ["a", "bad"]}).run(made)
    assert type(caught.value).__name__ == "TextExtractionError"
    assert (await kind.parse("d", {"variable_selector": ["a", "good"]}).run(made)).outputs["text"] == "{}"
    await reader.close()
