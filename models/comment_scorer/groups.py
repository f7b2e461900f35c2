"""Whom errors hit: false alarms and misses by what a text is about and whom it mentions."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from grandstand.moderation.scorer import OnnxScorer
from grandstand.text.normalise import clean

from models.comment_scorer import sets

MENTIONS = {
    "women": r"wom[ae]n|girls?|she|her|female|mom|wife",
    "men": r"m[ae]n|guys?|boys?|he|his|male|dad|husband",
    "black people": r"black|african|negro",
    "white people": r"white|caucasian",
    "gay and trans people": r"gay|lesbian|trans|lgbt\w*|queer",
    "Muslims": r"muslims?|islam\w*",
    "Jews": r"jews?|jewish",
    "Christians": r"christians?|church|jesus",
    "Asian people": r"asians?|chinese|japanese|korean|indian",
    "none of these": "",
}


def by_mention(scorer: OnnxScorer, data: Path) -> dict[str, dict[str, float]]:
    """Of OLID's test and ordinary chat, by words for groups in them: the category ``insult``.

    ``false_alarms``: share of harmless texts at or over the level 2 hold threshold, ``misses``:
    share of rude ones under it; with the numbers of each.
    """
    rows = sets.olid(data, "test") + sets.olid(data, "val")
    rows += [(text, 0.0) for text in sets.ordinary_chat(data, "test")]
    patterns = {name: re.compile(rf"\b(?:{words})\b", re.I) for name, words in MENTIONS.items()}
    patterns["none of these"] = re.compile(
        rf"^(?!.*\b(?:{'|'.join(words for words in MENTIONS.values() if words)})\b)", re.I | re.S
    )
    return {
        name: _errors(scorer, [row for row in rows if pattern.search(row[0])])
        for name, pattern in patterns.items()
    }


def by_topic(scorer: OnnxScorer, data: Path) -> dict[str, dict[str, float]]:
    """Of COLD's test, by its topics and by the fine label of those that defend a group."""
    table = list(sets.table(data / "cold" / "test.csv"))
    groups = {
        topic: [row for row in table if row["topic"] == topic]
        for topic in sorted({row["topic"] for row in table})
    }
    groups["against bias"] = [row for row in table if row["fine-grained-label"] == "3"]
    return {
        name: _errors(scorer, [(clean(row["TEXT"]), float(row["label"])) for row in rows])
        for name, rows in groups.items()
    }


def _errors(scorer: OnnxScorer, rows: list[sets.Labelled]) -> dict[str, float]:
    truth = np.array([target for _, target in rows]) >= 0.5
    found = scorer.score([text for text, _ in rows]).categories["insult"]
    told = found >= scorer.thresholds["insult"][1][0]
    at_half = found >= 0.5
    return {
        "harmless": int((~truth).sum()),
        "rude": int(truth.sum()),
        "false_alarms": round(float(told[~truth].mean()), 4) if (~truth).any() else 0.0,
        "misses": round(float((~told[truth]).mean()), 4) if truth.any() else 0.0,
        "false_alarms_at_half": round(float(at_half[~truth].mean()), 4) if (~truth).any() else 0.0,
    }
