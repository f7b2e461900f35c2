"""One room at this edge: its audiences, its batches, its viewers, and its programme feed.

It gets publications and commits from the replica, and turns them into bytes for audiences, notices
for single viewers, and closes for those who were banned. A subscriber of the programme feed is a
member like a viewer's session, in the same audience; only it isn't counted among the viewers.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from typing import Any

import structlog
from msgspec import UNSET

from grandstand.domain.entities import kind_of
from grandstand.domain.envelope import Commit
from grandstand.domain.polls import views
from grandstand.domain.state import PrivateChanges
from grandstand.edge import validation
from grandstand.edge.arrivals import HOLD_ADDRESS_MS, Arrivals
from grandstand.edge.audience import Audience
from grandstand.edge.audiences import Audiences
from grandstand.edge.batch import BatchQueue
from grandstand.edge.cohort import Outlet
from grandstand.edge.languages import Languages
from grandstand.edge.member import FeedMember, Member
from grandstand.edge.playheads import Playheads
from grandstand.edge.topics import Topics
from grandstand.edge.welcome import Greeter, Resets
from grandstand.moderation.moderator import Moderator
from grandstand.overlays.stats_cards import cards_by_rule, followers_card, translated_cards
from grandstand.replica.publication import (
    EVERYONE,
    STAFF,
    AudienceKey,
    FeedEvent,
    Publication,
    Voters,
)
from grandstand.replica.room import LiveRoom
from grandstand.store.store import Store
from grandstand.telemetry import Metrics
from grandstand.wire import event_stream
from grandstand.wire.codec import Codec
from grandstand.wire.codes import CloseCode
from grandstand.wire.messages import Frame, Notice, Overlay, Resume, Viewer
from grandstand.wire.translations import TranslatedOverlay, Translations

QUIET_S = 8.0
"""After this long without a frame the edge sends the room's position; clients expect a frame in 10
s."""

BEAT_S = 9.0
"""The programme feed has a beat after this long, at the next heartbeat: the contract says 10 s."""

BEAT = FeedEvent(event_stream.comment())

DISMISSED_AT_ONCE = 100
"""Viewers of a deleted room who are sent away in one go, 3 ms."""

WELCOMED_AT_ONCE = 100
"""Viewers who get a new welcome in one go, 10 ms, when the ring doesn't continue their history."""

HELD_PER_NOTICE = 20
"""Held comments in one notice: each has at most 3 KB (500 characters of four bytes, a name of 100,
the reasons), and a message 64 KiB."""

log = structlog.get_logger(__name__)


