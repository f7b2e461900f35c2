"""What teaches which head: ``python -m models.comment_scorer.prepare --data DIR`` prints it."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grandstand.moderation.text_features import shouted, surfaces
from grandstand.moderation.word_rules import read_words

from models.comment_scorer.mentions import mentions
from models.comment_scorer.sets import (
    EMOTIONS,
    INTENTS,
    OFFENCES,
    UNKIND,
    Labelled,
    chinese_mood,
    chinese_sms,
    cold,
    conda,
    davidson,
    emotion,
    english_mood,
    germeval,
    korean,
    moderated,
    olid,
    ordinary_chat,
    sms,
    twitch_mood,
    unlabelled,
    youtube,
)

HEADS = (
    "cold",
    *(f"conda_{intent}" for intent in INTENTS),
    "olid",
    *EMOTIONS,
    "sms",
    "youtube",
    "chinese_sms",
    "davidson_hate",
    "davidson_rude",
    "germeval",
    "korean",
    "removed",
    "german",
    "insult",
    "spam",
    "mood",
    "excitement",
)
"""What the model is asked of every text. All but the last four and "german" are what one data set
asks: they teach the trunk, and are what its test measures."""

CATEGORIES = ("insult", "spam")
PRODUCT = (*CATEGORIES, "mood", "excitement", "german")
"""Heads that the server asks."""


@dataclass(frozen=True, slots=True)
class Part:
    """One data set's share for one head.

    ``repeat``: how often the network sees it in an epoch, small sets more often; ``dressed``: the
    share of copies dressed up as people do to slip past filters.
    """

    source: str
    head: str
    rows: list[Labelled]
    weight: float = 1.0
    repeat: int = 1
    dressed: float = 0.0


def shouting(data: Path, count: int) -> list[Labelled]:
    """Weak labels for excitement: unlabelled Twitch chat, excited if it shouts.

    This head isn't shown the surface, and skeletons have no capitals and no repeats, so it learns
    the words and emotes that people shout with.
    """
    texts = unlabelled(data, count)
    return [
        (text, float(loud > 0)) for text, loud in zip(texts, shouted(surfaces(texts)), strict=True)
    ]


def plain_insults() -> list[Labelled]:
    """Our own word list's plain insults and slurs: chat's words, which no set has enough of."""
    return [(w, 1.0) for w, category, level in read_words() if category in _RUDE and level == 2]


_RUDE = ("insult", "hate")


def _balanced(source: str, rows: list[Labelled], weight: float) -> list[Part]:
    """Mood with good and bad counting alike: sets hold more of the bad, a show's crowd does not."""
    good = [row for row in rows if row[1] > 0.5]
    bad = [row for row in rows if row[1] < 0.5]
    neutral = [row for row in rows if row[1] == 0.5]
    half = (len(good) + len(bad)) / 2
    return [
        Part(source, "mood", good, weight * half / len(good)),
        Part(source, "mood", bad, weight * half / len(bad)),
        Part(source, "mood", neutral, weight),
    ]


def _one_of(
    source: str, rows: list[tuple[str, str]], heads: dict[str, str], **how: Any
) -> list[Part]:
    """A head for each class: it or not."""
    return [
        Part(source, head, [(text, float(found == label)) for text, found in rows], **how)
        for label, head in heads.items()
    ]


LICENCES = {
    "cold": "Apache-2.0",
    "davidson": "MIT",
    "germeval2018": "CC BY 4.0",
    "korean_hate": "CC BY-SA 4.0",
    "sms_spam": "CC BY 4.0, by UCI's list",
    "youtube_spam": "CC BY 4.0, by UCI's list",
    "words": "Apache-2.0",
    "mentions": "Apache-2.0",
    "english": "of the sets named elsewhere",
    **dict.fromkeys(
        (
            "conda",
            "olid",
            "tweeteval_emotion",
            "zh_sms_spam",
            "normvio_twitch",
            "smp2020",
            "smp2020_clue",
            "twitch_emote",
            "twitch_unlabelled",
        ),
        "released for research without a licence file",
    ),
}
"""Of each set, as its SOURCE has it."""

NOISE = 0.125
"""Share of COLD's training labels taken to be wrong: its SOURCE says that they were made half
automatically, and that who agrees with 90 % of them agrees with 80 % of human ones: 0.9 (1 - e) +
0.1 e = 0.8. They are learnt as that much less certain."""


def doubted(rows: list[Labelled]) -> list[Labelled]:
    """COLD's labels for what they are worth."""
    return [(text, NOISE + (1 - 2 * NOISE) * target) for text, target in rows]


