"""What a person said stays the same on its way, and servers of before and after read each other."""

from __future__ import annotations

import json
from typing import Literal, TypeVar

import msgspec
import pytest
from grandstand.api.comments import recorded
from grandstand.api.imports import Judged, PastComment
from grandstand.domain import events
from grandstand.domain.envelope import Commit
from grandstand.domain.events import CommentEvent, CommentsImported, HeldDecided
from grandstand.domain.identity import Identity, Role
from grandstand.domain.record import Row
from grandstand.domain.state import PrivateChanges, RoomState
from grandstand.domain.utterance import Utterance, comment_of, look_of, utterance_of
from grandstand.edge import batch, validation
from grandstand.moderation.moderator import Judgement
from grandstand.recordings.recording import read
from grandstand.sequencer.folding import RoomFold, Tick
from grandstand.text.normalise import clean
from grandstand.wire import codec
from grandstand.wire.messages import UNKNOWN_LANG, Comment, HeldComment, Look, PostComment
from grandstand.wire.settings import Settings
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict, replace

NOW = 1_700_000_000_123
RED = Look(mode="top", color=0xFF8800, size="large")
BLACK = Look(mode="bottom", color=0, size="small")
CHEER = Utterance("u1", "Ada", NOW, "加油", RED, "moderator")
PLAIN = Utterance("u1", "Ada", NOW, "hi")

T = TypeVar("T", bound=Struct)


