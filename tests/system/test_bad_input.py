"""Bad input by socket and by HTTP, and what it gets; the operator's is in test_start.py."""

from __future__ import annotations

import asyncio
import unicodedata
from typing import Any

import msgpack
import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.server import ServerProcess
from tests.viewer import Message, viewing
from tests.waiting import patience

HELLO: Message = {"type": "hello"}
pack = msgspec.msgpack.encode


def opened(server: ServerProcess, room: str) -> connect:
    url = f"{server.url.replace('http', 'ws', 1)}/v1/rooms/{room}/live"
    protocol = Subprotocol("grandstand.v1.msgpack")
    return connect(url, subprotocols=[protocol], proxy=None, ping_interval=None)


async def said_until_the_end(connection: ClientConnection) -> tuple[list[Message], int | None]:
    """All that the server says until it closes, and the code of its close frame."""
    messages = []
    try:
        async with patience():
            async for payload in connection:
                assert isinstance(payload, bytes)
                messages.append(msgspec.msgpack.decode(payload))
    except ConnectionClosed:
        pass  # with a code that says more than "normal"
    return messages, connection.close_code


async def turned_away(
    server: ServerProcess, room: str, *sent: Message | bytes
) -> tuple[str | None, int | None]:
    """Sends messages; the code of the error before the end, and that of the close frame."""
    async with opened(server, room) as connection:
        for message in sent:
            await connection.send(message if isinstance(message, bytes) else pack(message))
        messages, close_code = await said_until_the_end(connection)
    errors = [message["code"] for message in messages if message["type"] == "error"]
    byes = [message for message in messages if message["type"] == "bye"]
    assert [bye["code"] for bye in byes] in ([], [close_code])
    return errors[-1] if errors else None, close_code


# --- messages ------------------------------------------------------------------------------------

FAULTY: list[tuple[bytes, str]] = [
    (b"\xc1", "not msgpack"),
    (pack([1, 2]), "`type`"),
    (pack({"type": "applaud", "id": "1"}), "`type` must be one of"),
    (pack({"type": "comment", "text": "no id"}), "`id`"),
    (pack({"type": "comment", "id": "x" * 37, "text": "a long id"}), "`id`"),
    (pack({"type": "comment", "id": "1", "text": 5}), "$.text"),
    (pack({"type": "comment", "id": "1", "text": "x", "color": 1 << 24}), "$.color"),
    (pack({"type": "vote", "id": "1", "poll": "p", "choices": "first"}), "$.choices"),
    (pack(HELLO), "`hello` comes once"),
]


async def test_a_faulty_message_is_answered_with_its_field_and_the_connection_stays(
    shared_server: ServerProcess, room: str
) -> None:
    shared_server.make_room(room)
    async with viewing(shared_server.url, room, shared_server.token("ann")) as ann:
        for number, (payload, words) in enumerate(FAULTY, 1):
            await ann.send_bytes(payload)
            error = await ann.hears("error", number)
            assert error["code"] == "bad_message"
            assert words in error["message"]
        assert (await ann.comment("still here"))["status"] == "accepted"
        assert ann.connections == 1


async def test_the_tenth_faulty_message_in_a_minute_ends_the_connection(
    shared_server: ServerProcess, room: str
) -> None:
    shared_server.make_room(room)
    hello = HELLO | {"token": shared_server.token("ann")}
    faults = [b"\xc1"] * 10
    assert await turned_away(shared_server, room, hello, *faults) == ("bad_message", 4000)


async def test_a_text_frame_on_a_binary_socket_is_a_faulty_message(
    shared_server: ServerProcess, room: str
) -> None:
    shared_server.make_room(room)
    async with viewing(shared_server.url, room, shared_server.token("ann")) as ann:
        await ann.send_bytes('{"type":"time","id":"1","sent":0}')
        await ann.told("error", "bad_message")


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ([HELLO, b"x" * 4097], (None, 1009)),
        ([{"type": "time", "id": "1", "sent": 0}], ("bad_message", 4000)),
        ([b"\xc1"], ("bad_message", 4000)),
        ([], (None, 4001)),
    ],
    ids=["too large", "no hello first", "not even msgpack first", "nothing for five seconds"],
)
async def test_who_does_not_keep_to_the_protocol_is_sent_away(
    shared_server: ServerProcess,
    room: str,
    sent: list[Any],
    answer: tuple[str | None, int],
) -> None:
    shared_server.make_room("protocol")
    assert await turned_away(shared_server, "protocol", *sent) == answer


