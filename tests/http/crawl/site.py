"""Two workspaces, their people, and one of everything in the first: what crawls walk through."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
from tests.support import dsl
from tests.support.app import ORIGIN, browser
from tests.support.clock import MovableClock
from tests.support.people import PASSWORD, People

from orrery.cache.memory import MemoryCache
from orrery.database.migrate import migrate
from orrery.http.endpoint import BoundEndpoint
from orrery.jobs.tables import Job
from orrery.knowledge.documents.tables import ChildChunk, Document, DocumentSegment
from orrery.schema import schema
from orrery.wiring import settings_of
from orrery.wiring.faces import route_table
from orrery.wiring.process import Process

# Path parameters that name kinds of things, not things of somebody.
PUBLIC_NAMES: Mapping[str, str] = {
    "provider": "openai",
    "plugin": "openai",
    "organization": "langgenius",
    "model_type": "llm",
    "block_type": "llm",
    "credential_type": "api-key",
    "node_id": "start",
    "webhook_id": "nobody-knows-this-address",
    "endpoint_id": "nobody-knows-this-one",
    "url": "http://127.0.0.1:9/nobody-listens",
    "action": "enable",
}
# Under an app's address, but the same for all apps.
SAME_FOR_ALL = ("/workflows/default-workflow-block-configs", "/workflows/default-workflow-block-configs/{block_type}")
OTHER_ROLES = ("admin", "editor", "normal", "dataset_operator")
_BOOKKEEPING = {"sessions", "operation_logs", "audit_logs", "audit_log", "idempotency_keys"}

Rows = dict[str, dict[tuple[object, ...], dict[str, object]]]


class Site:
    """``things`` are ids of workspace A by the parameter names of routes; ``clients`` are browsers of A by role."""

    def __init__(self, process: Process, people: People) -> None:
        self.process = process
        self.people = people
        self.routes: Sequence[BoundEndpoint] = route_table(process.settings, process.product, process.operators())
        self.clients: dict[str, httpx.AsyncClient] = {}
        self.things: dict[str, str] = {}
        self.others: dict[str, str] = {}
        self.keys: dict[str, str] = {}
        self.other_keys: dict[str, str] = {}
        self.apps: dict[str, str] = {}
        self.stranger: httpx.AsyncClient = people.browser()

    @property
    def owner(self) -> httpx.AsyncClient:
        return self.clients["owner"]

    def service(self, key: str) -> httpx.AsyncClient:
        """The Service API under a key; close it."""
        return browser(self.process.app, headers={"Authorization": f"Bearer {key}"})

    def anonymous(self) -> httpx.AsyncClient:
        """Nobody; close it."""
        return browser(self.process.app)

    async def rows(self) -> Rows:
        """Every row of every table by its primary key."""
        found: Rows = {}
        async with self.process.database.read() as session:
            for table in schema().sorted_tables:
                names = [column.name for column in table.primary_key]
                listed = (await session.execute(table.select())).mappings().all()
                found[table.name] = {tuple(row[n] for n in names): dict(row) for row in listed}
        return found

    async def come_home(self) -> None:
        """Puts the owner back into workspace A, after routes that lead elsewhere."""
        await _done(self.owner.post("/workspaces/switch", json={"tenant_id": self.things["tenant_id"]}))

    async def fill(self) -> None:
        """Makes people, apps, runs and the rest."""
        people = self.people
        await people.set_up()
        self.clients["owner"] = owner = await people.signed_in()
        for role in OTHER_ROLES:
            self.clients[role] = await people.invited(owner, f"{role.replace('_', '.')}@example.com", role)
        self.stranger = await people.second_workspace(owner)
        await self._apps(owner, self.things, self.keys, self.apps)
        await self._apps(self.stranger, self.others, self.other_keys, {})

    async def _apps(
        self, client: httpx.AsyncClient, things: dict[str, str], keys: dict[str, str], apps: dict[str, str]
    ) -> None:
        mood = dsl.variable("mood", "calm")
        flow = dsl.workflow("A workflow", dsl.chain(dsl.start("q"), dsl.end(out=["start", "q"])))
        chat = dsl.chatflow("A chatflow", dsl.chain(dsl.start(), dsl.answer("You said {{#sys.query#}}")), [mood])
        for name, document in (("workflow", flow), ("chatflow", chat)):
            text = json.dumps(document, ensure_ascii=False)
            made = await _done(client.post("/apps/imports", json={"mode": "yaml-content", "yaml_content": text}))
            apps[name] = app_id = made["app_id"]
            things["import_id"] = made["id"]
            await _done(
                client.post(f"/apps/{app_id}/workflows/publish", json={"marked_name": "", "marked_comment": ""})
            )
            key = await _done(client.post(f"/apps/{app_id}/api-keys", json={}))
            keys[name], things["key_id"] = key["token"], key["id"]
            if name == "workflow":
                await self._run(key["token"], things)
            else:
                await self._talk(key["token"], things)
        things["form_token"] = await self._ask(client)
        things["job_id"] = await self._failed_job()
        things["draft_variable_id"] = await self._tried(client, apps["workflow"])
        things["app_id"] = things["target_id"] = apps["workflow"]
        published = await _done(client.get(f"/apps/{apps['workflow']}/workflows/publish"))
        things["workflow_id"] = published["id"]
        await self._tools(client, apps["workflow"], things)
        await self._knowledge(client, keys, things)
        tag = await _done(client.post("/tags", json={"name": "a tag", "type": "app"}))
        things["tag_id"] = tag["id"]
        profile = await _done(client.get("/account/profile"))
        things["member_id"] = things["account_id"] = profile["id"]
        things["tenant_id"] = (await _done(client.post("/workspaces/current")))["id"]

    async def _failed_job(self) -> str:
        """A job that failed for good; it is nobody's."""
        job = Job(name="a_job", queue="workflow", payload={}, status="failed", error="it could not be done")
        async with self.process.database.write() as session:
            session.add(job)
        return job.id

    async def _ask(self, client: httpx.AsyncClient) -> str:
        """The token of a form that a debug run waits for."""
        ask = dsl.node(
            "ask", "human-input", form_content="Well?", inputs=[], user_actions=[{"id": "ok", "title": "Ok"}],
            delivery_methods=[], timeout=1, timeout_unit="day",
        )  # fmt: skip
        document = dsl.workflow("Asks", dsl.graph([dsl.start("q"), ask], [dsl.edge("start", "ask")]))
        body = {"mode": "yaml-content", "yaml_content": json.dumps(document)}
        made = await _done(client.post("/apps/imports", json=body))
        told = await client.post(f"/apps/{made['app_id']}/workflows/draft/run", json={"inputs": {"q": "x"}})
        return told.text.partition('"form_token":"')[2].partition('"')[0]

    async def _tried(self, client: httpx.AsyncClient, app_id: str) -> str:
        """A variable that a single step leaves."""
        draft = f"/apps/{app_id}/workflows/draft/nodes/start"
        await _done(client.post(f"{draft}/run", json={"inputs": {"q": "x"}}))
        return str((await _done(client.get(f"{draft}/variables")))["items"][0]["id"])

    async def _tools(self, client: httpx.AsyncClient, app_id: str, things: dict[str, str]) -> None:
        """An MCP server where nobody listens, and a workflow as a tool."""
        base = "/workspaces/current/tool-provider"
        server = {"server_url": PUBLIC_NAMES["url"], "name": "away", "icon": "x", "server_identifier": "away"}
        things["provider_id"] = (await _done(client.post(f"{base}/mcp", json=server)))["id"]
        published: dict[str, object] = {"name": "a_tool", "label": "A tool", "description": "", "icon": {}}
        parameters = [{"name": "q", "description": "", "form": "llm"}]
        body = {**published, "parameters": parameters, "workflow_app_id": app_id}
        await _done(client.post(f"{base}/workflow/create", json=body))
        shown = await _done(client.get(f"{base}/workflow/get", params={"workflow_app_id": app_id}))
        things["workflow_tool_id"], things["workflow_app_id"] = shown["workflow_tool_id"], app_id

    async def _knowledge(self, client: httpx.AsyncClient, keys: dict[str, str], things: dict[str, str]) -> None:
        """A knowledge base with a document that has a passage, as if it had been indexed."""
        key = await _done(client.post("/datasets/api-keys", json={}))
        keys["knowledge"], things["dataset_key_id"] = key["token"], key["id"]
        async with self.service(key["token"]) as service:
            made = await _done(service.post("/v1/datasets", json={"name": "Known", "indexing_technique": "economy"}))
            base = f"/v1/datasets/{made['id']}"
            field = await _done(service.post(f"{base}/metadata", json={"type": "string", "name": "author"}))
            tag = await _done(service.post("/v1/datasets/tags", json={"name": "a tag"}))
            text = {"name": "A text", "text": "what is known"}
            added = await _done(service.post(f"{base}/document/create-by-text", json=text))
        document_id = added["document"]["id"]
        things |= {"dataset_id": made["id"], "document_id": document_id, "batch": added["batch"]}
        things |= {"metadata_id": field["id"], "knowledge_tag_id": tag["id"]}
        await self._passage(things)

    async def _passage(self, things: dict[str, str]) -> None:
        async with self.process.database.write() as session:
            document = await session.get(Document, things["document_id"])
            assert document is not None
            document.indexing_status = "completed"
            about: dict[str, Any] = {
                name: getattr(document, name) for name in ("tenant_id", "dataset_id", "created_by")
            }
            words: dict[str, Any] = {"position": 1, "content": "what is known", "word_count": 13}
            segment = DocumentSegment(document_id=document.id, status="completed", **about, **words)
            session.add(segment)
            await session.flush()
            child = ChildChunk(document_id=document.id, segment_id=segment.id, **about, **words)
            session.add(child)
            await session.flush()
            things["segment_id"], things["child_chunk_id"] = segment.id, child.id

    async def _run(self, key: str, things: dict[str, str]) -> None:
        async with self.service(key) as service:
            body = {"inputs": {"q": "x"}, "user": "ann"}
            done = await _done(service.post("/v1/workflows/run", json=body))
        things["run_id"] = things["workflow_run_id"] = done["workflow_run_id"]
        things["task_id"] = done["task_id"]
        rows = (await self.rows())["workflow_node_executions"].values()
        things["node_execution_id"] = next(
            str(row["id"]) for row in rows if row["workflow_run_id"] == done["workflow_run_id"]
        )

    async def _talk(self, key: str, things: dict[str, str]) -> None:
        async with self.service(key) as service:
            body: dict[str, object] = {"inputs": {}, "query": "hello", "user": "ann", "auto_generate_name": False}
            said = await _done(service.post("/v1/chat-messages", json=body))
            things["conversation_id"], things["message_id"] = said["conversation_id"], said["message_id"]
            upload = {"file": ("note.txt", b"a note of A", "text/plain")}
            file = await _done(service.post("/v1/files/upload", data={"user": "ann"}, files=upload))
        things["file_id"], things["file"] = file["id"], f"{file['id']}.txt"
        things["variable_id"] = str(dsl.variable("mood", "")["id"])
        users = (await self.rows())["end_users"].values()
        things["end_user_id"] = next(str(row["id"]) for row in users)

    def known(self, names: Mapping[str, str]) -> dict[str, object]:
        """Values for fields of bodies that name things."""
        return {
            **names,
            "tag_ids": [names["tag_id"]],
            "type": "app",
            "model_type": "llm",
            "user": "ann",
            "role": "normal",
            "marked_name": "a version",
            "marked_comment": "",
            "password": PASSWORD,
        }


