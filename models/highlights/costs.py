"""What finding highlights costs: ``python -m models.highlights.costs``.

Feeds a finder with a made-up chat of so many comments a second, each of another text and of one of
many people, and prints the CPU time of a comment and the share of a core that the rate takes.
"""

from __future__ import annotations

import argparse
import random
import time

from grandstand.overlays.highlights import HighlightFinder, Said

PEOPLE = 20_000
LETTERS = "abcdefghijklmnopqrstuvwxyz"
HAN = "加油漂亮进球可惜再来稳住中国队冠军夺金牌太强好球守门员裁判"


def vocabulary(chance: random.Random, size: int) -> list[str]:
    """Return words in Latin letters and Chinese ones, in turns."""
    return [
        "".join(chance.choices(HAN, k=4) if number % 4 == 0 else chance.choices(LETTERS, k=5))
        for number in range(size)
    ]


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=1000, help="comments a second")
    parser.add_argument("--seconds", type=int, default=240)
    given = parser.parse_args()
    chance = random.Random(1)
    words = vocabulary(chance, 5_000)
    finder = HighlightFinder()
    spent: list[float] = []
    for second in range(given.seconds):
        rate = given.rate * (5 if second % 60 == 59 else 1)  # a burst each minute
        said = [
            Said(
                second * 1000 + chance.randrange(1000),
                f"person {chance.randrange(PEOPLE)}",
                " ".join(chance.choices(words, k=chance.randint(1, 8))),
                f"{second}-{number}",
                chance.randrange(100) / 10,
            )
            for number in range(rate)
        ]
        begun = time.process_time()
        for each in said:
            finder.comment(each)
        finder.read((second + 1) * 1000)
        spent.append((time.process_time() - begun) / rate)
    each_us = 1e6 * sum(spent) / len(spent)
    print(
        f"{each_us:.1f} us a comment: {1e6 / each_us:,.0f} comments a second of one core, "
        f"{each_us * given.rate / 1e4:.1f} % of it at {given.rate} a second"
    )


if __name__ == "__main__":
    main()
