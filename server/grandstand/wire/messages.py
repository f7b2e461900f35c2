"""The contract's messages and objects, as typed structs; what PROTOCOL calls ``x?`` is ``UNSET``.

The documents that the server publishes (``/asyncapi.json``, ``/openapi.json``) are made from these
structs, so clients read the bounds and descriptions that are written here. Times are integers in
milliseconds of programme time since the Unix epoch, unless a name says otherwise.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from grandstand.wire.audits import Audit
from grandstand.wire.codes import WITH_RETRY_AFTER, ErrorCode, RefusedError
from grandstand.wire.gauges import Gauges
from grandstand.wire.settings import MAX_PATIENCE_MS, Settings
from grandstand.wire.translations import Translations

MAX_SERVER_MESSAGE_BYTES = 65536

UNKNOWN_LANG = "und"
"""BCP 47 for a language that nobody knows."""

MAX_TIME_MS = 2**53 - 1
"""The largest integer that every client, JavaScript among them, reads exactly."""

ClientId: TypeAlias = Annotated[
    str, Meta(min_length=1, max_length=36, description="The client's own idempotency key.")
]
Time: TypeAlias = Annotated[
    int, Meta(ge=0, le=MAX_TIME_MS, description="Programme time, ms since the Unix epoch.")
]
Patience: TypeAlias = Annotated[
    int,
    Meta(
        ge=0,
        le=MAX_PATIENCE_MS,
        description="ms: for so long this viewer's frames may wait; the last one said counts.",
    ),
]
Topic: TypeAlias = Annotated[str, Meta(min_length=1, max_length=100)]
Lang: TypeAlias = Annotated[str, Meta(max_length=35, description="BCP 47")]
Mode: TypeAlias = Literal["scroll", "top", "bottom"]
Size: TypeAlias = Literal["small", "normal", "large"]
Color: TypeAlias = Annotated[int, Meta(ge=0, le=0xFFFFFF, description="0xRRGGBB.")]
PollKind: TypeAlias = Literal["single", "multiple", "quiz", "rating", "prediction"]
PollStatus: TypeAlias = Literal["open", "closed", "revealed", "cancelled"]
StaffRole: TypeAlias = Annotated[
    Literal["moderator", "producer"],
    Meta(description="The author's role, if the author belongs to the staff."),
]
Durability: TypeAlias = Literal["fsync", "replicated", "weak"]


class Look(Struct, frozen=True, kw_only=True):
    """How a comment looks: shared by all messages and documents that contain a comment."""

    mode: Mode = "scroll"
    color: Color | UnsetType = UNSET
    size: Size = "normal"


# --- what clients send ---------------------------------------------------------------------------


class Resume(Struct, frozen=True):
    """The position at which a client lost the room."""

    epoch: str
    offset: Annotated[int, Meta(ge=0)]


class Hello(Struct, frozen=True, tag="hello"):
    """The first message: who the viewer is, and from which position on."""

    token: str | UnsetType = UNSET
    lang: Lang | UnsetType = UNSET
    follow: Annotated[list[Topic], Meta(max_length=100)] | UnsetType = UNSET
    resume: Resume | UnsetType = UNSET
    client: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET
    patience: Patience | UnsetType = UNSET


class PostComment(Look, frozen=True, tag="comment"):
    """A bullet comment."""

    id: ClientId
    text: str
    at: Time | UnsetType = UNSET


class Vote(Struct, frozen=True, tag="vote"):
    """A viewer's choice in a poll."""

    id: ClientId
    poll: str
    choices: Annotated[list[Annotated[int, Meta(ge=0)]], Meta(min_length=1, max_length=20)]
    at: Time | UnsetType = UNSET


class Follow(Struct, frozen=True, tag="follow"):
    """The topics to follow from now on; they replace the earlier ones."""

    id: ClientId
    topics: Annotated[list[Topic], Meta(max_length=100)]


class SetLang(Struct, frozen=True, tag="lang"):
    """The language in which translations are wanted from now on; with "" none are."""

    id: ClientId
    lang: Lang


