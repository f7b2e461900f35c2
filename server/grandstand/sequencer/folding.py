"""What a tick makes of the events that it read: frames, asides, rows of the record. Pure.

Theory of operation: events change a copy of nothing; they are collected into one ``Tick`` in the
order of the ingest stream, comments are merged and ranked at its end, and ``rules.state.fold``
(the same that edges use) applies the result. A tick that could not be committed because another
sequencer moved the room is thrown away together with this ``RoomFold``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from grandstand.overlays import stats
from grandstand.overlays.pulse import PulseMeter
from grandstand.overlays.stats import MAX_WAITING, Cards, TooManyWaitError
from grandstand.rules import announcing, polls
from grandstand.rules.clock import AHEAD_MS
from grandstand.rules.events import (
    Barred,
    ClockReset,
    CommentEvent,
    CommentsImported,
    ControlEvent,
    CueGiven,
    GuestBanned,
    HeldDecided,
    HeldDecidedTogether,
    PollExtended,
    PollFinished,
    PollOpened,
    PollStepped,
    Restored,
    Retracted,
    SettingsPut,
    StaffCame,
    StatsGiven,
)
from grandstand.rules.expiry import forget_first, forget_over
from grandstand.rules.hints import MAX_HINTS, Hint
from grandstand.rules.pieces import PIECE, Pieces, at_once
from grandstand.rules.polls import ImpossibleStepError, PollRecord
from grandstand.rules.ranking import Group
from grandstand.rules.record import Row
from grandstand.rules.selection import Selector
from grandstand.rules.settings import merged
from grandstand.rules.state import STAFF_KNOWN_MS, Asides, Bar, Outcome, RoomState, Staff, fold
from grandstand.rules.unwanted import UnwantedTexts
from grandstand.sequencer.told import Told, rows, shown
from grandstand.wire.framing import numbered
from grandstand.wire.messages import Cue, Frame, HeldComment, Notice, Overlay, Settings

MAX_BARS = 10_000
"""Viewers whom a room mutes or bans at a time, some 100 bytes each on every node."""

CLOCK = "clock"
"""The result of an event upon which the room's clock is reset, and a new epoch begins."""

MAX_STAFF = 200
PRUNE_EVERY_MS = 60_000

MAX_EXPIRING = 500
"""Held comments that one tick gives up at most."""


@dataclass(slots=True)
class Tick:
    """What became of one read of the ingest stream."""

    frames: list[Frame] = field(default_factory=list)
    asides: Asides = field(default_factory=Asides)
    rows: list[Row] = field(default_factory=list)
    retracted: list[str] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)
    shown: int = 0
    merged: int = 0
    overflow: int = 0


@dataclass(slots=True)
class _Draft:
    """A tick while its events are read."""

    cards: Cards
    unwanted: UnwantedTexts
    asides: Asides = field(default_factory=Asides)
    candidates: list[Told] = field(default_factory=list)
    approved: list[Told] = field(default_factory=list)
    hidden: list[tuple[Told, str]] = field(default_factory=list)
    imported: list[Row] = field(default_factory=list)
    retract: list[str] = field(default_factory=list)
    polls: dict[str, PollRecord] = field(default_factory=dict)
    cues: list[Cue] = field(default_factory=list)
    settings: Settings | None = None


