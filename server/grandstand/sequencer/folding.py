"""Folding of a tick's events into frames, private changes and rows of the record. Pure.

Theory of operation: a tick reads its events in the order of the ingest stream and notes in a
``Draft`` what each of them changes. At its end it merges and ranks the comments, and
``domain.state.fold``, which edges use too, applies the whole to the state. If another sequencer has
moved the room, the tick can't be committed: it is thrown away together with this ``RoomFold``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile

from msgspec import UNSET

from grandstand.domain import announcement
from grandstand.domain.events import CommentEvent, ControlEvent
from grandstand.domain.limits import Buckets
from grandstand.domain.outcome import Outcome
from grandstand.domain.polls import views
from grandstand.domain.ranking import Group
from grandstand.domain.record import Row
from grandstand.domain.selection import Selector
from grandstand.domain.state import PrivateChanges, RoomState, fold
from grandstand.domain.time_slices import SLICE, TimeSliced, run_at_once
from grandstand.domain.translations import without_comments
from grandstand.overlays import stats_cards
from grandstand.overlays.pulse import PulseMeter
from grandstand.sequencer.candidate import Candidate, hidden_rows, languages, rows, shown
from grandstand.sequencer.draft import PACE, Draft
from grandstand.sequencer.entities import EntityDraft, updates
from grandstand.wire.frame_splitting import numbered
from grandstand.wire.messages import Frame, HeldComment
from grandstand.wire.translations import Translations

PRUNE_EVERY_MS = 60_000

GONE_KEPT = 2000
"""Comments that were taken back and are remembered; a tick takes back a thousand at most."""

MAX_EXPIRING = 500
"""Held comments that one tick expires at most."""


@dataclass(slots=True)
class Tick:
    """The result of one read of the ingest stream.

    ``said`` are those of ``rows`` that could have been shown: no imported ones, and none of viewers
    who are muted or of texts that were taken back.
    """

    frames: list[Frame] = field(default_factory=list)
    private: PrivateChanges = field(default_factory=PrivateChanges)
    outcomes: list[Outcome] = field(default_factory=list)
    said: list[Row] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    retracted: list[str] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)
    rundown_items: bytes | None = None
    shown: int = 0
    merged: int = 0
    overflow: int = 0


@dataclass(slots=True)
class RoomFold:
    """A room's state in the hands of its sequencer."""

    state: RoomState
    held: dict[str, HeldComment]
    offset: int
    epoch: str = ""
    pulse: PulseMeter = field(default_factory=PulseMeter)
    selector: Selector = field(default_factory=Selector)
    pace: Buckets = field(default_factory=lambda: Buckets(PACE))
    prune_at: int = 0
    gone: dict[str, None] = field(default_factory=dict)
    """Comments that were taken back lately: a translation of one may still come."""

    def __post_init__(self) -> None:
        self.held = dict(sorted(self.held.items(), key=lambda each: (each[1].at, each[0])))
        for comment in self.state.recent:
            self.selector.show(Candidate.of_message(comment), comment.at, comment.count)
        self.selector.shown_texts.effort = 0  # the first tick has all of its own

    def is_due(self, now: int) -> bool:
        """Return whether time alone changes the room at ``now`` (programme time, ms)."""
        oldest = next(iter(self.held.values()), None)
        has_expired = oldest is not None and self._is_over(oldest, now)
        return (
            has_expired
            or stats_cards.is_due(self.state, now)
            or announcement.is_due(self.state, now)
        )

    @property
    def is_settled(self) -> bool:
        """Return whether time alone will change nothing in the room."""
        state = self.state
        return not (
            self.held
            or state.waiting
            or state.cues_ahead
            or any(not poll.final for poll in state.polls.values())
            or any(overlay.expires_at is not UNSET for overlay in state.overlays.values())
        )

    def tick(
        self,
        events: Sequence[tuple[str, CommentEvent | ControlEvent]],
        now: int,
        entities: EntityDraft | None = None,
    ) -> Tick:
        """Apply ``events`` (comment id or empty, event) at programme time ``now``, in order.

        ``entities`` has those that the events name.
        """
        return run_at_once(self.ticking(events, now, entities))

    def ticking(
        self,
        events: Sequence[tuple[str, CommentEvent | ControlEvent]],
        now: int,
        entities: EntityDraft | None = None,
    ) -> TimeSliced[Tick]:
        """Do ``tick`` in pieces; until the last is done, this fold is between two states."""
        known = entities or EntityDraft()
        draft = Draft(self.state, self.held, self.epoch, now, self.pace, known)
        if now >= self.prune_at:
            self.prune_at = now + PRUNE_EVERY_MS
            draft.prune()
        self._let_expire(draft, now)
        done = 0
        for comment_id, event in events:
            done += 1 + len(updates(event))
            if done >= SLICE:
                done = 0
                yield
            if isinstance(event, CommentEvent):
                self._comment(draft, comment_id, event, now)
            else:
                draft.control(event)
        return (yield from self._finish(draft, now))

    # --- events ----------------------------------------------------------------------------------

    def _comment(self, draft: Draft, comment_id: str, event: CommentEvent, now: int) -> None:
        self.pulse.comment(now, event.user, event.mood, event.excitement)
        sanction = draft.private.sanctions.get(event.user, self.state.sanction(event.user, now))
        if event.held:
            held = event.held_comment(comment_id)
            self.held[held.id] = held
            draft.private.held.append(held)
        elif sanction is not None:
            draft.hidden.append((Candidate.of_event(comment_id, event), ""))
        else:
            draft.candidates.append(Candidate.of_event(comment_id, event))

    def _is_over(self, held: HeldComment, now: int) -> bool:
        return held.at + self.state.settings.held_for * 1000 <= now

    def _let_expire(self, draft: Draft, now: int) -> None:
        """Expire held comments that nobody decided in time, the oldest first."""
        over = takewhile(lambda held: self._is_over(held, now), self.held.values())
        for held in [*islice(over, MAX_EXPIRING)]:
            del self.held[held.id]
            draft.private.decided.append(held.id)
            words = "no moderator came to your comment in time; say it again if it still matters"
            draft.turn_away(held, words)

    # --- the end of a tick -----------------------------------------------------------------------

    def _wanted(self, draft: Draft) -> list[Candidate]:
        """Return the candidates, without those whose text was taken back, which are hidden."""
        unwanted = draft.unwanted
        into = [(each, unwanted.comment_of(each.dedupe_key)) for each in draft.candidates]
        draft.hidden += [(each, comment) for each, comment in into if comment]
        return [each for each, comment in into if not comment]

    def _untaken(self, draft: Draft) -> list[Translations]:
        """Return what was translated, without comments that were taken back meanwhile: their
        words must not stay in commits for longer than the comments."""
        self.gone |= dict.fromkeys(draft.retract)
        for _ in range(len(self.gone) - GONE_KEPT):
            del self.gone[next(iter(self.gone))]
        found = [without_comments(each, self.gone) for each in draft.private.translations]
        return [each for each in found if each]

    def _finish(self, draft: Draft, now: int) -> TimeSliced[Tick]:
        draft.announce()
        settings = draft.settings or self.state.settings
        self.selector.shown_texts.retract(draft.retract)
        approved = [
            Group(each, each.weight, waiting=self.selector.show(each, now))
            for each in draft.approved
        ]
        candidates = self._wanted(draft)
        choice = yield from self.selector.choosing(candidates, now, settings, len(approved))
        groups = sorted([*choice.shown, *approved], key=lambda group: group.shown.id)

        said = rows(groups, choice)
        tick = Tick(
            private=draft.private,
            outcomes=draft.outcomes,
            said=said,
            rows=[*said, *hidden_rows(draft.hidden), *draft.imported],
            retracted=draft.retract,
            rundown_items=draft.rundown.items,
            shown=len(groups),
            merged=sum(len(group.merged) for group in groups) + len(choice.again),
            overflow=choice.overflow,
        )
        draft.private.polls = list(draft.polls.values())
        draft.private.rundown, draft.private.gone = draft.rundown.changes
        overlays, drop = draft.cards.finish()
        draft.private.waiting = draft.cards.moved
        draft.private.entities = draft.entities.rows()
        draft.private.unwanted = draft.unwanted.changes
        draft.private.languages = languages(groups)
        draft.private.translations = self._untaken(draft)
        home = settings.lang if settings.languages else None
        whole = Frame(
            now=now,
            comments=[shown(group, home) for group in groups] or UNSET,
            overflow=choice.overflow or UNSET,
            retract=draft.retract or UNSET,
            polls=[views.for_viewers(poll) for poll in draft.polls.values() if poll.announced]
            or UNSET,
            cues=draft.cues or UNSET,
            overlays=overlays or UNSET,
            drop=drop or UNSET,
            settings=draft.settings or UNSET,
        )
        tick.frames = numbered(whole, self.offset + 1)
        self.offset += len(tick.frames)
        tick.changed = fold(self.state, tick.frames, tick.private)
        return tick
