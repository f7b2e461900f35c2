"""A room's state, and how a frame changes it: state plus frames equals state.

Everything that changes a room is a commit of the sequencer. A commit has a public part, the frames
that viewers get, and a private part, the ``PrivateChanges`` that edges alone must know (a poll's
hidden answer, a ban). ``fold`` applies both; the sequencer, every edge and the tests use it alone,
so their states are equal by construction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TypeVar

from msgspec import UNSET, Struct, UnsetType, field

from grandstand.domain.ban_hints import Hint
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.polls.steps import awaits_answer
from grandstand.domain.rundown import Progress
from grandstand.domain.schemas import KindSchema
from grandstand.domain.translations import kept, rewritten
from grandstand.domain.unwanted_texts import Unwanted
from grandstand.wire.messages import Comment, Cue, Frame, HeldComment, Notice, Overlay
from grandstand.wire.settings import Settings
from grandstand.wire.translations import Translations

RECENT_COMMENTS = 50
"""How many shown comments a ``welcome`` carries at most (contract)."""

ENDED_POLLS_KEPT = 20
"""Ended polls that stay in the live state, the newest; HTTP lists all of them from the store.

As many besides stay while their answer is still to come: that may take longer than 20 polls.
"""

CUES_KEPT = 100

STAFF_KNOWN_MS = 7 * 86_400_000
"""How long a moderator or producer is known after the last visit."""

K = TypeVar("K")
T = TypeVar("T")


class Sanction(Struct, frozen=True):
    """Why a viewer may not comment (mute) or be there (ban), until when (None: for good)."""

    kind: Literal["mute", "ban"]
    until: int | None = None

    def holds(self, now: int) -> bool:
        """Return whether it is still in force at ``now`` (programme time, ms)."""
        return self.until is None or now < self.until


class Staff(Struct, frozen=True):
    """A moderator or producer who came into the room; known until ``until`` (programme time)."""

    role: Literal["moderator", "producer"]
    name: str
    until: int


class OutcomeRecord(Struct, frozen=True, omit_defaults=True):
    """An ``Outcome`` as a commit carries it; ``store.outcomes`` writes and reads it."""

    event: str
    number: int = field(default=200, name="status")
    code: str = ""
    message: str = ""
    result: str = ""


class PrivateChanges(Struct, omit_defaults=True):
    """What a commit tells the edges besides the frames; viewers never get it as such.

    ``languages`` are the guessed languages of the frames' comments, by their ids.
    ``effect_tests`` has the effect to fire by the name of the test. ``gone`` has the items of the
    run-down that went, each with its poll or ``""``; with None they wait again, or were removed.
    ``erasures`` are as in the state; with ``erased`` nobody gets frames of before again.
    ``entities`` are the rows of those that changed, whole (``domain.entities``); they are too many
    for the state. ``translations`` are of what frames of this epoch brought. ``refused`` has what
    was held and is turned away, whose authors may appeal.
    """

    polls: list[PollRecord] = field(default_factory=list)
    sanctions: dict[str, Sanction | None] = field(default_factory=dict, name="bars")
    staff: dict[str, Staff | None] = field(default_factory=dict)
    hints: dict[str, Hint | None] = field(default_factory=dict)
    unwanted: dict[int, Unwanted | None] = field(default_factory=dict)
    notices: list[tuple[str, Notice]] = field(default_factory=list)
    held: list[HeldComment] = field(default_factory=list)
    decided: list[str] = field(default_factory=list)
    outcomes: list[OutcomeRecord] = field(default_factory=list)
    waiting: dict[str, Overlay | None] = field(default_factory=dict)
    cues_ahead: dict[str, Cue | None] = field(default_factory=dict)
    clock: str = ""
    languages: dict[str, str] = field(default_factory=dict)
    effects_changed: bool = False
    effect_tests: dict[str, str] = field(default_factory=dict)
    rundown: Progress | None = None
    gone: dict[str, str | None] = field(default_factory=dict)
    erasures: dict[str, int | None] = field(default_factory=dict)
    erased: bool = False
    entities: dict[str, bytes] = field(default_factory=dict)
    schemas: dict[str, KindSchema | None] = field(default_factory=dict)
    translations: list[Translations] = field(default_factory=list)
    refused: list[HeldComment] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in self.__struct_fields__)


class RoomState(Struct):
    """All that a ``welcome``, an edge's checks and the room's sequencer need of a room.

    ``clock`` is the epoch in which the room's clock was last to be reset: the present one, until
    the next begins for it. ``waiting`` has versions of overlays that viewers must not know before
    their time, ``cues_ahead`` such cues; ``unwanted`` has texts that were taken back, by dedupe
    key. ``gone`` has the run-down's items that went, each with its poll or ``""``. ``erasures`` has
    the viewers who are being erased, and when that was asked for (programme time, ms). ``schemas``
    are by kind of entity. ``translations`` are of the polls, overlays and cues here and of the
    title, by language; those of comments are in commits alone.
    """

    settings: Settings = field(default_factory=Settings)
    polls: dict[str, PollRecord] = field(default_factory=dict)
    overlays: dict[str, Overlay] = field(default_factory=dict)
    cues: list[Cue] = field(default_factory=list)
    recent: list[Comment] = field(default_factory=list)
    sanctions: dict[str, Sanction] = field(default_factory=dict)
    staff: dict[str, Staff] = field(default_factory=dict)
    hints: dict[str, Hint] = field(default_factory=dict)
    unwanted: dict[int, Unwanted] = field(default_factory=dict)
    waiting: dict[str, Overlay] = field(default_factory=dict)
    cues_ahead: dict[str, Cue] = field(default_factory=dict)
    clock: str = ""
    rundown: Progress = field(default_factory=Progress)
    gone: dict[str, str] = field(default_factory=dict)
    erasures: dict[str, int] = field(default_factory=dict)
    schemas: dict[str, KindSchema] = field(default_factory=dict)
    translations: dict[str, Translations] = field(default_factory=dict)

    def sanction(self, user: str, now: int) -> Sanction | None:
        """Return the sanction in force against ``user`` at ``now``, if any."""
        sanction = self.sanctions.get(user)
        return sanction if sanction is not None and sanction.holds(now) else None

    def ban(self, user: str, now: int) -> Sanction | None:
        """Return the ban in force against ``user`` at ``now``, if any."""
        sanction = self.sanction(user, now)
        return sanction if sanction is not None and sanction.kind == "ban" else None


PARTS = (
    "settings",
    "polls",
    "overlays",
    "cues",
    "recent",
    "staff",
    "hints",
    "unwanted",
    "waiting",
    "cues_ahead",
    "clock",
    "rundown",
    "gone",
    "erasures",
    "schemas",
    "translations",
)
"""The fields of RoomState that are stored whole, each by itself, so that a commit writes only what
it changed. ``sanctions`` may be many: they are stored one by one."""


TABLES = (
    *("sanctions", "staff", "hints", "unwanted", "waiting", "cues_ahead", "gone", "erasures"),
    "schemas",
)
"""Those whose entries a commit changes one by one."""

TRANSLATED = {"settings", "polls", "overlays", "cues"}
"""Parts whose texts have translations."""


def fold(state: RoomState, frames: Iterable[Frame], private: PrivateChanges) -> set[str]:
    """Apply one commit to ``state`` in place; return the names of the parts that it changed."""
    changed: set[str] = set()
    other_texts: set[str] = set()
    for frame in frames:
        if (state.translations or private.translations) and frame.overlays is not UNSET:
            other_texts |= rewritten(state.overlays, frame.overlays)
        changed |= _fold_frame(state, frame)
    if private.clock:  # what was shown has times of the clock before
        state.clock, state.recent, state.cues = private.clock, [], []
        changed |= {"clock", "recent", "cues"}
    if private.polls:
        for poll in private.polls:
            state.polls[poll.id] = poll
        _forget_old_polls(state.polls)
        changed.add("polls")
    if private.rundown is not None:
        state.rundown = private.rundown
        changed.add("rundown")
    _change(state.sanctions, private.sanctions)
    _change(state.staff, private.staff)
    _change(state.hints, private.hints)
    _change(state.unwanted, private.unwanted)
    _change(state.waiting, private.waiting)
    _change(state.cues_ahead, private.cues_ahead)
    _change(state.gone, private.gone)
    _change(state.erasures, private.erasures)
    _change(state.schemas, private.schemas)
    if private.translations or (state.translations and changed & TRANSLATED):
        translations = kept(state.translations, private.translations, state, other_texts)
        if translations != state.translations:
            state.translations = translations
            changed.add("translations")
    return changed | {name for name in TABLES if getattr(private, name)}


def _change(table: dict[K, T], changes: Mapping[K, T | None]) -> None:
    """Put each value into its place; None empties it."""
    for key, value in changes.items():
        if value is None:
            table.pop(key, None)
        else:
            table[key] = value


def _fold_frame(state: RoomState, frame: Frame) -> set[str]:
    changed: set[str] = set()
    if not isinstance(frame.settings, UnsetType):
        state.settings = frame.settings
        changed.add("settings")
    if frame.comments is not UNSET:
        state.recent = [*state.recent, *frame.comments][-RECENT_COMMENTS:]
        changed.add("recent")
    if frame.retract is not UNSET:
        gone = set(frame.retract)
        state.recent = [comment for comment in state.recent if comment.id not in gone]
        changed.add("recent")
    if frame.overlays is not UNSET:
        state.overlays |= {overlay.id: overlay for overlay in frame.overlays}
        changed.add("overlays")
    if frame.drop is not UNSET:
        for overlay_id in frame.drop:
            state.overlays.pop(overlay_id, None)
        changed.add("overlays")
    if frame.cues is not UNSET:
        oldest = frame.now - state.settings.max_latency
        kept = [cue for cue in state.cues if cue.at >= oldest]
        state.cues = [*kept, *frame.cues][-CUES_KEPT:]
        changed.add("cues")
    return changed


def _forget_old_polls(polls: dict[str, PollRecord]) -> None:
    ended = [poll for poll in polls.values() if poll.ended]
    ended.sort(key=lambda poll: poll.closes_at)
    waiting = [poll for poll in ended if awaits_answer(poll)]
    settled = [poll for poll in ended if not awaits_answer(poll)]
    for poll in waiting[:-ENDED_POLLS_KEPT] + settled[:-ENDED_POLLS_KEPT]:
        del polls[poll.id]
