"""Every call of the table, with every sort of caller."""

from __future__ import annotations

import gzip
import re
from typing import Any
from uuid import uuid4

import pytest
from grandstand.api import effects, rooms
from grandstand.api.operations import Operation
from grandstand.api.routes import OPERATIONS
from grandstand.api.validation import MAX_LINES_BYTES
from grandstand.assistant.suggestion import Suggested
from grandstand.domain.events import HighlightFound
from grandstand.domain.identity import Role
from grandstand.wire.highlights import Highlight

from tests.api.harness import USER, Harness
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

GUARDED = [operation for operation in OPERATIONS if operation.access in ("moderator", "producer")]
WATCHED = [operation for operation in OPERATIONS if operation.access == "watch"]
BODIES: dict[str, dict[str, Any]] = {
    "polls": {"kind": "single", "question": "Who?", "options": ["A", "B"], "duration": 60},
    "cues": {"name": "goal"},
    "stats": {"entity": "athlete:123", "name": "100 m", "values": {"speed": 12.3}},
    "extend": {"duration": 60},
    "resolve": {"answer": 0},
    "revocations": {"sub": "nobody"},
    "effect": {
        "on": {"event": "cue"},
        "then": [{"kind": "http", "method": "GET", "url": "https://studio.example/"}],
    },
    "rundown": {"version": 0, "items": [{"id": "a", "kind": "note", "title": "A"}]},
    "reset": {"version": 0},
    "horse": {"values": [{"name": "speed", "unit": "m/s"}]},
    "decide": {"decision": "reject", "user": "nobody"},
    "translations": {"texts": ["Who?"]},
    "peak": {"highlight": "h"},
    "appeal": {"comment": "c"},
    "outcome": {"outcome": "sent"},
    "assistant": {"off": False},
}


