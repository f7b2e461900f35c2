"""A poll in a terminal: question, bars, votes. The drawing is pure."""

from __future__ import annotations

import shutil
import sys
import time
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from grandstand.domain.polls.registry import KINDS

LABEL_MAX_CELLS = 40
BAR_MIN_CELLS = 10
EIGHTHS = " ▏▎▍▌▋▊▉█"


class Chart:
    """A poll that is drawn again and again: in a terminal in the same place."""

    def __init__(self) -> None:
        self._drawn: list[str] = []

    def draw(self, poll: Mapping[str, Any], now_ms: float) -> None:
        """Print the poll as it is at that programme time, if it looks different from before."""
        lines = lines_of(poll, shutil.get_terminal_size().columns, now_ms)
        if lines == self._drawn:
            return
        if self._drawn and sys.stdout.isatty():
            print(f"\x1b[{len(self._drawn)}F\x1b[J", end="")
        elif self._drawn:
            print()
        print("\n".join(lines), flush=True)
        self._drawn = lines


def lines_of(poll: Mapping[str, Any], columns: int, now_ms: float) -> list[str]:
    """Return the poll as it is at that programme time, in lines of at most ``columns`` columns;
    bars only where the tally may be seen."""
    texts = [str(option["text"]) for option in poll["options"]]
    tally = poll.get("tally") or [0] * len(texts)
    voters = int(poll.get("voters", 0))
    whole = sum(tally) if poll.get("weights") else voters
    head = f"{poll['question']}  [{poll['id']}: {_status(poll, now_ms)}]"
    # 1 mark, 2 gaps of 2, votes and share
    label = min(LABEL_MAX_CELLS, max(map(cells, texts)), max(8, columns // 3))
    votes = max(len(str(each)) for each in tally)
    width = max(BAR_MIN_CELLS, columns - label - votes - 12)
    rows = [head]
    for place, (text, count) in enumerate(zip(texts, tally, strict=True)):
        share = count / whole if whole else 0.0
        mark = "*" if poll.get("answer") == place else " "
        bar = padded(_bar(min(share, 1.0), width), width)
        rows.append(f"{mark} {padded(text, label)}  {bar} {count:>{votes}} {share:>4.0%}")
    rows.append(f"  {voters} {'viewer' if voters == 1 else 'viewers'} voted{_summary(poll, tally)}")
    return rows


def _summary(poll: Mapping[str, Any], tally: Sequence[int]) -> str:
    kind = KINDS.get(poll["kind"])  # a newer server may have kinds that aren't known here
    summary = "" if kind is None else kind.summary(tally, poll.get("answer"))
    return f", {summary}" if summary else ""


def cells(text: str) -> int:
    """Return how many columns a text takes: Chinese letters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(letter) else 1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
    )


def padded(text: str, width: int) -> str:
    """Return the text in exactly that many columns, cut with an ellipsis where it is longer."""
    if cells(text) > width:
        while cells(text) > width - 1:
            text = text[:-1]
        text += "…"
    return text + " " * (width - cells(text))


def _bar(share: float, width: int) -> str:
    eighths = round(share * width * 8)
    return EIGHTHS[8] * (eighths // 8) + EIGHTHS[eighths % 8].strip()


def _status(poll: Mapping[str, Any], now_ms: float) -> str:
    if poll["status"] == "open":
        closes_at = poll["closes_at"]
        if now_ms < closes_at:
            return f"open until {_clock(closes_at)}"
        return f"counting late votes until {_clock(closes_at + poll['grace'])}"
    return "closed, final" if poll["status"] == "closed" else str(poll["status"])


def _clock(at_ms: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at_ms / 1000))