# --- who may come in -----------------------------------------------------------------------------


async def test_tokens_that_are_bad_expired_or_foreign_are_refused_by_socket_and_http(
    shared_server: ServerProcess, room: str
) -> None:
    server = shared_server
    server.make_room(room)
    stranger = ServerProcess(server.folder, secret="a secret of somebody else's, long enough")
    for token in ("rubbish", server.token("ann", lifetime_s=-10), stranger.token("ann")):
        answer = await turned_away(server, room, HELLO | {"token": token})
        assert answer == ("unauthorized", 3000)
        refused = await server.ask("GET", f"/v1/rooms/{room}", token=token)
        assert (refused.status, refused.json["code"]) == (401, "unauthorized")


async def test_a_token_for_another_room_or_a_lesser_role_is_forbidden(
    shared_server: ServerProcess, room: str
) -> None:
    server = shared_server
    server.make_room(room)
    elsewhere = server.token("ann", rooms=("elsewhere",))
    answer = await turned_away(server, room, HELLO | {"token": elsewhere})
    assert answer == ("forbidden", 3003)
    for token, path in (
        (server.token("ann", role="producer", rooms=("elsewhere",)), f"/v1/rooms/{room}/cues"),
        (server.token("ann", role="moderator"), f"/v1/rooms/{room}/cues"),
        (server.token("ann"), f"/v1/rooms/{room}/comments/a1/retract"),
    ):
        refused = await server.ask("POST", path, {"name": "now"}, token)
        assert (refused.status, refused.json["code"]) == (403, "forbidden")


async def test_a_room_without_guests_is_closed_to_those_without_a_token_and_to_guests(
    shared_server: ServerProcess, room: str
) -> None:
    server = shared_server
    server.make_room(room, guests="none")
    assert await turned_away(server, room, HELLO) == ("unauthorized", 3000)
    guest = HELLO | {"token": server.token("guest", guest=True)}
    assert await turned_away(server, room, guest) == ("forbidden", 3003)
    assert (await server.ask("POST", f"/v1/rooms/{room}/guests", {})).status == 403


async def test_a_room_that_is_not_there_is_unknown(shared_server: ServerProcess, room: str) -> None:
    server = shared_server
    assert await turned_away(server, room, HELLO) == ("unknown_room", 4004)
    assert await turned_away(server, "NoRoom", HELLO) == ("unknown_room", 4004)
    refused = await server.ask("GET", f"/v1/rooms/{room}", token=server.producer_token)
    assert (refused.status, refused.json["code"]) == (404, "unknown_room")


async def test_without_a_token_one_may_watch_and_ask_the_time_and_nothing_else(
    shared_server: ServerProcess, room: str
) -> None:
    shared_server.make_room(room)
    async with viewing(shared_server.url, room) as guest:
        assert guest.welcome["viewer"] == {"role": "viewer"}
        assert (await guest.comment("may I?"))["code"] == "unauthorized"
        assert (await guest.vote("p1", 0))["code"] == "unauthorized"
        told = await guest.ask({"type": "time", "sent": 12.5})
        assert (told["type"], told["sent"]) == ("time", 12.5)


async def test_the_eleventh_connection_of_one_viewer_is_one_too_many(
    shared_server: ServerProcess, room: str
) -> None:
    server = shared_server
    server.make_room(room)
    hello = HELLO | {"token": server.token("ann")}
    connections = [await opened(server, room) for _ in range(10)]
    try:
        for connection in connections:
            await connection.send(pack(hello))
            await connection.recv()
        assert await turned_away(server, room, hello) == ("rate_limited", 3009)
    finally:
        await asyncio.gather(*(connection.close() for connection in connections))


async def test_a_banned_viewer_is_shown_out_at_once_and_not_let_in_again(
    shared_server: ServerProcess, room: str
) -> None:
    server = shared_server
    server.make_room(room)
    moderator = server.token("mod", role="moderator")
    async with viewing(server.url, room, server.token("ann")) as ann:
        path = f"/v1/rooms/{room}/viewers/{ann.user}"
        assert (await server.ask("POST", f"{path}/ban", {}, moderator)).status == 200
        bye = await ann.told("bye", 3503)
        assert bye["reconnect"] is False
    hello = HELLO | {"token": server.token("ann")}
    assert await turned_away(server, room, hello) == ("forbidden", 3503)
    assert (await server.ask("POST", f"{path}/restore", {}, moderator)).status == 200
    async with viewing(server.url, room, server.token("ann")) as ann:
        assert (await ann.comment("back again"))["type"] == "ack"


