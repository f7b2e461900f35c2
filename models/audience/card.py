"""Writes the figures of the card from ``results.json``: ``python -m models.audience.card``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CARD = HERE / "MODEL_CARD.md"
FIRST, LAST = "<!-- figures -->", "<!-- end of figures -->"

Row = dict[str, Any]


def written(card: str, results: Row) -> str:
    """Return the card with the figures of some results between its marks."""
    before, rest = card.split(FIRST)
    _, after = rest.split(LAST)
    return f"{before}{FIRST}\n{figures(results)}\n{LAST}{after}"


def figures(results: Row) -> str:
    """Return the tables."""
    editions = results["editions"]
    return "\n\n".join(
        "\n".join(each)
        for each in (_main(editions), _known(editions), _peers(editions), _small(editions))
    )


def _table(*heads: str) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"


def _main(editions: Row) -> Iterator[str]:
    yield "Viewers, all known: error of the median (mean absolute percentage error), pinball loss"
    yield "(percent of the mean count), each beside persistence's; in brackets their ratio with its"
    yield "95 % interval. Coverage of the 80 % interval, and of that for comments."
    yield ""
    yield from _table("edition", "minutes ahead", "error", "pinball", "coverage", "comments")
    for name, edition in editions.items():
        for ahead, row in edition["viewers"].items():
            yield (
                f"| {name} | {ahead} | {_both(row['mape'], row[_BY_ERROR])} "
                f"| {_both(row['pinball'], row[_BY_LOSS])} | {_interval(row['coverage'])} "
                f"| {_interval(edition['comments'][ahead]['coverage'])} |"
            )


_BY_ERROR, _BY_LOSS = "mape by persistence's", "pinball by persistence's"


def _both(row: Row, ratio: list[float]) -> str:
    return f"{row['all']:.2f}, {row['persistence']:.2f} ({_interval(ratio)})"


def _interval(of: list[float]) -> str:
    return f"{of[0]:.3f}, {of[1]:.3f} to {of[2]:.3f}"


def _known(editions: Row) -> Iterator[str]:
    yield "The error by persistence's, by what is known:"
    yield ""
    names = list(editions)
    yield from _table("known", "minutes ahead", *names)
    first = editions[names[0]]["viewers"]
    for variant in next(iter(first.values()))["mape"]:
        if variant != "persistence":
            for ahead in ("5", "15", "30", "60"):
                shares = (editions[name]["viewers"][ahead]["mape"] for name in names)
                cells = (f"{row[variant] / row['persistence']:.3f}" for row in shares)
                yield f"| {variant} | {ahead} | {' | '.join(cells)} |"


def _peers(editions: Row) -> Iterator[str]:
    yield "Pinball loss beside Holt-Winters at the same minutes (every 90):"
    yield ""
    names = list(editions)
    yield from _table("minutes ahead", "by", *names)
    peers = {name: editions[name]["Holt-Winters"] for name in names}
    for ahead in ("1", "5", "15", "30", "60"):
        for by in peers[names[0]][ahead]:
            cells = (f"{peers[name][ahead][by]['pinball']:.2f}" for name in names)
            yield f"| {ahead} | {by} | {' | '.join(cells)} |"


def _small(editions: Row) -> Iterator[str]:
    yield "Coverage for small audiences made of these, nothing but the curve known; and from before"
    yield "the show the error (percent) and the coverage:"
    yield ""
    yield from _table(
        "edition", "viewers", "5 min", "15 min", "30 min", "60 min", "before the show"
    )
    for name, edition in editions.items():
        before = edition["before the show"]["all past"]
        for size, row in edition["small shows"].items():
            cells = (f"{row['viewers'][ahead]:.3f}" for ahead in ("5", "15", "30", "60"))
            told = f"{before['mape']:.1f}, {before['coverage']:.2f}"
            yield f"| {name} | {size} | {' | '.join(cells)} | {told} |"


def main() -> None:
    """Write the card."""
    results = json.loads((HERE / "results.json").read_text("utf-8"))
    CARD.write_text(written(CARD.read_text("utf-8"), results), "utf-8")


if __name__ == "__main__":
    main()
