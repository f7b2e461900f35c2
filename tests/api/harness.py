"""What the tests of the calls stand on: a real Valkey, a sequencer, and the routes themselves.

Whatever the routes answer is held against the document that they serve, and so is every body that
they accepted.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import httpx2
import jsonschema
from grandstand.api.operations import Api
from grandstand.api.problems import HTTP_CODES
from grandstand.api.routes import routes
from grandstand.assistant.assistant import Assistant
from grandstand.domain import events
from grandstand.domain.events import CommentEvent
from grandstand.domain.identity import Identity, Role
from grandstand.edge.follows import Following
from grandstand.leader.leader import RoomLeader
from grandstand.leader.registry import ROOM_JOBS
from grandstand.recount.job import Recounting
from grandstand.replica.recommender import Recommender
from grandstand.replica.room import LiveRoom
from grandstand.replica.rooms import LiveRooms
from grandstand.store.ingest import CommentRate, Item
from grandstand.store.store import Store, open_store
from grandstand.tasks import PATIENTLY_S, cancel_all
from grandstand.telemetry import Metrics
from grandstand.tokens import Tokens
from grandstand.wire.codes import ErrorCode
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from tests.valkey import valkey
from tests.waiting import until

SECRET = "a secret of at least thirty-two bytes"
CODES = {*map(str, ErrorCode), *HTTP_CODES}
DOCUMENTS = ("/openapi.json", "/asyncapi.json")
USER = "AbCdEfGhIj0"


class NoFeeds:
    """In the edge's place, which goes on with a feed once a caller is let in."""

    def open(self, request: Request, live: LiveRoom, identity: Identity | None) -> Response:
        return Response(media_type="text/event-stream")


class NoFollows:
    """In the edge's place: what viewers follow, by their ``sub``, and the rooms where they are."""

    def __init__(self) -> None:
        self.topics: dict[str, list[str]] = {}
        self.rooms: dict[str, list[str]] = {}

    async def of(self, identity: Identity) -> Following:
        return Following(self.topics.get(identity.sub, []), self.rooms.get(identity.sub, []))


