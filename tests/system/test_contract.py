"""What the server says, held against the documents that it serves: every type, every call.

The documents allow what they don't name, as the contract does; here nothing may be said that they
don't name.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.conftest import MakeServer
from tests.server import Answer, ServerProcess
from tests.system.curl import curl
from tests.valkey_cluster import ValkeyCluster
from tests.viewer import Message, Viewer, viewing
from tests.waiting import until

INSULT = "you are an idiot"


class Document:
    """A served document, strict about names that it doesn't have."""

    def __init__(self, document: Message) -> None:
        self.document = document
        self._schemas = document["components"]["schemas"]
        for schema in self._schemas.values():
            if "properties" in schema:
                schema["additionalProperties"] = False

    def check(self, thing: Any, name: str) -> None:
        """Raises ValidationError unless ``thing`` is as the schema says."""
        schema = {
            "$ref": f"#/components/schemas/{name}",
            "components": {"schemas": self._schemas},
        }
        Draft202012Validator(schema).validate(thing)


class Calls:
    """HTTP calls, each answer held against the document."""

    def __init__(self, server: ServerProcess, document: Document, room: str) -> None:
        self.server = server
        self.document = document
        self.room = room
        self.made: set[tuple[str, str, int]] = set()

    async def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: str = "",
        token: str | None = None,
        **parts: str,
    ) -> Any:
        address = path.format(room=self.room, **parts) + query
        answer = await self.server.ask(
            method, address, body, self.server.producer_token if token is None else token
        )
        self._check(method, path, answer)
        if answer.status == 204:
            return None
        is_json = answer.headers["content-type"].endswith(("/json", "+json"))
        return answer.json if is_json else answer.body.decode()

    @asynccontextmanager
    async def following(self, path: str) -> AsyncIterator[None]:
        """Follows a feed meanwhile; each event is held against the document. A card goes only once
        the viewer furthest behind has seen its end: a minute later."""
        told = self.document.document["paths"][path]["get"]["responses"]["200"]
        assert list(told["content"]) == ["text/event-stream"]
        async with curl(self.server.url, self.room) as reader:
            await reader.has("reset")
            yield
            every = set(told["x-events"]) - {"drop"}
            await until(lambda: {event.name for event in reader.events} >= every)
        for event in reader.events:
            schema = told["x-events"][event.name]
            self.document.check(event.data, schema["$ref"].rpartition("/")[2])
        self.made.add(("GET", path, 200))

    def _check(self, method: str, path: str, answer: Answer) -> None:
        operation = self.document.document["paths"][path][method.lower()]
        response = operation["responses"][str(answer.status)]
        if answer.status == 204:
            assert (answer.body, response.get("content")) == (b"", None)
            self.made.add((method, path, answer.status))
            return
        content = response["content"]
        media = answer.headers["content-type"].partition(";")[0]
        schema = content[media]["schema"]
        if "$ref" in schema:
            self.document.check(answer.json, schema["$ref"].rpartition("/")[2])
        self.made.add((method, path, answer.status))


@asynccontextmanager
async def overhearing(server: ServerProcess, room: str, token: str) -> AsyncIterator[list[Message]]:
    """What a viewer with the JSON subprotocol is sent."""
    heard: list[Message] = []
    url = f"{server.url.replace('http', 'ws', 1)}/v1/rooms/{room}/live"
    protocol = Subprotocol("grandstand.v1.json")
    async with connect(url, subprotocols=[protocol], proxy=None) as socket:

        async def listen() -> None:
            async for payload in socket:
                assert isinstance(payload, str)
                heard.append(json.loads(payload))

        await socket.send(json.dumps({"type": "hello", "token": token}))
        listening = asyncio.create_task(listen())
        try:
            yield heard
        finally:
            await socket.close()
            await listening


