from __future__ import annotations

import base64
from typing import Any
from uuid import uuid4

import pytest

from tests.api.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECRET = "whsec_" + base64.b64encode(b"a key of 24 bytes and up").decode()
HOOK = {"kind": "webhook", "url": "https://studio.example/hook", "secret": SECRET}
CALL = {
    "kind": "http",
    "method": "POST",
    "url": "https://studio.example/{winner}",
    "headers": {"Authorization": "Bearer of-a-secret"},
}


def effect(*then: dict[str, Any], **said: Any) -> dict[str, Any]:
    return {"on": {"event": "poll.closed"}, "then": list(then) or [HOOK], **said}


async def put(on_stage: Harness, body: Any, name: str = "", room: str = "") -> Any:
    room = room or await on_stage.room()
    return await on_stage.call("PUT", f"/v1/rooms/{room}/effects/{name or 'e'}", json=body)


async def test_an_effect_is_put_shown_without_secrets_replaced_and_removed(
    on_stage: Harness,
) -> None:
    room = await on_stage.room()
    path = f"/v1/rooms/{room}/effects"
    first = await on_stage.call("PUT", f"{path}/end", json=effect(HOOK, CALL, title="The end"))
    assert first.status_code == 201, first.text
    again = await on_stage.call("PUT", f"{path}/end", json=effect(HOOK, enabled=False))
    assert again.status_code == 200
    one = await on_stage.call("GET", f"{path}/end")
    several = await on_stage.call("GET", path)
    for shown in (first, again, one, several):
        assert SECRET not in shown.text
        assert "of-a-secret" not in shown.text
    assert one.json()["then"] == [{"kind": "webhook", "url": HOOK["url"]}]
    assert several.json() == {"effects": [one.json()]}
    assert first.json()["then"][1]["headers"] == {"Authorization": ""}
    gone = await on_stage.call("DELETE", f"{path}/end")
    assert gone.status_code == 204
    for method in ("GET", "DELETE"):
        answer = await on_stage.call(method, f"{path}/end")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_effect")


async def test_a_secret_that_is_left_out_stays_for_the_same_place_alone(on_stage: Harness) -> None:
    room = await on_stage.room()
    bare = {name: HOOK[name] for name in ("kind", "url")}
    missing = await put(on_stage, effect(bare), room=room)
    assert missing.status_code == 422
    assert missing.json()["errors"][0]["path"] == "then[0].secret"
    assert (await put(on_stage, effect(HOOK), room=room)).status_code == 201
    assert (await put(on_stage, effect(bare, title="x"), room=room)).status_code == 200
    _, kept = (await on_stage.store.effects.with_secrets(room))["e"]
    assert kept == [{"secret": SECRET}]
    elsewhere = {**bare, "url": "https://attacker.example/hook"}
    assert (await put(on_stage, effect(elsewhere), room=room)).status_code == 422


async def test_a_password_may_be_left_out_and_stays_for_the_same_place(on_stage: Harness) -> None:
    room = await on_stage.room()
    open_to_all = {"kind": "obs", "url": "ws://obs.example:4455", "requests": [{"type": "Stop"}]}
    locked = {**open_to_all, "password": "a secret word"}
    elsewhere = {**open_to_all, "url": "ws://attacker.example:4455"}
    kept = []
    for action in (open_to_all, locked, open_to_all, elsewhere):
        answer = await put(on_stage, effect(action), room=room)
        assert answer.status_code in (200, 201), answer.text
        assert "password" not in answer.json()["then"][0]
        _, (secrets,) = (await on_stage.store.effects.with_secrets(room))["e"]
        kept.append(secrets["password"])
    assert kept == ["", "a secret word", "a secret word", ""]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"on": {"event": "poll.closed"}, "then": []}, "then"),
        (effect({**HOOK, "url": "ftp://x"}), "then[0].url"),
        (effect({**HOOK, "secret": "whsec_tooshortforakey"}), "then[0].secret"),
        (effect({**CALL, "url": "https://x/{loser}"}), "then[0].url"),
        (effect(after=-1), "after"),
        (effect(on={"event": "poll.closed", "name": "x"}), "on.name"),
        (effect(on={"event": "cue", "winner": 1}), "on.winner"),
        (effect(on={"event": "nothing"}), "on.event"),
    ],
)
async def test_every_fault_is_named(on_stage: Harness, body: Any, path: str) -> None:
    answer = await put(on_stage, body, room=await on_stage.house())
    assert answer.status_code == 422, answer.text
    assert path in [each["path"] for each in answer.json()["errors"]]


