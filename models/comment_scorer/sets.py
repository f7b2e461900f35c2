"""The data sets, read in place: labelled texts by split, cleaned as the server cleans them.

Each set's ``SOURCE.txt`` says where it comes from and what its traps are. Nothing read here is
copied into the project.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from grandstand.text.normalise import clean

SEED = 20261124

T = TypeVar("T")

Labelled = tuple[str, float]
"""A text and its target, 0 to 1; 0.5 is undecided (neutral mood)."""

INTENTS = "EIAO"
"""CONDA's classes: explicitly toxic, implicitly toxic, action, other."""

EMOTIONS = ("anger", "joy", "optimism", "sadness")
"""TweetEval's, in the order of their labels."""


OFFENCES = ("ABUSE", "INSULT", "PROFANITY")
"""GermEval's kinds of offence."""

UNKIND = ("Incivility", "Discrimination", "HIB")
"""Why moderators removed a message, of NormVio's reasons those that are unkindness; HIB is
harassment, intimidation and bullying."""


def table(path: Path, delimiter: str = ",") -> Iterator[dict[str, str]]:
    """Rows of a file of comma-separated values, by their columns' names."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file, delimiter=delimiter)


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")


def _tidy(rows: list[Labelled]) -> list[Labelled]:
    tidied = ((clean(text), target) for text, target in rows)
    return [(text, target) for text, target in tidied if text]


def cold(data: Path, split: str) -> list[Labelled]:
    """COLD, Chinese, offensive or not; ``split`` train, dev or test (official)."""
    return _tidy([(r["TEXT"], float(r["label"])) for r in table(data / "cold" / f"{split}.csv")])


def conda(data: Path, split: str) -> list[tuple[str, str]]:
    """CONDA, Dota 2 chat: texts and their class, one of INTENTS.

    ``split`` train or dev (nine tenths and one of the official train, seeded), or valid (official).
    """
    rows = [
        (text, r["intentClass"])
        for r in table(data / "conda" / f"CONDA_{'valid' if split == 'valid' else 'train'}.csv")
        if r["intentClass"] and (text := clean(r["utterance"].replace("[SEPA]", " ")))
    ]
    if split == "valid":
        return rows
    return _tenths(rows, split)


def _tenths(rows: list[T], split: str) -> list[T]:
    """Seeded nine tenths, "train", or the other one, "dev"."""
    order = np.random.default_rng(SEED).permutation(len(rows))
    cut = len(rows) * 9 // 10
    return [rows[i] for i in (order[:cut] if split == "train" else order[cut:])]


def olid(data: Path, split: str) -> list[Labelled]:
    """OLID by TweetEval, English tweets, offensive or not; train, val or test (official)."""
    folder = data / "tweeteval" / "offensive"
    texts, labels = _lines(folder / f"{split}_text.txt"), _lines(folder / f"{split}_labels.txt")
    return _tidy([(t, float(y)) for t, y in zip(texts, labels, strict=False) if y.strip()])


def _davidson(data: Path) -> list[tuple[str, str]]:
    rows = [(r["tweet"], r["class"]) for r in table(data / "davidson" / "labeled_data.csv")]
    order = np.random.default_rng(SEED).permutation(len(rows))
    return [rows[i] for i in order]


def davidson(data: Path, split: str, classes: str) -> list[Labelled]:
    """Davidson's tweets, our seeded 90/10; positive are ``classes`` (0 hate, 1 offensive)."""
    rows = _davidson(data)
    cut = len(rows) * 9 // 10
    part = rows[:cut] if split == "train" else rows[cut:]
    return _tidy([(text, float(label in classes)) for text, label in part])


def germeval(data: Path, split: str, fine: tuple[str, ...]) -> list[Labelled]:
    """GermEval 2018, German tweets, official split ("training", "test")."""
    out = []
    for line in _lines(data / "germeval2018" / f"germeval2018.{split}.txt"):
        if line.count("\t") >= 2:
            text, _, label = line.rsplit("\t", 2)
            out.append((text.replace("|LBR|", " "), float(label.strip() in fine)))
    return _tidy(out)


def korean(data: Path, split: str, *, hate: bool) -> list[Labelled]:
    """BEEP!, Korean news comments; train, or dev, which serves as test."""
    return _tidy(
        [
            (
                r["comments"],
                float(r["hate"] == "hate" and r["bias"] != "none" if hate else r["hate"] != "none"),
            )
            for r in table(data / "korean_hate" / f"{split}.tsv", "\t")
        ]
    )


def sms(data: Path, split: str) -> list[Labelled]:
    """SMS spam; the authors' split: the first 30 % train, the rest test."""
    rows = [
        (text, float(label == "spam"))
        for label, _, text in (
            line.partition("\t") for line in _lines(data / "sms_spam" / "SMSSpamCollection")[1:]
        )
        if label in ("ham", "spam")
    ]
    cut = len(rows) * 3 // 10
    return _tidy(rows[:cut] if split == "train" else rows[cut:])


def youtube(data: Path, split: str) -> list[Labelled]:
    """YouTube comment spam; the first 70 % of each video train, the rest test."""
    out: list[Labelled] = []
    for path in sorted((data / "youtube_spam").glob("*.csv")):
        rows = [(r["CONTENT"], float(r["CLASS"])) for r in table(path)]
        cut = len(rows) * 7 // 10
        out += rows[:cut] if split == "train" else rows[cut:]
    return _tidy(out)


