"""Figures of a model: ``python -m models.comment_scorer.evaluate --data DIR``.

Prints them and writes ``results.json``. Runs the model as the server does (``OnnxScorer``, the
whole ``Moderator`` for false positives). Test splits are only looked at here.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from grandstand.moderation.moderator import Moderator
from grandstand.moderation.policy import Policy
from grandstand.moderation.scorer import OnnxScorer
from grandstand.moderation.word_rules import Rules
from grandstand.text.normalise import clean

from models.comment_scorer import selection, sets
from models.comment_scorer.costs import costs
from models.comment_scorer.disguises import CHINESE, DISGUISES
from models.comment_scorer.groups import by_mention, by_topic
from models.comment_scorer.measures import (
    Floats,
    Measure,
    accuracy,
    area,
    calibration_error,
    correlation,
    macro_f1,
    matthews,
    with_interval,
)
from models.comment_scorer.sets import EMOTIONS, INTENTS, Labelled

HERE = Path(__file__).parent
CLASSES = {"accuracy": accuracy, "macro_f1": macro_f1}
BLOCK_FROM = 0.8
"""Probability from which a text message counts as blocked: losing one costs more than a spam."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One head's test: ``classes`` at a probability of a half and ``area`` under the curve."""

    head: str
    rows: list[Labelled]
    published: str = ""


def tests(data: Path) -> dict[str, Trial]:
    """Tests of two classes."""
    game = sets.conda(data, "valid")
    toxic = [(text, float(label in "EI")) for text, label in game]
    olid, cold = sets.olid(data, "test"), sets.cold(data, "test")
    plain = [(text, float(label == "E")) for text, label in game if label != "I"]
    ordinary = [(text, 0.0) for text in sets.ordinary_chat(data, "test")]
    removed = sets.moderated(data, "test", sets.UNKIND)
    germeval = sets.germeval(data, "test", sets.OFFENCES)
    korean = sets.korean(data, "dev", hate=False)
    sms, youtube = sets.sms(data, "test"), sets.youtube(data, "test")
    chinese_sms = sets.chinese_sms(data, "test")
    decided = [row for row in sets.chinese_mood_test(data) if row[1] != 0.5]
    bert, svm = "BERT of the paper 0.81, RoBERTa 0.8275", "SVM 0.69, FastText 0.734, BiLSTM 0.75"
    return {
        "COLD test (official)": Trial("cold", cold, f"accuracy: {bert}"),
        "OLID test (official)": Trial("olid", olid, f"macro-F1: {svm}, RoBERTa 0.795"),
        "YouTube, last 30 % of each video": Trial("youtube", youtube, "about 0.95"),
        "Chinese SMS, 10 %": Trial("chinese_sms", chinese_sms, "accuracy 0.964"),
        "GermEval 2018 test (official)": Trial("germeval", germeval, "best F 0.77, 12th 0.72"),
        "Korean dev": Trial("korean", korean),
        "Twitch: removed against ordinary": Trial("removed", [*removed, *ordinary]),
        "insult: COLD test": Trial("insult", cold),
        "insult: CONDA valid": Trial("insult", toxic),
        "insult: OLID test": Trial("insult", olid),
        "insult: GermEval test": Trial("insult", germeval),
        "insult: Korean dev": Trial("insult", korean),
        "insult: Twitch removed against ordinary": Trial("insult", [*removed, *ordinary]),
        "insult: all official tests": Trial("insult", [*cold, *plain, *olid]),
        "spam: SMS, last 70 %": Trial("spam", sms),
        "spam: YouTube": Trial("spam", youtube),
        "spam: Chinese SMS": Trial("spam", chinese_sms),
        "spam: all three": Trial("spam", [*sms, *youtube, *chinese_sms]),
        "mood: TweetEval emotion test": Trial("mood", sets.english_mood(data, "test")),
        "mood: SMP2020 usual_test, decided": Trial("mood", decided),
    }


