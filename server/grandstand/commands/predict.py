"""``grandstand predict``: asks a forecast model without a room."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec
import typer

from grandstand import resources
from grandstand.commands.input_file import read_text
from grandstand.errors import OperatorError
from grandstand.forecasts.readers import reader_of
from grandstand.inference.forecast_manifest import Stats
from grandstand.inference.forecaster import SLOW_MS, Forecaster
from grandstand.inference.manifest import NAME, ModelError

LINE_BYTES_MAX = 1_048_576
DIGITS = 6

UNRATED_MAX = 20
"""So many names of teams that nobody has rated are told."""

_Read = Callable[[bytes], Stats]


def predict(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="football, cricket, or a folder.")],
    file: Annotated[
        str, typer.Argument(metavar="[FILE]", help="Matches as JSON lines; - for standard input.")
    ] = "-",
    results: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Results (CSV) that bring football's ratings up to the eve of each line's date.",
        ),
    ] = None,
) -> None:
    """Say how probable each outcome of a match is: JSON lines in, JSON lines out.

    Every line gives one line of output, {"probabilities": {...}}, or {"error": ...} with the
    line's number. Blank lines give none. The exit code is 1 if a line was wrong.

    A line for football has home, away, date, tournament, neutral, minute and score. A date's
    forecast knows results of the days before it alone. A line for cricket has the columns of a
    match, and deliveries with those of each ball so far. Other fields of both are ignored. A model
    of your own takes lines that name its stats, and no others.

    \b
    Examples:
      echo '{"home":"Spain","away":"France"}' | grandstand predict football
      grandstand predict football matches.jsonl --results results.csv
      grandstand predict ./handball matches.jsonl
    """
    try:
        forecaster = Forecaster(_path(model))
    except ModelError as error:
        raise OperatorError(str(error)) from None
    if forecaster.probe_ms > SLOW_MS:
        print(f"{model} is slow: {forecaster.probe_ms:.0f} ms for one forecast", file=sys.stderr)
    unrated: set[str] = set()
    read = _reader(forecaster, results, unrated)
    try:
        with sys.stdin.buffer if file == "-" else Path(file).open("rb") as lines:
            wrong = _write(lines, read, forecaster)
    except ModelError as error:
        raise OperatorError(str(error)) from None
    except OSError as error:
        if error.filename is None:  # not of opening it
            raise
        raise OperatorError(f"{file} can't be read: {error.strerror}") from None
    if unrated:
        names = ", ".join(sorted(unrated)[:UNRATED_MAX])
        print(f"taken for weak teams, since nobody had rated them yet: {names}", file=sys.stderr)
    if wrong:
        raise OperatorError(f"{wrong} of the lines were wrong: see error in the output")


def _path(model: str) -> Path:
    """Return the path of a model's manifest: of one that ships, or in a folder."""
    if Path(model).name != model or Path(model, NAME).is_file():
        return Path(model, NAME)
    if model not in resources.FORECASTS:
        known = ", ".join(resources.FORECASTS)
        raise OperatorError(f"no model {model!r}: name its folder, or one of {known}")
    return resources.found(f"models/{model}", NAME)


def _reader(forecaster: Forecaster, results: str | None, unrated: set[str]) -> _Read:
    """Return what reads a model's lines. It adds names of teams to ``unrated``."""
    if results is not None and forecaster.manifest.reads != "football":
        raise OperatorError("--results is for football's ratings: leave it out")
    try:
        text = None if results is None else read_text(results)
        return reader_of(forecaster, text, unrated).stats
    except ValueError as error:
        raise OperatorError(f"{results}: {error}" if results else str(error)) from None


def _write(lines: BinaryIO, read: _Read, forecaster: Forecaster) -> int:
    """Answer every line; return how many were wrong."""
    wrong = 0
    for number, line in enumerate(_bounded(lines), 1):
        if not line.strip():
            continue
        answer: dict[str, Any]
        try:
            if len(line) > LINE_BYTES_MAX:
                raise ValueError(f"has more than {LINE_BYTES_MAX} bytes")
            (found,) = forecaster.forecast([read(line)])
            rounded = {label: round(each, DIGITS) for label, each in found.items()}
            answer = {"probabilities": rounded}
        except (ValueError, RecursionError) as fault:  # of JSON, UTF-8, or the match
            wrong += 1
            answer = {"error": f"line {number}: {fault}"}
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()
    return wrong


def _bounded(lines: BinaryIO) -> Iterator[bytes]:
    """Yield lines; of one that is too long, a little more than is allowed."""
    while line := lines.readline(LINE_BYTES_MAX + 1):
        rest = line
        while len(rest) > LINE_BYTES_MAX and not rest.endswith(b"\n"):
            rest = lines.readline(LINE_BYTES_MAX + 1)
        yield line