def again(value: T, kind: type[T] | None = None) -> T:
    """The value, written and read."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(value), type=kind or type(value))


# --- what servers of before wrote, before comments had a language --------------------------------

AT = b"\xcf\x00\x00\x01\x8b\xcf\xe5h{"
WEIGHT = b"\xcb@\x12\x00\x00\x00\x00\x00\x00"
FELT = WEIGHT + b"\xcb?\xd0\x00\x00\x00\x00\x00\x00\xcb?\xe0\x00\x00\x00\x00\x00\x00c"
WHO = b"\xa2u1\xa3Ada"
MAP = b"\xa2id\xa2a1\xa2at" + AT + b"\xa4user\xa2u1\xa4name\xa3Ada\xa4text"
CHEERED, SAID = b"\xa6\xe5\x8a\xa0\xe6\xb2\xb9", b"\xa2hi"
DRESSED = b"\xa4mode\xa3top\xa5color\xce\x00\xff\x88\x00\xa4size\xa5large"

OLD_EVENTS = [
    (
        b"\xdc\x00\x10\xa1c" + WHO + AT + CHEERED + FELT + b"\xa3top\xa5large\xce\x00\xff\x88\x00"
        b"\xc3\xa6insult\xa6a word\xa9moderator",
        CommentEvent.of(CHEER, 4.5, 0.25, 0.5, 99, True, "insult", "a word"),
    ),
    (
        b"\xdc\x00\x10\xa1c" + WHO + AT + SAID + FELT + b"\xa6scroll\xa6normal\xc0\xc2\xa0\xa0"
        b"\xa6viewer",
        CommentEvent.of(PLAIN, 4.5, 0.25, 0.5, 99),
    ),
]
OLD_ROWS = [
    (
        b"\x9d\xa2a1" + AT + WHO + CHEERED + WEIGHT + b"\xc2\xa2a0\x03\xa6bottom\xa5small\x00"
        b"\xa8producer",
        Row.of("a1", replace(CHEER, look=BLACK, role="producer"), 4.5, False, "a0", 3),
    ),
    (
        b"\x9d\xa2a1"
        + AT
        + WHO
        + SAID
        + WEIGHT
        + b"\xc3\xa0\x01\xa6scroll\xa6normal\xc0\xa6viewer",
        Row.of("a1", PLAIN, 4.5, True),
    ),
]
OLD_HELD = [
    (
        b"\x8c" + MAP + CHEERED + b"\xa6weight" + WEIGHT + b"\xaacategories\x91\xa6insult\xa6reason"
        b"\xa6a word" + DRESSED + b"\xa4role\xa9moderator",
        OLD_EVENTS[0][1].held_comment("a1"),
    ),
    (
        b"\x88" + MAP + SAID + b"\xa6weight" + WEIGHT + b"\xaacategories\x90\xa6reason\xa0",
        OLD_EVENTS[1][1].held_comment("a1"),
    ),
]
OLD_SHOWN = [
    (
        b"\x8b" + MAP + CHEERED + b"\xa6weight" + WEIGHT + DRESSED + b"\xa5count\x03"
        b"\xa4role\xa9moderator",
        comment_of("a1", CHEER, 4.5, 3),
    ),
    (b"\x86" + MAP + SAID + b"\xa6weight" + WEIGHT, comment_of("a1", PLAIN, 4.5, 1)),
]


@pytest.mark.parametrize(("written", "meant"), [*OLD_EVENTS, *OLD_ROWS, *OLD_HELD, *OLD_SHOWN])
def test_what_servers_of_before_stored_is_read(
    written: bytes, meant: CommentEvent | Row | HeldComment | Comment
) -> None:
    found: CommentEvent | Row | HeldComment | Comment
    found = msgspec.msgpack.decode(written, type=type(meant))
    assert found == meant
    said = found.utterance if isinstance(found, CommentEvent | Row) else utterance_of(found)
    assert said.lang == UNKNOWN_LANG


def test_the_oldest_arrays_end_earlier() -> None:
    row = b"\x97\xa2a1" + AT + WHO + SAID + WEIGHT + b"\xc3"
    assert msgspec.msgpack.decode(row, type=Row).utterance == PLAIN


# --- what servers of before read -----------------------------------------------------------------

Mode = Literal["scroll", "top", "bottom"]
Size = Literal["small", "normal", "large"]
Staff = Literal["moderator", "producer"]


class OldEvent(Struct, frozen=True, array_like=True, tag="c"):
    user: str
    name: str
    at: int
    text: str
    weight: float
    mood: float
    excitement: float
    dedupe_key: int
    mode: Mode = "scroll"
    size: Size = "normal"
    color: int | None = None
    held: bool = False
    category: str = ""
    reason: str = ""
    role: Role = "viewer"


class OldRow(Struct, frozen=True, array_like=True, omit_defaults=True):
    id: str
    at: int
    user: str
    name: str
    text: str
    weight: float
    shown: bool
    merged_into: str = ""
    count: int = 1
    mode: Mode = "scroll"
    size: Size = "normal"
    color: int | None = None
    role: Role = "viewer"


class OldShown(Struct, frozen=True, omit_defaults=True):
    id: str
    at: int
    user: str
    name: str
    text: str
    weight: float
    mode: Mode = "scroll"
    color: int | UnsetType = UNSET
    size: Size = "normal"
    count: int = 1
    role: Staff | UnsetType = UNSET


class OldHeld(Struct, frozen=True, omit_defaults=True):
    id: str
    at: int
    user: str
    name: str
    text: str
    weight: float
    categories: list[str]
    reason: str
    mode: Mode = "scroll"
    color: int | UnsetType = UNSET
    size: Size = "normal"
    role: Staff | UnsetType = UNSET


class OldChanges(Struct, omit_defaults=True):
    held: list[OldHeld] = []
    decided: list[str] = []


class OldImport(Struct, frozen=True, tag="import"):
    id: str
    rows: list[OldRow]


def as_of_before(value: Struct, kind: type[T]) -> T:
    """The value as a server of before reads it."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(value), type=kind)


def same(old: Struct, new: Struct) -> bool:
    """Whether all that the old one knows is what the new one has."""
    return asdict(old) == {name: getattr(new, name) for name in old.__struct_fields__}


@pytest.mark.parametrize("said", [CHEER, PLAIN, replace(CHEER, look=BLACK, role="producer")])
def test_servers_of_before_read_what_is_stored_now(said: Utterance) -> None:
    said = replace(said, lang="zh")
    event = CommentEvent.of(said, 4.5, 0.25, 0.5, 99, True, "insult", "a word")
    row = Row.of("a1", said, 4.5, False, "a0", 3)
    held, shown = event.held_comment("a1"), comment_of("a1", said, 4.5, 3)
    assert same(as_of_before(event, OldEvent), event)
    assert same(as_of_before(row, OldRow), row)
    assert same(as_of_before(held, OldHeld), held)
    assert same(as_of_before(shown, OldShown), shown)
    assert same(as_of_before(CommentsImported("i", [row]), OldImport).rows[0], row)
    changes = PrivateChanges(held=[held], decided=["a9"], languages={"a1": "zh"})
    found = as_of_before(changes, OldChanges)
    assert same(found.held[0], held)
    assert found.decided == ["a9"]