async def entities(call: Calls, ann: Viewer) -> None:
    """What a feed tells of an athlete goes to those who follow her."""
    base = "/v1/rooms/{room}"
    schema = {"values": [{"name": "speed", "unit": "m/s"}]}
    await call("PUT", f"{base}/schemas/{{kind}}", schema, kind="athlete")
    await call("GET", f"{base}/schemas/{{kind}}", kind="athlete")
    await call("GET", f"{base}/translation")
    await call("POST", f"{base}/translations", {"texts": ["Who wins?"]})
    await ann.ask({"type": "follow", "topics": ["athlete:2"]})
    update = {"entity": "athlete:2", "name": "Zoë", "values": {"speed": {"value": 9, "rank": 1}}}
    await call("POST", f"{base}/stats", {**update, "audience": "followers"})
    await until(
        lambda: any(
            overlay["data"]["values"].get("speed", {}).get("unit") == "m/s"
            for frame in ann.of_type("frame")
            for overlay in frame.get("overlays", ())
            if overlay["topic"] == "athlete:2"
        )
    )
    found = await call("GET", f"{base}/entities", query="?q=zoe")
    assert [each["entity"] for each in found["entities"]] == ["athlete:2"]
    await call("GET", f"{base}/entities/{{entity}}", entity="athlete:2")


