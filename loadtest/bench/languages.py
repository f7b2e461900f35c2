"""What languages cost: those who get none, and for each language.

    .venv/bin/python -m loadtest.bench.languages [--pairs 7] [--viewers 5000] [--only PART,PART]
        [--out FILE]

Two servers are up together on one core, each with its own viewers and the same comments, thirty a
second, and frames. One room has no languages, the other has some. They are measured in turn, the
first of a pair being the second of the next: all CPU of server and store. Four parts:

* ``beside``: the room has four languages, and no viewer one. It may cost at most 1.05 times.
* ``one``: beside all the others one viewer has each of the four. So nearly all is what translating
  takes, however many read it. Each language may add at most 3 % of a core, here and below.
* ``four``: a fifth of the viewers has each of four languages.
* ``thirty``: the same with thirty, and a thirty-first of the viewers.

All comments are phrases of the operator's, so each is translated into each language and no engine
is asked: what an engine takes isn't ours. The result is written to
``loadtest/results/languages.json``.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from loadtest.bench.__main__ import machine
from loadtest.bench.commands import Say
from loadtest.bench.crowd import Crowd, crowd
from loadtest.bench.grandstand import Grandstand, cores, grandstand
from loadtest.process import cpu_ns

RESULT = Path(__file__).parents[1] / "results" / "languages.json"
MOST, MOST_OF_A_CORE = 1.05, 0.03
TURN_S, TICK_S, SAID = 10.0, 0.2, 6
FRAME = b"x" * 512
UNTIL_TRANSLATED = 200
"""Comments until the first is translated: nodes say once a second which languages somebody gets."""

ASKED = "grandstand_translations_total"
BASES = ("es", "fr", "de", "pt", "it", "ja", "ko", "ru", "ar", "hi")
REGIONS = ("", "-419", "-001")
"""A region's language is one of its own, with the words of its base."""

LANGUAGES = [f"{lang}{region}" for region in REGIONS for lang in BASES]
PARTS = {"beside": 4, "one": 4, "four": 4, "thirty": 30}

SYLLABLES = [f"{one}{two}" for one in "bdfgklmnprstv" for two in "aeiou"]


def sayings(count: int) -> list[str]:
    """Return so many comments, each of them new: one that is said again isn't shown again."""
    chance = random.Random(1)
    words = ["".join(chance.choices(SYLLABLES, k=3)) for _ in range(5 * count)]
    return [" ".join(words[place : place + 5]) for place in range(0, len(words), 5)]


def phrases(texts: Sequence[str]) -> str:
    """Return a phrase book of them, as an operator's folder has it."""
    forms = ["".join(f'{lang} = "{lang} {text}"\n' for lang in BASES) for text in texts]
    return "".join(
        f'[[phrase]]\nen = "{text}"\n{each}' for text, each in zip(texts, forms, strict=True)
    )


def turn(
    server: Grandstand, speakers: Crowd, texts: Iterator[str], turn_s: float
) -> dict[str, Any]:
    """What the server takes for comments and frames."""
    asked = server.metric(ASKED)
    began, began_s = cpu_ns(server.pids()), time.monotonic()
    for step in range(int(turn_s / TICK_S)):
        for _ in range(SAID):
            speakers.ask(Say(next(texts)))
        server.publish(FRAME)
        time.sleep(max(0.0, began_s + (step + 1) * TICK_S - time.monotonic()))
    taken_ms = (cpu_ns(server.pids()) - began) / 1e6
    took_s = time.monotonic() - began_s
    return {"cpu_ms": taken_ms, "took_s": took_s, "translated": server.metric(ASKED) - asked}


def pairs(part: str, count: int, viewers: int, turn_s: float) -> dict[str, Any]:
    """Rooms with and without languages, in turn."""
    server_core, client_core = cores()
    languages = LANGUAGES[: PARTS[part]]
    spoken = ("", *languages) if part in ("four", "thirty") else ()
    found: dict[str, list[dict[str, Any]]] = {"with": [], "without": []}
    texts = sayings(round((count + 2) * turn_s / TICK_S * SAID) + UNTIL_TRANSLATED)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "phrases.toml").write_text(phrases(texts))
        environment = {"GRANDSTAND_PHRASES": str(folder)}
        rooms: dict[str, tuple[Grandstand, Crowd]] = {}
        for name in found:
            has = name == "with"
            settings = {"lang": "en", "tick": 200, "languages": languages if has else []}
            server = stack.enter_context(grandstand([server_core], settings, environment))
            seats = partial(crowd, server.address, client_core, secret=server.secret)
            seated = stack.enter_context(seats(languages=spoken if has else ()))
            seated.open(viewers)
            rooms[name] = server, seated
            if part == "one":
                stack.enter_context(seats(languages=languages)).open(len(languages))
        said = {name: iter(texts) for name in rooms}
        if part != "beside":
            _until_translated(*rooms["with"], said["with"], len(languages))
        for number in range(-1, count):  # the first pair is not kept: what is loaded once is in it
            for name in ("with", "without") if number % 2 == 0 else ("without", "with"):
                server, seated = rooms[name]
                frames = seated.still()
                told = turn(server, seated, said[name], turn_s)
                told["frames"] = seated.still() - frames
                if number >= 0:
                    found[name].append(told)
    return found


def _until_translated(server: Grandstand, seated: Crowd, texts: Iterator[str], count: int) -> None:
    """Wait until one comment is translated into all languages. Raises OSError if none is."""
    asked = server.metric(ASKED)
    for text in islice(texts, UNTIL_TRANSLATED):
        seated.ask(Say(text))
        time.sleep(TICK_S)
        if server.metric(ASKED) - asked >= count:
            return
    raise OSError("what is said isn't translated")


def judged(part: str, found: dict[str, Any]) -> dict[str, float]:
    """Return the median of the pairs' ratios, and what each language adds, of a core."""
    both = list(zip(found["with"], found["without"], strict=True))
    ratios = [mine["cpu_ms"] / its["cpu_ms"] for mine, its in both]
    added = [
        (mine["cpu_ms"] / mine["took_s"] - its["cpu_ms"] / its["took_s"]) / 1000 / PARTS[part]
        for mine, its in both
    ]
    return {"ratio": statistics.median(ratios), "of_a_core": statistics.median(added)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; 1 if languages cost more than they may."""
    parser = argparse.ArgumentParser(
        prog="python -m loadtest.bench.languages",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--viewers", type=int, default=5000)
    parser.add_argument("--turn", type=float, default=TURN_S, help="s")
    parser.add_argument("--only", default=",".join(PARTS), help="some of the parts")
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args(arguments)
    parts = given.only.split(",")
    if unknown := set(parts) - set(PARTS):
        parser.error(f"--only: no part {', '.join(sorted(unknown))}; {', '.join(PARTS)}")
    found: dict[str, Any] = {"machine": machine(), "viewers": given.viewers}
    is_over = False
    for part in parts:
        told = pairs(part, given.pairs, given.viewers, given.turn)
        its = judged(part, told)
        found[part] = {**its, "pairs": told}
        is_over |= its["ratio"] > MOST if part == "beside" else its["of_a_core"] > MOST_OF_A_CORE
        bound = f"at most {MOST}" if part == "beside" else f"each at most {MOST_OF_A_CORE:.0%}"
        print(
            f"{part:7} with / without: {its['ratio']:.3f}, "
            f"each language {its['of_a_core']:.2%} of a core ({bound})",
            flush=True,
        )
    given.out.write_text(json.dumps(found, indent=1) + "\n")
    return int(is_over)


if __name__ == "__main__":
    sys.exit(main())
