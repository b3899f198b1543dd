"""Knowledge bases of a server under test: documents of several forms, and all that is stored of one of them."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any, NamedTuple, cast

import httpx
from tests.fault.fleet import Fleet
from tests.fault.gate import Gate
from tests.fault.psql import Psql
from tests.support.server import Console, OrreryServer

PATIENCE = 180.0
PROVIDER = "langgenius/openai_api_compatible/openai_api_compatible"
HELD_MODEL, FREE_MODEL = "held", "free"
"""The scripted model server answers the same for both; the gate holds the answers of the first."""

BATCH, SAVED = 100, 2000
"""Passages that go into the index in one transaction, and segments that are saved in one."""

Rows = list[tuple[str, ...]]
Say = Callable[[str], Rows]
"""What the database holds, every value as text."""


class Form(NamedTuple):
    """A file, and how it is indexed. All are long enough for three batches, and read by the confined parser."""

    file: tuple[str, bytes, str]
    technique: str
    settings: Mapping[str, object]


def _paragraphs(count: int, sentences: int) -> bytes:
    lines = (
        "; ".join(f"passage {n} says {n * 7 % 17} and {n % 5}" for n in range(start, start + sentences))
        for start in range(0, count * sentences, sentences)
    )
    return b"<html><body>" + b"".join(f"<p>{line}</p>".encode() for line in lines) + b"</body></html>"


def _rule(mode: str, **rules: object) -> dict[str, object]:
    cleaning = [{"id": "remove_extra_spaces", "enabled": True}, {"id": "remove_urls_emails", "enabled": False}]
    return {"mode": mode, "rules": {"pre_processing_rules": cleaning, **rules}}


_LINES = {"separator": "\n", "max_tokens": 500}
_SENTENCES = {"separator": "; ", "max_tokens": 200}


def _rows(count: int) -> bytes:
    return b"name,color\n" + b"".join(b"thing%d,shade%d of%d\n" % (n, n % 7, n % 11) for n in range(count))


FORMS = {
    "text": Form(
        ("guide.html", _paragraphs(250, 1), "text/html"),
        "high_quality",
        {"doc_form": "text_model", "process_rule": _rule("custom", segmentation=_LINES)},
    ),
    "parents": Form(
        ("book.html", _paragraphs(42, 6), "text/html"),
        "high_quality",
        {"doc_form": "hierarchical_model",
         "process_rule": _rule("hierarchical", parent_mode="paragraph", segmentation=_LINES, subchunk_segmentation=_SENTENCES)},
    ),
    "whole": Form(
        ("tale.html", _paragraphs(250, 1), "text/html"),
        "high_quality",
        {"doc_form": "hierarchical_model",
         "process_rule": _rule("hierarchical", parent_mode="full-doc", subchunk_segmentation=_LINES)},
    ),
    "economy": Form(
        ("table.csv", _rows(250), "text/csv"),
        "economy",
        {"doc_form": "text_model", "process_rule": _rule("custom", segmentation=_LINES)},
    ),
    "long": Form(
        ("long.csv", _rows(SAVED + 200), "text/csv"),
        "economy",
        {"doc_form": "text_model", "process_rule": _rule("custom", segmentation=_LINES)},
    ),
}  # fmt: skip


class Answers(Gate):
    """The model server's answers about passages of `HELD_MODEL`: those of the ``first`` batch, and of ``later`` ones."""

    def step_of_model(self, body: bytes) -> str:
        asked = cast("dict[str, Any]", json.loads(body)) if body else {}
        if asked.get("model") != HELD_MODEL:
            return ""
        passages = (int(text.split()[1]) for text in cast("list[str]", asked["input"]) if text.startswith("passage "))
        return "later" if max(passages, default=0) >= BATCH else "first"


class Added(NamedTuple):
    """A document alone in its dataset."""

    dataset: str
    document: str