async def evening(call: Calls, ann: Viewer, moderator: Viewer) -> None:
    """Something of everything."""
    base = "/v1/rooms/{room}"
    await call("PATCH", base, {"title": "An evening", "moderation": {"categories": {"spam": 3}}})
    await call("GET", base)
    await call("GET", "/v1/rooms")
    await call("POST", "/v1/revocations", {"sub": "somebody else"})
    await call("GET", "/v1/revocations")
    await call("GET", "/v1/crowd")
    await call("GET", f"{base}/crowd")
    await call("GET", "/v1/recommendations")
    await call("POST", f"{base}/guests", {"name": "Bo"})
    await call("POST", f"{base}/cues", {"name": "goal", "data": {"team": 1}})
    card = {"entity": "athlete:1", "name": "100 m", "values": {"speed": 1.5, "wind": None}}
    await call("POST", f"{base}/stats", {**card, "duration": 1})
    match = {"model": "football", "home": "Spain", "away": "France"}  # of which a forecast comes
    await call("POST", f"{base}/stats", {"entity": "match:1", "name": "Final", "values": match})
    await entities(call, ann)

    # Comments, one of each fate; the moderators' queue.
    said = await ann.comment("said in colour", color=0xFF0000, mode="top", size="large")
    await ann.seen("said in colour")
    level = {"moderation": {"level": 2, "categories": {}}}
    await call("PATCH", base, level)
    refused = await ann.ask({"type": "comment", "id": "rude", "text": INSULT})
    assert (refused["code"], refused["category"]) == ("rejected", "insult")
    appeal = await ann.ask({"type": "appeal", "message": "rude", "text": "a quote"})
    appealed = (await moderator.hears("notice"))["held"][0]
    assert (appealed["id"], appealed["appeal"]) == (appeal["comment"], "a quote")
    await call("POST", f"{base}/comments/{{comment}}/reject", comment=appealed["id"])
    held = await ann.comment("nobody likes you")
    assert held["status"] == "held"
    waiting = await moderator.hears("notice", 3)
    assert [comment["id"] for comment in waiting["held"]] == [held["comment"]]
    await call("GET", f"{base}/held")
    await call("GET", f"{base}/highlights")
    await call("DELETE", f"{base}/highlights/{{highlight}}", highlight="none-of-these")
    await call("POST", f"{base}/comments/{{comment}}/approve", comment=held["comment"])
    await ann.told("notice", "approved")
    again = await ann.comment("nobody wants you here")
    await call("POST", f"{base}/comments/{{comment}}/reject", comment=again["comment"])
    third = await ann.comment("you are worthless")
    decide = {"decision": "reject", "ids": [third["comment"]]}
    await call("POST", f"{base}/held/decide", decide)
    await call("POST", f"{base}/comments/{{comment}}/retract", comment=said["comment"])
    await ann.told("notice", "retracted")
    past, now = {"at": 0, "user": "bo", "text": "of old"}, (await call("GET", base))["now"]
    told = await call("POST", f"{base}/comments", [past, {}], f"?from={now}")
    assert (told["imported"], [each["line"] for each in told["refused"]]) == (1, [2])
    for query in ("", "?shown=all", "?format=ndjson", "?format=bilibili-xml"):
        await call("GET", f"{base}/comments", query=query)

    # A quiz from opening to reveal, another one cancelled.
    quiz = {"kind": "quiz", "question": "Who?", "options": ["she", "he"], "answer": 0}
    opening = {"duration": 60, "grace": 0, "audit": "receipts"}
    poll = (await call("POST", f"{base}/polls", quiz | opening))["id"]
    await ann.knows(poll)
    await ann.vote(poll, 0)
    own = {"token": call.server.token("ann"), "poll": poll}
    await call("GET", f"{base}/polls/{{poll}}/receipt", **own)
    await call("GET", f"{base}/polls/{{poll}}/votes", poll=poll)
    await ann.sees(lambda picture: poll in picture.tallies)
    await call("POST", f"{base}/polls/{{poll}}/reveal", poll=poll)
    await call("POST", f"{base}/polls/{{poll}}/extend", {"duration": 60}, poll=poll)
    await call("POST", f"{base}/polls/{{poll}}/close", {"grace": 0}, poll=poll)
    await ann.sees(lambda picture: picture.polls[poll]["final"])
    await call("POST", f"{base}/polls/{{poll}}/reveal", poll=poll)
    await ann.sees(lambda picture: picture.polls[poll]["status"] == "revealed")
    await ann.sees(lambda picture: "audit" in picture.polls[poll])
    assert (await call("GET", f"{base}/polls/{{poll}}/receipt", **own))["choices"] == [0]
    assert len((await call("GET", f"{base}/polls/{{poll}}/votes", poll=poll)).splitlines()) == 1
    await call("GET", "/v1/keys")
    board = await call("GET", f"{base}/polls/{{poll}}/leaderboard", poll=poll)
    assert [each["user"] for each in board["leaderboard"]] == [ann.user]
    other = (await call("POST", f"{base}/polls", quiz | {"duration": 60}))["id"]
    await call("GET", f"{base}/polls/{{poll}}/leaderboard", poll=other)
    await call("POST", f"{base}/polls/{{poll}}/cancel", poll=other)
    bet = {"kind": "prediction", "question": "Who?", "options": ["she", "he"], "tag": "final"}
    bet_id = (await call("POST", f"{base}/polls", bet | {"duration": 60, "grace": 0}))["id"]
    await ann.knows(bet_id)
    await call("POST", f"{base}/polls/{{poll}}/resolve", {"answer": 1}, poll=bet_id)
    await call("POST", f"{base}/polls/{{poll}}/close", {"grace": 0}, poll=bet_id)
    await ann.sees(lambda picture: picture.polls[bet_id]["final"])
    await call("POST", f"{base}/polls/{{poll}}/resolve", {"answer": 1}, poll=bet_id)
    await call("GET", f"{base}/polls")
    await call("GET", f"{base}/polls/{{poll}}", poll=poll)
    await call("POST", f"{base}/translations", {"texts": ["Who?"]})

    # The rest of a viewer's messages; the end.
    assert (await ann.ask({"type": "time", "sent": 1}))["type"] == "time"
    assert (await ann.ask({"type": "follow", "topics": ["athlete:1"]}))["type"] == "ack"
    await call("POST", f"{base}/viewers/{{user}}/mute", {"duration": 60}, user=ann.user)
    await ann.told("notice", "muted")
    assert (await ann.comment("may I speak?"))["code"] == "muted"
    await call("POST", f"{base}/viewers/{{user}}/restore", user=ann.user)
    await ann.told("notice", "restored")
    await call("POST", f"{base}/viewers/{{user}}/erase", user=ann.user)
    await ann.sees(lambda picture: picture.viewers > 0)
    await call("POST", f"{base}/viewers/{{user}}/ban", user=ann.user)
    await ann.told("bye", 3503)