async def _done(call: Any) -> Any:
    answer: httpx.Response = await call
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    return answer.json()


def parameters(endpoint: BoundEndpoint) -> list[str]:
    """The names of the path's parameters."""
    return [part[1:-1].partition(":")[0] for part in endpoint.full_path.split("/") if part.startswith("{")]


def id_parameters(endpoint: BoundEndpoint) -> list[str]:
    """Those that name things of somebody."""
    return [name for name in parameters(endpoint) if name not in PUBLIC_NAMES]


def address(endpoint: BoundEndpoint, values: Mapping[str, str]) -> str:
    """The path filled in; a parameter without a value names a thing that does not exist."""
    parts: list[str] = []
    for part in endpoint.full_path.split("/"):
        if part.startswith("{"):
            name = part[1:-1].partition(":")[0]
            parts.append(quote(values.get(name) or PUBLIC_NAMES.get(name) or str(uuid.UUID(int=7)), safe=""))
        else:
            parts.append(part)
    return ORIGIN + "/".join(parts)


def label(endpoint: BoundEndpoint) -> str:
    return f"{endpoint.declaration.method} {endpoint.full_path}"


def is_error(answer: httpx.Response) -> bool:
    """Whether the body is the contract's error object, true to its status."""
    try:
        body = msgspec.json.decode(answer.content, type=dict[str, object])
    except msgspec.DecodeError:
        return False
    return {"code", "message", "status"} <= set(body) <= {"code", "message", "status", "params"} and body[
        "status"
    ] == answer.status_code


