"""Figures of a model: ``python -m models.comment_scorer.evaluate --data DIR``.

Prints them and writes ``results.json``. Runs the model as the server does (``OnnxScorer``, the
whole ``Moderator`` for false positives). Test splits are only looked at here; thresholds come from
other texts than those on which their false positives are counted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from grandstand.moderation import Moderator, OnnxScorer, Policy, Rules
from grandstand.moderation.normalise import clean, skeleton
from numpy.typing import NDArray

from models.comment_scorer import prepare
from models.comment_scorer.disguises import DISGUISES
from models.comment_scorer.prepare import Labelled

HERE = Path(__file__).parent
RESAMPLES = 1000
SHARES = ((0.0005, 0.0001), (0.003, 0.001), (0.01, 0.002), (0.03, 0.01))
FLOORS = (0.3, 0.6)
"""Share of ordinary chat that a category may hold and reject, for levels 1 to 4, and the
probabilities below which none does, however rare they are in that chat."""

Floats = NDArray[np.float64]
Measure = Callable[[Floats, Floats], float]


def accuracy(truth: Floats, found: Floats) -> float:
    """Share right, a probability of a half and more being a yes."""
    return float(((found >= 0.5) == (truth >= 0.5)).mean())


def macro_f1(truth: Floats, found: Floats) -> float:
    """Mean F1 of the two classes."""
    yes, said = truth >= 0.5, found >= 0.5
    scores = []
    for real, guess in ((yes, said), (~yes, ~said)):
        both = 2 * (real & guess).sum()
        scores.append(both / max(1, both + (real != guess).sum()))
    return float(np.mean(scores))


def area(truth: Floats, found: Floats) -> float:
    """Area under the ROC curve, ties counted half."""
    _, inverse, counts = np.unique(found, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    yes = truth >= 0.5
    positives, negatives = yes.sum(), (~yes).sum()
    above = ranks[yes].sum() - positives * (positives + 1) / 2
    return float(above / max(1, positives * negatives))


def correlation(truth: Floats, found: Floats) -> float:
    """Pearson's correlation."""
    return float(np.corrcoef(truth, found)[0, 1])


MEASURES: dict[str, Measure] = {
    "accuracy": accuracy,
    "macro_f1": macro_f1,
    "auc": area,
    "correlation": correlation,
}


def measure(truth: Floats, found: Floats, names: tuple[str, ...]) -> dict[str, list[float]]:
    """Each measure as [value, low, high], the 95 % interval of a seeded bootstrap."""
    draws = np.random.default_rng(prepare.SEED).integers(0, len(truth), (RESAMPLES, len(truth)))
    out = {}
    for name in names:
        of = MEASURES[name]
        low, high = np.percentile([of(truth[d], found[d]) for d in draws], [2.5, 97.5])
        out[name] = [round(value, 4) for value in (of(truth, found), float(low), float(high))]
    return out


def score(scorer: OnnxScorer, texts: list[str], head: str) -> Floats:
    """One head's probabilities, (n,); mood is brought to 0..1."""
    parts = []
    for first in range(0, len(texts), 256):
        scores = scorer.score(texts[first : first + 256])
        column = (scores.mood + 1) / 2 if head == "mood" else scores.categories[head]
        parts.append(column)
    return np.concatenate(parts).astype(np.float64)


def tests(data: Path) -> dict[str, tuple[str, list[Labelled], tuple[str, ...]]]:
    """Every test: head, rows, measures."""
    both = ("accuracy", "macro_f1", "auc")
    decided = [row for row in prepare.chinese_mood_test(data) if row[1] != 0.5]
    return {
        "insult: COLD test (official)": ("insult", prepare.cold(data, "test"), both),
        "insult: CONDA valid": ("insult", prepare.conda(data, "valid"), both),
        "insult: OLID test (official)": ("insult", prepare.olid(data, "test"), both),
        "insult: GermEval 2018 test (official)": (
            "insult",
            prepare.germeval(data, "test", prepare.OFFENCES),
            both,
        ),
        "insult: Korean dev": ("insult", prepare.korean(data, "dev", hate=False), both),
        "spam: SMS, last 70 %": ("spam", prepare.sms(data, "test"), both),
        "spam: YouTube, last 30 % of each video": ("spam", prepare.youtube(data, "test"), both),
        "spam: Chinese SMS, 10 %": ("spam", prepare.chinese_sms(data, "test"), both),
        "mood: TweetEval emotion test": ("mood", prepare.english_mood(data, "test"), both),
        "mood: SMP2020 usual_test, decided": ("mood", decided, both),
        "mood: Twitch, 20 %": ("mood", prepare.twitch_mood(data, "test"), ("correlation",)),
    }


def thresholds(scorer: OnnxScorer, texts: list[str]) -> dict[str, list[list[float]]]:
    """(hold, reject) for levels 1 to 4 of each category, as the manifest has them.

    From the distinct ``texts`` that no rule minds: real insults would push them all too high.
    """
    rules = Rules.load()
    texts = [text for text in dict.fromkeys(texts) if not rules.find(skeleton(text), text)]
    out = {}
    for head in scorer.categories:
        found = score(scorer, texts, head)
        out[head] = [
            [
                round(max(floor, float(np.quantile(found, 1 - share))), 3)
                for share, floor in zip(pair, FLOORS, strict=True)
            ]
            for pair in SHARES
        ]
    return out


