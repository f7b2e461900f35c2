"""What the commands that read a recorded chat have in common: times, and the name of the format."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

import typer

from grandstand.errors import OperatorError
from grandstand.recordings.recording import NAMES
from grandstand.wire.messages import MAX_TIME_MS

ABSOLUTE_MS = 100_000_000_000
"""An ``at`` above this is a date (after 1973); one below counts from the recording's start."""

FILE_HELP = "A recorded chat, in any format that --format names; - for standard input."


def _checked_form(name: str | None) -> str | None:
    if name is not None and name not in NAMES:
        raise typer.BadParameter(f"{name!r} isn't one of {', '.join(NAMES)}")
    return name


ChatFormat = Annotated[
    str | None,
    typer.Option(
        "--format",
        callback=_checked_form,
        help=f"The file's format: {', '.join(NAMES)}. [default: recognised by its content]",
    ),
]


def parse_time(text: str, option: str) -> int:
    """Return programme time in ms, from ms or from a date and time. Raises OperatorError."""
    if re.fullmatch(r"\d{1,16}", text) and int(text) <= MAX_TIME_MS:
        return int(text)
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise OperatorError(
            f"{option} must be ms since 1970, or a time like 2026-02-16T20:00:00+08:00, "
            f"not {text!r}"
        ) from None