# --- what people write ---------------------------------------------------------------------------

HARMLESS_ONCE_CLEAN = [
    "control \x00\x07\x1b[31m characters",
    "bidi \u202edesrever\u2066 overrides",
    "za" + "\u0300\u0301\u0489" * 40 + "lgo",
    "a lone \ud800 surrogate",
    "zero\u200bwidth\u2060 joiners\ufeff",
]


@pytest.mark.parametrize("text", HARMLESS_ONCE_CLEAN, ids=["control", "bidi", "zalgo", "lone", "0"])
async def test_strange_characters_are_never_shown_raw(
    shared_server: ServerProcess, text: str
) -> None:
    shared_server.make_room("strange", moderation={"level": 2})
    async with viewing(shared_server.url, "strange", shared_server.token(text[:4])) as ann:
        message = {"type": "comment", "id": "c1", "text": text}
        await ann.send_bytes(msgpack.packb(message, unicode_errors="surrogatepass"))
        await ann.sees(lambda _: ann.of_type("ack") or ann.of_type("error"))
        if ann.of_type("error"):
            assert ann.of_type("error")[0]["code"] == "rejected"
            return
        if ann.of_type("ack")[0]["status"] == "held":
            return
        await ann.sees(lambda picture: ann.of_type("ack")[0]["comment"] in picture.shown)
        shown = ann.picture.shown[ann.of_type("ack")[0]["comment"]]["text"]
        categories = [unicodedata.category(character) for character in shown]
        assert not {"Cc", "Cs", "Cf"} & set(categories)
        assert categories.count("Mn") <= 4


@pytest.mark.parametrize(
    ("text", "code"),
    [(" \t\u3000 ", "bad_message"), ("x" * 101, "too_long"), ("é" * 1500, "too_long")],
    ids=["only spaces", "a character too long", "three kilobytes"],
)
async def test_too_little_and_too_much_text_is_refused(
    shared_server: ServerProcess, text: str, code: str
) -> None:
    shared_server.make_room("length")
    async with viewing(shared_server.url, "length", shared_server.token(code)) as ann:
        assert (await ann.comment(text))["code"] == code


@pytest.mark.parametrize("apart_ms", [60_000, -70_000], ids=["ahead", "behind"])
async def test_a_moment_that_no_viewer_can_be_at_is_a_bad_time(
    shared_server: ServerProcess, apart_ms: int
) -> None:
    shared_server.make_room("moments")
    async with viewing(shared_server.url, "moments", shared_server.token("ann")) as ann:
        at = ann.welcome["now"] + apart_ms
        assert (await ann.comment("now!", at=at))["code"] == "bad_time"


# --- a producer's mistakes -----------------------------------------------------------------------

POLL: Message = {"kind": "single", "question": "Which?", "options": ["a", "b"], "duration": 60}


@pytest.mark.parametrize(
    ("body", "status", "paths"),
    [
        (b"{not json", 400, []),
        (POLL | {"colour": "red"}, 422, ["colour"]),
        (POLL | {"options": ["a"]}, 422, ["options"]),
        (POLL | {"options": ["a"] * 1000}, 422, ["options"]),
        (POLL | {"options": ["a", 5, " "]}, 422, ["options[1]", "options[2]"]),
        (POLL | {"kind": "trivia", "question": ""}, 422, ["kind", "question"]),
        (
            {"kind": "quiz", "question": "?", "options": ["a", "b"], "opens_at": 9, "closes_at": 5},
            422,
            ["closes_at", "answer"],
        ),
        ([POLL], 422, [""]),
    ],
    ids=["not json", "unknown", "1 option", "1000 options", "texts", "two", "backwards", "list"],
)
async def test_a_producers_mistake_is_answered_with_the_path_of_each_fault(
    shared_server: ServerProcess, body: Any, status: int, paths: list[str]
) -> None:
    shared_server.make_room("mistakes")
    refused = await shared_server.ask(
        "POST", "/v1/rooms/mistakes/polls", body, shared_server.producer_token
    )
    assert refused.status == status
    assert refused.headers["content-type"] == "application/problem+json"
    assert sorted(fault["path"] for fault in refused.json.get("errors", ())) == sorted(paths)
    listed = await shared_server.produce("GET", "/v1/rooms/mistakes/polls")
    assert listed == {"polls": []}
