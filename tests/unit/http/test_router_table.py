"""Which endpoint answers a path: literals first, decoded parameters, rests, and what is said when none does."""

from __future__ import annotations

from typing import cast

import pytest

from orrery.errors import NotFound
from orrery.http.endpoint import BoundEndpoint, Endpoint, Method
from orrery.http.router import MethodNotAllowed, Router


async def nobody() -> None:
    """Serves nothing."""


def table(*routes: str) -> Router:
    made: list[BoundEndpoint] = []
    for text in routes:
        method, path = text.split(" ")
        declaration = Endpoint(method=cast("Method", method), path=path, auth="public", scope="none")
        made.append(BoundEndpoint(declaration, nobody, "/v1"))
    return Router(made)


ROUTES = table(
    "GET /apps", "POST /apps", "GET /apps/{app_id}", "DELETE /apps/{id}", "GET /apps/imports", "GET /apps/imports/{x}/done",
    "GET /apps/{app_id}/runs/{run_id}", "GET /files/{name:path}", "PUT /only",
)  # fmt: skip


def found(method: str, path: str) -> tuple[str, dict[str, str]]:
    endpoint, values = ROUTES.find(method, path)
    return endpoint.declaration.path, values


PATHS: list[tuple[str, str, tuple[str, dict[str, str]] | None]] = [
    ("GET", "/v1/apps", ("/apps", {})),
    ("GET", "/v1/apps/", ("/apps", {})),
    ("GET", "/v1/apps/7", ("/apps/{app_id}", {"app_id": "7"})),
    ("DELETE", "/v1/apps/7", ("/apps/{id}", {"id": "7"})),
    ("GET", "/v1/apps/imports", ("/apps/imports", {})),
    ("GET", "/v1/apps/imports/3/done", ("/apps/imports/{x}/done", {"x": "3"})),
    ("GET", "/v1/apps/imports/runs/9", ("/apps/{app_id}/runs/{run_id}", {"app_id": "imports", "run_id": "9"})),
    ("GET", "/v1/apps/7/runs/9", ("/apps/{app_id}/runs/{run_id}", {"app_id": "7", "run_id": "9"})),
    ("GET", "/v1/apps/a%2Fb", ("/apps/{app_id}", {"app_id": "a/b"})),
    ("GET", "/v1/apps/%E5%8C%97", ("/apps/{app_id}", {"app_id": "北"})),
    ("GET", "/v1/apps/%FF", ("/apps/{app_id}", {"app_id": "\ufffd"})),
    ("GET", "/v1/apps/..", ("/apps/{app_id}", {"app_id": ".."})),
    ("GET", "/v1/apps//runs/9", None),
    ("GET", "/v1/files/a/b%20c/d.txt", ("/files/{name:path}", {"name": "a/b c/d.txt"})),
    ("GET", "/v1/files", None),
    ("HEAD", "/v1/apps", ("/apps", {})),
    ("GET", "/", None),
    ("GET", "/v2/apps", None),
    ("GET", "/v1/%61pps", None),
]


@pytest.mark.parametrize(("method", "path", "expected"), PATHS)
def test_paths(method: str, path: str, expected: tuple[str, dict[str, str]] | None) -> None:
    if expected is None:
        with pytest.raises(NotFound):
            found(method, path)
    else:
        assert found(method, path) == expected


def test_a_literal_that_leads_nowhere_falls_back_to_the_parameter() -> None:
    assert found("GET", "/v1/apps/imports2/runs/9") == (
        "/apps/{app_id}/runs/{run_id}", {"app_id": "imports2", "run_id": "9"},
    )  # fmt: skip
    routes = table("GET /a/b", "GET /{x}/c")
    assert routes.find("GET", "/v1/a/c")[1] == {"x": "a"}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("PATCH", "/v1/apps", ["GET", "HEAD", "POST"]), ("HEAD", "/v1/only", ["PUT"]), ("POST", "/v1/apps/1", ["DELETE", "GET", "HEAD"])],
)  # fmt: skip
def test_other_methods_are_told_which_ones_work(method: str, path: str, allowed: list[str]) -> None:
    with pytest.raises(MethodNotAllowed) as error:
        ROUTES.find(method, path)
    assert error.value.allowed == allowed


def test_tables_that_can_not_be() -> None:
    with pytest.raises(ValueError, match=r"declared twice: GET /v1/a/\{y\}"):
        table("GET /a/{x}", "GET /a/{y}")
    with pytest.raises(ValueError, match="nothing may follow"):
        table("GET /a/{x:path}/more")
