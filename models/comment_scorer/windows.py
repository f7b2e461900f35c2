"""Recorded chats to try selection on, with messages in them that moderators removed.

The removed ones are of the third that no training sees, one in every fifty, at chance places, each
by an author of its own; those for tuning and those for testing are different ones.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from grandstand.moderation.moderator import Judgement, Moderator
from grandstand.moderation.policy import Policy
from grandstand.moderation.scores import Scorer
from grandstand.moderation.word_rules import Rules
from grandstand.text.normalise import clean, dedupe_key, skeleton

from models.comment_scorer import sets

LEVELS = (0, 2)
NEAR = 0.7
TOXIC_EVERY = 50

_HAN = re.compile("[\u3400-\u9fff]")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a window, ``at`` ms from its start; ``toxic``: mixed in."""

    at: int
    user: str
    text: str
    toxic: bool
    off: Judgement
    strict: Judgement

    def judged(self, level: int) -> Judgement:
        """What moderation says of it at level 0 or 2."""
        return self.strict if level else self.off

    @property
    def is_called_toxic(self) -> bool:
        """Whether the scorer gives it a half or more of any category."""
        return max((self.off.probabilities or {}).values(), default=0.0) >= 0.5

    @property
    def has_something_to_say(self) -> bool:
        """Three different words or five Chinese characters, judged fine."""
        words = set(_WORD.findall(skeleton(self.text)))
        much = len(words) >= 3 or len(_HAN.findall(self.text)) >= 5
        return much and not self.toxic and self.strict.action == "show"


@dataclass(slots=True)
class Window:
    """A recorded chat with the removed messages in it."""

    name: str
    said: list[Said]
    alike: dict[str, set[str]]
    loud_words: dict[str, int]


async def windows(data: Path, scorer: Scorer, split: str) -> list[Window]:
    """The recorded chats of a split of ``sets.windows``, judged once."""
    moderator = Moderator(scorer, Rules.load(), deadline_ms=600_000)
    removed = [text for text, _ in sets.moderated(data, "test", sets.UNKIND)]
    pool = removed[0::2] if split == "thresholds" else removed[1::2]
    made = []
    for path in sets.windows(data, split):
        rows = sets.messages(path)
        messages = [(r["at"], r["user"], clean(r["text"]), False) for r in rows]
        made.append(await _window(moderator, path.stem, mixed(messages, pool, path.stem)))
    await moderator.close()
    return made


Message = tuple[int, str, str, bool]


def mixed(messages: Sequence[Message], pool: Sequence[str], seed: str) -> list[Message]:
    """The messages with a removed one somewhere in every ``TOXIC_EVERY``."""
    chance = random.Random(f"{sets.SEED} {seed}")
    chosen = chance.sample(pool, len(messages) // TOXIC_EVERY)
    mixed = list(messages)
    for place in reversed(range(len(chosen))):
        at = place * TOXIC_EVERY + chance.randrange(TOXIC_EVERY)
        mixed.insert(at, (messages[at][0], f"removed {place}", chosen[place], True))
    return [message for message in mixed if message[2]]


async def _window(moderator: Moderator, name: str, messages: Sequence[Message]) -> Window:
    texts = list(dict.fromkeys(text for _, _, text, _ in messages))
    judged = {}
    for level in LEVELS:
        verdicts: list[Judgement] = []
        for first in range(0, len(texts), 256):
            verdicts += await moderator.judge(texts[first : first + 256], Policy(level))
        judged[level] = dict(zip(texts, verdicts, strict=True))
    said = [Said(*message, judged[0][message[2]], judged[2][message[2]]) for message in messages]
    authors: dict[str, set[str]] = defaultdict(set)
    for one in said:
        for word in () if one.toxic else _words(one.text):
            authors[word].add(one.user)
    loud = {word for word, users in authors.items() if len(users) >= 5}
    return Window(name, said, alike(texts), frequencies(((s.text, 1) for s in said), loud))


def _words(text: str) -> set[str]:
    return set(_WORD.findall(skeleton(text)))


def frequencies(said: Iterable[tuple[str, int]], vocabulary: Iterable[str]) -> dict[str, int]:
    """How many of ``said`` (text, times) have each word of a vocabulary."""
    counts = dict.fromkeys(sorted(vocabulary), 0)
    for text, times in said:
        for word in _words(text):
            if word in counts:
                counts[word] += times
    return counts


def _trigrams(text: str) -> set[str]:
    text = text.casefold()
    return {text[at : at + 3] for at in range(max(1, len(text) - 2))}


def alike(texts: Sequence[str]) -> dict[str, set[str]]:
    """For each of different texts those that are near-duplicates of it, itself included."""
    found = {text: {text} for text in texts}
    by_dedupe_key: dict[int, list[str]] = defaultdict(list)
    grams = {text: _trigrams(text) for text in texts}
    commonness = Counter(gram for own in grams.values() for gram in own)
    by_gram: dict[str, list[str]] = defaultdict(list)
    for text in texts:
        near = set(by_dedupe_key[dedupe_key(text)])
        by_dedupe_key[dedupe_key(text)].append(text)
        # Of two sets so alike the rarest of each, this many, have one in common.
        mine = sorted(grams[text], key=lambda gram: (commonness[gram], gram))
        for gram in mine[: len(mine) - int(np.ceil(NEAR * len(mine))) + 1]:
            for other in by_gram[gram]:
                shared = len(grams[text] & grams[other])
                if shared >= NEAR * (len(grams[text]) + len(grams[other]) - shared):
                    near.add(other)
            by_gram[gram].append(text)
        for other in near:
            found[text].add(other)
            found[other].add(text)
    return found