def is_own_refusal(answer: httpx.Response) -> bool:
    """Some refusals have shapes of their own: of an import, of a session's renewal, of webhooks, of no passages."""
    path = answer.request.url.path
    if path.startswith("/v1/datasets/") and path.endswith("/segments"):
        return answer.json() == {"error": "Segments is required"}
    if path.startswith("/triggers/"):
        return answer.request.method == "HEAD" or {"error"} <= set(answer.json()) <= {"error", "message"}
    if path.startswith("/console/api/apps/imports"):
        return answer.status_code == 400 and answer.json().get("status") == "failed"
    return path == "/console/api/refresh-token" and answer.json().get("result") == "fail"


def changes(before: Rows, after: Rows) -> list[str]:
    """Rows that are gone or different."""
    found: list[str] = []
    for table, rows in before.items():
        for key, row in rows.items():
            now = after[table].get(key)
            if now is None:
                found.append(f"{table} {key} is gone")
            elif now != row:
                differing = {name for name in row if row[name] != now[name]}
                # Conversations of earlier tests get their names in the background.
                if (table, differing) != ("conversations", {"name"}):
                    found.append(f"{table} {key} has other {sorted(differing)}")
    return found


def new_rows_about(before: Rows, after: Rows, ids: set[str]) -> list[str]:
    """New rows that mention one of the ids; the site's own bookkeeping aside."""
    found: list[str] = []
    for table, rows in after.items():
        if table in _BOOKKEEPING:
            continue
        for key, row in rows.items():
            if key not in before[table] and ids & {str(value) for value in row.values()}:
                found.append(f"{table} {key}")
    return found


@asynccontextmanager
async def open_site(home: Path) -> AsyncGenerator[Site]:
    """The product over a new database, filled. Snippets are not run, so the sandbox is left off."""
    process = Process(settings_of({}, home=home))
    try:
        await migrate(process.database, schema())
        clock = MovableClock()
        people = People(
            process.app, process.database, process.product.workspaces, clock, MemoryCache(clock=clock.seconds)
        )
        site = Site(process, people)
        await site.fill()
        yield site
        await people.close()
    finally:
        await process.close()