# --- the whole way -------------------------------------------------------------------------------

LOOKS = st.builds(
    Look,
    mode=st.sampled_from(["scroll", "top", "bottom"]),
    color=st.just(UNSET) | st.integers(0, 0xFFFFFF),
    size=st.sampled_from(["small", "normal", "large"]),
)
WORDS = st.text(min_size=1, max_size=60).map(clean).filter(bool)
ROLES: st.SearchStrategy[Role] = st.sampled_from(["viewer", "moderator", "producer"])
UTTERANCES = st.builds(
    Utterance,
    user=st.sampled_from(["AAAAAAAAAAA", "u-1_zzzzzzz"]),
    name=WORDS,
    at=st.integers(NOW - 50_000, NOW + 2_000),
    text=WORDS,
    look=LOOKS,
    role=ROLES,
    lang=st.sampled_from(["en", "de", "zh", "ja", UNKNOWN_LANG]),
)


def sent(said: Utterance, held: bool) -> CommentEvent:
    """The event of it: from the client by validation and moderation to the ingest stream."""
    words = {"type": "comment", "id": "m", "text": said.text, "at": said.at}
    look = {name: value for name, value in asdict(said.look).items() if value is not UNSET}
    message = codec.decode(json.dumps(words | look).encode(), "json")
    assert isinstance(message, PostComment)
    who = Identity("sub", said.name, said.role, frozenset("*"))
    room = RoomState()
    entered = validation.comment(message, who, said.user, room, NOW, None, lambda told: None)
    assert entered.instead is None
    action: Literal["hold", "show"] = "hold" if held else "show"
    judged = Judgement(action, None, "", 5.0, 0.0, 0.0, 7, None, said.lang)
    event = events.decode(batch._item(entered, judged, "").payload, "a1")
    assert isinstance(event, CommentEvent)
    return event


def approved(tick: Tick, said: Utterance) -> Tick:
    """The tick in which a moderator lets through what ``tick`` held."""
    (stored,) = again(tick.private).held
    assert utterance_of(stored) == said
    room = RoomFold(RoomState(), {stored.id: stored}, 1)
    return room.tick([("", HeldDecided("d", stored.id, True))], NOW)


def brought_in(document: bytes) -> Utterance:
    """What another room's record has of an exported comment."""
    judged = Judged()
    judged.judge(read(document + b"\n", PastComment).lines, 0, NOW, Settings())
    (candidate,) = judged.candidates
    row = candidate.row("")
    event = events.decode(events.encode(CommentsImported("i", [row])), "")
    (kept,) = RoomFold(RoomState(), {}, 0).tick([("", event)], NOW).rows
    return again(kept).utterance


@given(UTTERANCES, st.booleans())
def test_what_a_person_said_survives_every_hop(said: Utterance, held: bool) -> None:
    assume(len(said.text) <= Settings().max_text)
    to_viewers = replace(said, lang=UNKNOWN_LANG)
    event = sent(said, held)
    assert event.utterance == said
    tick = RoomFold(RoomState(), {}, 0).tick([("a1", event)], NOW)
    if held:
        tick = approved(tick, said)

    (frame,) = tick.frames
    (told,) = json.loads(codec.encode(frame, "json"))["comments"]
    assert "lang" not in told
    commit = Commit("e", 1, 1, NOW, [codec.encode(frame, "msgpack")], tick.private)
    comments = codec.decode_frame(again(commit).frames[0]).comments or []
    assert [utterance_of(each) for each in comments] == [to_viewers]
    known = {} if said.lang == UNKNOWN_LANG else {"a1": said.lang}
    assert again(commit).private.languages == known

    (row,) = tick.rows
    assert again(row).utterance == said
    document = msgspec.json.encode(recorded(row))
    assert "lang" not in json.loads(document)
    assert brought_in(document) == to_viewers


@given(UTTERANCES)
def test_a_message_is_what_was_said_in_it(said: Utterance) -> None:
    shown = comment_of("a1", said, 5.0, 2)
    assert (shown.weight, shown.count, look_of(shown)) == (5.0, 2, said.look)
    assert again(shown, Comment) == shown
    held: HeldComment = CommentEvent.of(said, 5.0, 0.0, 0.0, 1, True).held_comment("a1")
    assert utterance_of(again(held, HeldComment)) == said
