"""Highlights: the moments at which the audience stirs, found as they happen. Pure.

Theory of operation: ``Voices`` says how much each comment counts, ``Rise`` how far the rate of what
counts stands above the usual, ``Alarms`` when that is a highlight, ``RisingWords`` what it is
about, and ``ReactionDelay`` how long before the comments the moment was. All memory is bounded, in
seconds or in entries, whatever the audience writes.

A highlight is told twice: when it is noticed, and as it was when it is over, with its peak, its end
and the words and comments of all of it. Seconds are of programme time, so a viewer behind live
counts at the picture that they saw. The same comments give the same highlights, in whatever order
they come between two readings. It must not know where comments come from and where highlights go.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import NamedTuple
from zlib import crc32

from msgspec import Struct

from grandstand.domain.time_slices import TimeSliced, run_at_once
from grandstand.overlays.alarms import FLOOR, Alarms
from grandstand.overlays.bursts import LONGEST_S, Rise
from grandstand.overlays.names import PublicNames
from grandstand.overlays.reaction import ReactionDelay
from grandstand.overlays.rising_words import RisingWords, terms_of
from grandstand.overlays.voices import Voices
from grandstand.text.normalise import skeleton

WORDS = 5
SAMPLES = 5
PER_HOUR = 6.0
SAMPLED_IN_SECOND = 20
"""Comments of a second that may become samples: the weightiest."""

SAMPLED_S = 60
WORDS_IN_SECOND = 150
"""Comments of a second whose words are counted; of more, a share that the text decides."""

LOOKED_AT = 50
"""Comments that are looked at in a slice: 2.5 ms."""

SURE_AFTER_MS = 3000
"""Between a rise that may be a highlight and one that is: the mark stands at its beginning, which
whoever is further behind has still to see. People take longer to see, think and type, so the words
that the mark has by then are about a picture before it."""

LONGEST_SILENCE_S = 600
"""A longer leap of the time is made at once; a highlight that is open ends before it."""

MAX_PENDING = 50_000
"""Comments between two readings; further ones count, and are not looked at."""


class Said(NamedTuple):
    """A comment: ``at`` in ms of programme time, the author (``""`` unknown), the cleaned text, its
    id (``""``: it is never a sample), its weight (0 to 10) for being chosen as a sample, and the
    author's shown name."""

    at: int
    user: str
    text: str
    id: str = ""
    weight: float = 0.0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Highlight:
    """A moment; times in ms of programme time.

    ``onset`` is when what happened began, ``noticed`` when the comments began to show it, at most
    ``SURE_AFTER_MS`` before they surely did, ``until`` when the audience was calm again (None as
    long as it isn't). ``strength`` is how many times the usual was said at the peak so far.
    ``comments`` are the ids of samples.
    """

    onset: int
    noticed: int
    until: int | None
    strength: float
    words: tuple[str, ...]
    comments: tuple[str, ...]


class Memory(Struct, frozen=True):
    """What a finder has to remember so that another can go on, some 12 KB: all but what comments
    themselves tell again. ``until_s`` is the last second that was read."""

    until_s: int
    onset: int
    rise: Rise
    alarms: Alarms
    reaction: ReactionDelay
    open: Highlight | None


class Reading(NamedTuple):
    """What is new: highlights that were noticed, or ended, and the heat (1 is usual) of each second
    since the last reading, with its time in ms."""

    highlights: list[Highlight]
    heat: list[tuple[int, float]]


