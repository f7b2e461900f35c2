"""A recording on its way into a room's record, in portions as the server takes them.

The file is read twice: once to know what it holds, once to send it. Eight bytes a comment are kept
between, so that equal comments are known again wherever they stand, and the comments that others
were merged into, which go with each of those.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace

from grandstand.client.chat_file import Faults
from grandstand.errors import OperatorError
from grandstand.recordings.line import Line, Twins
from grandstand.text.normalise import clean

PORTION_BYTES = 1_000_000
PORTION_LINES = 5000
_HASH_MASK = 2**64 - 1

Placed = tuple[str, Line]
"""A comment, and where it is in its file."""

_Key = tuple[int, str, str]


class Survey:
    """What a recording holds: how many comments, from when on, and which stand for others."""

    def __init__(self, lines: Iterable[Placed]) -> None:
        self.count = 0
        self.first_at = float("inf")
        self.targets: set[str] = set()
        """The ids that others were merged into, there or not."""
        hashes = array("Q")
        for _, line in lines:
            self.count += 1
            self.first_at = min(self.first_at, line.at)
            hashes.append(hash(_key(line)) & _HASH_MASK)
            if line.merged_into:
                self.targets.add(line.merged_into)
        ordered = np.sort(np.frombuffer(hashes, np.uint64))
        self._twins = frozenset(ordered[1:][ordered[1:] == ordered[:-1]].tolist())

    def has_twins(self, key: _Key) -> bool:
        """Whether there are several of this key, or of one that hashes alike."""
        return hash(key) & _HASH_MASK in self._twins


def _key(line: Line) -> _Key:
    """What a comment is known by, as the server will see it."""
    return round(line.at), clean(line.user), clean(line.text)


@dataclass(slots=True)
class Portion:
    """Comments for one call; ``repeated`` are those of them that went with an earlier one.

    ``duplicates`` were met on the way and needn't be sent: they stand in the file already, by their
    own ids.
    """

    lines: list[Placed] = field(default_factory=list)
    encoded: list[bytes] = field(default_factory=list)
    size: int = 0
    repeated: set[int] = field(default_factory=set)
    duplicates: int = 0

    @property
    def body(self) -> bytes:
        """NDJSON."""
        return b"\n".join(self.encoded)


def portions(lines: Iterable[Placed], survey: Survey, start: int) -> Iterator[Portion]:
    """Yield the comments, with ``start`` (ms) added to their times, in portions.

    What a merged comment was merged into goes with it; one whose target isn't there stands by
    itself.
    """
    numbered = _numbered(lines, survey, start)
    targets: dict[str, Placed] = {}
    held: list[Placed | None] = []
    if survey.targets:  # only our own exports have any, and these are held as a whole
        held = [*numbered]
        targets = {each[1].id: each for each in held if each and each[1].id in survey.targets}
    sent: set[str] = set()
    here: set[str] = set()
    portion = Portion()
    for placed in held or numbered:
        if placed is None:
            portion.duplicates += 1
            continue
        where, line = placed
        if placed is targets.get(line.id) and line.id in sent:
            continue  # it went with one that was merged into it
        needed: list[Placed] = [placed]
        if line.merged_into:
            target = targets.get(line.merged_into)
            if target is None:
                needed = [(where, replace(line, merged_into="", shown=False))]
            else:
                needed.append(target)
        encoded = [msgspec.json.encode(each) for _, each in needed]
        more = sum(len(each) + 1 for each in encoded)
        if portion.lines and (
            portion.size + more > PORTION_BYTES or len(portion.lines) >= PORTION_LINES
        ):
            yield portion
            portion = Portion()
            here.clear()
        for each, written in zip(needed, encoded, strict=True):
            own_id = each[1].id
            if each is targets.get(own_id):
                if own_id in here:
                    continue
                if own_id in sent:
                    portion.repeated.add(len(portion.lines))
                sent.add(own_id)
                here.add(own_id)
            portion.lines.append(each)
            portion.encoded.append(written)
            portion.size += len(written) + 1
    if portion.lines or portion.duplicates:
        yield portion


def _numbered(lines: Iterable[Placed], survey: Survey, start: int) -> Iterator[Placed | None]:
    """The comments with their times and ordinals; None for one that stands there already."""
    twins = Twins()
    for where, line in lines:
        key = _key(line)
        ordinal: int | None = 0
        if survey.has_twins(key):
            ordinal = twins.ordinal(key, line.id)
        if ordinal is None:
            yield None
        else:
            yield where, replace(line, at=start + round(line.at), ordinal=ordinal)


class Account:
    """What the server said of each comment, added up."""

    def __init__(self) -> None:
        self.imported = 0
        self.known = 0
        self.refused = Faults()
        self._sent = 0
        self._answered = 0

    def enter(self, portion: Portion, result: Any) -> None:
        """Enter the server's answer to a portion. Raises OperatorError if it is none."""
        try:
            imported, known = int(result["imported"]), int(result["known"])
            refused = [(int(each["line"]) - 1, str(each["message"])) for each in result["refused"]]
        except (KeyError, TypeError, ValueError):
            raise OperatorError("the server's answer to an import can't be read") from None
        self._sent += len(portion.lines)
        self._answered += imported + known + len(refused)
        self.imported += imported
        repeated = set(portion.repeated)
        for index, words in refused:
            if not 0 <= index < len(portion.lines):
                continue  # then the sum doesn't come out either
            if index in repeated:
                repeated.discard(index)  # told of the first time
            else:
                self.refused.add(portion.lines[index][0], words)
        self.known += known + portion.duplicates - len(repeated)

    def check(self, count: int) -> None:
        """Raise OperatorError unless every one of ``count`` comments is accounted for."""
        if self._answered != self._sent:
            raise OperatorError(
                f"the server accounts for {self._answered} of the {self._sent} comments that it "
                "was sent: look at the record, and import the file again"
            )
        told = self.imported + self.known + self.refused.count
        if told != count:
            raise OperatorError(
                f"{told} comments are accounted for and the file has {count}: "
                "it changed while it was read, or the server counts otherwise; import it again"
            )