class EdgeRoom:
    """A room, its viewers and its subscribers on this node."""

    def __init__(
        self,
        live: LiveRoom,
        store: Store,
        moderator: Moderator,
        metrics: Metrics,
        on_end: Callable[[], None],
        hold_address_ms: int = HOLD_ADDRESS_MS,
    ) -> None:
        """``on_end`` is called once the room was deleted."""
        self.live = live
        self.batches = BatchQueue(live, store, moderator, metrics)
        self.playheads = Playheads()
        self._greeter = Greeter(live.room)
        self._store = store
        self._resets = Resets(live.room)
        self._metrics = metrics
        self.arrivals = Arrivals(live, hold_address_ms)
        self.audiences = Audiences(metrics, live.replica.offset, self._knows)
        self.audience = self.audiences[EVERYONE]
        self.audience.bound(live.replica.state.settings.patience)
        self.languages = Languages(metrics, live, self.audience)
        self._languages = live.replica.state.settings.languages
        self.topics = Topics(
            metrics,
            self._cards,
            self._knows_entity,
            live.now,
            self.languages.put_beside,
            self._translated_cards,
            self.languages.of,
        )
        self._sessions: set[Member] = set()
        self._subscribers: dict[Member, FeedMember] = {}
        self._guests = live.replica.state.settings.guests
        self._unwelcomed: dict[Member, None] = {}
        # Tuples of 48 bytes: a set for each viewer has 216, and few have a second connection.
        self._present: dict[str, tuple[Member, ...]] = {}
        self._sent_at_s = self._beat_at_s = 0.0
        self._at_work: set[asyncio.Task[None]] = set()
        self._on_end = on_end
        live.listeners.append(self)

    # --- who is there ----------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._sessions)

    @property
    def viewers(self) -> int:
        """Return how many viewers are here."""
        return len(self._sessions) - len(self._subscribers)

    @property
    def sessions(self) -> list[Member]:
        """Return the sessions that are here now."""
        return list(self._sessions)

    def enter(self, session: Member) -> None:
        """Add a session."""
        self._sessions.add(session)
        if session.user:
            self._present[session.user] = (*self._present.get(session.user, ()), session)
        if session.is_staff:
            self.audiences.join(STAFF, session.outlet)
            self.arrivals.note_staff(session)

    def subscribe(self, subscriber: FeedMember) -> None:
        """Add a subscriber of the programme feed."""
        self._subscribers[subscriber] = subscriber
        self.enter(subscriber)

    def reset(self) -> FeedEvent:
        """Return the event with which a subscriber begins anew."""
        return self._resets.event(self.live.replica, self.live.now())

    def leave(self, session: Member) -> None:
        """Remove a session."""
        self._sessions.discard(session)
        self._subscribers.pop(session, None)
        self._unwelcomed.pop(session, None)
        self.silence(session.outlet)
        present = self._present.pop(session.user, ())
        if others := tuple(each for each in present if each is not session):
            self._present[session.user] = others

    def heed(self, outlet: Outlet, topics: list[str], lang: str) -> None:
        """Note which topics a viewer follows, and which language (BCP 47) it asks for, if any."""
        self.topics.follow(outlet, topics)
        if lang:
            self.languages.ask(outlet, lang)

    def audience_of(self, outlet: Outlet) -> Audience:
        """Return the audience whose numbered frames a viewer gets: the room's, or that of its
        language."""
        return self.languages.audience_of(outlet)

    def missed_beside(self, outlet: Outlet, offset: int) -> Sequence[Publication]:
        """Return what a viewer missed since frame ``offset`` beside numbered frames."""
        return self.languages.missed(outlet, offset)

    def greet(
        self, outlet: Outlet, viewer: Viewer, resume: Resume | None, codec: Codec
    ) -> tuple[list[bytes], list[Publication] | None]:
        """Return the messages of a welcome, as ``Greeter.greet`` does."""
        return self._greeter.greet(
            self.live.replica,
            viewer,
            self.live.now(),
            max(self.live.viewers, self.viewers, 1),
            self._store.durability.promise,
            resume,
            codec,
            self.languages.of(outlet),
        )

    def silence(self, outlet: Outlet) -> None:
        """Write nothing to a connection any more."""
        self.languages.leave(outlet)
        self.audiences.leave(outlet)
        self.topics.leave(outlet)

    def sessions_of(self, user: str) -> tuple[Member, ...]:
        """Return the connections that a viewer has here."""
        return self._present.get(user, ())

    def voted(self, session: Member, poll: str) -> None:
        """Note that the session's viewer has a vote in the poll, so it may see the tally."""
        if self._tells_voters(poll):
            self.audiences.join(Voters(poll), session.outlet)

    def _knows(self, key: AudienceKey) -> bool:
        """Return whether an audience of that key may exist: everyone, staff, and voters of a poll
        that has not ended and whose tally is for voters."""
        return self._tells_voters(key.poll) if isinstance(key, Voters) else True

    def _tells_voters(self, poll_id: str) -> bool:
        poll = self.live.replica.state.polls.get(poll_id)
        return poll is not None and poll.show_tally == "voted" and not poll.ended

    # --- what happens in the room ----------------------------------------------------------------

    def translated(self, news: Mapping[str, Translations]) -> None:
        """Give what was translated to those who get its language."""
        self.languages.translated(news)

    def published(self, publication: Publication) -> None:
        """Send a frame to everyone, with its additions; an unnumbered one may wait a tick."""
        is_numbered = publication.offset is not None
        tick_s = self.live.replica.state.settings.tick / 1000
        self._publish(publication, 0.0 if is_numbered else tick_s)

    def committed(self, commit: Commit) -> None:
        """Send the private changes to those whom they concern."""
        if commit.private:
            self._tell(commit.private)
            self._tell_staff_ahead(commit)
        settings = self.live.replica.state.settings
        for audience in self._audiences():
            audience.bound(settings.patience)
        if settings.languages != self._languages:
            self._languages = settings.languages
            self._settle_languages()
        if settings.guests != self._guests:
            self._guests = settings.guests
            self._start(self._review(), "review")

    def entities_changed(self, entities: Collection[str]) -> None:
        """Give the cards of these entities to those who follow them."""
        self.topics.changed(entities)

    def recounted_followers(self, most: int) -> dict[str, int]:
        """Return at most so many counts of followers here that are news, of entities that the room
        knows."""
        names = self.topics.recounted(most)
        return {name: self.topics.count(name) for name in names if name in self.live.entities}

    def _knows_entity(self, name: str) -> bool:
        return name in self.live.entities

    def _cards(self, topic: str) -> list[Overlay]:
        """Return the present cards of an entity: its values, and what rules made of them."""
        entity = self.live.entities.get(topic)
        if entity is None:
            return []
        state = self.live.replica.state
        oldest = self.live.now() - state.settings.max_latency
        card = followers_card(topic, entity, state.schemas.get(kind_of(topic)), oldest)
        return [*([] if card is None else [card]), *cards_by_rule(topic, entity, oldest)]

    def _translated_cards(self, topic: str, lang: str) -> list[TranslatedOverlay]:
        """Return what of these cards is said in a language (BCP 47)."""
        entity = self.live.entities.get(topic)
        oldest = self.live.now() - self.live.replica.state.settings.max_latency
        return [] if entity is None else translated_cards(entity, lang, oldest)

    def reloaded(self) -> None:
        """Welcome everyone anew: what viewers have doesn't lead to the room's state.

        Until its turn comes a viewer gets no frames; its welcome has what they would have told it.
        """
        self._metrics.replica_reloads.inc()
        self.playheads.restart()
        settings = self.live.replica.state.settings
        self._languages = settings.languages
        self.languages.settle()
        self.languages.forget()
        for audience in self._audiences():
            audience.empty(self.live.replica.offset)
            audience.bound(settings.patience)
        self.audiences.prune()
        self._welcome_anew(self._sessions)

    def _settle_languages(self) -> None:
        """Welcome those anew who get another language than before."""
        moved = set(self.languages.settle())
        self._welcome_anew([each for each in self._sessions if each.outlet in moved])

    def _welcome_anew(self, sessions: Iterable[Member]) -> None:
        is_idle = not self._unwelcomed
        self._unwelcomed |= dict.fromkeys(sessions)
        if is_idle:
            self._welcome_some()

    def _welcome_some(self) -> None:
        """Welcome some viewers; the others follow after the loop has done other work."""
        state, now = self.live.replica.state, self.live.now()
        for session in list(itertools.islice(self._unwelcomed, WELCOMED_AT_ONCE)):
            del self._unwelcomed[session]
            try:
                if state.ban(session.user, now) is not None:
                    session.bye(CloseCode.BANNED, validation.BANNED)
                else:
                    session.welcome_again()
            except Exception:  # one viewer's failure must not stop the others' welcome
                log.exception("welcome_failed", room=self.live.room)
        if self._unwelcomed:
            asyncio.get_running_loop().call_soon(self._welcome_some)

    def ended(self) -> None:
        """Send everyone away: the room was deleted."""
        self._on_end()
        self._start(self._dismiss(), "dismiss")

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=f"{name} {self.live.room}")
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)

    async def _dismiss(self) -> None:
        while self._sessions:
            for session in list(itertools.islice(self._sessions, DISMISSED_AT_ONCE)):
                try:
                    session.bye(CloseCode.NO_SUCH_ROOM, "this room was deleted")
                except Exception:  # one viewer's failure must not stop the others' close
                    log.exception("dismissal_failed", room=self.live.room)
                self.leave(session)
            await asyncio.sleep(0)  # other rooms' viewers come in between

    async def _review(self) -> None:
        for number, subscriber in enumerate([*self._subscribers.values()], 1):
            try:
                subscriber.review()
            except Exception:  # one subscriber's failure must not stop the others' review
                log.exception("review_failed", room=self.live.room)
            if number % DISMISSED_AT_ONCE == 0:
                await asyncio.sleep(0)

    def heartbeat(self, now_s: float) -> None:
        """Send the room's position if nothing was sent for a while, and the feed's beat."""
        if self._subscribers and now_s - self._beat_at_s >= BEAT_S:
            self._beat_at_s = now_s
            self.audience.broadcast(BEAT)
        if now_s - self._sent_at_s >= QUIET_S:
            frame = Frame(now=self.live.now(), head=self.live.replica.offset)
            self._publish(Publication.of(frame))
            for audience in self._audiences():
                audience.hurry()  # the last frame was long ago already

    def _publish(self, publication: Publication, within_s: float = 0.0) -> None:
        self._sent_at_s = asyncio.get_running_loop().time()
        self.audiences.publish(publication, within_s)
        self.languages.published(publication, within_s)

    def _audiences(self) -> list[Audience]:
        """Return the audiences that get numbered frames: each viewer is in one of them."""
        return [self.audience, *self.languages.audiences()]

    def _tell(self, private: PrivateChanges) -> None:
        for user, notice in private.notices:
            for session in self._present.get(user, ()):
                session.tell(notice)
        for user, sanction in private.sanctions.items():
            if sanction is not None and sanction.kind == "ban":
                for session in self._present.get(user, ()):
                    self.arrivals.note_banned(session, sanction)
                    session.bye(CloseCode.BANNED, validation.BANNED)
        if private.refused:
            self.batches.appeals.turned_away(private.refused)
        if STAFF in self.audiences and (private.held or private.decided):
            self._tell_staff(private)
        if private.polls:
            self.audiences.prune()

    def _tell_staff_ahead(self, commit: Commit) -> None:
        """Show staff, before all others, the polls and cues that are set for later."""
        polls = [views.for_viewers(poll) for poll in commit.private.polls if not poll.announced]
        cues = [cue for cue in commit.private.cues_ahead.values() if cue is not None]
        if STAFF in self.audiences and (polls or cues):
            # Without `head`: the commit's frames may still wait for who is patient.
            frame = Frame(commit.now, polls=polls or UNSET, cues=cues or UNSET)
            self.audiences.notify(STAFF, Publication.of(frame))

    def _tell_staff(self, private: PrivateChanges) -> None:
        notices = [
            Notice("decided", "a held comment was decided", comment) for comment in private.decided
        ]
        for first in range(0, len(private.held), HELD_PER_NOTICE):
            held = private.held[first : first + HELD_PER_NOTICE]
            notices.append(Notice("held", "comments wait for a moderator", held=held))
        for notice in notices:
            self.audiences.notify(STAFF, Publication.of(notice))
