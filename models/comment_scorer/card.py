"""Put the figures of ``results.json`` into MODEL_CARD.md: ``python -m models.comment_scorer.card``.

What stands between the two marks is written here and nowhere else; a test says when it is stale.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CARD = HERE / "MODEL_CARD.md"
FIRST, LAST = "<!-- of results.json -->", "<!-- end -->"

Results = dict[str, Any]


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _with_interval(figure: Sequence[float]) -> str:
    value, low, high = figure
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


def _reached(met: bool) -> str:
    return "yes" if met else "**no**"


def _goals(results: Results) -> str:
    two = results["two classes"]
    game, feelings = (
        results["CONDA valid, four classes"],
        results["TweetEval emotion test, four classes"],
    )
    sms = results["SMS, last 70 %"]["at 0.8"]
    rows: list[tuple[str, str, float, Sequence[float], str]] = [
        (
            "COLD test (official)",
            "accuracy",
            0.81,
            two["COLD test (official)"]["accuracy"],
            two["COLD test (official)"]["published"],
        ),
        ("", "macro-F1", 0.805, two["COLD test (official)"]["macro_f1"], "RoBERTa 0.8239"),
        ("CONDA valid, 4 classes", "accuracy", 0.93, game["accuracy"], ""),
        ("", "macro-F1", 0.86, game["macro_f1"], ""),
        ("", "AUC of toxic", 0.97, game["auc"], ""),
        (
            "OLID test (official)",
            "macro-F1",
            0.734,
            two["OLID test (official)"]["macro_f1"],
            two["OLID test (official)"]["published"],
        ),
        ("TweetEval emotion test", "macro-F1", 0.652, feelings["macro_f1"], feelings["published"]),
        ("SMS, last 70 %, at 0.8", "accuracy", 0.987, sms["accuracy"], "0.976"),
        ("", "MCC", 0.94, sms["mcc"], "0.893"),
        (
            "YouTube, last 30 % of each video",
            "macro-F1",
            0.965,
            two["YouTube, last 30 % of each video"]["macro_f1"],
            "about 0.95",
        ),
        (
            "Chinese SMS, 10 %",
            "macro-F1",
            0.975,
            two["Chinese SMS, 10 %"]["macro_f1"],
            "accuracy 0.964",
        ),
    ]
    table = _table(
        ("test", "measure", "to reach", "found (95 % interval)", "reached", "published"),
        (
            (test, measure, goal, _with_interval(found), _reached(found[0] >= goal), published)
            for test, measure, goal, found, published in rows
        ),
    )
    return f"{table}\n\nHam blocked at 0.8: {sms['ham_blocked']} of the SMS test's messages."


def _tests(results: Results) -> str:
    return _table(
        ("head: test", "texts", "accuracy", "macro-F1", "AUC", "calibration error"),
        (
            (
                name,
                f"{of['texts']:,}",
                *(
                    _with_interval(of[key])
                    for key in ("accuracy", "macro_f1", "auc", "calibration_error")
                ),
            )
            for name, of in results["two classes"].items()
        ),
    )


def _disguises(results: Results) -> str:
    heads, insult = results["disguised CONDA by its heads"], results["disguised CONDA by insult"]
    table = _table(
        (
            "disguise",
            "recall",
            "points lost",
            "false positives",
            "by `insult`: recall",
            "points lost",
            "false positives",
        ),
        (
            (
                name,
                *(
                    of[name].get(key, "")
                    for of in (heads, insult)
                    for key in ("recall", "lost", "false_positives")
                ),
            )
            for name in heads
        ),
    )
    chinese = _table(
        ("COLD test", "macro-F1"),
        ((name, _with_interval(found)) for name, found in results["disguised COLD"].items()),
    )
    return f"{table}\n\n{chinese}"


def _verdicts(results: Results) -> str:
    def cell(of: dict[str, float], end: str) -> str:
        return f"{100 * of['held' + end]:.2f} / {100 * of['rejected' + end]:.2f}"

    rows = []
    for name, levels in results["verdicts"].items():
        rows.append((name, *(cell(levels[level], "") for level in levels)))
        rows.append(
            ("… rules alone", *(cell(levels[level], "_by_rules_alone") for level in levels))
        )
    return _table(("texts", "1", "2", "3", "4"), rows)


def _groups(results: Results) -> str:
    rows = [
        (
            name,
            f"{of['harmless']:,}",
            f"{of['rude']:,}",
            *(
                f"{100 * of[key]:.1f} %"
                for key in ("false_alarms", "misses", "false_alarms_at_half")
            ),
        )
        for title in (
            "errors by topic, COLD test",
            "errors by mention, OLID test and ordinary chat",
        )
        for name, of in results[title].items()
    ]
    return _table(
        (
            "about, or mentioning",
            "harmless",
            "rude",
            "false alarms at level 2",
            "misses there",
            "false alarms at 0.5",
        ),
        rows,
    )


def _costs(results: Results) -> str:
    of = results["costs"]
    goals = (("score_us_batch_64", 25), ("score_us_batch_256", 20), ("score_us_batch_1", 200))
    rows: list[tuple[object, ...]] = [
        (
            f"batch {name.rpartition('_')[2]}, us a comment",
            goal,
            of[name],
            _reached(of[name] <= goal),
        )
        for name, goal in goals
    ]
    rows += [
        (
            "with a cache, comments a second",
            "100,000",
            f"{of['cached_per_s']:,.0f}",
            _reached(of["cached_per_s"] >= 100_000),
        ),
        (
            "model file, MB",
            10,
            round(results["bytes"] / 1e6, 1),
            _reached(results["bytes"] <= 1e7),
        ),
    ]
    return _table(("cost", "at most / at least", "found", "reached"), rows) + (
        f"\n\nOne thread ({of['machine']}; load average {of['load_average']}), distinct messages "
        f"of recorded chats ({of['characters_mean']} characters on average), medians of seven "
        f"rounds. The skeleton is {of['skeleton_us']} us of it. The cache is as the server's, of "
        f"10,000 texts: {100 * of['cached_hits']:.0f} % of the recorded chats hit it. Rules and "
        f"skeleton take {of['rules_and_skeleton_us']} us, `clean` {of['clean_us']} us; the whole "
        f"`Moderator`, rules and verdicts included, judges {of['judged_per_s']:,.0f} comments a "
        "second. Loading "
        f"takes {of['load_ms']} ms."
    )


def _selection(results: Results) -> str:
    shown = results["selection"]
    keys = ("near_duplicates", "toxic_over_raw", "called_over_raw", "mirror", "authors")
    rows = [
        (f"{name}: {way}", *(_with_interval(figures[key]) for key in keys))
        for name, table in shown.items()
        if name.startswith("level")
        for way, figures in table.items()
    ]
    raw = shown["raw"]
    head = (
        "",
        "near-duplicates",
        "removed, of raw share",
        "called toxic, of raw share",
        "mirror",
        "authors seen",
    )
    cost = ", ".join(f"{value} ({name})" for name, value in shown["cost_us"].items())
    return (
        f"Raw: near-duplicates {_with_interval(raw['near_duplicates'])}, exact repeats "
        f"{_with_interval(raw['repeats'])}. The sequencer's whole tick, us a comment: {cost}.\n\n"
        + _table(head, rows)
    )


def _windows(results: Results) -> str:
    """Of each recorded chat, selected at level 2."""
    keys = ("near_duplicates", "mirror", "authors")
    rows = []
    for title, name in (("", "selection"), (" (tuning)", "selection, tuning windows")):
        five, thirty = (
            results[name][f"level 2, {budget} a second"]["selected"]["windows"]
            for budget in (5, 30)
        )
        rows += [
            (window + title, *(f"{of[window][key]:.3f}" for of in (five, thirty) for key in keys))
            for window in five
        ]
    named = [f"{key.replace('_', '-')} at {budget}" for budget in (5, 30) for key in keys]
    return _table(("recorded chat", *named), rows)


def figures(results: Results) -> str:
    """All tables, in Markdown."""
    parts = {
        "What was to be reached": _goals,
        "Every test": _tests,
        "Disguises": _disguises,
        "What levels cost, percent held / rejected": _verdicts,
        "Errors by topic and by mention": _groups,
        "Cost": _costs,
        "What a room shows": _selection,
        "What it shows of each recorded chat": _windows,
    }
    return "\n\n".join(f"### {title}\n{part(results)}" for title, part in parts.items())


def written(card: str, results: Results) -> str:
    """The card with today's figures."""
    before, _, rest = card.partition(FIRST)
    _, _, after = rest.partition(LAST)
    return f"{before}{FIRST}\n{figures(results)}\n{LAST}{after}"


def main() -> None:
    """Write the card."""
    results = json.loads((HERE / "results.json").read_text("utf-8"))
    CARD.write_text(written(CARD.read_text("utf-8"), results), "utf-8")


if __name__ == "__main__":
    main()
