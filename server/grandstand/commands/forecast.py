"""``grandstand forecast``: what the audience of a show will be, from curves in files."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, TypeAlias

import msgspec
import numpy as np
import typer

from grandstand import resources
from grandstand.commands.input_file import read_text
from grandstand.commands.rundown_file import RundownFile
from grandstand.crowd.before import forecast_before
from grandstand.crowd.curve_file import check_span, read_items, read_show
from grandstand.crowd.forecast import forecast as forecast_of
from grandstand.crowd.history import History
from grandstand.crowd.show import Floats, Item, Show
from grandstand.crowd.weights import AHEAD, Weights, decode
from grandstand.errors import OperatorError

DIGITS = 1
BEFORE_EVERY = 15
_Line: TypeAlias = dict[str, object]


def forecast(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="The show's curve so far, as CSV; - for standard input."
        ),
    ],
    rundown: Annotated[
        Path | None,
        typer.Option("--rundown", help="Its run-down: CSV, or TOML as `rundown export` writes it."),
    ] = None,
    history: Annotated[
        list[Path] | None,
        typer.Option("--history", help="A past show's curve; repeat, oldest first."),
    ] = None,
    every: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Also forecast at every so many minutes of the curve, as it was known then.",
        ),
    ] = None,
) -> None:
    """Forecast viewers and comments 1, 5, 15, 30 and 60 minutes ahead: JSON lines.

    A curve has a row for each minute: t (seconds since 1970), viewers, chats (comments within the
    minute). A CSV run-down has start (seconds since 1970), duration_s and name. What is blank or
    missing isn't known, other columns are left aside. A past show's run-down is read from
    NAME.rundown.csv beside its NAME.csv, if it is there.

    Each line has t and, for viewers and comments, what is expected in so many seconds: in eight of
    ten cases between p10 and p90, in half of them below p50. A curve without a count is a show that
    hasn't begun: with a run-down and history, all of it is forecast, a line for every 15 minutes.

    \b
    Examples:
      grandstand forecast tonight.csv --rundown tonight.rundown.csv --history last-year.csv
      grandstand forecast show.csv --every 5 | jq -r '[.t, .viewers[1].p90] | @tsv'
    """
    show = read_show(file, read_text(file), _items(rundown) if rundown else [])
    past = History.of([_past(path) for path in history or ()])
    weights_file = resources.audience_weights()
    weights = decode(str(weights_file), weights_file.read_bytes())
    counted = np.isfinite(show.viewers).any() or np.isfinite(show.comments).any()
    lines = _during(show, past, weights, every) if counted else _before(show, past, weights, every)
    for line in lines:
        sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()


def _items(path: Path) -> list[Item]:
    text = read_text(str(path))
    if path.suffix != ".toml":
        return read_items(str(path), text)
    starts = [
        (item["expected_at"] / 60_000, str(item.get("title", "")), item.get("kind") == "break")
        for item in RundownFile(str(path), text).items
        if isinstance(item.get("expected_at"), int)
    ]
    if not starts:
        raise OperatorError(f"{path}: no item has expected_at, so nothing is known of its time")
    items = [Item(start, start if is_break else None, title) for start, title, is_break in starts]
    check_span(str(path), items)
    return items


def _past(path: Path) -> Show:
    beside = path.with_suffix(".rundown.csv")
    return read_show(str(path), read_text(str(path)), _items(beside) if beside.exists() else [])


def _during(show: Show, past: History, weights: Weights, every: int | None) -> Iterator[_Line]:
    curves = {
        name: forecast_of(show, past, weights, comments)
        for name, comments in (("viewers", False), ("comments", True))
    }
    known = np.flatnonzero(
        np.any([np.isfinite(each[AHEAD[0]][:, 1]) for each in curves.values()], axis=0)
    )
    asked = known[(known % every == 0) | (known == known[-1])] if every else known[-1:]
    for minute in asked.tolist():
        yield {
            "t": (show.begin + minute) * 60,
            **{
                name: [{"in": ahead * 60, **_named(curve[ahead][minute])} for ahead in AHEAD]
                for name, curve in curves.items()
                if np.isfinite(curve[AHEAD[0]][minute, 1])
            },
        }


def _before(show: Show, past: History, weights: Weights, every: int | None) -> Iterator[_Line]:
    if not show.items or not past.shows:
        raise OperatorError(
            "the curve has no count: before a show, --rundown and --history are needed"
        )
    viewers, comments = (forecast_before(show, past, weights, each) for each in (False, True))
    for minute in range(0, len(viewers), every or BEFORE_EVERY):
        named = {"viewers": viewers[minute], "comments": comments[minute]}
        yield {
            "t": (show.start + minute) * 60,
            **{name: _named(each) for name, each in named.items() if np.isfinite(each[1])},
        }


def _named(quantiles: Floats) -> dict[str, float]:
    return dict(zip(("p10", "p50", "p90"), np.round(quantiles, DIGITS).tolist(), strict=True))