class Knowledge:
    """The datasets of a workspace, over the Service API; rows past it."""

    def __init__(self, client: httpx.Client, say: Say, log: Callable[[], str], hexed: str) -> None:
        self.client = client
        self.say = say
        self._log = log
        self._hexed = hexed
        self._number = 0

    @staticmethod
    def embedded(server: OrreryServer, console: Console, answers: Answers) -> Knowledge:
        def say(sql: str) -> Rows:
            with closing(sqlite3.connect(f"file:{server.database}?mode=ro", uri=True, timeout=PATIENCE)) as connection:
                return [tuple(map(str, row)) for row in connection.execute(sql)]

        return Knowledge(_opened(server, console, answers), say, lambda: server.log, "hex({})")

    @staticmethod
    def of_fleet(fleet: Fleet, answers: Answers, talk: Psql) -> Knowledge:
        client = _opened(fleet.apis[0], fleet.console, answers)
        return Knowledge(client, talk.say, lambda: fleet.apis[0].log, "encode({}, 'hex')")

    def dataset(self, form: str, model: str = HELD_MODEL) -> str:
        """An empty dataset for a document of this form; its id."""
        self._number += 1
        settings: dict[str, object] = {"name": f"{form} {self._number}", "indexing_technique": FORMS[form].technique}
        if FORMS[form].technique == "high_quality":
            settings |= {"embedding_model": model, "embedding_model_provider": PROVIDER}
        return str(self._call("/datasets", json=settings)["id"])

    def add(self, dataset: str, form: str) -> Added:
        """A document; it is indexed in the background."""
        made = FORMS[form]
        path = f"/datasets/{dataset}/document/create-by-file"
        answer = self._call(path, files={"file": made.file}, data={"data": json.dumps(made.settings)})
        return Added(dataset, str(answer["document"]["id"]))

    def completed(self, form: str) -> Added:
        """A document that was indexed undisturbed."""
        added = self.add(self.dataset(form), form)
        self.until_settled(added)
        return added

    def _call(self, path: str, **sent: Any) -> Any:
        answer = self.client.post(path, **sent)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def until(self, added: Added, status: str) -> None:
        """Until the document has come to this status."""
        self.wait(f"SELECT indexing_status FROM documents WHERE id = '{added.document}'", [(status,)])

    def until_settled(self, added: Added) -> None:
        """Until its job is done, too: the document's end is told before the job's."""
        self.until(added, "completed")
        job = f"(SELECT indexing_job_id FROM documents WHERE id = '{added.document}')"
        self.wait(f"SELECT status FROM jobs WHERE id = {job}", [("done",)])

    def wait(self, sql: str, expected: Rows) -> None:
        until = time.monotonic() + PATIENCE
        while (found := self.say(sql)) != expected:
            assert time.monotonic() < until, f"{sql}: {found}\n{self._log()[-3000:]}"
            time.sleep(0.03)

    def finished_parts(self, added: Added) -> set[tuple[str, ...]]:
        """The ids of what is in the index for good, with the time at which it came there."""
        finished = f"WHERE document_id = '{added.document}' AND completed_at IS NOT NULL"
        tables = ("document_segments", "child_chunks")
        return {row for table in tables for row in self.say(f"SELECT id, completed_at FROM {table} {finished}")}

    def stored(self, added: Added) -> dict[str, Rows]:
        """All that is stored of the document and of its dataset's index, without ids and times."""
        _, document = added
        node = "LEFT JOIN child_chunks c ON c.index_node_id = e.node_id LEFT JOIN document_segments s ON s.id = e.segment_id"
        entries = f"{node} WHERE e.dataset_id = '{added.dataset}' ORDER BY s.position, c.position, e.node_id"
        place = (
            f"s.position, c.position, e.document_id = '{document}', c.segment_id = s.id, s.index_node_id = e.node_id"
        )
        queries = {
            "document": "SELECT indexing_status, word_count, tokens, error, stopped_at, enabled, archived, is_paused, "
            "doc_form, processing_started_at IS NOT NULL, parsing_completed_at IS NOT NULL, cleaning_completed_at IS NOT NULL, "
            "splitting_completed_at IS NOT NULL, completed_at IS NOT NULL, indexing_latency IS NOT NULL "
            f"FROM documents WHERE id = '{document}'",
            "segments": "SELECT position, content, word_count, tokens, keywords, index_node_hash, status, enabled, "
            "hit_count, error, stopped_at, completed_at IS NOT NULL FROM document_segments "
            f"WHERE document_id = '{document}' ORDER BY position, id",
            "children": "SELECT s.position, c.position, c.content, c.word_count, c.index_node_hash, c.type, c.error, "
            "c.completed_at IS NOT NULL FROM child_chunks c LEFT JOIN document_segments s ON s.id = c.segment_id "
            f"WHERE c.document_id = '{document}' ORDER BY s.position, c.position, c.id",
            "vectors": f"SELECT {place}, {self._hexed.format('e.vector')} FROM knowledge_vectors e {entries}",
            "terms": f"SELECT {place}, replace(e.terms, chr(10), ' ') FROM knowledge_terms e {entries}",
            "index": f"SELECT dimension FROM knowledge_indexes WHERE dataset_id = '{added.dataset}'",
            "jobs": f"SELECT status FROM jobs WHERE id = (SELECT indexing_job_id FROM documents WHERE id = '{document}')",
        }  # fmt: skip
        if self._hexed.startswith("hex"):
            queries["terms"] = queries["terms"].replace("chr(10)", "char(10)")
        return {name: self.say(sql) for name, sql in queries.items()}


def _opened(server: OrreryServer, console: Console, answers: Answers) -> httpx.Client:
    for model in (HELD_MODEL, FREE_MODEL):
        credentials = {
            "endpoint_url": f"{answers.url}/v1",
            "api_key": "sk-of-the-gate-0123456789",
            "context_size": "8000",
        }
        body = {"model": model, "model_type": "text-embedding", "credentials": credentials}
        console.call("POST", f"/workspaces/current/model-providers/{PROVIDER}/models/credentials", body)
    return server.service(str(console.call("POST", "/datasets/api-keys")["token"]))
