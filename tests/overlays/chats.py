"""Chats that are made up: an even murmur, and what breaks it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence

from grandstand.overlays.highlights import Highlight, HighlightFinder, Said

WORDS = (
    *("nice", "run", "wow", "pretty", "good", "fast", "music", "love", "hmm", "boss", "hard"),
    *("save", "split", "route", "glitch", "jump", "lucky", "pattern", "door", "room", "map"),
)
CHEERS = (
    "GOAL!!!",
    "what a GOAL by Messi",
    "Messi!!",
    "进球了",
    "梅西进球了",
    "GOOOAL",
    "GOAL lol",
)
MINUTE_S = 60

Chat = list[Said]


def murmur(
    seed: int, seconds: int, rate: Callable[[int], float] = lambda second: 1.5, people: int = 300
) -> Chat:
    """Even chat: ``rate`` says how many comments a second has in the mean."""
    chance = random.Random(seed)
    chat = []
    for second in range(seconds):
        for _ in range(_poisson(chance, rate(second))):
            text = " ".join(chance.choices(WORDS, k=chance.randint(1, 6)))
            chat.append(said(chance, second, f"viewer{chance.randrange(people)}", text))
    return sorted(chat)


def cheer(seed: int, begin_s: int, count: int, texts: Sequence[str] = CHEERS) -> Chat:
    """Many people who cheer at once, and calm down within half a minute."""
    chance = random.Random(seed)
    return [
        said(chance, begin_s + int(chance.expovariate(1 / 8)), f"fan{n}", chance.choice(texts))
        for n in range(count)
    ]


def raid(
    seed: int, begin_s: int, seconds: int, per_second: int, people: int, text: Callable[[int], str]
) -> Chat:
    """Some people who write the same again and again."""
    chance = random.Random(seed)
    return [
        said(chance, begin_s + n // per_second, f"raider{chance.randrange(people)}", text(n))
        for n in range(seconds * per_second)
    ]


def said(chance: random.Random, second: int, user: str, text: str) -> Said:
    at = second * 1000 + chance.randrange(1000)
    return Said(at, user, text, f"{at}-{user}", chance.randrange(100) / 10)


def _poisson(chance: random.Random, mean: float) -> int:
    count, left = 0, chance.expovariate(1.0)
    while left < mean:
        count += 1
        left += chance.expovariate(1.0)
    return count


def watched(
    chat: Iterable[Said], finder: HighlightFinder | None = None, until_s: int = 0
) -> list[Highlight]:
    """Read a finder each second; return its highlights as they ended."""
    finder = finder or HighlightFinder()
    waiting = sorted(chat)
    end = until_s * 1000 + 1 if until_s else waiting[-1].at + 120_000
    found: list[Highlight] = []
    place = 0
    for now in range(waiting[0].at // 1000 * 1000, end, 1000):
        while place < len(waiting) and waiting[place].at < now:
            finder.comment(waiting[place])
            place += 1
        found += finder.read(now).highlights
    return [each for each in found if each.until is not None]