@dataclass(slots=True)
class HighlightFinder:
    """Finds the highlights of one room.

    ``per_hour`` is how many are wanted; ``is_muted`` says of a word that it may not be shown;
    ``public`` names athletes and teams, which are no private persons. With ``all_rises`` whatever
    reaches one and a half times the usual is a highlight: a reader of a whole recording picks the
    strongest of them.
    """

    per_hour: float = PER_HOUR
    is_muted: Callable[[str], bool] | None = None
    public: PublicNames = field(default_factory=PublicNames)
    all_rises: bool = False
    reaction: ReactionDelay = field(default_factory=ReactionDelay)
    late: int = 0
    """Comments that came too late to count."""

    _alarms: Alarms = field(init=False)
    _now_s: int | None = None
    _pending: dict[int, list[Said]] = field(default_factory=dict)
    """What isn't read yet, by its second."""

    _pending_count: int = 0
    _more: dict[int, int] = field(default_factory=dict)
    """How many comments of a second are known by their number alone."""

    _rise: Rise = field(default_factory=Rise)
    _voices: Voices = field(default_factory=Voices)
    _words: RisingWords = field(init=False)
    _samples: deque[tuple[int, list[Said]]] = field(default_factory=deque)
    _open: Highlight | None = None
    _onset: int = 0

    def __post_init__(self) -> None:
        self._alarms = (
            Alarms(self.per_hour, first=FLOOR, learns=False)
            if self.all_rises
            else Alarms(self.per_hour)
        )
        self._words = RisingWords(self.is_muted, self.public)

    @property
    def is_open(self) -> bool:
        """Return whether a highlight was noticed and isn't over."""
        return self._open is not None

    @property
    def is_waiting(self) -> bool:
        """Return whether time alone changes something: a highlight is open, or what was said isn't
        read yet."""
        return self.is_open or bool(self._pending or self._more)

    @property
    def until_s(self) -> int | None:
        """Return the last second that was read; None before the first."""
        return self._now_s

    def memory(self) -> Memory | None:
        """Return what another finder needs to go on; None before the first second was read."""
        if self._now_s is None:
            return None
        return Memory(self._now_s, self._onset, self._rise, self._alarms, self.reaction, self._open)

    def go_on(self, memory: Memory) -> None:
        """Go on where another finder was. It hands over neither words nor comments that lay ahead:
        give those since ``memory.until_s`` as new ones, some of before to ``hear_again``."""
        self._now_s, self._onset = memory.until_s, memory.onset
        self._rise, self._alarms, self.reaction = memory.rise, memory.alarms, memory.reaction
        self._open = memory.open
        self.want(self.per_hour)

    def want(self, per_hour: float) -> None:
        """Look for so many an hour from now on."""
        self.per_hour = self._alarms.per_hour = per_hour

    def hear_again(self, comments: Sequence[Said]) -> TimeSliced[None]:
        """Take comments that were counted before, for their words, their authors and as samples."""
        for second, said in groupby(sorted(comments), lambda said: said.at // 1000):
            yield from self._counting(second, list(said))
            self._words.advance(second)

    def begin_at(self, at: int) -> None:
        """Have the first reading begin with the second of ``at`` (ms)."""
        self._now_s = at // 1000 - 1

    def drop_open(self, noticed: int | None = None) -> None:
        """Forget the present highlight, which nobody is to be told of; with ``noticed``, only if it
        was noticed at that moment."""
        if self._open is not None and noticed in (None, self._open.noticed):
            self._open = None

    def named(self) -> set[str]:
        """Return the ids of all comments that are samples or may become such."""
        waiting = (*self._pending.items(), *self._samples)
        named = {said.id for _, comments in waiting for said in comments}
        return named.union(self._open.comments if self._open else ()) - {""}

    def forget(self, comments: Collection[str]) -> None:
        """Forget samples that were taken back, by their ids."""
        for second, waiting in self._pending.items():
            self._pending[second] = [said for said in waiting if said.id not in comments]
        self._pending_count = sum(map(len, self._pending.values()))
        for place, (second, best) in enumerate(self._samples):
            self._samples[place] = second, [said for said in best if said.id not in comments]
        if self._open is not None:
            left = tuple(each for each in self._open.comments if each not in comments)
            self._open = replace(self._open, comments=left)

    def comment(self, said: Said) -> None:
        """Take one comment, shown or not. One that lies ahead waits until its second is read: who
        knows what time it is has to refuse those of the future."""
        if self._pending_count == MAX_PENDING:
            self.uncounted(said.at, 1)
        elif not self._is_late(said.at, 1):
            self._pending.setdefault(said.at // 1000, []).append(said)
            self._pending_count += 1

    def uncounted(self, at: int, count: int) -> None:
        """Take comments of which only the number is known."""
        if not self._is_late(at, count):
            second = at // 1000
            self._more[second] = self._more.get(second, 0) + count

    def _is_late(self, at: int, count: int) -> bool:
        is_late = self._now_s is not None and self._now_s - at // 1000 >= LONGEST_S
        self.late += count if is_late else 0
        return is_late

    def moment(self, at: int) -> None:
        """Take the time of something that the audience reacts to (a cue, a goal, a finish): from
        several of them follows how late the audience is."""
        self.reaction.moment(at)

    def read(self, now: int) -> Reading:
        """Return what is new in the whole seconds before ``now`` (programme time, ms).

        Time that goes back gives nothing until it has caught up: after a room's clock was reset,
        begin with a new finder.
        """
        return run_at_once(self.reading(now))

    def reading(self, now: int) -> TimeSliced[Reading]:
        """Do ``read`` in pieces; until the last is done, nothing else may be asked of the finder,
        and it may be given nothing."""
        last_s = now // 1000 - 1
        reading = Reading([], [])
        if self._now_s is None:
            self._now_s = last_s - 1
        if last_s <= self._now_s:
            return reading
        seconds = self._taken(last_s)
        yield from self._adding_late(seconds, self._now_s)
        begin_s = max(self._now_s + 1, last_s - LONGEST_SILENCE_S)
        if self._open is not None and begin_s > self._now_s + 1:
            self._end(max(self._now_s + 1, self._open.noticed // 1000 + 1) * 1000, reading)
        for second in range(begin_s, last_s + 1):
            self._now_s = second
            comments, uncounted = seconds.pop(second, ([], 0))
            counted = yield from self._counting(second, comments)
            counted += uncounted * (counted / len(comments) if comments else 1.0)
            self._step(second, counted, reading)
            if second % LOOKED_AT == 0:
                yield
        return reading

    def _taken(self, last_s: int) -> dict[int, tuple[list[Said], int]]:
        """Return what came, by seconds up to ``last_s``, in an order of its own; what lies ahead
        goes on waiting."""
        due = [second for second in self._pending.keys() | self._more if second <= last_s]
        seconds = {
            second: (sorted(self._pending.pop(second, ())), self._more.pop(second, 0))
            for second in due
        }
        self._pending_count -= sum(len(comments) for comments, _ in seconds.values())
        return seconds

    def _adding_late(
        self, seconds: dict[int, tuple[list[Said], int]], now_s: int
    ) -> TimeSliced[None]:
        """Add what belongs to seconds that were read before."""
        for second in sorted(second for second in seconds if second <= now_s):
            comments, uncounted = seconds.pop(second)
            counted = yield from self._counting(now_s, comments)
            counted += uncounted * (counted / len(comments) if comments else 1.0)
            self._rise.add(counted, now_s - second)

    def _counting(self, second: int, comments: list[Said]) -> TimeSliced[float]:
        """Weigh comments, count their words and keep samples; return what they come to."""
        counted = 0.0
        share = min(1.0, WORDS_IN_SECOND / max(1, len(comments)))
        for number, said in enumerate(comments, 1):
            if number % LOOKED_AT == 0:
                yield
            weight = self._voices.weigh(second, said.user, said.text)
            counted += weight
            self._words.note(second, (said.user, said.name), said.text)
            if weight > 0 and (share == 1.0 or _is_sampled(said, share)):
                self._words.add(second, said.text, weight)
        named = [said for said in comments if said.id]
        if named:
            best = sorted(named, key=lambda said: (-said.weight, said))[:SAMPLED_IN_SECOND]
            self._samples.append((second, best))
        while self._samples and self._samples[0][0] <= second - SAMPLED_S:
            self._samples.popleft()
        return counted

    def _step(self, second: int, counted: float, reading: Reading) -> None:
        rise = self._rise.step(counted)
        self._words.advance(second)
        is_noticed = self._alarms.step(self._rise.lively_s, rise)
        end = (second + 1) * 1000
        reading.heat.append((second * 1000, round(self._rise.heat, 2)))
        if self._open is not None and (is_noticed or not self._alarms.is_raised):
            self._end(end, reading)
        if is_noticed:
            age_ms = 1000 * self._alarms.age_s(self._rise.lively_s)
            unsure_ms = min(age_ms, SURE_AFTER_MS, max(0, self.reaction.delay_ms))
            self._open = self._described(end - unsure_ms, end, rise)
            reading.highlights.append(self._open)
        elif self._open is not None and math.exp(rise) > self._open.strength + 0.05:
            self._open = self._described(self._open.noticed, end, rise)

    def _end(self, until: int, reading: Reading) -> None:
        assert self._open is not None
        self.reaction.onset(self._onset)
        reading.highlights.append(replace(self._open, until=until))
        self._open = None

    def _described(self, noticed: int, now: int, rise: float) -> Highlight:
        """Return the present highlight, as it looks now."""
        self._onset = now - 1000 * self._rise.onset_age_s
        words = tuple(self._words.top(WORDS))
        return Highlight(
            self._onset - self.reaction.delay_ms,
            noticed,
            None,
            round(math.exp(rise), 1),
            words,
            self._chosen(self._onset, words),
        )

    def _chosen(self, onset: int, words: Sequence[str]) -> tuple[str, ...]:
        """Return the ids of comments that stand for the moment: such as hold its words first, then
        the weightiest; one of each author and of each text."""
        wanted = {word.lower() for word in words}
        ranked = sorted(
            (
                -len(wanted & {*terms_of(said.text).values(), *terms_of(said.text)}),
                -said.weight,
                said,
            )
            for _, best in self._samples
            for said in best
            if said.at >= onset
        )
        chosen: list[str] = []
        users: set[str] = set()
        texts: set[str] = set()
        for _, _, said in ranked:
            key = skeleton(said.text)
            if key not in texts and (not said.user or said.user not in users):
                chosen.append(said.id)
                users.add(said.user)
                texts.add(key)
            if len(chosen) == SAMPLES:
                break
        return tuple(chosen)


def _is_sampled(said: Said, share: float) -> bool:
    """Return whether a comment is in a share of all, which is the same in every order."""
    return crc32(f"{said.user}\0{said.text}".encode("utf-8", "replace")) < share * 2**32
