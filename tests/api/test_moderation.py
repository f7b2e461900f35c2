from __future__ import annotations

from typing import Any

import pytest
from grandstand.api.operations import event_id
from grandstand.domain.events import StaffCame
from grandstand.domain.identity import Role, user_id

from tests.api.harness import USER, Harness
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def post(harness: Harness, path: str, json: Any = None) -> tuple[int, Any]:
    answer = await harness.call("POST", path, role="moderator", json=json)
    return answer.status_code, answer.json()


async def held(harness: Harness, room: str) -> list[dict[str, Any]]:
    answer = await harness.call("GET", f"/v1/rooms/{room}/held", role="moderator")
    return list(answer.json()["comments"])


async def test_an_approved_comment_is_shown_and_a_rejected_one_is_gone(on_stage: Harness) -> None:
    room = await on_stage.room()
    good = await on_stage.say(room, "fine after all", held=True)
    bad = await on_stage.say(room, "not fine", held=True)
    queue = await held(on_stage, room)
    assert [comment["id"] for comment in queue] == [good, bad]
    assert (queue[0]["user"], queue[0]["categories"]) == (USER, ["insult"])
    path = f"/v1/rooms/{room}/comments"
    assert await post(on_stage, f"{path}/{good}/approve") == (
        200,
        {"comment": good, "status": "approved"},
    )
    assert (await post(on_stage, f"{path}/{bad}/reject"))[1]["status"] == "rejected"
    assert await held(on_stage, room) == []
    recent = (await on_stage.live(room)).replica.state.recent
    assert [comment.id for comment in recent] == [good]
    status, problem = await post(on_stage, f"{path}/{good}/approve")
    assert (status, problem["code"]) == (404, "unknown_comment")


@pytest.mark.parametrize(
    ("body", "path"), [({"text": "\u200b"}, "text"), ({"by": "tiny"}, "by"), ({"text": ""}, "text")]
)
async def test_an_answer_that_says_nothing_is_refused_and_decides_nothing(
    on_stage: Harness, body: dict[str, str], path: str
) -> None:
    room = await on_stage.room()
    comment = await on_stage.say(room, "not fine", held=True)
    where = f"/v1/rooms/{room}/comments/{comment}/reject"
    status, problem = await post(on_stage, where, body)
    assert (status, [fault["path"] for fault in problem["errors"]]) == (422, [path])
    assert [each["id"] for each in await held(on_stage, room)] == [comment]


async def test_a_retracted_comment_leaves_the_room_and_its_record(on_stage: Harness) -> None:
    room = await on_stage.room()
    comment = await on_stage.say(room, "oops")
    path = f"/v1/rooms/{room}/comments"
    for _ in range(2):
        status, told = await post(on_stage, f"{path}/{comment}/retract")
        assert (status, told) == (200, {"comment": comment, "status": "retracted"})
    assert (await on_stage.live(room)).replica.state.recent == []
    assert (await on_stage.call("GET", path)).json() == {"comments": []}


async def test_an_erased_viewer_leaves_the_room_its_queue_and_its_record(
    on_stage: Harness,
) -> None:
    room, bo = await on_stage.room(), "AbCdEfGhIj1"
    comment = await on_stage.say(room, "mine")
    await on_stage.say(room, "mine too", held=True)
    await on_stage.say(room, "another's", user=bo)
    live = await on_stage.live(room)
    before = live.replica.offset - 1
    path = f"/v1/rooms/{room}/viewers/{USER}/erase"
    assert (await on_stage.call("POST", path, role="moderator")).status_code == 403
    for _ in range(2):
        answer = await on_stage.call("POST", path)
        assert (answer.status_code, answer.json()) == (202, {"user": USER, "status": "erasing"})
    assert [each.user for each in live.replica.state.recent] == [bo]
    assert await held(on_stage, room) == []
    assert live.replica.after(before) is None

    async def is_emptied() -> bool:
        row = await on_stage.store.record.find(room, comment)
        return row is not None and not row.text

    await until(is_emptied)
    record = await on_stage.call("GET", f"/v1/rooms/{room}/comments?shown=all")
    assert [each["user"] for each in record.json()["comments"]] == [bo]
    status, problem = await post(on_stage, f"/v1/rooms/{room}/comments/{comment}/retract")
    assert (status, problem["code"]) == (404, "unknown_comment")


@pytest.mark.parametrize("step", ["approve", "reject", "retract"])
async def test_a_comment_that_is_not_there_is_404(on_stage: Harness, step: str) -> None:
    room = await on_stage.house()
    status, problem = await post(on_stage, f"/v1/rooms/{room}/comments/zzzz/{step}")
    assert (status, problem["code"]) == (404, "unknown_comment")


