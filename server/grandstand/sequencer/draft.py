"""What the control events of one tick change, noted until the tick ends. Pure.

A draft doesn't change the room's state: it reads the state together with what was noted before it
in the same tick. The one exception are held comments. A decision takes one out at once, so that
a second decision in the same tick finds it gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from grandstand.domain import announcement
from grandstand.domain.ban_hints import MAX_HINTS, Hint
from grandstand.domain.causes import may_appeal, turned_away
from grandstand.domain.clock import AHEAD_MS
from grandstand.domain.erasure_events import CommentsErased, ErasureEnded, ViewerErased
from grandstand.domain.events import (
    CardFound,
    ClockReset,
    CommentsImported,
    ControlEvent,
    CueGiven,
    EffectsChanged,
    EffectTested,
    GuestBanned,
    HeldDecided,
    HeldDecidedTogether,
    HighlightDeleted,
    HighlightFound,
    PollAudited,
    PollExtended,
    PollFinished,
    PollOpened,
    PollResolved,
    PollStepped,
    Restored,
    Retracted,
    RundownGo,
    RundownPut,
    RundownReset,
    Sanctioned,
    SchemaPut,
    SettingsPut,
    StaffCame,
    StatsGiven,
    Translated,
)
from grandstand.domain.expiry import forget_first, forget_over
from grandstand.domain.limits import Buckets, Rate
from grandstand.domain.outcome import Effect, Fate, ImpossibleEventError, Outcome, Refusal, Refused
from grandstand.domain.polls import steps
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.polls.steps import ImpossibleStepError
from grandstand.domain.record import Row
from grandstand.domain.schemas import MAX_KINDS, KindSchema
from grandstand.domain.settings import merged
from grandstand.domain.state import (
    STAFF_KNOWN_MS,
    PrivateChanges,
    RoomState,
    Sanction,
    Staff,
)
from grandstand.domain.translations import fitting
from grandstand.domain.unwanted_texts import UnwantedTexts
from grandstand.overlays.stats_cards import MAX_WAITING, Cards, TooManyWaitError
from grandstand.sequencer.candidate import Candidate
from grandstand.sequencer.entities import EntityDraft
from grandstand.sequencer.rundown import RundownDraft
from grandstand.wire.messages import Cue, HeldComment, Notice, Overlay
from grandstand.wire.settings import Settings

MAX_BARS = 10_000
"""Viewers whom a room mutes or bans at a time, some 100 bytes each on every node."""

MAX_STAFF = 200

MAX_ERASURES = 100
"""Viewers who are erased at a time: each costs a walk through the record."""

PACE = Rate(interval_ms=50, burst=200)
"""How fast producers may do what everybody is told, of each kind: cue lists stay far below it."""

PACED = (
    *(ClockReset, CueGiven, EffectTested, HighlightDeleted, PollExtended, PollOpened),
    *(PollResolved, PollStepped),
    *(RundownPut, RundownReset, SchemaPut, SettingsPut),
)


@dataclass(slots=True)
class Draft:
    """A tick while its events are read, at programme time ``now`` (ms).

    ``held`` are the comments that wait for a moderator, by id. ``hidden`` comments go into the
    record alone, with the id of the retracted comment that said the same, or ``""``. ``pace`` goes
    on from tick to tick.
    """

    state: RoomState
    held: dict[str, HeldComment]
    epoch: str
    now: int
    pace: Buckets = field(default_factory=lambda: Buckets(PACE))
    entities: EntityDraft = field(default_factory=EntityDraft)
    cards: Cards = field(init=False)
    unwanted: UnwantedTexts = field(init=False)
    rundown: RundownDraft = field(init=False)
    private: PrivateChanges = field(default_factory=PrivateChanges)
    outcomes: list[Outcome] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    approved: list[Candidate] = field(default_factory=list)
    hidden: list[tuple[Candidate, str]] = field(default_factory=list)
    imported: list[Row] = field(default_factory=list)
    retract: list[str] = field(default_factory=list)
    polls: dict[str, PollRecord] = field(default_factory=dict)
    cues: list[Cue] = field(default_factory=list)
    settings: Settings | None = None

    def __post_init__(self) -> None:
        self.cards = Cards(self.state, self.now)
        self.unwanted = UnwantedTexts(self.state.unwanted, self.now)
        self.rundown = RundownDraft(self.state.rundown, self.state.gone)

    def announce(self) -> None:
        """Take into the tick the polls and cues whose time is near."""
        known = self.state.polls | self.polls
        self.polls |= {poll.id: poll for poll in announcement.due_polls(known.values(), self.now)}
        for cue in announcement.due_cues(self.state, self.now):
            self.cues.append(cue)
            self.private.cues_ahead[cue.id] = None

    def prune(self) -> None:
        """Forget mutes, bans, hints and marks whose time is over, and staff who haven't come for
        long."""
        self.private.sanctions |= {
            user: None
            for user, sanction in self.state.sanctions.items()
            if not sanction.holds(self.now)
        }
        forget_over(self.state.staff, self.private.staff, self.now)
        forget_over(self.state.hints, self.private.hints, self.now)
        self.unwanted.prune()

    def control(self, event: ControlEvent) -> None:
        """Note what a control event changes, or why it changes nothing."""
        try:
            outcome = Outcome(event.id, self._apply(event))
        except ImpossibleEventError as impossible:
            outcome = Outcome(event.id, Refused(impossible.code, impossible.message))
        self.outcomes.append(outcome)

    def _apply(self, event: ControlEvent) -> Effect:
        if isinstance(event, PACED) and self.pace.take(type(event).__name__, self.now):
            words = (
                f"a room takes {PACE.burst} of these at once, then one every {PACE.interval_ms} ms"
            )
            raise ImpossibleEventError(Refusal.RATE_LIMITED, words)
        match event:
            case SettingsPut():
                before = self.settings or self.state.settings
                self.settings = _changed(before, event)
                if abs(self.settings.programme_offset - before.programme_offset) > AHEAD_MS:
                    self.private.clock = self.epoch
                    return Effect(new_epoch=True)
            case ClockReset(offset=offset):
                if offset is not None:
                    before = self.settings or self.state.settings
                    self.settings = replace(before, programme_offset=offset)
                self.private.clock = self.epoch
                return Effect(new_epoch=True)
            case PollOpened(poll=poll):
                if poll.id in self.polls or poll.id in self.state.polls:
                    words = f"there is a poll {poll.id} already"
                    raise ImpossibleEventError(Refusal.IMPOSSIBLE_STEP, words)
                self.polls[poll.id] = poll
            case PollStepped() | PollExtended() | PollResolved() | PollFinished() | PollAudited():
                poll = self._step(event)
                self.polls[poll.id] = poll
            case CueGiven(cue=cue):
                self._cue(cue)
            case StatsGiven(cards=cards, entities=updates):
                return Effect(fates=[*self._stats(cards), *self.entities.give(updates)])
            case CardFound():
                return Effect(fates=self._tell(event))
            case SchemaPut(kind=kind, schema=schema):
                self._put_schema(kind, schema)
            case HighlightFound(overlay=overlay):
                return Effect(fates=self._stats([overlay]))
            case HighlightDeleted(overlay=overlay):
                self._stats([overlay])
                self.cards.drop(overlay.id)
            case Translated(translations=translations, sources=sources):
                self.private.translations += fitting(translations, sources, self.state)
            case CommentsImported(rows=rows):
                self.imported += rows
            case Retracted(comment=comment, user=user, dedupe_key=text):
                self.retract.append(comment)
                if text is not None:
                    self.unwanted.mark(text, comment)
                notice = Notice("retracted", "a moderator took your comment back", comment)
                self.private.notices.append((user, notice))
            case ViewerErased(user=user):
                self._erase(user)
            case CommentsErased(comments=comments):
                self.retract += comments
                self.private.erased = True
            case ErasureEnded(user=user, at=at):
                if self._erasures.get(user) == at:  # not asked for again since
                    self.private.erasures[user] = None
            case HeldDecided(comment=comment, approved=approved, text=text, by=by):
                if not self._decide(comment, approved, text, by):
                    words = f"no comment {comment} is held"
                    raise ImpossibleEventError(Refusal.UNKNOWN_COMMENT, words)
            case HeldDecidedTogether(comments=comments, approved=approved):
                done = [each for each in comments if self._decide(each, approved)]
                return Effect(decided=done)
            case Sanctioned(user=user, kind=kind, until=until):
                self._bar(user, Sanction(kind, until))
                message = "a moderator muted you" if kind == "mute" else "a moderator banned you"
                code = "muted" if kind == "mute" else "banned"
                notice = Notice(code, message, until=UNSET if until is None else until)
                self.private.notices.append((user, notice))
            case GuestBanned(user=user, hints=hints):
                self._hint({name: Hint(user, until) for name, until in hints.items()})
            case Restored(user=user):
                self.private.sanctions[user] = None
                known = (self.state.hints | self.private.hints).items()
                self.private.hints |= {
                    name: None for name, each in known if each is not None and each.user == user
                }
                self.private.notices.append((user, Notice("restored", "you may comment again")))
            case EffectsChanged():
                self.private.effects_changed = True
            case EffectTested(id=test, effect=effect):
                self.private.effect_tests[test] = effect
            case RundownPut(before=before, ids=ids, items=items):
                self.rundown.put(before, ids, items)
            case RundownGo(item=item, version=version, does=does):
                if self.rundown.may_go(item, version):
                    if does is not None:
                        self._apply(does)
                    poll_id = does.poll.id if isinstance(does, PollOpened) else ""
                    self.rundown.go(item, poll_id, self.now)
            case RundownReset(before=before, items=items):
                self.rundown.reset(before, items)
            case StaffCame(user=user, role=role, name=name):
                self._staff(user, Staff(role, name, self.now + STAFF_KNOWN_MS))
        return Effect()

    def _bar(self, user: str, sanction: Sanction) -> None:
        known, changes = self.state.sanctions, self.private.sanctions
        is_new = changes.get(user, known.get(user)) is None
        # The sum is at least as large as what is counted, and cheap.
        if (
            is_new
            and len(known) + len(changes) >= MAX_BARS
            and sum(each is not None for each in (known | changes).values()) >= MAX_BARS
        ):
            words = f"{MAX_BARS} viewers are muted or banned: restore some of them first"
            raise ImpossibleEventError(Refusal.OVERLOADED, words)
        changes[user] = sanction

    @property
    def _erasures(self) -> dict[str, int | None]:
        return {**self.state.erasures, **self.private.erasures}

    def _erase(self, user: str) -> None:
        """Begin to erase a viewer with what lies at hand; a job finds the rest in the record."""
        pending = {each for each, at in self._erasures.items() if at is not None}
        if len(pending - {user}) >= MAX_ERASURES:
            words = f"{MAX_ERASURES} viewers are being erased: ask again in ten minutes"
            raise ImpossibleEventError(Refusal.OVERLOADED, words)
        for held in [each for each in self.held.values() if each.user == user]:
            del self.held[held.id]
            self.private.decided.append(held.id)
        self.retract += [each.id for each in self.state.recent if each.user == user]
        self.private.erasures[user] = self.now
        self.private.erased = True

    def _step(
        self, event: PollStepped | PollExtended | PollResolved | PollFinished | PollAudited
    ) -> PollRecord:
        poll = self.polls.get(event.poll) or self.state.polls.get(event.poll)
        if poll is None:
            words = f"there is no poll {event.poll}"
            raise ImpossibleEventError(Refusal.UNKNOWN_POLL, words)
        try:
            if isinstance(event, PollFinished):
                return steps.finish(poll, event.tally, event.voters)
            if isinstance(event, PollAudited):
                return steps.audit(poll, event.audited)
            if isinstance(event, PollExtended):
                return steps.extend(poll, event.closes_at, self.now)
            if isinstance(event, PollResolved):
                return steps.resolve(poll, event.answer)
            if event.step == "close":
                return steps.close(poll, event.at, event.grace)
            return steps.reveal(poll) if event.step == "reveal" else steps.cancel(poll)
        except ImpossibleStepError as impossible:
            raise ImpossibleEventError(Refusal.IMPOSSIBLE_STEP, str(impossible)) from None

    def _cue(self, cue: Cue) -> None:
        if announcement.is_near(cue.at, self.now):
            self.cues.append(cue)
            return
        ahead = self.private.cues_ahead
        if len(self.state.cues_ahead) + len(ahead) >= announcement.MAX_CUES_AHEAD:
            words = f"more than {announcement.MAX_CUES_AHEAD} cues would wait for their time"
            raise ImpossibleEventError(Refusal.OVERLOADED, words)
        ahead[cue.id] = cue

    def _staff(self, user: str, staff: Staff) -> None:
        """Note one; of too many forget the one who hasn't come for longest."""
        self.private.staff[user] = staff
        forget_first(self.state.staff, self.private.staff, MAX_STAFF)

    def _hint(self, hints: dict[str, Hint]) -> None:
        """Note some; of too many forget those that end first."""
        self.private.hints |= hints
        forget_first(self.state.hints, self.private.hints, MAX_HINTS)

    def _stats(self, cards: Sequence[Overlay]) -> list[Fate]:
        """Return what became of each."""
        try:
            return self.cards.give(cards)
        except TooManyWaitError:
            words = f"more than {MAX_WAITING} updates would wait for their time"
            raise ImpossibleEventError(Refusal.OVERLOADED, words) from None

    def _tell(self, found: CardFound) -> list[Fate]:
        fates: list[Fate] = []
        if found.everyone is not None:
            fates += self.cards.tell(found.everyone)
        if found.followers is not None:
            fates.append(self.entities.tell(found.entity, found.followers))
        return fates

    def _put_schema(self, kind: str, schema: KindSchema | None) -> None:
        known = {**self.state.schemas, **self.private.schemas, kind: schema}
        if sum(each is not None for each in known.values()) > MAX_KINDS:
            words = f"{MAX_KINDS} kinds have a schema: remove one first, by a schema without values"
            raise ImpossibleEventError(Refusal.OVERLOADED, words)
        self.private.schemas[kind] = schema

    def _decide(self, comment: str, approved: bool, text: str = "", by: str = "") -> bool:
        """Decide a held comment, with a word to its author; return whether it was held until
        now."""
        held = self.held.pop(comment, None)
        if held is None:
            return False
        self.private.decided.append(held.id)
        if approved:
            candidate = Candidate.of_message(held)
            self.approved.append(candidate)
            self.unwanted.lift(candidate.dedupe_key)
            words = text or "a moderator let your comment through"
            notice = Notice("approved", words, held.id, by=by or UNSET)
            self.private.notices.append((held.user, notice))
        else:
            self.turn_away(held, text or "a moderator turned your comment away", by)
        return True

    def turn_away(self, held: HeldComment, words: str, by: str = "") -> None:
        """Tell the author of a comment that isn't held any more, who may appeal once."""
        self.private.notices.append((held.user, turned_away(held, words, by)))
        if may_appeal(held):
            self.private.refused.append(held)


def _changed(settings: Settings, event: SettingsPut) -> Settings:
    base: dict[str, Any] = msgspec.to_builtins(settings) if event.merge else {}
    try:
        return msgspec.convert(merged(base, event.changes), Settings)
    except msgspec.ValidationError as fault:
        raise ImpossibleEventError(Refusal.BAD_MESSAGE, str(fault)) from None