class _Refused(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass(slots=True)
class RoomFold:
    """A room's state in the hands of its sequencer."""

    state: RoomState
    held: dict[str, HeldComment]
    offset: int
    epoch: str = ""
    pulse: PulseMeter = field(default_factory=PulseMeter)
    selector: Selector = field(default_factory=Selector)
    prune_at: int = 0

    def __post_init__(self) -> None:
        self.held = dict(sorted(self.held.items(), key=lambda each: (each[1].at, each[0])))
        for comment in self.state.recent:
            self.selector.show(Told.shown_before(comment), comment.at, comment.count)

    def is_due(self, now: int) -> bool:
        """Return whether time alone changes the room at ``now`` (programme time, ms)."""
        oldest = next(iter(self.held.values()), None)
        has_expired = oldest is not None and self._is_over(oldest, now)
        return has_expired or stats.is_due(self.state, now) or announcing.is_due(self.state, now)

    @property
    def is_settled(self) -> bool:
        """Whether time alone will change nothing in the room."""
        state = self.state
        return not (
            self.held
            or state.waiting
            or state.cues_ahead
            or any(not poll.final for poll in state.polls.values())
            or any(overlay.expires_at is not UNSET for overlay in state.overlays.values())
        )

    def tick(self, events: Sequence[tuple[str, CommentEvent | ControlEvent]], now: int) -> Tick:
        """Applies ``events`` (comment id or empty, event) at programme time ``now``, in order."""
        return at_once(self.ticking(events, now))

    def ticking(
        self, events: Sequence[tuple[str, CommentEvent | ControlEvent]], now: int
    ) -> Pieces[Tick]:
        """``tick`` in pieces; until the last is done, this fold is between two states."""
        draft = _Draft(Cards(self.state, now), UnwantedTexts(self.state.unwanted, now))
        if now >= self.prune_at:
            self.prune_at = now + PRUNE_EVERY_MS
            self._prune(draft, now)
        self._let_expire(draft, now)
        for number, (comment_id, event) in enumerate(events, 1):
            if number % PIECE == 0:
                yield
            if isinstance(event, CommentEvent):
                self._comment(draft, Told(comment_id, event), now)
            else:
                self._control(draft, event, now)
        return (yield from self._finish(draft, now))

    def _prune(self, draft: _Draft, now: int) -> None:
        """Forgets the mutes and bans whose time is over, and staff who haven't come for long."""
        draft.asides.bars |= {
            user: None for user, bar in self.state.bars.items() if not bar.holds(now)
        }
        forget_over(self.state.staff, draft.asides.staff, now)
        forget_over(self.state.hints, draft.asides.hints, now)
        draft.unwanted.prune()

    # --- events ----------------------------------------------------------------------------------

    def _comment(self, draft: _Draft, told: Told, now: int) -> None:
        event = told.event
        self.pulse.comment(now, event.user, event.mood, event.excitement)
        bar = draft.asides.bars.get(event.user, self.state.bar(event.user, now))
        if event.held:
            held = told.held()
            self.held[held.id] = held
            draft.asides.held.append(held)
        elif bar is not None:
            draft.hidden.append((told, ""))
        else:
            draft.candidates.append(told)

    def _control(self, draft: _Draft, event: ControlEvent, now: int) -> None:
        try:
            result = self._apply(draft, event, now)
            outcome = Outcome(event=event.id, result=result)
        except _Refused as refused:
            outcome = Outcome(
                event=event.id,
                status=refused.status,
                code=refused.code,
                message=refused.message,
            )
        draft.asides.outcomes.append(outcome)

    def _apply(self, draft: _Draft, event: ControlEvent, now: int) -> str:
        match event:
            case SettingsPut():
                before = draft.settings or self.state.settings
                draft.settings = _changed(before, event)
                if abs(draft.settings.programme_offset - before.programme_offset) > AHEAD_MS:
                    draft.asides.clock = self.epoch
                    return CLOCK
            case ClockReset(offset=offset):
                if offset is not None:
                    before = draft.settings or self.state.settings
                    draft.settings = replace(before, programme_offset=offset)
                draft.asides.clock = self.epoch
                return CLOCK
            case PollOpened(poll=poll):
                draft.polls[poll.id] = poll
                return poll.id
            case PollStepped() | PollExtended() | PollFinished():
                poll = self._step(draft, event, now)
                draft.polls[poll.id] = poll
                return poll.id
            case CueGiven(cue=cue):
                self._cue(draft, cue, now)
                return cue.id
            case StatsGiven(cards=cards):
                return self._stats(draft, cards)
            case CommentsImported(rows=rows):
                draft.imported += rows
            case Retracted(comment=comment, user=user, likeness=text):
                draft.retract.append(comment)
                if text is not None:
                    draft.unwanted.mark(text, comment)
                notice = Notice("retracted", "a moderator took your comment back", comment)
                draft.asides.notices.append((user, notice))
            case HeldDecided(comment=comment, approved=approved):
                if not self._decide(draft, comment, approved):
                    raise _Refused(404, "unknown_comment", f"no comment {comment} is held")
            case HeldDecidedTogether(comments=comments, approved=approved):
                done = [each for each in comments if self._decide(draft, each, approved)]
                return " ".join(done)
            case Barred(user=user, kind=kind, until=until):
                if len(self.state.bars) + len(draft.asides.bars) >= MAX_BARS:
                    words = f"{MAX_BARS} viewers are muted or banned: restore some of them first"
                    raise _Refused(503, "overloaded", words)
                draft.asides.bars[user] = Bar(kind, until)
                message = "a moderator muted you" if kind == "mute" else "a moderator banned you"
                code = "muted" if kind == "mute" else "banned"
                notice = Notice(code, message, until=UNSET if until is None else until)
                draft.asides.notices.append((user, notice))
            case GuestBanned(user=user, hints=hints):
                self._hint(draft, {name: Hint(user, until) for name, until in hints.items()})
            case Restored(user=user):
                draft.asides.bars[user] = None
                known = (self.state.hints | draft.asides.hints).items()
                draft.asides.hints |= {
                    name: None for name, each in known if each is not None and each.user == user
                }
                draft.asides.notices.append((user, Notice("restored", "you may comment again")))
            case StaffCame(user=user, role=role, name=name):
                self._staff(draft, user, Staff(role, name, now + STAFF_KNOWN_MS))
        return ""

    def _step(
        self, draft: _Draft, event: PollStepped | PollExtended | PollFinished, now: int
    ) -> PollRecord:
        poll = draft.polls.get(event.poll) or self.state.polls.get(event.poll)
        if poll is None:
            raise _Refused(404, "unknown_poll", f"there is no poll {event.poll}")
        try:
            if isinstance(event, PollFinished):
                return polls.finish(poll, event.tally, event.voters)
            if isinstance(event, PollExtended):
                return polls.extend(poll, event.closes_at, now)
            if event.step == "close":
                return polls.close(poll, event.at, event.grace)
            return polls.reveal(poll) if event.step == "reveal" else polls.cancel(poll)
        except ImpossibleStepError as impossible:
            raise _Refused(409, "impossible_step", str(impossible)) from None

    def _cue(self, draft: _Draft, cue: Cue, now: int) -> None:
        if announcing.is_near(cue.at, now):
            draft.cues.append(cue)
            return
        ahead = draft.asides.cues_ahead
        if len(self.state.cues_ahead) + len(ahead) >= announcing.MAX_CUES_AHEAD:
            words = f"more than {announcing.MAX_CUES_AHEAD} cues would wait for their time"
            raise _Refused(503, "overloaded", words)
        ahead[cue.id] = cue

    def _announce(self, draft: _Draft, now: int) -> None:
        """Take into the tick the polls and cues whose time is near."""
        known = self.state.polls | draft.polls
        draft.polls |= {poll.id: poll for poll in announcing.due_polls(known.values(), now)}
        for cue in announcing.due_cues(self.state, now):
            draft.cues.append(cue)
            draft.asides.cues_ahead[cue.id] = None

    def _staff(self, draft: _Draft, user: str, staff: Staff) -> None:
        """Takes note of one; of too many the one who hasn't come for longest is forgotten."""
        draft.asides.staff[user] = staff
        forget_first(self.state.staff, draft.asides.staff, MAX_STAFF)

    def _hint(self, draft: _Draft, hints: dict[str, Hint]) -> None:
        """Takes note of some; of too many those that end first are forgotten."""
        draft.asides.hints |= hints
        forget_first(self.state.hints, draft.asides.hints, MAX_HINTS)

    def _stats(self, draft: _Draft, cards: Sequence[Overlay]) -> str:
        """The first letters of what became of each."""
        try:
            return "".join(fate[0] for fate in draft.cards.give(cards))
        except TooManyWaitError:
            words = f"more than {MAX_WAITING} updates would wait for their time"
            raise _Refused(503, "overloaded", words) from None

    def _decide(self, draft: _Draft, comment: str, approved: bool) -> bool:
        """Whether it was held until now."""
        held = self.held.pop(comment, None)
        if held is None:
            return False
        draft.asides.decided.append(held.id)
        if approved:
            told = Told.approved(held)
            draft.approved.append(told)
            draft.unwanted.lift(told.likeness)
            notice = Notice("approved", "a moderator let your comment through", held.id)
        else:
            notice = Notice("rejected", "a moderator turned your comment away", held.id)
        draft.asides.notices.append((held.user, notice))
        return True

    def _is_over(self, held: HeldComment, now: int) -> bool:
        return held.at + self.state.settings.held_for * 1000 <= now

    def _let_expire(self, draft: _Draft, now: int) -> None:
        """Gives up held comments that nobody decided in time, the oldest first."""
        over = takewhile(lambda held: self._is_over(held, now), self.held.values())
        for held in [*islice(over, MAX_EXPIRING)]:
            del self.held[held.id]
            draft.asides.decided.append(held.id)
            words = "no moderator came to your comment in time; say it again if it still matters"
            draft.asides.notices.append((held.user, Notice("rejected", words, held.id)))

    # --- the end of a tick -----------------------------------------------------------------------

    def _wanted(self, draft: _Draft) -> list[Told]:
        """The candidates but those whose text was taken back, which are hidden."""
        into = [(told, draft.unwanted.comment_of(told.likeness)) for told in draft.candidates]
        draft.hidden += [each for each in into if each[1]]
        return [told for told, comment in into if not comment]

    def _finish(self, draft: _Draft, now: int) -> Pieces[Tick]:
        self._announce(draft, now)
        settings = draft.settings or self.state.settings
        self.selector.themes.retract(draft.retract)
        approved = [
            Group(told, told.weight, waiting=self.selector.show(told, now))
            for told in draft.approved
        ]
        candidates = self._wanted(draft)
        choice = yield from self.selector.choosing(candidates, now, settings, len(approved))
        groups = sorted([*choice.shown, *approved], key=lambda group: group.shown.id)

        tick = Tick(
            asides=draft.asides,
            rows=[*rows(groups, choice, draft.hidden), *draft.imported],
            retracted=draft.retract,
            shown=len(groups),
            merged=sum(len(group.merged) for group in groups) + len(choice.again),
            overflow=choice.overflow,
        )
        draft.asides.polls = list(draft.polls.values())
        overlays, drop = draft.cards.finish()
        draft.asides.waiting = draft.cards.moved
        draft.asides.unwanted = draft.unwanted.changes
        whole = Frame(
            now=now,
            comments=[shown(group) for group in groups] or UNSET,
            overflow=choice.overflow or UNSET,
            retract=draft.retract or UNSET,
            polls=[poll.public() for poll in draft.polls.values() if poll.announced] or UNSET,
            cues=draft.cues or UNSET,
            overlays=overlays or UNSET,
            drop=drop or UNSET,
            settings=draft.settings or UNSET,
        )
        tick.frames = numbered(whole, self.offset + 1)
        self.offset += len(tick.frames)
        tick.changed = fold(self.state, tick.frames, tick.asides)
        return tick


def _changed(settings: Settings, event: SettingsPut) -> Settings:
    base: dict[str, Any] = msgspec.to_builtins(settings) if event.merge else {}
    try:
        return msgspec.convert(merged(base, event.changes), Settings)
    except msgspec.ValidationError as fault:
        raise _Refused(422, "bad_message", str(fault)) from None
