"""The description of a call: its row in the table, and what its handler gets."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias, TypeVar
from uuid import uuid4

import msgspec
from msgspec import Struct
from prometheus_client import REGISTRY, CollectorRegistry
from starlette.requests import Request
from starlette.responses import Response

from grandstand.api.directory import Directory
from grandstand.api.fastest import Fastest
from grandstand.api.follower_counts import FollowerCounts
from grandstand.api.metrics_peers import MetricsPeers
from grandstand.api.minute_bodies import MinuteBodies
from grandstand.api.problems import of_refusal
from grandstand.api.segment_source import SegmentSource
from grandstand.api.signing_keys import SigningKeyList
from grandstand.api.tallies import Tallies
from grandstand.api.trees import Trees
from grandstand.api.validation import MAX_BODY_BYTES, Also, Line, checked, checked_lines
from grandstand.archive.archive import Archive
from grandstand.assistant.assistant import Assistant
from grandstand.assistant.budget import Limits
from grandstand.domain.asked_languages import AskedLanguages
from grandstand.domain.ban_hints import network_of
from grandstand.domain.events import ControlEvent
from grandstand.domain.identity import Identity
from grandstand.domain.limits import Buckets, Rate
from grandstand.domain.lurkers import Lurkers
from grandstand.domain.outcome import Effect, Refused
from grandstand.moderation.names import Names
from grandstand.moderation.policy import Policy
from grandstand.recommendations.board import Knob
from grandstand.replica.recommender import Recommender
from grandstand.replica.room import LiveRoom
from grandstand.replica.rooms import LiveRooms
from grandstand.tokens import Tokens
from grandstand.translation.interpreter import Interpreter

Access: TypeAlias = Literal["open", "watch", "viewer", "moderator", "producer"]
"""Who may call: anyone without being asked, anyone who may watch, or a role at least."""

S = TypeVar("S", bound=Struct)


class Feeds(Protocol):
    """The programme feeds, which are the edge's."""

    def open(self, request: Request, live: LiveRoom, identity: Identity | None) -> Response:
        """Return the answer to a caller who may watch. Raises RefusedError."""


class Following(Protocol):
    """What a viewer follows, and where it is."""

    @property
    def topics(self) -> Sequence[str]:
        """Return the topics that it follows, the latest last."""

    @property
    def rooms(self) -> Sequence[str]:
        """Return the rooms where it is."""


class Follows(Protocol):
    """What viewers follow, which the edge knows."""

    async def of(self, identity: Identity) -> Following:
        """Return what a viewer follows, in the rooms of its token."""


def guest_buckets() -> Buckets:
    """Return the buckets of guest tokens per address: 500 at once, then one a second.

    A household or an office takes dozens, a demonstration's crowd hundreds from one machine.
    """
    return Buckets(Rate(interval_ms=1000, burst=500))


def receipt_buckets() -> Buckets:
    """Return the buckets of receipts per viewer and room: a page asks once a poll."""
    return Buckets(Rate(interval_ms=2000, burst=10))


def suggestion_buckets() -> Buckets:
    """Return the buckets of suggested translations per room: a producer asks once a poll."""
    return Buckets(Rate(interval_ms=3000, burst=10))


Explain: TypeAlias = Callable[[str, Policy], Awaitable[list[str]]]
"""Of a text that a room's policy doesn't let through: the words that decided."""


async def no_words(text: str, policy: Policy) -> list[str]:
    """Return nothing, where there is no scorer."""
    return []