def chinese_sms(data: Path, split: str) -> list[Labelled]:
    """Chinese SMS spam, our seeded 90/10."""
    folder = data / "zh_sms_spam"
    texts = json.loads((folder / "train_content.json").read_text(encoding="utf-8"))
    labels = json.loads((folder / "train_label.json").read_text(encoding="utf-8"))
    order = np.random.default_rng(SEED).permutation(len(texts))
    cut = len(order) * 9 // 10
    part = order[:cut] if split == "train" else order[cut:]
    return _tidy([(texts[i], float(labels[i])) for i in part])


def moderated(data: Path, split: str, label: tuple[str, ...]) -> list[Labelled]:
    """Twitch messages that moderators removed for reasons in ``label``, judged without context.

    Seeded thirds of all that were removed: two are "train", one is "test". A text that stands in
    both is in "train" alone.
    """
    rows = list(table(data / "normvio_twitch" / "moderated.csv"))
    order = np.random.default_rng(SEED).permutation(len(rows))
    cut = len(rows) * 2 // 3
    seen = {clean(rows[i]["message"]) for i in order[:cut]}
    part = order[:cut] if split == "train" else order[cut:]
    chosen = _tidy([(rows[i]["message"], 1.0) for i in part if rows[i]["label_step1"] in label])
    return chosen if split == "train" else [row for row in chosen if row[0] not in seen]


def ordinary_chat(data: Path, split: str) -> list[str]:
    """Twitch messages nobody removed: thirds "train", "thresholds" and "test", seeded.

    Mostly harmless, not all: an insult that no moderator saw counts against us in its figures.
    """
    texts = [r["message"] for r in table(data / "normvio_twitch" / "unmoderated_sample.csv")]
    order = np.random.default_rng(SEED).permutation(len(texts))
    third = ("train", "thresholds", "test").index(split)
    return [text for i in order[third::3] if (text := clean(texts[i]))]


def windows(data: Path, split: str) -> list[Path]:
    """Recorded Twitch chats, in ``chat_traces`` beside ``data``: "thresholds" every other window,
    "test" the rest."""
    paths = sorted((data.resolve().parent / "chat_traces").glob("*.ndjson"))
    return paths[0::2] if split == "thresholds" else paths[1::2]


def messages(window: Path) -> list[dict[str, Any]]:
    """A window's messages, each with ``at`` (ms from its start), ``user`` and ``text``."""
    return [json.loads(line) for line in _lines(window) if line]


def traces(data: Path, split: str) -> list[str]:
    """The texts of recorded chats. Unlabelled, repeats and all; a few bad messages among them count
    against us."""
    texts = (each["text"] for path in windows(data, split) for each in messages(path))
    return [cleaned for text in texts if (cleaned := clean(text))]


_MOODS = {"happy": 1.0, "happiness": 1.0, "like": 1.0, "neutral": 0.5, "surprise": 0.5}


def chinese_mood(data: Path) -> list[Labelled]:
    """SMP2020 (virus_train, usual_eval) and CLUE emotion (valid): good 1, bad 0, else 0.5."""
    out: list[Labelled] = []
    for name in ("virus_train", "usual_eval_labeled"):
        rows = json.loads((data / "smp2020" / f"{name}.json").read_text(encoding="utf-8"))
        out += [(r["content"], _MOODS.get(r["label"], 0.0)) for r in rows]
    out += _clue(data, "valid")
    return _tidy(out)


def _clue(data: Path, split: str) -> list[Labelled]:
    rows = map(json.loads, filter(str.strip, _lines(data / "clue_emotion" / f"{split}.txt")))
    return [(r["content"], _MOODS.get(r["label"], 0.0)) for r in rows]


def chinese_mood_test(data: Path) -> list[Labelled]:
    """SMP2020's official usual_test, same targets."""
    path = data / "smp2020" / "usual_test_labeled.json"
    rows = json.loads(path.read_text(encoding="utf-8"))
    return _tidy([(r["content"], _MOODS.get(r["label"], 0.0)) for r in rows])


def emotion(data: Path, split: str) -> list[tuple[str, str]]:
    """TweetEval emotion: texts and one of EMOTIONS; train, val or test (official)."""
    folder = data / "tweeteval" / "emotion"
    texts, labels = _lines(folder / f"{split}_text.txt"), _lines(folder / f"{split}_labels.txt")
    pairs = zip(texts, labels, strict=False)
    return [(clean(text), EMOTIONS[int(label)]) for text, label in pairs if label.strip()]


def english_mood(data: Path, split: str) -> list[Labelled]:
    """The same as a mood: joy and optimism 1, anger and sadness 0."""
    return [(text, float(name in ("joy", "optimism"))) for text, name in emotion(data, split)]


def twitch_mood(data: Path, split: str) -> list[Labelled]:
    """Emote-Controlled: Twitch comments -1, 0, 1 and its table of emotes; our seeded 80/20."""
    rows = [
        (r["message"], (float(r["sentiment"]) + 1) / 2)
        for r in table(data / "twitch_emote" / "labeled_dataset.csv")
    ]
    order = np.random.default_rng(SEED).permutation(len(rows))
    cut = len(rows) * 8 // 10
    part = [rows[i] for i in (order[:cut] if split == "train" else order[cut:])]
    if split == "train":
        emotes = table(data / "twitch_emote" / "emote_average.tsv", "\t")
        part += [(r["word"], (float(r["sentiment"]) + 1) / 2) for r in emotes]
    return _tidy(part)


def unlabelled(data: Path, count: int) -> list[str]:
    """The first ``count`` of 600,000 Twitch messages of which nothing is known."""
    path = data / "twitch_unlabelled" / "messages.txt.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [text for _, line in zip(range(count), file, strict=False) if (text := clean(line))]
