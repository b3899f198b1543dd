"""What the Service API tells of an app, its runs and its users."""

from __future__ import annotations

from tests.http.service.world import World, chatflow, config, frames, refusal, said, workflow

from orrery.database.ids import new_id


async def test_info_and_site(world: World) -> None:
    client = world.service(await world.new_app("advanced-chat", chatflow()))
    assert (await client.get("/info")).json() == {
        "name": "A advanced-chat",
        "description": "For tests",
        "tags": [],
        "mode": "advanced-chat",
        "author_name": "Ada",
    }
    site = (await client.get("/site")).json()
    assert (site["title"], site["default_language"], site["icon_url"]) == ("A advanced-chat", "en-US", None)
    assert (await client.get("/meta")).json() == {"tool_icons": {}}


async def test_parameters_come_from_what_is_published(world: World) -> None:
    features = {"opening_statement": "Hi", "suggested_questions": ["A?"], "retriever_resource": {"enabled": True}}
    app = await world.new_app("workflow", workflow(), features=features)
    shown = (await world.service(app).get("/parameters")).json()
    assert (shown["opening_statement"], shown["suggested_questions"]) == ("Hi", ["A?"])
    assert shown["retriever_resource"] == {"enabled": True}
    assert shown["speech_to_text"] == {"enabled": False}
    assert shown["user_input_form"][0]["text-input"]["variable"] == "name"
    assert shown["system_parameters"] == {
        "image_file_size_limit": 10,
        "video_file_size_limit": 100,
        "audio_file_size_limit": 50,
        "file_size_limit": 1,
        "workflow_file_upload_limit": 10,
    }
    form = [{"paragraph": {"label": "Q", "variable": "q", "required": True}}]
    basic = await world.new_app("chat", configs=config(user_input_form=form))
    assert (await world.service(basic).get("/parameters")).json()["user_input_form"] == form
    for mode in ("workflow", "advanced-chat"):
        answer = await world.service(await world.new_app(mode)).get("/parameters")
        assert refusal(answer) == (400, "app_unavailable")


async def test_a_run_can_be_asked_for_and_watched_again(world: World) -> None:
    app, twin = await world.new_app("workflow", workflow()), await world.new_app("workflow", workflow())
    client = world.service(app)
    body = {"inputs": {"name": "Ada"}, "user": "ann", "response_mode": "streaming"}
    told = frames(await client.post("/workflows/run", json=body))
    run_id = told[0]["workflow_run_id"]
    run = (await client.get(f"/workflows/run/{run_id}")).json()
    assert (run["status"], run["outputs"]) == ("succeeded", {"out": "Ada"})
    assert isinstance(run["inputs"], str) and '"name":"Ada"' in run["inputs"]
    assert frames(await client.get(f"/workflow/{run_id}/events", params={"user": "ann"})) == told
    again = await client.get(f"/workflow/{run_id}/events", params={"user": "ann"}, headers={"Last-Event-ID": "3"})
    assert frames(again) == told[3:]
    for answer in (
        await client.get(f"/workflow/{run_id}/events", params={"user": "bob"}),
        await world.service(twin).get(f"/workflow/{run_id}/events", params={"user": "ann"}),
        await world.service(twin).get(f"/workflows/run/{run_id}"),
        await client.get(f"/workflows/run/{new_id()}"),
    ):
        assert refusal(answer) == (404, "not_found")
    assert refusal(await client.get(f"/workflow/{run_id}/events")) == (400, "invalid_param")
    chat = world.service(await world.new_app("chat", configs=config()))
    assert refusal(await chat.get(f"/workflows/run/{run_id}")) == (400, "not_workflow_app")


async def test_logs_are_paged_and_filtered(world: World) -> None:
    app, twin = await world.new_app("workflow", workflow()), await world.new_app("workflow", workflow())
    client = world.service(app)
    for name, user in (("Ada", "ann"), ("Boris", "ann"), ("Cy", "bob")):
        await client.post("/workflows/run", json={"inputs": {"name": name}, "user": user})

    async def log(**params: object) -> dict[str, object]:
        answer = await client.get("/workflows/logs", params=params)  # type: ignore[arg-type]
        assert answer.status_code == 200, answer.text
        return answer.json()

    page = await log(limit=2)
    assert (page["total"], page["has_more"], page["page"], page["limit"], len(page["data"])) == (3, True, 1, 2, 2)
    assert page["data"][0]["created_by_end_user"]["session_id"] == "bob"
    assert page["data"][0]["workflow_run"]["triggered_from"] == "app-run"
    assert (await log(limit=2, page=2))["has_more"] is False
    assert (await log(keyword="Boris"))["total"] == 1
    assert (await log(status="failed"))["total"] == 0
    assert (await log(created_by_end_user_session_id="ann"))["total"] == 2
    assert (await log(created_at__after="2999-01-01T00:00:00Z"))["total"] == 0
    assert (await log(created_at__before="2999-01-01T00:00:00 00:00"))["total"] == 3
    assert refusal(await client.get("/workflows/logs", params={"created_at__after": "soon"})) == (400, "invalid_param")
    assert (await world.service(twin).get("/workflows/logs")).json()["total"] == 0


async def test_an_end_user_is_shown_to_its_app(world: World) -> None:
    app, twin = await world.new_app("advanced-chat", chatflow()), await world.new_app("advanced-chat", chatflow())
    client = world.service(app)
    await said(client, user="ann")
    user = await world.end_users.resolve(world.home, app.id, "ann", "service-api")
    shown = (await client.get(f"/end-users/{user.id}")).json()
    assert (shown["session_id"], shown["external_user_id"], shown["type"]) == ("ann", "ann", "service-api")
    assert shown["created_at"].endswith("Z")
    for answer in (
        await world.service(twin).get(f"/end-users/{user.id}"),
        await client.get(f"/end-users/{new_id()}"),
        await client.get("/end-users/nobody"),
    ):
        assert refusal(answer) == (404, "end_user_not_found")
