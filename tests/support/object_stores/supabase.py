"""The storage interface of a Supabase project, in memory."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from .serving import stretch

KEY = "service-role-key"


class SupabaseProject:
    """``buckets`` holds contents by bucket and key. ``ranges``: whether a stretch may be asked for."""

    def __init__(self, *, ranges: bool = True) -> None:
        self.buckets: dict[str, dict[str, bytes]] = {}
        self._ranges = ranges

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("authorization") != f"Bearer {KEY}" or request.headers.get("apikey") != KEY:
            return self._error(403, "Unauthorized", "signature verification failed")
        path = request.path.removeprefix("/storage/v1/")
        if path == "bucket":
            name = (await request.json())["name"]
            self.buckets.setdefault(name, {})
            return web.json_response({"name": name})
        if path.startswith("object/list/"):
            return self._list(path.removeprefix("object/list/"), await request.json())
        bucket, _, key = path.removeprefix("object/").partition("/")
        if bucket not in self.buckets:
            return self._error(404, "Bucket not found", "Bucket not found")
        return await self._object(request, self.buckets[bucket], key)

    async def _object(self, request: web.Request, objects: dict[str, bytes], key: str) -> web.StreamResponse:
        if request.method == "POST":
            if key in objects and request.headers.get("x-upsert") != "true":
                return self._error(409, "Duplicate", "The resource already exists")
            objects[key] = await request.read()
            return web.json_response({"Key": key})
        if key not in objects:
            return self._error(404, "not_found", "Object not found")
        if request.method == "DELETE":
            del objects[key]
            return web.json_response({"message": "Successfully deleted"})
        return stretch(request, objects[key]) if self._ranges else web.Response(body=objects[key])

    def _list(self, bucket: str, asked: dict[str, object]) -> web.Response:
        folder = f"{asked['prefix']}/" if asked["prefix"] else ""
        found: dict[str, dict[str, object]] = {}
        for key, content in sorted(self.buckets.get(bucket, {}).items()):
            name, deeper, _ = key.removeprefix(folder).partition("/")
            if key.startswith(folder):
                own = {"id": key, "updated_at": datetime.now(UTC).isoformat(), "metadata": {"size": len(content)}}
                found[name] = {"name": name, **({"id": None, "metadata": None} if deeper else own)}
        start, limit = int(str(asked["offset"])), int(str(asked["limit"]))
        return web.json_response(list(found.values())[start : start + limit])

    @staticmethod
    def _error(status: int, error: str, message: str) -> web.Response:
        body = {"statusCode": str(status), "error": error, "message": message}
        return web.json_response(body, status=400)
