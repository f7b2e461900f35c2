"""``grandstand score``: moderation without a room."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from typing import Annotated, TextIO

import typer

from grandstand import resources
from grandstand.faults import OperatorError
from grandstand.moderation import ModelError, Moderator, OnnxScorer, Policy, Rules, clean, skeleton
from grandstand.settings import ServerSettings

SCORED_TOGETHER = 256


def score(
    file: Annotated[
        typer.FileText | None, typer.Argument(help="Comments, one a line. [default: stdin]")
    ] = None,
    level: Annotated[int, typer.Option(min=0, max=4, help="0 off, 4 strictest.")] = 2,
    explain: Annotated[
        bool, typer.Option("--explain", help="Add rules and probabilities.")
    ] = False,
) -> None:
    """Judge comments as a room would: lines in, JSON lines out.

    \b
    Example:
      echo "what a night" | grandstand score --explain
    """
    path = ServerSettings.read().model or resources.model()
    try:
        scorer = OnnxScorer(path)
    except ModelError as error:
        raise OperatorError(str(error)) from None
    for told in _scored(sys.stdin if file is None else file, scorer, level, explain):
        print(json.dumps(told, ensure_ascii=False), flush=True)


def _scored(
    lines: TextIO | typer.FileText, scorer: OnnxScorer, level: int, explain: bool
) -> Iterator[dict[str, object]]:
    rules, policy = Rules.load(), Policy(level)
    moderator = Moderator(scorer, rules, deadline_ms=60_000)
    with asyncio.Runner() as runner:
        try:
            for texts in _batches(lines):
                judged = runner.run(moderator.judge(texts, policy))
                scores = scorer.score(texts)
                for row, (text, judgement) in enumerate(zip(texts, judged, strict=True)):
                    told: dict[str, object] = {
                        "text": text,
                        "verdict": judgement.action,
                        "category": judgement.category,
                        "reason": judgement.reason,
                        "weight": judgement.weight,
                        "mood": round(judgement.mood, 3),
                        "excitement": round(judgement.excitement, 3),
                    }
                    if explain:
                        found = rules.find(skeleton(text), text)
                        told["skeleton"] = skeleton(text)
                        told["rules"] = [[each.category, each.rule] for each in found]
                        told["probabilities"] = {
                            name: round(float(values[row]), 3)
                            for name, values in scores.categories.items()
                        }
                    yield told
        finally:
            runner.run(moderator.close())


def _batches(lines: TextIO | typer.FileText) -> Iterator[list[str]]:
    """Cleaned texts, blank ones left out; a terminal's lines one by one."""
    most = 1 if lines.isatty() else SCORED_TOGETHER
    batch: list[str] = []
    for line in lines:
        if text := clean(line):
            batch.append(text)
        if len(batch) >= most:
            yield batch
            batch = []
    if batch:
        yield batch