async def test_a_bar_holds_for_its_time_or_until_it_is_lifted(on_stage: Harness) -> None:
    room = await on_stage.room()
    live = await on_stage.live(room)
    path = f"/v1/rooms/{room}/viewers/{USER}"
    before = live.now()
    status, muted = await post(on_stage, f"{path}/mute", {"duration": 60})
    assert (status, muted["user"], muted["status"]) == (200, USER, "muted")
    assert before + 60_000 <= muted["until"] <= live.now() + 60_000
    sanction = live.replica.state.sanction(USER, live.now())
    assert sanction is not None
    assert (sanction.kind, sanction.until) == ("mute", muted["until"])
    assert await post(on_stage, f"{path}/ban") == (200, {"user": USER, "status": "banned"})
    sanction = live.replica.state.sanction(USER, live.now())
    assert sanction is not None
    assert (sanction.kind, sanction.until) == ("ban", None)
    for _ in range(2):
        assert await post(on_stage, f"{path}/restore") == (
            200,
            {"user": USER, "status": "restored"},
        )
    assert live.replica.state.sanction(USER, live.now()) is None


@pytest.mark.parametrize("step", ["mute", "ban", "restore"])
@pytest.mark.parametrize("user", ["short", "x" * 12, "with.dots.in"])
async def test_who_cannot_be_a_viewer_is_404(on_stage: Harness, step: str, user: str) -> None:
    room = await on_stage.house()
    status, problem = await post(on_stage, f"/v1/rooms/{room}/viewers/{user}/{step}")
    assert (status, problem["code"]) == (404, "unknown_viewer")


@pytest.mark.parametrize("duration", [0, -1, "long", None, 1e9])
async def test_a_wrong_duration_is_refused(on_stage: Harness, duration: Any) -> None:
    room = await on_stage.house()
    path = f"/v1/rooms/{room}/viewers/{USER}/mute"
    status, problem = await post(on_stage, path, {"duration": duration})
    assert (status, [fault["path"] for fault in problem["errors"]]) == (422, ["duration"])


async def _enter(harness: Harness, room: str, sub: str, role: Role) -> str:
    """Somebody of the staff who has come into the room; its user."""
    live = await harness.live(room)
    user = user_id(sub, live.salt)
    if role != "viewer":
        await live.submit(StaffCame(event_id(), user, role, sub.title()))
    return user


@pytest.mark.parametrize("step", ["mute", "ban"])
async def test_a_moderator_bars_viewers_alone(on_stage: Harness, step: str) -> None:
    room = await on_stage.room()
    live = await on_stage.live(room)
    for sub, role, statuses in (
        ("mo", "moderator", (403, 200)),
        ("pia", "producer", (403, 403)),
        ("moderator-1", "moderator", (403, 200)),
        ("producer-1", "producer", (403, 403)),
        ("ada", "viewer", (200, 200)),
    ):
        user = await _enter(on_stage, room, sub, role)  # type: ignore[arg-type]
        path = f"/v1/rooms/{room}/viewers/{user}"
        for actor, status in zip(("moderator", "producer"), statuses, strict=True):
            answer = await on_stage.call("POST", f"{path}/{step}", role=actor)  # type: ignore[arg-type]
            assert answer.status_code == status, (sub, actor)
            if status == 403:
                assert answer.json()["code"] == "forbidden"
                assert live.replica.state.sanction(user, live.now()) is None


async def test_a_moderator_takes_back_its_own_comment_and_no_other_staff_s(
    on_stage: Harness,
) -> None:
    room = await on_stage.room()
    own = await _enter(on_stage, room, "moderator-1", "moderator")
    other = await _enter(on_stage, room, "mo", "moderator")
    said = {user: await on_stage.say(room, user, user=user) for user in (own, other, USER)}
    gone = await on_stage.say(room, "as a producer", user="zzzzzzzzzzz", role="producer")
    statuses = [
        (await post(on_stage, f"/v1/rooms/{room}/comments/{comment}/retract"))[0]
        for comment in (said[own], said[other], said[USER], gone)
    ]
    assert statuses == [200, 403, 200, 403]
    for comment in (said[other], gone):
        path = f"/v1/rooms/{room}/comments/{comment}/retract"
        assert (await on_stage.call("POST", path)).status_code == 200


async def test_the_queue_is_listed_in_pages_the_longest_waiting_first(on_stage: Harness) -> None:
    room = await on_stage.room()
    said = [await on_stage.say(room, f"doubtful {number}", held=True) for number in range(5)]
    path = f"/v1/rooms/{room}/held"
    assert "next" not in (await on_stage.call("GET", path, role="moderator")).json()
    pages, after = [], ""
    while True:
        page = await on_stage.call("GET", f"{path}?limit=2&after={after}", role="moderator")
        pages.append([comment["id"] for comment in page.json()["comments"]])
        if "next" not in page.json():
            break
        after = page.json()["next"]
        if len(pages) == 1:  # what is decided meanwhile takes nothing from the others
            await post(on_stage, f"/v1/rooms/{room}/comments/{after}/reject")
    assert pages == [said[:2], said[2:4], said[4:]]
    assert [comment["id"] for comment in await held(on_stage, room)] == [said[0], *said[2:]]
    answer = await on_stage.call("GET", f"{path}?limit=9999", role="moderator")
    assert answer.status_code == 422