def disguised(scorer: OnnxScorer, data: Path) -> dict[str, dict[str, float]]:
    """CONDA valid, each text dressed up: recall and false positives of the head ``insult``.

    At the threshold that 5 % of the undressed harmless texts exceed.
    """
    rows = prepare.conda(data, "valid")
    bad = np.array([target for _, target in rows]) == 1
    plain = score(scorer, [text for text, _ in rows], "insult")
    limit = float(np.quantile(plain[~bad], 0.95))
    out = {"none": {"recall": round(float((plain[bad] > limit).mean()), 4)}}
    for name, dress in DISGUISES.items():
        draw = random.Random(prepare.SEED)
        found = score(scorer, [clean(dress(text, draw)) for text, _ in rows], "insult")
        out[name] = {
            "recall": round(float((found[bad] > limit).mean()), 4),
            "false_positives": round(float((found[~bad] > limit).mean()), 4),
        }
    return out


async def verdicts(scorer: OnnxScorer, texts: list[str]) -> dict[str, dict[str, float]]:
    """Share of ``texts`` held and rejected at each level, with the scorer and without."""
    out: dict[str, dict[str, float]] = {}
    both = Moderator(scorer, Rules.load(), deadline_ms=60_000)
    alone = Moderator(None, Rules.load())
    for level in range(1, 5):
        shares = {}
        for name, moderator in (("", both), ("_by_rules_alone", alone)):
            judged = await moderator.judge(texts, Policy(level=level))
            for action, word in (("hold", "held"), ("reject", "rejected")):
                share = sum(one.action == action for one in judged) / len(judged)
                shares[word + name] = round(share, 4)
        out[str(level)] = shares
    await both.close()
    return out


def _fastest_us(texts: list[str], size: int, work: Callable[[list[str]], object]) -> float:
    """Microseconds a text in batches of ``size``, texts distinct: the fastest of five rounds."""
    best = float("inf")
    for turn in range(5):
        batches = [
            texts[(turn * 977 + first) % (len(texts) - size) :][:size]
            for first in range(0, min(2560, 200 * size), size)
        ]
        skeleton.cache_clear()
        began = time.perf_counter()
        for batch in batches:
            work(batch)
        best = min(best, (time.perf_counter() - began) / sum(map(len, batches)))
    return round(best * 1e6, 1)


def costs(path: Path, texts: list[str]) -> dict[str, float]:
    """Load time and microseconds a comment on one core, skeleton and hashing included."""
    began = time.perf_counter()
    scorer = OnnxScorer(path)
    out = {"load_ms": round((time.perf_counter() - began) * 1e3, 1)}
    distinct = list(dict.fromkeys(texts))
    for size in (1, 64, 256):
        out[f"score_us_batch_{size}"] = _fastest_us(distinct, size, scorer.score)
    rules = Rules.load()
    out["rules_us"] = _fastest_us(
        distinct, 256, lambda batch: [rules.find(skeleton(text), text) for text in batch]
    )
    out["clean_us"] = _fastest_us(distinct, 256, lambda batch: [clean(text) for text in batch])
    with asyncio.Runner() as runner:
        rounds = []
        for first in range(0, 256 * 8, 256):
            moderator = Moderator(scorer, rules, deadline_ms=60_000)
            skeleton.cache_clear()
            began = time.perf_counter()
            runner.run(moderator.judge(distinct[first : first + 256], Policy()))
            rounds.append(time.perf_counter() - began)
            runner.run(moderator.close())
    out["judge_256_ms_median"] = round(float(np.median(rounds)) * 1e3, 2)
    return out


def evaluate(data: Path, path: Path) -> None:
    """Measure everything, print it, write ``results.json`` beside the model."""
    scorer = OnnxScorer(path)
    results: dict[str, object] = {"model": scorer.version, "bytes": path.stat().st_size}
    figures = {}
    for name, (head, rows, names) in tests(data).items():
        truth = np.array([target for _, target in rows])
        found = score(scorer, [text for text, _ in rows], head)
        figures[name] = {"texts": len(rows), **measure(truth, found, names)}
        if head == "spam":
            figures[name]["ham_blocked_at_level_2"] = _blocked(found[truth == 0], scorer)
        print(name, figures[name], flush=True)
    results["tests"] = figures
    chat = prepare.ordinary_chat(data, "thresholds") + prepare.traces(data, "thresholds")
    results["thresholds"] = thresholds(scorer, chat)
    unseen = prepare.ordinary_chat(data, "test")
    played = prepare.traces(data, "test")
    happy = [text for text, target in prepare.chinese_mood_test(data) if target == 1.0]
    ham = [text for text, target in prepare.sms(data, "test") if target == 0.0]
    results["false_positives"] = {
        "unmoderated Twitch messages": asyncio.run(verdicts(scorer, unseen)),
        "recorded Twitch chats": asyncio.run(verdicts(scorer, played)),
        "happy Chinese posts, SMP2020 usual_test": asyncio.run(verdicts(scorer, happy)),
        "English messages, SMS ham of the last 70 %": asyncio.run(verdicts(scorer, ham)),
    }
    results["mean_mood"] = {
        "unmoderated Twitch messages": round(float(scorer.score(unseen).mood.mean()), 3),
        "recorded Twitch chats": round(float(scorer.score(played).mood.mean()), 3),
    }
    results["disguised_conda"] = disguised(scorer, data)
    results["costs"] = costs(path, played)
    for name in ("thresholds", "false_positives", "disguised_conda", "costs"):
        print(name, json.dumps(results[name], indent=1), flush=True)
    path.with_name("results.json").write_text(json.dumps(results, indent=1) + "\n")


def _blocked(found: Floats, scorer: OnnxScorer) -> float:
    return round(float((found >= scorer.thresholds["spam"][1][1]).mean()), 4)


def main() -> None:
    """Evaluate the model that is in the project, or another."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    arguments.add_argument("--model", type=Path, default=HERE / "model.onnx")
    given = arguments.parse_args()
    evaluate(given.data, given.model)


if __name__ == "__main__":
    main()
