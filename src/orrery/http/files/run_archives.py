"""Archives of runs behind signed links."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from orrery.apps.files.links import FileLinks
from orrery.apps.runs.archive import NoArchive, archive_of
from orrery.apps.runs.records import RunRecords
from orrery.http.call import Call
from orrery.http.endpoint import RouteGroup, route
from orrery.http.files.links import RUN_ARCHIVE


class RunArchiveRoutes(RouteGroup):
    """Mounted below ``/files``; an archive is made when it is fetched."""

    def __init__(self, records: RunRecords) -> None:
        self._records = records

    @route("GET", RUN_ARCHIVE, auth="signed", scope="signature")
    async def archive(self, call: Call) -> Response:
        """A run as a ZIP file."""
        run = await self._records.find(call.id("app_id"), call.id("run_id"))
        if run is None or run.finished_at is None:
            raise NoArchive
        graph = run.graph or await self._records.graph_of(run.app_id, run.workflow_id)
        nodes = await self._records.nodes(run.app_id, run.id)
        headers = {
            "Content-Disposition": f'attachment; filename="workflow_run_{run.id}.zip"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        }
        content = await asyncio.to_thread(archive_of, run, graph, nodes)
        return Response(content, media_type="application/zip", headers=headers)


def link_of(links: FileLinks, app_id: str, run_id: str) -> str:
    """A link to a run's archive."""
    return links.run_archive(RUN_ARCHIVE.format(app_id=app_id, run_id=run_id), run_id)
