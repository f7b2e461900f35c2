"""The job that translates what viewers are shown, for those who asked for a language.

Theory of operation: what a commit shows is given to the interpreter, once a tick and language, all
languages side by side. Nobody waits for an answer: what comes enters by the ingest stream whenever
it is there, and the frames after it bring it to that language's viewers. What doesn't come in time
is lost, and the original is shown. The cursor moves once all that a commit showed is answered or
given up, so a process that takes over asks again for what is still missing. Events of commits have
the same ids then, so what it finds again enters once.

What a person wrote is told as it is, without waiting for what the interpreter is asked. The names
of the room's entities go along with each question: no translator may change them.

A language is translated while somebody gets it on any node, and for a minute more. When it becomes
wanted, what the room shows at that moment is translated too, but for what is translated already. A
comment that was taken back meanwhile is dropped here, and again where viewers are served
(``replica.translations``).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from grandstand.domain.envelope import Commit
from grandstand.domain.events import Translated
from grandstand.leader.commits import Batch, Commits, Cursor, follow
from grandstand.leader.event_names import EventNames
from grandstand.leader.room import LeaderRoom
from grandstand.leader.shown_texts import (
    Key,
    ShownText,
    keys_of,
    texts_of,
    texts_on_show,
    translations,
)
from grandstand.store.errors import StoreUnavailable, UnknownRoomError
from grandstand.store.store import retry_until
from grandstand.tasks import cancel_all
from grandstand.translation.glossary import Glossary
from grandstand.translation.interpreter import Sentence
from grandstand.translation.interpreter import Translated as Answer
from grandstand.wire import redaction
from grandstand.wire.translations import Translations

DEADLINE_S = 5.0
"""How long an answer may take. A viewer 6 s behind live sees one of 5 s in time, and for all others
it is there when they read the list."""

LATE_MS = 30_000
"""What was shown so long ago isn't translated any more, when a leader takes over or lags."""

HEARD_S = 1.0
"""How often nodes are asked which languages somebody gets: as often as they say it."""

KEPT_S = 60.0
"""For so long a language is translated after its last viewer: pages come back."""

AT_ONCE = 25
"""Answers of one language that are waited for at a time: a tick of 200 ms needs no more. What comes
meanwhile goes into the next question."""

SENTENCES = 100
CHARACTERS = 4000
"""Of a question: what a language model says in some seconds, and as many tokens as services let it
say. The rest goes into the next question, a tick later: that is 500 comments a second."""

QUEUED = 500
"""Texts that wait for such a question; of more, the newest."""

LOOKED_BACK = 300
"""Commits in which translations of comments are looked for that are on show when a language becomes
wanted: as many as nodes keep frames."""

PATIENCE_S = 10.0
"""How long an answer is sent again while the store is away."""

MOVE_S = 5.0
"""Between two moves of the cursor: each is a write."""

GONE_KEPT = 2000
"""Comments that were taken back and are remembered."""

log = structlog.get_logger(__name__)


class Interpreter(Protocol):
    """What translates sentences."""

    async def translate(
        self,
        room: str,
        lang: str,
        sentences: Sequence[Sentence],
        deadline_s: float,
        *,
        names: Glossary | None,
    ) -> list[Answer | None]:
        """Return a translation for each sentence, or None: the original is shown. ``names`` stay as
        they are."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A text to be translated; ``about`` says what showed it: a commit, or the room when a language
    became wanted. What is found is told in one event of each."""

    about: str
    text: ShownText


@dataclass(frozen=True, slots=True)
class _Beginning:
    """What is asked for or known of what the room showed up to commit ``seq``, when a language
    became wanted: commits up to there may show it again."""

    epoch: str
    seq: int
    known: frozenset[Key]


class Translating:
    """Translates all rooms that this process leads."""

    name = "translations"

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter

    async def run(self, room: LeaderRoom, commits: Commits, cursor: Cursor) -> None:
        """Follow the commits, and who listens."""
        while not room.settings.languages:
            await room.next_tick()  # a room that has no languages has no cursor either
        work = _Work(room, cursor, self._interpreter)
        try:
            await follow(commits, work)
        finally:
            await cancel_all([*work.asking])


