"""``grandstand score``: judges comments without a room."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec
import typer

from grandstand import resources
from grandstand.errors import OperatorError
from grandstand.inference.manifest import ModelError
from grandstand.moderation.explanation import find_reasons
from grandstand.moderation.moderator import Moderator
from grandstand.moderation.ngrams import MAX_CHARS
from grandstand.moderation.policy import Policy
from grandstand.moderation.scorer import OnnxScorer
from grandstand.moderation.word_rules import Rules
from grandstand.settings import ServerSettings
from grandstand.text.normalise import clean, skeleton

SCORED_TOGETHER = 512
CHUNK_BYTES = 65_536
LINE_CHARS_MAX = 16_000
LINE_BYTES_MAX = 4 * LINE_CHARS_MAX + 4
"""Enough that a cut never removes a part of the last character that is kept."""

DIGITS = 4
_DEADLINE_MS = 600_000
"""Practically no deadline: nobody waits for these scores."""


def score(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Comments, one on each line; - for standard input."),
    ] = None,
    level: Annotated[int, typer.Option(min=0, max=4, help="0 off, 4 strictest.")] = 2,
    explain: Annotated[
        bool, typer.Option("--explain", help="Add the rules and the words that decided.")
    ] = False,
) -> None:
    """Judge comments as a room would: lines in, JSON lines out.

    Every line gives one line of output: text (as a room would show it), verdict (show, hold,
    reject), category and reason, categories (the probability of each), mood (-1 to 1), excitement
    (0 to 1), weight (0 to 10) and language (a hint). A blank line is judged too and has weight 0; a
    room would refuse it. Bytes that aren't UTF-8 are replaced. A comment is judged by its first 600
    characters; of a line the first 16,000 are read.

    --explain adds skeleton (the text as rules and scorer see it), rules (those that it matched) and
    because. That names the words whose absence lowers the probability of the category that is
    nearest to its threshold, and by how much.

    \b
    Examples:
      echo "what a night" | grandstand score --explain
      grandstand score comments.txt | jq -r 'select(.verdict != "show").text'
    """
    try:
        scorer = OnnxScorer(ServerSettings.read().model or resources.model())
    except ModelError as error:
        raise OperatorError(str(error)) from None
    if file is None or str(file) == "-":
        _write(_scored(_texts(sys.stdin.buffer), scorer, level, explain))
        return
    try:
        with file.open("rb") as opened:
            _write(_scored(_texts(opened), scorer, level, explain))
    except OSError as error:
        if error.filename is None:  # not of opening it
            raise
        raise OperatorError(f"{file} can't be read: {error.strerror}") from None


def _write(batches: Iterable[list[dict[str, Any]]]) -> None:
    out = sys.stdout.buffer
    for batch in batches:
        out.write(b"".join(msgspec.json.encode(each) + b"\n" for each in batch))
        out.flush()


def _scored(
    batches: Iterable[list[str]], scorer: OnnxScorer, level: int, explain: bool
) -> Iterator[list[dict[str, Any]]]:
    rules, policy = Rules.load(), Policy(level)
    with asyncio.Runner() as runner:
        moderator = Moderator(scorer, rules, _DEADLINE_MS)
        try:
            for texts in batches:
                judged = runner.run(moderator.judge(texts, policy))
                lines = [
                    {
                        "text": text,
                        "verdict": each.action,
                        "category": each.category,
                        "reason": each.reason,
                        "categories": {
                            name: round(value, DIGITS)
                            for name, value in (each.probabilities or {}).items()
                        },
                        "mood": round(each.mood, DIGITS),
                        "excitement": round(each.excitement, DIGITS),
                        "weight": each.weight,
                        "language": each.language,
                    }
                    for text, each in zip(texts, judged, strict=True)
                ]
                if explain:
                    for text, each in zip(texts, lines, strict=True):
                        each |= _explained(text[:MAX_CHARS], scorer, rules, policy)
                yield lines
        finally:
            runner.run(moderator.close())


def _explained(text: str, scorer: OnnxScorer, rules: Rules, policy: Policy) -> dict[str, Any]:
    look = rules.look(skeleton(text), text)
    return {
        "skeleton": skeleton(text),
        "rules": [[each.category, each.rule] for each in look.findings],
        "because": [asdict(each) for each in find_reasons(scorer, look.asked, policy)],
    }


def _texts(file: BinaryIO) -> Iterator[list[str]]:
    """Yield cleaned texts, as many at once as can be read; from a terminal line by line."""
    for lines in _lines(file):
        for first in range(0, len(lines), SCORED_TOGETHER):
            yield [
                clean(line[:LINE_BYTES_MAX].decode("utf-8", "replace")[:LINE_CHARS_MAX])
                for line in lines[first : first + SCORED_TOGETHER]
            ]


def _lines(file: BinaryIO) -> Iterator[list[bytes]]:
    rest = b""
    while chunk := file.read1(CHUNK_BYTES):  # type: ignore[attr-defined]
        *lines, rest = (rest + chunk).split(b"\n")
        rest = rest[:LINE_BYTES_MAX]  # the rest of such a line is cut off when it ends
        if lines:
            yield lines
    if rest:
        yield [rest]
