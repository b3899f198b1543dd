"""The floor to measure against: a bare handler that writes the same rows to SQLite, one shared commit at a time.

``python bare_server.py PORT FILE`` serves ``GET /health``, ``POST /run`` (a run's rows, JSON answer) and
``POST /stream`` (the same, seven server-sent events), with nothing of Orrery.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

_TABLES = (
    "CREATE TABLE runs (id TEXT PRIMARY KEY, app TEXT, inputs TEXT, outputs TEXT, status TEXT)",
    "CREATE TABLE nodes (id TEXT PRIMARY KEY, run TEXT, node TEXT, inputs TEXT, outputs TEXT)",
    "CREATE TABLE logs (id TEXT PRIMARY KEY, run TEXT)",
)


class Commits:
    """One transaction at a time, for everybody who waits."""

    def __init__(self, path: str) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._path = path
        self._waiting: list[tuple[list[tuple[str, tuple[str, ...]]], asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None
        self._db: sqlite3.Connection | None = None

    async def write(self, rows: list[tuple[str, tuple[str, ...]]]) -> None:
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((rows, done))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())
        await done

    async def _drain(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            await asyncio.get_running_loop().run_in_executor(
                self._thread, self._commit, [r for rows, _ in taken for r in rows]
            )
            for _, done in taken:
                done.set_result(None)

    def _commit(self, rows: list[tuple[str, tuple[str, ...]]]) -> None:
        if self._db is None:
            self._db = sqlite3.connect(self._path, isolation_level=None)
            for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", *_TABLES):
                self._db.execute(statement)
        self._db.execute("BEGIN IMMEDIATE")
        for statement, values in rows:
            self._db.execute(statement, values)
        self._db.execute("COMMIT")


def main(port: int, path: str) -> None:
    commits = Commits(path)

    async def run(request: Request) -> str:
        body = json.loads(await request.body())
        run_id, inputs = str(uuid.uuid4()), json.dumps(body["inputs"])
        await commits.write([("INSERT INTO runs VALUES (?,?,?,?,?)", (run_id, "app", inputs, "", "running")),
                             ("INSERT INTO logs VALUES (?,?)", (str(uuid.uuid4()), run_id))])  # fmt: skip
        await commits.write([("INSERT INTO nodes VALUES (?,?,?,?,?)", (str(uuid.uuid4()), run_id, node, inputs, inputs))
                             for node in ("start", "end")]
                            + [("UPDATE runs SET outputs = ?, status = ? WHERE id = ?", (inputs, "succeeded", run_id))])  # fmt: skip
        return run_id

    async def app(scope: dict, receive: object, send: object) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        response: Response = JSONResponse({"status": "ok"})
        if scope["path"] == "/run":
            response = JSONResponse({"id": await run(request), "status": "succeeded"})
        elif scope["path"] == "/stream":
            run_id = await run(request)

            async def frames():
                for name in ("started", "node", "text", "node", "node", "node", "workflow_finished"):
                    yield f"data: {json.dumps({'event': name, 'id': run_id})}\n\n".encode()

            response = StreamingResponse(frames(), media_type="text/event-stream")
        await response(scope, receive, send)

    uvicorn.run(app, port=port, http="httptools", loop="uvloop", lifespan="off", access_log=False, log_level="warning")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