class _Work:
    """The translations of one room, for as long as this process leads it."""

    def __init__(self, room: LeaderRoom, cursor: Cursor, interpreter: Interpreter) -> None:
        self.asking: dict[asyncio.Task[None], str] = {}
        """Questions on their way, each with its language."""

        self._room = room
        self._cursor = cursor
        self._interpreter = interpreter
        self._names = EventNames(room)
        self._heard: dict[str, float] = {}
        self._heard_at_s = self._moved_at_s = 0.0
        self._taken_seq: int | None = None
        self._begun: dict[str, _Beginning] = {}
        self._queued: dict[str, list[_Asked]] = {}
        self._open: deque[tuple[float, Batch]] = deque()
        self._gone: dict[str, None] = {}

    @property
    def is_waiting(self) -> bool:
        """Return whether time alone changes something: somebody may ask for a language."""
        return bool(self._room.settings.languages) or self._cursor.is_behind

    async def take(self, batch: Batch) -> None:
        """Ask for what commits showed."""
        self._taken_seq = batch.commits[0].seq - 1 if batch.commits else batch.seq
        await self._listen()
        if batch.missed:
            self._names.missed()
        for commit in batch.commits:
            self._take_back(commit)
            self._names.take(commit.private.entities.values())
            if self._heard and self._room.now() - commit.now < LATE_MS:
                about = f"{commit.epoch}\0{commit.seq}"
                for text in texts_of(commit, self._room.settings):
                    for lang in self._heard:
                        if not self._is_known(lang, commit, text):
                            self._queue(lang, _Asked(about, text))
        self._taken_seq = batch.seq
        self._open.append((asyncio.get_running_loop().time(), batch))
        await self._go_on()

    async def rest(self) -> None:
        """Look who listens, in a room where nothing is committed."""
        await self._listen()
        await self._go_on()

    # --- into which languages --------------------------------------------------------------------

    async def _listen(self) -> None:
        """Learn which languages somebody gets. Where the store doesn't say it, they stay."""
        known, now_s = self._room.settings.languages, asyncio.get_running_loop().time()
        if known and now_s - self._heard_at_s >= HEARD_S:
            self._heard_at_s = now_s
            try:
                reports = await self._room.store.audience_reports.of(
                    self._room.id, self._room.store.now_ms()
                )
                wanted = {lang for report in reports.values() for lang in report.languages}
                heard = [lang for lang in known if lang in wanted]
                await self._begin([lang for lang in heard if lang not in self._heard])
                self._heard |= dict.fromkeys(heard, now_s)
            except StoreUnavailable:
                return
        for lang in [*self._heard]:
            if lang not in known or now_s - self._heard[lang] > KEPT_S:
                del self._heard[lang]
                self._queued.pop(lang, None)

    async def _begin(self, languages: Sequence[str]) -> None:
        """Ask for what the room shows and nobody has translated yet; comments of commits that are
        still to be taken come with these. Raises StoreUnavailable.
        """
        shown, stands = self._room.shown, self._room.stands
        if shown is None or not languages:
            return
        # Another id than that of the time before: it may have been told and have gone since.
        about = f"on show\0{stands.epoch}\0{stands.seq}"
        told, coming = await self._lately()
        for lang in languages:
            known = keys_of(shown.translations.get(lang, Translations(lang)))
            known |= told.get(lang, set())
            for text in texts_on_show(shown):
                if text.key in known or (text.kind == "comment" and text.id in coming):
                    continue
                known.add(text.key)
                self._queue(lang, _Asked(about, text))
            self._begun[lang] = _Beginning(stands.epoch, stands.seq, frozenset(known))

    async def _lately(self) -> tuple[dict[str, set[Key]], set[str]]:
        """Return the comments whose translations the last commits have, by language, and the ids of
        those which commits still to be taken show. Raises StoreUnavailable."""
        told, coming = dict[str, set[Key]](), set[str]()
        taken = self._taken_seq
        if taken is None:
            taken = 0 if self._cursor.at is None else self._cursor.at.seq
        since = max(0, self._room.stands.seq - LOOKED_BACK)
        for commit in await self._room.commits_after(since, LOOKED_BACK):
            for each in commit.private.translations:
                keys = keys_of(Translations(each.lang, each.comments))
                told.setdefault(each.lang, set()).update(keys)
            if commit.seq > taken and self._room.now() - commit.now < LATE_MS:
                coming |= redaction.shown_comments(commit.frames)
        return told, coming

    def _is_known(self, lang: str, commit: Commit, text: ShownText) -> bool:
        """Return whether a text of a commit was asked for or known as the language became
        wanted."""
        begun = self._begun.get(lang)
        if begun is None:
            return False
        if (commit.epoch, commit.seq <= begun.seq) != (begun.epoch, True):
            del self._begun[lang]
            return False
        return text.key in begun.known

    # --- questions and answers -------------------------------------------------------------------

    def _queue(self, lang: str, asked: _Asked) -> None:
        queued = self._queued.setdefault(lang, [])
        queued.append(asked)
        del queued[:-QUEUED]

    def _next(self, lang: str) -> list[_Asked]:
        """Return the oldest texts of a language that wait, as many as a question may have."""
        queued = self._queued.pop(lang)
        sentences = characters = 0
        for place, asked in enumerate(queued):
            sentences += len(asked.text.sentences)
            characters += sum(len(each.text) for each in asked.text.sentences)
            if place and (sentences > SENTENCES or characters > CHARACTERS):
                self._queued[lang] = queued[place:]
                return queued[:place]
        return queued

    def _take_back(self, commit: Commit) -> None:
        self._gone |= dict.fromkeys(redaction.retracted(commit.frames))
        while len(self._gone) > GONE_KEPT:
            del self._gone[next(iter(self._gone))]

    async def _go_on(self) -> None:
        """Ask one question a language, and move the cursor behind what is done with."""
        if self._queued:
            await self._names.learn()
        at_work = list(self.asking.values())
        for lang in [*self._queued]:
            if at_work.count(lang) < AT_ONCE:
                asked = self._next(lang)
                name = f"translation {self._room.id} {lang}"
                task = asyncio.create_task(self._ask(lang, asked), name=name)
                self.asking[task] = lang
                task.add_done_callback(self.asking.pop)
        now_s = asyncio.get_running_loop().time()
        if now_s - self._moved_at_s < MOVE_S:
            return
        done: Batch | None = None
        while self._open and (now_s - self._open[0][0] > DEADLINE_S + MOVE_S or self._is_done):
            done = self._open.popleft()[1]
        if done is not None:
            self._moved_at_s = now_s
            await self._cursor.move(done)

    @property
    def _is_done(self) -> bool:
        return not self.asking and not self._queued

    async def _ask(self, lang: str, asked: Sequence[_Asked]) -> None:
        try:
            asked = [each for each in asked if not self._is_gone(each.text)]
            written = [each for each in asked if lang in each.text.written]
            said = [answer for each in written for answer in each.text.written[lang]]
            await self._tell(lang, written, said)
            asked = [each for each in asked if lang not in each.text.written]
            if not asked:
                return
            sentences = [sentence for each in asked for sentence in each.text.sentences]
            answers = await self._interpreter.translate(
                self._room.id, lang, sentences, DEADLINE_S, names=self._names.glossary()
            )
            await self._tell(lang, asked, answers)
        except (StoreUnavailable, UnknownRoomError) as away:  # these are lost
            log.info("translation_lost", room=self._room.id, lang=lang, reason=str(away))
        except Exception:  # one question's failure must not stop the others
            log.exception("translation_failed", room=self._room.id, lang=lang)

    def _is_gone(self, text: ShownText) -> bool:
        return text.kind == "comment" and text.id in self._gone

    async def _tell(
        self, lang: str, asked: Sequence[_Asked], answers: Sequence[Answer | None]
    ) -> None:
        """Send what was found into the room, an event for each commit that showed it."""
        by_about: dict[str, tuple[list[ShownText], list[Answer | None]]] = {}
        place = 0
        for each in asked:
            said = answers[place : place + len(each.text.sentences)]
            place += len(each.text.sentences)
            if not self._is_gone(each.text):
                texts, found = by_about.setdefault(each.about, ([], []))
                texts.append(each.text)
                found += said
        events = []
        for about, (texts, found) in by_about.items():
            translated = translations(lang, texts, found)
            if translated:
                sources = {each.id: each.text for each in texts if each.kind == "overlay"}
                events.append(Translated(self._event_id(lang, about, texts), [translated], sources))
        if events:
            await retry_until(lambda: self._room.append(*events), PATIENCE_S)

    def _event_id(self, lang: str, about: str, texts: Sequence[ShownText]) -> str:
        """Return an id made of room, job, language and what was translated."""
        ids = "\0".join(f"{each.kind}{each.id}{each.at}" for each in texts)
        name = f"{self._room.id}\0{Translating.name}\0{lang}\0{about}\0{ids}"
        return hashlib.blake2b(name.encode(), digest_size=16).hexdigest()