async def test_a_secret_that_is_too_short_says_what_one_is(on_stage: Harness) -> None:
    answer = await put(on_stage, effect({**HOOK, "secret": "short"}), room=await on_stage.house())
    words = "then[0].secret: must be whsec_ and 24 to 64 bytes in base64"
    assert answer.json()["detail"] == words


async def test_an_id_has_a_form(on_stage: Harness) -> None:
    for name in ("Upper", "-x", "a" * 65, "a.b"):
        answer = await put(on_stage, effect(), name, await on_stage.house())
        assert answer.status_code == 422


async def test_a_test_tells_the_firings_and_the_log_pages_them(on_stage: Harness) -> None:
    room = await on_stage.room()
    await put(on_stage, effect(HOOK, CALL), room=room)
    tested = await on_stage.call("POST", f"/v1/rooms/{room}/effects/e/test", json={})
    assert tested.status_code == 202
    assert len(set(tested.json()["firings"])) == 2
    unknown = await on_stage.call("POST", f"/v1/rooms/{room}/effects/none/test", json={})
    assert unknown.status_code == 404
    empty = await on_stage.call("GET", f"/v1/rooms/{room}/firings?effect={uuid4().hex}")
    assert empty.json() == {"firings": []}
    odd = await on_stage.call("GET", f"/v1/rooms/{room}/firings?after=none")
    assert odd.status_code == 422


async def test_what_was_shown_can_be_put_again_and_wipes_no_secret(on_stage: Harness) -> None:
    room = await on_stage.room()
    await put(on_stage, effect(CALL), room=room)
    shown = (await on_stage.call("GET", f"/v1/rooms/{room}/effects/e")).json()
    del shown["id"]
    assert (await put(on_stage, {**shown, "title": "x"}, room=room)).status_code == 200
    _, kept = (await on_stage.store.effects.with_secrets(room))["e"]
    assert kept == [{"headers.Authorization": "Bearer of-a-secret"}]
    shown["then"][0]["url"] = "https://attacker.example/"
    answer = await put(on_stage, shown, room=room)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "then[0].headers.Authorization"


async def test_names_are_kept_as_those_of_polls_and_cues_are(on_stage: Harness) -> None:
    room = await on_stage.room()
    odd = " cafe\u0301\x1b[2J\u202e "
    for on in ({"event": "poll.closed", "tag": odd}, {"event": "cue", "name": odd}):
        put_there = await put(on_stage, {**effect(title=odd), "on": on}, room=room)
        shown = put_there.json()
        (name,) = shown["on"].keys() - {"event"}
        assert (shown["title"], shown["on"][name]) == ("café[2J", "café[2J")
    cue = await on_stage.call("POST", f"/v1/rooms/{room}/cues", json={"name": odd})
    assert cue.json()["name"] == "café[2J"


async def test_an_effect_is_bounded(on_stage: Harness) -> None:
    """As many as a room may have are read whenever one is changed."""
    room, call = await on_stage.room(), {**CALL, "body": "x" * 8000}
    assert (await put(on_stage, effect(call), room=room)).status_code == 201
    answer = await put(on_stage, effect(call, call, call), room=room)
    assert (answer.status_code, "16384 bytes" in answer.text) == (413, True)