@dataclass(slots=True)
class Api:
    """What the HTTP calls work with; ``metrics_peers`` are other processes of the same server."""

    rooms: LiveRooms
    tokens: Tokens
    feeds: Feeds
    follows: Follows
    recommender: Recommender
    knob: Knob = "balanced"
    names: Names = field(default_factory=Names.load)
    guest_lifetime_s: int = 86_400
    origins: tuple[str, ...] = ()
    guests: Buckets = field(default_factory=guest_buckets)
    receipts: Buckets = field(default_factory=receipt_buckets)
    suggestions: Buckets = field(default_factory=suggestion_buckets)
    interpreter: Interpreter = field(default_factory=Interpreter)
    assistant: Assistant = field(default_factory=Assistant)
    explain: Explain = no_words
    lurkers: Lurkers = field(default_factory=Lurkers)
    asked_languages: AskedLanguages = field(default_factory=AskedLanguages)
    registry: CollectorRegistry = REGISTRY
    metrics_peers: MetricsPeers | None = None
    hides_rooms: bool = False
    archive: Archive | None = None
    translation_limits: Limits = field(default_factory=Limits)
    draining: bool = False
    directory: Directory = field(init=False)
    tallies: Tallies = field(init=False)
    follower_counts: FollowerCounts = field(init=False)
    trees: Trees = field(init=False)
    signing_keys: SigningKeyList = field(init=False)
    fastest: Fastest = field(init=False)
    segments: SegmentSource = field(init=False)
    minute_bodies: MinuteBodies = field(default_factory=MinuteBodies)
    scrape: asyncio.Task[bytes] | None = None
    stats_feeds: Counter[str] = field(default_factory=Counter)
    """How many feeds of updates are open, by room."""

    def __post_init__(self) -> None:
        self.directory = Directory(self.rooms.store)
        self.tallies = Tallies(self.rooms.store)
        self.follower_counts = FollowerCounts(self.rooms.store)
        self.trees = Trees(self.rooms.store)
        self.signing_keys = SigningKeyList(self.rooms.store)
        self.fastest = Fastest(self.rooms.store)
        self.segments = SegmentSource(self.archive)


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of the table of calls. Routing, the role check and the documents are made from it.

    ``answers`` maps each good status to its struct, or to None for an empty answer; ``media`` names
    other media types of the answer. An answer of server-sent ``events`` has data of these types.
    With ``lines`` the body may also be NDJSON of at most that many lines, each a ``body``, and with
    the query ``stream`` of any number, which the handler reads as they come; with
    ``recording`` it is a list of that struct, NDJSON or XML, which the handler reads.
    ``makes_room`` is for the calls whose room need not exist. ``max_bytes`` bounds a JSON body. The
    handler's docstring describes the call.
    """

    method: str
    path: str
    access: Access
    handler: Callable[[Call], Awaitable[Response]]
    answers: Mapping[int, type[Struct] | None]
    body: type[Struct] | None = None
    lines: int = 0
    recording: type[Struct] | None = None
    query: type[Struct] | None = None
    media: tuple[str, ...] = ("application/json",)
    events: Mapping[str, type] = field(default_factory=dict)
    refusals: tuple[int, ...] = ()
    makes_room: bool = False
    max_bytes: int = MAX_BODY_BYTES

    @property
    def is_about_a_room(self) -> bool:
        """Return whether the path names a room."""
        return "{room}" in self.path


@dataclass(slots=True)
class Call:
    """One call whose caller was admitted: what a handler works with."""

    api: Api
    request: Request
    operation: Operation
    identity: Identity | None
    followed: LiveRoom | None = None
    raw: object = None
    lines: Sequence[Line] = ()

    @property
    def live(self) -> LiveRoom:
        """Return the room that the path names."""
        if self.followed is None:
            raise RuntimeError(f"{self.operation.path} has no room")
        return self.followed

    @property
    def known(self) -> Identity:
        """Return the caller, for calls that need a role."""
        if self.identity is None:
            raise RuntimeError(f"{self.operation.path} takes no token")
        return self.identity

    @property
    def is_stream(self) -> bool:
        """Return whether the body's lines are to be read as they come."""
        return self.request.query_params.get("stream", "").lower() in ("true", "1")

    @property
    def household(self) -> str:
        """Return the caller's address; of IPv6 the /64, which is what one household has."""
        client = self.request.client
        return "" if client is None else network_of(client.host)

    def path(self, name: str) -> str:
        """Return a part of the path, decoded."""
        return str(self.request.path_params[name])

    def body(self, kind: type[S], also: Also | None = None) -> S:
        """Return the body. Raises ProblemError 422 with every fault."""
        return checked(self.raw, kind, also)

    async def body_lines(self, kind: type[S], also: Also | None = None) -> list[S]:
        """Return the body's lines. Raises ProblemError 422 with the first faults."""
        return await checked_lines(self.lines, kind, also)

    def query(self, kind: type[S]) -> S:
        """Return the query; a blank value counts as absent. Raises ProblemError 422 with every
        fault."""
        given = {name: value for name, value in self.request.query_params.items() if value}
        return checked(given, kind, strict=False)

    async def submit(self, event: ControlEvent) -> Effect:
        """Send an event into the room and wait until it was applied; return its effect.

        Raises ProblemError if it was impossible, StoreUnavailable.
        """
        result = await self.live.submit(event)
        if isinstance(result, Refused):
            raise of_refusal(result.code, result.message)
        return result


def event_id() -> str:
    """Return a name for an event, by which its outcome is recognised."""
    return uuid4().hex


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a struct (or what msgspec can encode) as JSON."""
    return Response(
        msgspec.json.encode(body),
        status_code=status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        media_type="application/json",
    )