async def effects(call: Calls) -> None:
    """An effect from its making to its end; its target is refused, since it is this machine."""
    base = "/v1/rooms/{room}"
    made = {
        "on": {"event": "cue", "name": "goal"},
        "then": [{"kind": "http", "method": "POST", "url": "http://127.0.0.1:1/{cue.data.by}"}],
    }
    one = {"effect": "light"}
    await call("PUT", f"{base}/effects/{{effect}}", made, **one)
    await call("PUT", f"{base}/effects/{{effect}}", {**made, "title": "Light"}, **one)
    await call("GET", f"{base}/effects/{{effect}}", **one)
    await call("GET", f"{base}/effects")
    tested = await call("POST", f"{base}/effects/{{effect}}/test", **one)

    async def is_over() -> bool:
        log = (await call("GET", f"{base}/firings"))["firings"]
        failed = [each["id"] for each in log if each["status"] == "failed"]
        return bool(failed == tested["firings"])

    await until(is_over)
    await call("DELETE", f"{base}/effects/{{effect}}", **one)


async def rundown(call: Calls) -> None:
    """A show from its making to its second run, and a producer who comes too late."""
    path = "/v1/rooms/{room}/rundown"
    poll = {"kind": "rating", "question": "How?", "duration": 60}
    items = [
        {"id": "how", "kind": "poll", "title": "How?", "expected_at": 1, "body": poll},
        {"id": "rest", "kind": "break", "title": "Rest"},
    ]
    await call("PUT", path, {"version": 0, "items": items})
    await call("POST", f"{path}/{{item}}/go", item="how")
    await call("POST", f"{path}/{{item}}/go", item="nothing")
    await call("PUT", path, {"version": 0, "items": []})
    version = (await call("GET", path))["version"]
    await call("POST", f"{path}/reset", {"version": version})


SUGGESTED = {
    ("POST", f"/v1/rooms/{{room}}/assistant/{each}")
    for each in ("poll-questions", "summary", "peak", "appeal", "{suggestion}/outcome")
}


async def assistant(call: Calls) -> None:
    """The switches of a server without a model, and what it says to who asks for suggestions."""
    base = "/v1/rooms/{room}/assistant"
    assert (await call("GET", base))["why"] == "no endpoint"
    await call("PUT", "/v1/assistant", {"off": False})
    await call("GET", "/v1/assistant")
    assert (await call("POST", f"{base}/summary", {}))["code"] == "assistant_off"
    outcome = f"{base}/{{suggestion}}/outcome"
    await call("POST", outcome, {"outcome": "sent"}, suggestion="none")


async def segments(call: Calls) -> None:
    """What a viewer without a socket asks for, and says."""
    base = "/v1/rooms/{room}"
    await call("POST", f"{base}/present")
    index: dict[str, Any] = {}

    async def is_cut() -> bool:
        index.update(await call("GET", f"{base}/segments"))
        return bool(index["segments"])

    await until(is_cut)
    for kind, path in (
        ("segments", index["segments"][-1]["url"]),
        ("snapshots", index["snapshot"]),
    ):
        *_, epoch, name = path.replace(".msgpack", ".json").split("/")
        await call("GET", f"{base}/{kind}/{{epoch}}/{{segment}}", epoch=epoch, segment=name)


async def mistakes(call: Calls) -> None:
    """A problem document of each sort."""
    base = "/v1/rooms/{room}"
    await call("GET", base, token="rubbish")
    await call("POST", f"{base}/cues", {"name": "x"}, token=call.server.token("ann"))
    await call("POST", f"{base}/cues", b"{")
    await call("POST", f"{base}/cues", {"name": 5, "colour": "red"})
    await call("POST", f"{base}/polls/{{poll}}/close", poll="nothing")
    await call("POST", f"{base}/comments/{{comment}}/retract", comment="a999")