class Harness:
    """The calls, and what a test needs to see behind them."""

    def __init__(self, store: Store, rooms: LiveRooms, url: str) -> None:
        self.store = store
        self.url = url
        self.tokens = Tokens(SECRET)
        self.tokens.revocations = rooms.revocations.known
        self.follows = NoFollows()
        self.api = Api(
            rooms,
            self.tokens,
            NoFeeds(),
            self.follows,
            Recommender(store),
            assistant=Assistant(store=store.suggestions),
            registry=CollectorRegistry(),
        )
        self.transport = httpx2.ASGITransport(app=Starlette(routes=routes(self.api)))
        self._document: dict[str, Any] | None = None
        self._numbers = itertools.count()
        self._house: str | None = None

    def token(self, role: Role = "producer", room: str = "*", lifetime_s: float = 60) -> str:
        """A token for ``room``, by default for all of them."""
        return self.tokens.issue(f"{role}-1", role.title(), role, [room], lifetime_s)

    async def call(
        self,
        method: str,
        path: str,
        *,
        role: Role | None = "producer",
        token: str | None = None,
        json: Any = None,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx2.Response:
        """One call, its answer held against the document; ``token`` goes before ``role``."""
        sent = dict(headers or {})
        if token is None and role is not None:
            token = self.token(role)
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        async with httpx2.AsyncClient(
            transport=self.transport, base_url="http://grandstand.test"
        ) as client:
            arguments = {} if json is None else {"json": json}
            answer = await client.request(method, path, content=content, headers=sent, **arguments)
            if self._document is None:
                self._document = (await client.get("/openapi.json")).json()
        check(self._document, method, path, json, answer)
        return answer

    async def room(self, **settings: Any) -> str:
        """A new room, whose tick is short, since most calls wait for one; its id."""
        room = f"room-{next(self._numbers)}"
        answer = await self.call("PUT", f"/v1/rooms/{room}", json={"tick": 50, **settings})
        assert answer.status_code == 201, answer.text
        return room

    async def house(self) -> str:
        """A room for tests that change nothing of it for others."""
        if self._house is None:
            self._house = await self.room()
        return self._house

    async def live(self, room: str) -> LiveRoom:
        """The room as the calls see it."""
        return await self.api.rooms.get(room)

    async def say(
        self, room: str, text: str, *, held: bool = False, user: str = USER, **fields: Any
    ) -> str:
        """A comment that was let through or held; its id, once it was sequenced."""
        live = await self.live(room)
        event = CommentEvent(
            **{
                "user": user,
                "name": "Ada",
                "at": live.now(),
                "text": text,
                "weight": 5.0,
                "mood": 0.0,
                "excitement": 0.0,
                "dedupe_key": zlib.crc32(text.encode()),
                "held": held,
                "category": "insult" if held else "",
                "reason": "a word" if held else "",
                **fields,
            }
        )
        item = Item(user, uuid4().hex, "h" if held else "c", events.encode(event))
        rate = CommentRate(0, 1)
        seq = live.replica.seq  # read first: the commit may come before the append's answer
        (stored,) = await self.store.ingest.append(room, [item], rate, self.store.now_ms())
        await until(lambda: live.replica.seq > seq)
        return stored.comment


@asynccontextmanager
async def harness(data_dir: Path) -> AsyncIterator[Harness]:
    """The stage, for the duration of the block."""
    async with valkey(data_dir) as url:
        store = await open_store(url)
        rooms = LiveRooms(store)
        made = Harness(store, rooms, url)
        tasks = [
            asyncio.create_task(rooms.run()),
            asyncio.create_task(made.api.recommender.run()),
            asyncio.create_task(
                RoomLeader(
                    store, Metrics(CollectorRegistry()), jobs=[*ROOM_JOBS, Recounting()]
                ).run()
            ),
        ]
        try:
            yield made
        finally:
            await cancel_all(tasks, PATIENTLY_S)
            await rooms.close()
            await store.close()


@asynccontextmanager
async def beside(other: Harness) -> AsyncIterator[Harness]:
    """Another node on the same store; it leads no room."""
    store = await open_store(other.url)
    rooms = LiveRooms(store)
    following = asyncio.create_task(rooms.run())
    try:
        yield Harness(store, rooms, other.url)
    finally:
        await cancel_all([following], PATIENTLY_S)
        await rooms.close()
        await store.close()


def check(
    document: dict[str, Any], method: str, path: str, sent: Any, answer: httpx2.Response
) -> None:
    """Raises unless the document foresees the answer, and what was accepted."""
    content_type = answer.headers.get("content-type", "").partition(";")[0]
    is_empty = answer.status_code in (204, 304, 307)
    if not (answer.is_success or is_empty):
        assert content_type == "application/problem+json"
        _valid(document, "#/components/schemas/Problem", answer.json())
        assert answer.json()["code"] in CODES
        assert answer.json()["status"] == answer.status_code
    told = _operation(document, method, path.partition("?")[0])
    if told is None:
        is_options = (method, answer.status_code) == ("OPTIONS", 204)
        assert path in DOCUMENTS or answer.status_code in (404, 405) or is_options
        return
    if is_empty:
        assert "content" not in told["responses"][str(answer.status_code)]
        assert not answer.content
        return
    foreseen = told["responses"][str(answer.status_code)]["content"][content_type]["schema"]
    if "$ref" in foreseen and content_type.endswith("json"):
        _valid(document, foreseen["$ref"], answer.json())
    if answer.is_success and sent is not None:
        body = told["requestBody"]["content"]["application/json"]["schema"]
        _valid(document, body["$ref"], sent)


def _operation(document: dict[str, Any], method: str, path: str) -> dict[str, Any] | None:
    for template, operations in document["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return cast("dict[str, Any] | None", operations.get(method.lower()))
    return None


def _valid(document: dict[str, Any], reference: str, value: Any) -> None:
    schema = {"$ref": reference, "components": document["components"]}
    jsonschema.Draft202012Validator(schema).validate(value)
