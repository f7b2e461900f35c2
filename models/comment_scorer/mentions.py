"""Sentences of our own that name groups of people, kind and unkind, each group in all of them.

Sets name some groups mostly to insult them; this keeps a name from becoming an insult (Dixon et al.
2018, "Measuring and Mitigating Unintended Bias in Text Classification").
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from models.comment_scorer.sets import Labelled

_FILE = Path(__file__).with_name("mentions.toml")


def mentions() -> list[Labelled]:
    """Every sentence with every group of its language; 1 where it is unkind."""
    return [
        (sentence.format(group), target)
        for language in tomllib.loads(_FILE.read_text("utf-8")).values()
        for target, sentences in ((0.0, language["kind"]), (1.0, language["unkind"]))
        for group in language["groups"]
        for sentence in sentences
    ]