@pytest.fixture
def server_on_cluster(cluster: ValkeyCluster, make_server: MakeServer) -> ServerProcess:
    """A server whose store is a cluster."""
    return make_server(redis_url=cluster.url).start()


@pytest.mark.parametrize(
    ("its", "durability"),
    [
        pytest.param("shared_server", "fsync", marks=pytest.mark.single),
        ("server_on_cluster", "replicated"),
    ],
)
async def test_everything_the_server_says_is_in_its_documents(
    request: pytest.FixtureRequest, its: str, durability: str, room: str
) -> None:
    server: ServerProcess = request.getfixturevalue(its)
    openapi = Document((await server.ask("GET", "/openapi.json")).json)
    asyncapi = Document((await server.ask("GET", "/asyncapi.json")).json)
    call = Calls(server, openapi, room)
    settings = {"guests": "vote", "comment_interval": 0}
    await call("PUT", "/v1/rooms/{room}", settings)
    await call("PUT", "/v1/rooms/{room}", settings)
    for path in ("/healthz", "/readyz", "/metrics"):
        await call("GET", path)
    moderates = server.token("mod", role="moderator")
    async with (
        viewing(server.url, room, moderates) as moderator,
        overhearing(server, room, moderates) as overheard,
    ):
        async with (
            viewing(server.url, room, server.token("ann")) as ann,
            call.following("/v1/rooms/{room}/program"),
        ):
            await evening(call, ann, moderator)
            await moderator.reaches(ann.offset)
        await effects(call)
        await rundown(call)
        await assistant(call)
        await segments(call)
        await until(
            lambda: any(
                "rundown" in frame.get("gauges", {}) for frame in moderator.of_type("frame")
            )
        )
        await mistakes(call)
        assert ann.welcome["durability"] == durability
        heard = [*ann.received, *moderator.received]
    await call("POST", "/v1/rooms/{room}/clock", {"offset": 0})
    await call("DELETE", "/v1/rooms/{room}", query=f"?confirm={room}")

    names = {
        message["name"]: name
        for name, message in asyncapi.document["components"]["messages"].items()
    }
    for message in [*heard, *overheard]:
        asyncapi.check(message, names[message["type"]])
    from_server = {
        reference["$ref"].rpartition("/")[2]
        for reference in asyncapi.document["operations"]["fromServer"]["messages"]
    }
    assert {names[message["type"]] for message in heard} == from_server
    frames = set().union(*(message for message in heard if message["type"] == "frame"))
    assert frames >= {"offset", "comments", "retract", "polls", "cues", "settings", "overlays"}
    assert frames >= {"tallies", "gauges", "now"}

    # Who reads JSON is told the same.
    numbered = {
        message["offset"]: message
        for message in overheard
        if message["type"] == "frame" and "offset" in message
    }
    same = {m["offset"]: m for m in moderator.received if m["type"] == "frame" and "offset" in m}
    assert numbered.items() >= {offset: same[offset] for offset in numbered}.items()
    assert numbered

    good = {(method, path) for method, path, status in call.made if status < 300}
    every = {
        (method.upper(), path)
        for path, methods in openapi.document["paths"].items()
        for method in methods
        if method != "parameters"
    }
    # No audience stirs in here: this call's 204 is in tests/api/test_routes.py, its 404 here. No
    # model suggests anything either: tests/api/test_assistant.py has their 200.
    elsewhere = {("DELETE", "/v1/rooms/{room}/highlights/{highlight}"), *SUGGESTED}
    assert good | elsewhere == every
    assert {status for _, _, status in call.made} >= {200, 201, 400, 401, 403, 404, 409, 422}