class Opinions:
    """What the model says of texts, head by head."""

    def __init__(self, scorer: OnnxScorer) -> None:
        self._scorer = scorer

    def of(self, texts: list[str], *heads: str) -> Floats:
        """Probabilities: (n,) of one head, (n, heads) of more."""
        columns = [self._scorer.heads.index(head) for head in heads]
        found: Floats = self._scorer.opinions(texts)[:, columns].astype(np.float64)
        return found[:, 0] if len(heads) == 1 else found


def two_classes(opinions: Opinions, test: Trial) -> dict[str, object]:
    """Every measure of one test, with its interval."""
    truth = np.array([target for _, target in test.rows])
    found = opinions.of([text for text, _ in test.rows], test.head)
    out: dict[str, object] = {"texts": len(truth)}
    if test.published:
        out["published"] = test.published
    classes = (found >= 0.5).astype(float)
    for name, of in CLASSES.items():
        out[name] = with_interval(of, truth, classes)
    out["auc"] = with_interval(area, truth, found)
    out["calibration_error"] = with_interval(calibration_error, truth, found)
    return out


def more_classes(
    opinions: Opinions, rows: list[tuple[str, str]], heads: dict[str, str]
) -> dict[str, object]:
    """The class of the likeliest head; ``heads`` from class to head."""
    names = list(heads)
    truth = np.array([names.index(label) for _, label in rows], float)
    found = opinions.of([text for text, _ in rows], *heads.values())
    classes = found.argmax(axis=1).astype(float)
    sure = found.max(axis=1) / found.sum(axis=1)
    return {
        "texts": len(rows),
        **{name: with_interval(of, truth, classes) for name, of in CLASSES.items()},
        "calibration_error": with_interval(
            calibration_error, (classes == truth).astype(float), sure
        ),
    }


def text_messages(opinions: Opinions, rows: list[Labelled]) -> dict[str, object]:
    """The SMS test at a half and at BLOCK_FROM, with the ham that is blocked."""
    truth = np.array([target for _, target in rows])
    found = opinions.of([text for text, _ in rows], "sms")
    out: dict[str, object] = {
        "texts": len(rows),
        "published": "accuracy 0.976, MCC 0.893",
        "auc": with_interval(area, truth, found),
        "calibration_error": with_interval(calibration_error, truth, found),
    }
    measures: dict[str, Measure] = {"accuracy": accuracy, "mcc": matthews}
    for name, least in (("at 0.5", 0.5), (f"at {BLOCK_FROM}", BLOCK_FROM)):
        classes = (found >= least).astype(float)
        out[name] = {
            **{measure: with_interval(of, truth, classes) for measure, of in measures.items()},
            "ham_blocked": int(classes[truth == 0].sum()),
        }
    return out


def toxic_in_games(opinions: Opinions, texts: list[str], head: str) -> Floats:
    """How toxic CONDA would call them: by its own heads, or by a category."""
    if head == "conda":
        both: Floats = opinions.of(texts, "conda_E", "conda_I").sum(axis=1)
        return both
    return opinions.of(texts, head)


def disguised_games(opinions: Opinions, data: Path, head: str) -> dict[str, dict[str, float]]:
    """CONDA valid, each text dressed up: recall and false positives.

    At the threshold that 5 % of the undressed harmless texts exceed; ``lost`` in points.
    """
    rows = sets.conda(data, "valid")
    bad = np.array([label in "EI" for _, label in rows])
    plain = toxic_in_games(opinions, [text for text, _ in rows], head)
    limit = float(np.quantile(plain[~bad], 0.95))
    recall = float((plain[bad] > limit).mean())
    out = {"none": {"recall": round(recall, 4), "false_positives": 0.05}}
    for name, dress in DISGUISES.items():
        draw = random.Random(sets.SEED)
        found = toxic_in_games(opinions, [clean(dress(text, draw)) for text, _ in rows], head)
        kept = float((found[bad] > limit).mean())
        out[name] = {
            "recall": round(kept, 4),
            "lost": round(100 * (recall - kept), 1),
            "false_positives": round(float((found[~bad] > limit).mean()), 4),
        }
    return out


