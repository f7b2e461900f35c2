"""Past shows from an operator's folder: what rooms' forecasts know of earlier audiences.

``NAME.csv`` is a curve and ``NAME.rundown.csv`` its run-down, as ``grandstand forecast`` reads
them. Those in the folder itself are for every room; a room with a folder of its own name in it has
those instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from grandstand.crowd.curve_file import read_items, read_show
from grandstand.crowd.history import SHOWS_MAX, History
from grandstand.crowd.show import Show
from grandstand.errors import OperatorError
from grandstand.store.rooms import ROOM_ID

RUNDOWN = ".rundown.csv"


def past_shows(folder: Path | None) -> Mapping[str, History]:
    """Return the past shows of rooms by their ids, under '' those for every other room; of each the
    last ``SHOWS_MAX`` in the order of time.

    Raises:
        OperatorError: something can't be read, or is no curve; the error names the file.
    """
    if folder is None:
        return {}
    try:
        own = sorted(
            each for each in folder.iterdir() if each.is_dir() and ROOM_ID.fullmatch(each.name)
        )
        return {"": _history(folder), **{each.name: _history(each) for each in own}}
    except OSError as fault:
        raise OperatorError(f"GRANDSTAND_PAST_SHOWS: {fault.filename}: {fault.strerror}") from None


def _history(folder: Path) -> History:
    curves = [each for each in folder.glob("*.csv") if not each.name.endswith(RUNDOWN)]
    shows = sorted(map(_show, curves), key=lambda show: show.begin)
    return History.of(shows[-SHOWS_MAX:])


def _show(path: Path) -> Show:
    beside = path.with_suffix(RUNDOWN)
    items = read_items(str(beside), _text(beside)) if beside.exists() else []
    show = read_show(str(path), _text(path), items)
    if not len(show.viewers):
        raise OperatorError(f"{path} has no minute: remove it")
    return show


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise OperatorError(f"{path} isn't UTF-8") from None