def training(data: Path) -> list[Part]:
    """All that trains, by head: no test split, nor COLD's dev, the vals of TweetEval."""
    harmless = [(text, 0.0) for text in ordinary_chat(data, "train")]
    kind_chinese = [(text, 0.0) for text, target in chinese_mood(data) if target == 1.0]
    ham = [(text, 0.0) for text, target in sms(data, "train") if target == 0.0]
    game = conda(data, "train")
    chinese = doubted(cold(data, "train"))
    tweets = olid(data, "train")
    rude_german = germeval(data, "training", OFFENCES)
    removed = moderated(data, "train", UNKIND)
    adverts = moderated(data, "train", ("Advertisements",))
    english = [(text, 0.0) for text, _ in (*tweets, *harmless, *ham, *game[:6000])]
    return [
        Part("cold", "cold", chinese, dressed=1.0),
        *_one_of("conda", game, {each: f"conda_{each}" for each in INTENTS}, dressed=0.7),
        Part("olid", "olid", tweets, repeat=2, dressed=0.7),
        *_one_of("tweeteval_emotion", emotion(data, "train"), {e: e for e in EMOTIONS}, repeat=4),
        Part("sms_spam", "sms", sms(data, "train"), repeat=6),
        Part("youtube_spam", "youtube", youtube(data, "train"), repeat=6),
        Part("zh_sms_spam", "chinese_sms", chinese_sms(data, "train"), repeat=2),
        Part("davidson", "davidson_hate", davidson(data, "train", "0")),
        Part("davidson", "davidson_rude", davidson(data, "train", "01")),
        Part("germeval2018", "germeval", rude_german, repeat=2, dressed=0.7),
        Part("korean_hate", "korean", korean(data, "train", hate=False)),
        Part("normvio_twitch", "removed", removed, repeat=3, dressed=0.7),
        Part("normvio_twitch", "removed", harmless, repeat=3, dressed=0.7),
        Part("germeval2018", "german", [(text, 1.0) for text, _ in rude_german], 2.0),
        Part("english", "german", english, 0.5),
        Part("cold", "insult", chinese, dressed=1.0),
        *_rude_in_games(game),
        Part("olid", "insult", tweets, 2.0, dressed=0.7),
        Part("davidson", "insult", davidson(data, "train", "01"), 0.3),
        Part("germeval2018", "insult", rude_german, 2.0, dressed=0.7),
        Part("korean_hate", "insult", korean(data, "train", hate=False), 2.0),
        Part("normvio_twitch", "insult", removed, dressed=0.7),
        Part("words", "insult", plain_insults(), 4.0, repeat=5, dressed=1.0),
        Part("mentions", "insult", mentions(), 2.0, repeat=3),
        Part("normvio_twitch", "insult", harmless, 3.0, dressed=0.7),
        Part("smp2020", "insult", kind_chinese, dressed=0.7),
        Part("sms_spam", "insult", ham),
        Part("sms_spam", "spam", sms(data, "train"), 2.0),
        Part("youtube_spam", "spam", youtube(data, "train")),
        Part("zh_sms_spam", "spam", chinese_sms(data, "train")),
        Part("normvio_twitch", "spam", adverts),
        Part("normvio_twitch", "spam", harmless),
        Part("conda", "spam", [(text, 0.0) for text, _ in game[:8000]]),
        Part("smp2020", "spam", kind_chinese),
        *_balanced("tweeteval_emotion", english_mood(data, "train"), 2.0),
        *_balanced("twitch_emote", twitch_mood(data, "train"), 4.0),
        *_balanced("smp2020_clue", chinese_mood(data), 1.0),
        Part("twitch_unlabelled", "excitement", shouting(data, 60_000)),
    ]


def _rude_in_games(game: list[tuple[str, str]]) -> list[Part]:
    """CONDA for ``insult``: "ez" (implicit) is rude in Dota, not to all."""
    plain = [(text, float(label == "E")) for text, label in game if label != "I"]
    implicit = [(text, 1.0) for text, label in game if label == "I"]
    return [
        Part("conda", "insult", plain, dressed=0.7),
        Part("conda", "insult", implicit, 0.3, dressed=0.7),
    ]


def main() -> None:
    """Read every set and print what teaches which head."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    for part in training(arguments.parse_args().data):
        print(f"{part.head:15} {part.source:18} {len(part.rows):7} texts, weight {part.weight:g}")


if __name__ == "__main__":
    main()