class Appeal(Struct, frozen=True, tag="appeal"):
    """A question to a moderator about a refusal. It is put before one once; ``text`` is what its
    author says to it.

    What moderation refused at once is named by ``message``, the id under which it was sent, and is
    known for five minutes at the server that refused it. What was held and then turned away is
    named by ``comment``, and is known for five minutes at every server that has the room.
    """

    id: ClientId
    message: ClientId | UnsetType = UNSET
    text: Annotated[str, Meta(max_length=500)] = ""
    comment: Annotated[str, Meta(min_length=1, max_length=64)] | UnsetType = UNSET


class AskTime(Struct, frozen=True, tag="time"):
    """A question for the programme clock; with it a client says what its viewer sees.

    ``at`` is the viewer's playhead. ``sync`` is how well items met the picture since the last
    ``time``: the largest distance in ms between an item's ``at`` and the playhead when it was
    shown.
    """

    id: ClientId
    sent: Annotated[int, Meta(ge=-MAX_TIME_MS, le=MAX_TIME_MS)] | float
    at: Time | UnsetType = UNSET
    sync: Annotated[int, Meta(ge=0, le=MAX_TIME_MS, description="ms")] | UnsetType = UNSET
    patience: Patience | UnsetType = UNSET


ClientMessage: TypeAlias = Hello | PostComment | Vote | Follow | SetLang | Appeal | AskTime

# --- what a room shows ---------------------------------------------------------------------------


class Comment(Look, frozen=True, omit_defaults=True):
    """A comment as viewers see it; defaults are left out.

    ``count`` comments said this since it was shown last, this one included.
    """

    id: str
    at: Time
    user: str
    name: str
    text: str
    weight: Annotated[float, Meta(ge=0, le=10)]
    count: int = 1
    role: StaffRole | UnsetType = UNSET
    lang: (
        Annotated[
            str, Meta(description="BCP 47: the server's guess, where the room is translated.")
        ]
        | UnsetType
    ) = UNSET


class Option(Struct, frozen=True):
    """One of a poll's answers."""

    text: str


class Poll(Struct, frozen=True, omit_defaults=True):
    """A poll as viewers see it; its tally is absent where the producer hides it, and so is its
    ``audit``, which comes a while after the final tally.

    With ``weights`` it has sums of weights, and ``voters`` heads. Viewers never get its ``tag``.
    With ``by`` a model of that name wrote the question and the options, which clients must show.
    """

    id: str
    kind: PollKind
    question: str
    options: list[Option]
    status: PollStatus
    opens_at: Time
    closes_at: Time
    grace: int
    change: bool
    final: bool
    max_choices: int | UnsetType = UNSET
    tally: list[int] | UnsetType = UNSET
    voters: int | UnsetType = UNSET
    answer: int | UnsetType = UNSET
    audit: Audit | UnsetType = UNSET
    tag: str | UnsetType = UNSET
    weights: bool = False
    by: str | UnsetType = UNSET


class Overlay(Struct, frozen=True, omit_defaults=True):
    """A card over the picture; ``data`` depends on ``kind``."""

    id: str
    kind: str
    at: Time
    data: dict[str, Any]
    topic: str | UnsetType = UNSET
    expires_at: Time | UnsetType = UNSET


class Cue(Struct, frozen=True):
    """A moment that a producer marked, for viewers' pages and the room's effects."""

    id: str
    name: str
    at: Time
    data: dict[str, Any]


class Viewer(Struct, frozen=True):
    """Who a connection belongs to; without a token only the role is known."""

    role: Literal["viewer", "moderator", "producer"]
    id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET


class Tally(Struct, frozen=True):
    """A poll's votes so far, per option."""

    poll: str
    tally: list[int]
    voters: int


# --- what the server sends -----------------------------------------------------------------------


class Welcome(Struct, frozen=True, tag="welcome"):
    """A room's whole state; may come again at any time and then replaces all of it."""

    room: str
    epoch: str
    offset: int
    now: Time
    viewer: Viewer
    settings: Settings
    polls: list[Poll]
    overlays: list[Overlay]
    cues: list[Cue]
    recent: list[Comment]
    viewers: int
    recovered: bool
    durability: Durability
    translations: Translations | UnsetType = UNSET