def disguised_chinese(opinions: Opinions, data: Path) -> dict[str, list[float]]:
    """COLD test as it is and rewritten: macro-F1 with its interval."""
    rows = sets.cold(data, "test")
    truth = np.array([target for _, target in rows])
    out = {}
    for name, dress in {"none": lambda text, _: text, **CHINESE}.items():
        draw = random.Random(sets.SEED)
        found = opinions.of([clean(dress(text, draw)) for text, _ in rows], "cold")
        out[name] = with_interval(macro_f1, truth, (found >= 0.5).astype(float))
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
    await alone.close()
    return out


def evaluate(data: Path, path: Path) -> None:
    """Measure everything, print it, write ``results.json`` beside the model."""
    scorer = OnnxScorer(path)
    opinions = Opinions(scorer)
    results: dict[str, object] = {
        "model": scorer.version,
        "sha256": scorer.manifest.sha256,
        "bytes": scorer.manifest.bytes,
    }

    def keep(name: str, figures: object) -> None:
        results[name] = figures
        print(name, json.dumps(figures, indent=1), flush=True)

    played = sets.traces(data, "test")
    keep("costs", costs(path, sets.traces(data, "thresholds") + played))
    keep("two classes", {name: two_classes(opinions, test) for name, test in tests(data).items()})
    game = sets.conda(data, "valid")
    toxic = np.array([float(label in "EI") for _, label in game])
    of_game = toxic_in_games(opinions, [text for text, _ in game], "conda")
    intents = {intent: f"conda_{intent}" for intent in INTENTS}
    keep(
        "CONDA valid, four classes",
        more_classes(opinions, game, intents) | {"auc": with_interval(area, toxic, of_game)},
    )
    feelings = sets.emotion(data, "test")
    keep(
        "TweetEval emotion test, four classes",
        more_classes(opinions, feelings, dict(zip(EMOTIONS, EMOTIONS, strict=True)))
        | {"published": "macro-F1: FastText 0.652, RoBERTa 0.761"},
    )
    keep("SMS, last 70 %", text_messages(opinions, sets.sms(data, "test")))
    twitch = sets.twitch_mood(data, "test")
    mood = opinions.of([text for text, _ in twitch], "mood")
    on_twitch = with_interval(correlation, np.array([target for _, target in twitch]), mood)
    keep("mood on Twitch, correlation", on_twitch)
    keep("disguised CONDA by its heads", disguised_games(opinions, data, "conda"))
    keep("disguised CONDA by insult", disguised_games(opinions, data, "insult"))
    keep("disguised COLD", disguised_chinese(opinions, data))
    keep("errors by topic, COLD test", by_topic(scorer, data))
    keep("errors by mention, OLID test and ordinary chat", by_mention(scorer, data))
    unseen = sets.ordinary_chat(data, "test")
    happy = [text for text, target in sets.chinese_mood_test(data) if target == 1.0]
    ham = [text for text, target in sets.sms(data, "test") if target == 0.0]
    removed = [text for text, _ in sets.moderated(data, "test", sets.UNKIND)]
    chats = {
        "unmoderated Twitch messages": unseen,
        "recorded Twitch chats": played,
        "happy Chinese posts, SMP2020 usual_test": happy,
        "English messages, SMS ham of the last 70 %": ham,
        "removed Twitch messages (to be caught)": removed,
    }
    keep("verdicts", {name: asyncio.run(verdicts(scorer, texts)) for name, texts in chats.items()})
    keep(
        "mean mood",
        {name: round(float(scorer.score(chats[name]).mood.mean()), 3) for name in list(chats)[:2]},
    )
    for name, split in (("selection", "test"), ("selection, tuning windows", "thresholds")):
        results[name] = shown = selection.measure(data, scorer, split)
        print(name)
        selection.show(shown)
    path.with_name("results.json").write_text(json.dumps(results, indent=1) + "\n")


def main() -> None:
    """Evaluate the model that is in the project, or another."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    arguments.add_argument("--model", type=Path, default=HERE / "model.onnx")
    given = arguments.parse_args()
    evaluate(given.data, given.model)


if __name__ == "__main__":
    main()