def name(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


async def path_of(harness: Harness, operation: Operation, room: str) -> str:
    """The call's path with something there to be called."""
    path = operation.path.replace("{room}", room).replace("{user}", USER)
    path = path.replace("{kind}", "horse")
    if "{entity}" in path:
        stats = BODIES["stats"] | {"audience": "followers"}
        await harness.call("POST", f"/v1/rooms/{room}/stats", json=stats)
        path = path.replace("{entity}", str(stats["entity"]))
    if "{comment}" in path:
        held = operation.handler.__name__ in ("approve", "reject")
        path = path.replace("{comment}", await harness.say(room, "hello", held=held))
    if "{effect}" in path:
        path = path.replace("{effect}", f"e{uuid4().hex}")
        if operation.method != "PUT":
            where = path.removesuffix("/test")
            assert (await harness.call("PUT", where, json=BODIES["effect"])).status_code == 201
    if "{item}" in path:
        await harness.call("PUT", f"/v1/rooms/{room}/rundown", json=BODIES["rundown"])
        path = path.replace("{item}", "a")
    if "{highlight}" in path:
        live = await harness.live(room)
        now = live.now()
        shown = Highlight(3.0, ["wow"], [], now, now, now, id="highlight-a")
        await live.submit(HighlightFound(uuid4().hex, shown.overlay()))
        path = path.replace("{highlight}", shown.id)
    if "{suggestion}" in path:
        await harness.store.suggestions.keep(room, "s", "summary")
        path = path.replace("{suggestion}", "s")
    if "{segment}" in path:
        live = await harness.live(room)
        await live.seal()
        name = live.replica.segments.newest_snapshot()
        n = live.replica.segments.until - 1 if name is None or "/segments/" in path else name.n
        path = path.replace("{epoch}", live.replica.epoch).replace("{segment}", f"{n}.json")
    if "{poll}" in path:
        *_, step = path.split("/")
        body = BODIES["polls"] | ({"kind": "prediction"} if step == "resolve" else {})
        body |= {"kind": "quiz", "answer": 0} if step == "leaderboard" else {}
        made = await harness.call("POST", f"/v1/rooms/{room}/polls", json=body)
        path = path.replace("{poll}", made.json()["id"])
        if step in ("reveal", "resolve", "votes", "leaderboard"):
            close = path.removesuffix(step) + "close"
            await harness.call("POST", close, json={"grace": 0})
            polls, poll = (await harness.live(room)).replica.state.polls, made.json()["id"]
            await until(lambda: polls[poll].final)
            await until(lambda: step != "votes" or polls[poll].audited is not None)
        if step == "leaderboard":
            assert (await harness.call("POST", path.replace(step, "reveal"))).status_code == 200
    return path


@pytest.mark.parametrize("operation", GUARDED, ids=name)
async def test_a_guarded_call_lets_in_its_role_alone(
    on_stage: Harness, operation: Operation
) -> None:
    harness = on_stage
    has_version = "/rundown" in operation.path
    room = await (harness.room() if has_version else harness.house())
    path = await path_of(harness, operation, room)
    body = BODIES.get(path.rpartition("/")[2]) if operation.method == "POST" else None
    if operation.method == "PUT":
        body = BODIES.get("effect" if operation.handler is effects.put else path.rpartition("/")[2])

    async def status(token: str | None) -> int:
        answer = await harness.call(operation.method, path, role=None, token=token, json=body)
        if answer.status_code == 401:
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert answer.json()["code"] == "unauthorized"
        if answer.status_code == 403:
            assert answer.json()["code"] == "forbidden"
        return answer.status_code

    role: Role = "producer" if operation.access == "producer" else "moderator"
    too_low: Role = "moderator" if role == "producer" else "viewer"
    assert await status(None) == 401
    assert await status("not.a.token") == 401
    assert await status(harness.token(role, lifetime_s=-10)) == 401
    assert await status(harness.token(role, room="another")) == 403
    assert await status(harness.token(too_low, room)) == 403
    where = room if operation.is_about_a_room else "*"
    if operation.query is rooms.DeleteQuery:  # it isn't confirmed
        assert await status(harness.token(role, where)) == 422
        return
    # Without a model there are no suggestions.
    good = {409} if operation.answers.get(200) is Suggested else set(operation.answers)
    assert await status(harness.token(role, where)) in good
    if role == "moderator" and not re.search("approve|reject", path):
        assert await status(harness.token("producer", room)) in good


@pytest.mark.parametrize("operation", WATCHED, ids=name)
async def test_a_watchers_call_takes_a_token_or_a_room_with_guests(
    on_stage: Harness, operation: Operation
) -> None:
    harness = on_stage
    for guests in ("watch", "none"):
        room = await harness.room(guests=guests)
        path = await path_of(harness, operation, room)

        async def status(token: str | None, path: str = path) -> int:
            answer = await harness.call(operation.method, path, role=None, token=token)
            return 200 if answer.is_success else answer.status_code

        is_about_a_room = operation.is_about_a_room
        assert await status(None) == (401 if is_about_a_room and guests == "none" else 200)
        assert await status("not.a.token") == 401
        assert await status(harness.token("viewer", lifetime_s=-10)) == 401
        assert await status(harness.token("viewer", "another")) == (403 if is_about_a_room else 200)
        assert await status(harness.token("viewer", room)) == 200


@pytest.mark.parametrize(
    "operation", [op for op in OPERATIONS if op.is_about_a_room and not op.makes_room], ids=name
)
async def test_a_room_that_is_not_there_is_404_once_one_is_let_in(
    on_stage: Harness, operation: Operation
) -> None:
    path = operation.path.replace("{room}", "nowhere")
    answer = await on_stage.call(operation.method, path, role="producer")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_room")


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
async def test_another_method_is_405_and_told_what_there_is(
    on_stage: Harness, operation: Operation
) -> None:
    answer = await on_stage.call("PROPFIND", operation.path)
    assert answer.status_code == 405
    assert operation.method in answer.headers["allow"].split(", ")
    assert answer.json()["code"] == "method_not_allowed"


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
async def test_what_there_is_can_be_asked_without_a_token(
    on_stage: Harness, operation: Operation
) -> None:
    answer = await on_stage.call("OPTIONS", operation.path, role=None)
    assert (answer.status_code, answer.content) == (204, b"")
    assert {operation.method, "OPTIONS"} <= set(answer.headers["allow"].split(", "))


async def test_a_byte_order_mark_is_passed_over_and_a_packed_body_refused(
    on_stage: Harness,
) -> None:
    path = f"/v1/rooms/{await on_stage.house()}"
    body = b"\xef\xbb\xbf{}"
    assert (await on_stage.call("PATCH", path, content=body)).status_code == 200
    for packed in ("gzip", "br", "gzip, deflate"):
        headers = {"Content-Encoding": packed}
        answer = await on_stage.call("PATCH", path, content=gzip.compress(body), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (415, "bad_message")
        assert packed in answer.json()["detail"]
        assert answer.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "operation", [operation for operation in OPERATIONS if operation.body is not None], ids=name
)
async def test_a_body_must_be_json_of_known_fields_and_not_too_long(
    on_stage: Harness, operation: Operation
) -> None:
    room = await on_stage.house()
    path = await path_of(on_stage, operation, room)

    async def refused(body: bytes, status: int) -> dict[str, Any]:
        answer = await on_stage.call(operation.method, path, content=body)
        assert answer.status_code == status, answer.text
        problem: dict[str, Any] = answer.json()
        return problem

    for body in (b"{", b"\xff", b"[" * 5000, b'{"a": NaN}'):
        assert (await refused(body, 400))["code"] == "bad_message"
    most = MAX_LINES_BYTES if operation.lines else operation.max_bytes
    assert (await refused(b" " * (most + 1), 413))["code"] == "too_long"
    for wrong in (b"[]", b"null", b'"text"', b"7"):
        (fault,) = (await refused(wrong, 422))["errors"]
        assert fault["path"] == ""
    told = (await refused(b'{"surprise": 1}', 422))["errors"]
    assert "surprise" in {fault["path"] for fault in told}


async def test_a_fault_of_our_own_is_500_and_says_nothing_of_itself(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> None:
        raise ZeroDivisionError("a secret of ours")

    monkeypatch.setattr(on_stage.store.rooms, "describe", broken)
    answer = await on_stage.call("GET", "/v1/rooms")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "secret" not in answer.text


@pytest.mark.parametrize("header", ["Basic dTpw", "Bearer", "Bearer a b", "Token x", ""])
async def test_another_authorization_is_401(on_stage: Harness, header: str) -> None:
    answer = await on_stage.call("GET", "/v1/rooms", role=None, headers={"Authorization": header})
    assert answer.status_code == 401
