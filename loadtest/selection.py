"""What choosing costs the sequencer when texts are made to be dear, beside ordinary ones.

``python -m loadtest.selection --batches 10000`` folds each batch in a room that has shown others of
its kind, and prints the CPU time of the thread for ordinary chat, and for the dearest of each kind.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Annotated

import typer
from grandstand.domain.events import CommentEvent
from grandstand.domain.state import RoomState
from grandstand.sequencer.folding import RoomFold, Tick
from grandstand.text.normalise import clean, dedupe_key
from grandstand.wire.settings import Settings

from loadtest.bench.__main__ import machine

COMMENTS = 100
"""In a batch, and in the one before it, which fills the memory of what was shown."""

BUDGET = 1000

Chance = random.Random
Sayer = Callable[[Chance, int], str]

_ENGLISH = (
    "goal what a save no yes lol nice go come on ref that was off side never again haha wow "
    "keeper left right pass shoot again team love this game best player ever so close almost"
)
_WORDS = [*_ENGLISH.split(), "加油", "漂亮", "进球", "哈哈", "好球", "可惜", "再来", "稳住"]
_SQUARED = "".join(map(chr, range(0x3300, 0x3358)))


def ordinary(chance: Chance, length: int) -> str:
    """Chat of few words."""
    words = chance.choices(_WORDS, k=chance.randint(1, 8))
    return " ".join(words)[:length]


def long_chat(chance: Chance, length: int) -> str:
    """Chat of few words, as long as may be."""
    return " ".join(chance.choices(_WORDS, k=length // 2))[:length]


def squared(chance: Chance, length: int) -> str:
    """Squared katakana, each of which unfolds to up to six letters."""
    return "".join(chance.choices(_SQUARED, k=length))


def blessings(chance: Chance, length: int) -> str:
    """The sign that unfolds to eighteen letters, among others."""
    return "".join(chance.choices("\ufdfa\ufdfb㌖㈝", k=length))


def one_off(chance: Chance, length: int) -> str:
    """One long text with a few letters changed: near each other, and not near enough."""
    letters = list(Chance(7).choices("uvwxyz", k=length))
    for _ in range(chance.randint(1, length // 4 + 1)):
        letters[chance.randrange(length)] = chance.choice("uvwxyz")
    return "".join(letters)


def rare_word(chance: Chance, length: int) -> str:
    """Rare trigrams that all share, and much besides."""
    return "zzz zzy zzx " + "".join(chance.choices("uvwxy ", k=length - 12))


def stutter(chance: Chance, length: int) -> str:
    """Nearly what it was a moment before, again and again."""
    part = "".join(chance.choices("abcdefgh", k=chance.randint(2, 9)))
    return (part * length)[: length - 1] + chance.choice("xyz")


def numbers(chance: Chance, length: int) -> str:
    """Digits alone."""
    return "".join(chance.choices("0123456789 ", k=length))


def apart(chance: Chance, length: int) -> str:
    """Letters set apart by marks, digits for letters."""
    return "".join(chance.choices("a.b_1'$ é!", k=length))


def anything(chance: Chance, length: int) -> str:
    """Any code points."""
    return "".join(chr(chance.randrange(0x20, 0x11000)) for _ in range(length))


def marked(chance: Chance, length: int) -> str:
    """Letters under marks."""
    return "".join(chance.choices("aeo\u0301\u0323\u0308\u05b0\u0e49", k=length))


UNKIND: tuple[Sayer, ...] = (
    *(long_chat, squared, blessings, one_off, rare_word),
    *(stutter, numbers, apart, anything, marked),
)


def said(sayer: Sayer, chance: Chance, number: int, length: int) -> CommentEvent:
    """One comment, cleaned and cut as on its way in."""
    text = clean(sayer(chance, length))[:length] or "-"
    user = f"u{chance.randrange(200)}"
    weight = chance.randrange(100) / 10
    return CommentEvent(user, user, number, text, weight, 0.0, 0.5, dedupe_key(text))


@dataclass(frozen=True)
class Batch:
    """Two ticks of a room, the second of which is measured."""

    before: Sequence[CommentEvent]
    measured: Sequence[CommentEvent]

    @classmethod
    def of(cls, seed: int, sayer: Sayer, length: int, comments: int = COMMENTS) -> Batch:
        """The batch of one seed."""
        chance = Chance(seed)
        some = [said(sayer, chance, number, length) for number in range(2 * comments)]
        return cls(some[:comments], some[comments:])

    def fold(self) -> tuple[float, Tick, RoomFold]:
        """The CPU time of the measured tick, in ms, and what became of it."""
        room = RoomFold(RoomState(settings=Settings(budget=BUDGET)), {}, 0)
        room.tick([(f"a{number}", event) for number, event in enumerate(self.before)], 1_000)
        events = [(f"b{number}", event) for number, event in enumerate(self.measured)]
        room.selector.shown_texts.compared = 0
        began = time.thread_time()
        tick = room.tick(events, 2_000)
        return (time.thread_time() - began) * 1000, tick, room


@dataclass(frozen=True)
class Found:
    """What ticks of one kind of text cost, in ms."""

    kind: str
    median_ms: float
    worst_ms: float
    times_ordinary: float

    def __str__(self) -> str:
        return (
            f"{self.kind:10} median {self.median_ms:7.2f} ms, worst {self.worst_ms:7.2f} ms, "
            f"{self.times_ordinary:.1f} times"
        )


def measure(sayer: Sayer, length: int, seeds: range, plain: float) -> Found:
    """Fold a batch for each seed; ``plain`` is what an ordinary one takes."""
    # What else runs on the machine makes one run dearer, never cheaper: the dearest, again.
    taken = sorted((Batch.of(seed, sayer, length).fold()[0], seed) for seed in seeds)
    worst = max(
        min(Batch.of(seed, sayer, length).fold()[0] for _ in range(3)) for _, seed in taken[-5:]
    )
    middle = median(ms for ms, _ in taken)
    return Found(sayer.__name__, round(middle, 2), round(worst, 2), round(worst / plain, 2))


def main(
    batches: Annotated[int, typer.Option(help="how many fuzzed ticks")] = 1_000,
    length: Annotated[int, typer.Option(help="code points of each comment")] = 160,
    seed: Annotated[int, typer.Option(help="of the first")] = 1,
    out: Annotated[Path | None, typer.Option(help="file to keep the figures in")] = None,
) -> None:
    """Prints a line for each kind of text, and the worst against ordinary text's median.

    ``out`` keeps what it has of other lengths.
    """
    where = machine()
    plain = median(Batch.of(seed + n, ordinary, length).fold()[0] for n in range(200))
    typer.echo(f"ordinary text: {plain:.2f} ms for {COMMENTS} comments (median of 200 ticks)")
    found: list[Found] = []
    for sayer in UNKIND:
        found.append(measure(sayer, length, range(seed, seed + batches // len(UNKIND)), plain))
        typer.echo(str(found[-1]))
    worst = max(each.times_ordinary for each in found)
    typer.echo(f"the worst of {batches} is {worst:.1f} times ordinary text")
    if out is not None:
        runs = json.loads(out.read_text()) if out.exists() else {}
        runs[f"{length} code points"] = {
            "machine": where,
            "batches": batches,
            "seed": seed,
            "ordinary_ms": round(plain, 2),
            "worst_times_ordinary": worst,
            "rows": [asdict(each) for each in found],
        }
        out.write_text(json.dumps(runs, indent=1) + "\n")


if __name__ == "__main__":
    typer.run(main)