class Frame(Struct, frozen=True, tag="frame"):
    """One moment of a room, the same bytes for every viewer; numbered if it has an ``offset``.

    Only viewers who asked for a language get ``translations``.
    """

    now: Time
    offset: int | UnsetType = UNSET
    head: int | UnsetType = UNSET
    comments: list[Comment] | UnsetType = UNSET
    overflow: int | UnsetType = UNSET
    retract: list[str] | UnsetType = UNSET
    polls: list[Poll] | UnsetType = UNSET
    overlays: list[Overlay] | UnsetType = UNSET
    cues: list[Cue] | UnsetType = UNSET
    settings: Settings | UnsetType = UNSET
    tallies: list[Tally] | UnsetType = UNSET
    gauges: Gauges | UnsetType = UNSET
    drop: list[str] | UnsetType = UNSET
    translations: Translations | UnsetType = UNSET


class Ack(Struct, frozen=True, tag="ack"):
    """A promise: what was sent is stored as ``welcome.durability`` says."""

    id: str
    status: Literal["accepted", "held"] = "accepted"
    comment: str | UnsetType = UNSET


class Error(Struct, frozen=True, tag="error"):
    """Why a message had no effect; ``retry_after`` in seconds.

    A comment that is answered `overloaded` with a `retry_after` of 10 or more is one too many: more
    is said than the room can take. A client doesn't send it again by itself.

    What moderation refused (``rejected``) has the ``category``, and what decided: a ``rule``, or
    the ``model`` that scores comments. See ``appeal``.
    """

    code: ErrorCode
    message: str
    id: str | UnsetType = UNSET
    retry_after: float | UnsetType = UNSET
    category: str | UnsetType = UNSET
    rule: str | UnsetType = UNSET
    model: str | UnsetType = UNSET

    @classmethod
    def of(cls, refused: RefusedError, message_id: str | None) -> Error:
        """Return the message that tells a client of a refusal."""
        retry_after = refused.retry_after if refused.code in WITH_RETRY_AFTER else None
        return cls(
            code=refused.code,
            message=refused.message,
            id=UNSET if message_id is None else message_id,
            retry_after=UNSET if retry_after is None else round(max(retry_after, 0.001), 3),
            category=refused.category or UNSET,
            rule=refused.rule or UNSET,
            model=refused.model or UNSET,
        )


class TellTime(Struct, frozen=True, tag="time"):
    """The programme clock, beside what the client sent."""

    id: str
    sent: int | float
    now: Time


class HeldComment(Look, frozen=True, omit_defaults=True):
    """A comment that waits for a moderator."""

    id: str
    at: Time
    user: str
    name: str
    text: str
    weight: float
    categories: list[str]
    reason: str
    role: StaffRole | UnsetType = UNSET
    lang: Annotated[str, Meta(description="BCP 47: the server's guess.")] = UNKNOWN_LANG
    appeal: (
        Annotated[str, Meta(description="It was refused, and this its author says to it.")]
        | UnsetType
    ) = UNSET
    model: Annotated[str, Meta(description="Which model scored it, where no rule decided.")] = ""


class Notice(Struct, frozen=True, tag="notice"):
    """Something that concerns one viewer alone, or the room's moderators.

    ``message`` is for people. With ``by`` it isn't the usual one: a moderator wrote it (`person`),
    or a model of that name, and the moderator sent it as it was. What was taken for a ``category``
    (`rejected`) was so by a ``rule`` or by the ``model`` that scores comments.
    """

    code: str
    message: str
    comment: str | UnsetType = UNSET
    until: Time | UnsetType = UNSET
    category: (
        Annotated[str, Meta(description="of `rejected`: what it was taken for")] | UnsetType
    ) = UNSET
    rule: str | UnsetType = UNSET
    model: str | UnsetType = UNSET
    by: str | UnsetType = UNSET
    held: list[HeldComment] | UnsetType = UNSET
    place: (
        Annotated[int, Meta(ge=1, description="of `waiting`: in the line, before `welcome`")]
        | UnsetType
    ) = UNSET
    after: (
        Annotated[int, Meta(ge=0, description="of `waiting`: likely ms until its turn")] | UnsetType
    ) = UNSET


class Bye(Struct, frozen=True, tag="bye"):
    """The last message before the close frame; ``after`` in ms, drawn at random per client."""

    code: int
    reason: str
    reconnect: bool
    after: int


ServerMessage: TypeAlias = Welcome | Frame | Ack | Error | TellTime | Notice | Bye
