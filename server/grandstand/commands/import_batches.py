"""Division of a recording into batches, as the server accepts them for a room's record.

The file is read twice: once to learn what it has, once to send it. Between the two, eight bytes a
comment are kept, so that equal comments are recognised wherever they are. Also kept are the
comments that others were merged into; each is sent with every comment that was merged into it.
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

BATCH_BYTES = 1_000_000
BATCH_LINES = 5000
_HASH_MASK = 2**64 - 1

Placed = tuple[str, Line]
"""A comment, and its place in the file."""

_Key = tuple[int, str, str]


class Survey:
    """What a recording has: the number of comments, the first time, and which comments others were
    merged into."""

    def __init__(self, lines: Iterable[Placed]) -> None:
        self.count = 0
        self.first_at = float("inf")
        self.targets: set[str] = set()
        """The ids that others were merged into, whether the file has them or not."""
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
        """Return whether several comments have this key, or a key with the same hash."""
        return hash(key) & _HASH_MASK in self._twins


def _key(line: Line) -> _Key:
    """Return the key by which the server identifies a comment."""
    return round(line.at), clean(line.user), clean(line.text)


@dataclass(slots=True)
class ImportBatch:
    """Comments for one call. ``repeated`` are those that an earlier call sent too.

    ``duplicates`` were found on the way and needn't be sent, since the file has them already, by
    their own ids.
    """

    lines: list[Placed] = field(default_factory=list)
    encoded: list[bytes] = field(default_factory=list)
    size: int = 0
    repeated: set[int] = field(default_factory=set)
    duplicates: int = 0

    @property
    def body(self) -> bytes:
        """Return the batch as NDJSON."""
        return b"\n".join(self.encoded)


def batches(lines: Iterable[Placed], survey: Survey, start: int) -> Iterator[ImportBatch]:
    """Yield the comments in batches, with ``start`` (ms) added to their times.

    The comment that a merged one was merged into goes with it. If the file doesn't have it, the
    merged comment is sent by itself.
    """
    numbered = _numbered(lines, survey, start)
    targets: dict[str, Placed] = {}
    held: list[Placed | None] = []
    if survey.targets:  # only our own exports have any, and these are held as a whole
        held = [*numbered]
        targets = {each[1].id: each for each in held if each and each[1].id in survey.targets}
    sent: set[str] = set()
    here: set[str] = set()
    batch = ImportBatch()
    for placed in held or numbered:
        if placed is None:
            batch.duplicates += 1
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
        if batch.lines and (batch.size + more > BATCH_BYTES or len(batch.lines) >= BATCH_LINES):
            yield batch
            batch = ImportBatch()
            here.clear()
        for each, written in zip(needed, encoded, strict=True):
            own_id = each[1].id
            if each is targets.get(own_id):
                if own_id in here:
                    continue
                if own_id in sent:
                    batch.repeated.add(len(batch.lines))
                sent.add(own_id)
                here.add(own_id)
            batch.lines.append(each)
            batch.encoded.append(written)
            batch.size += len(written) + 1
    if batch.lines or batch.duplicates:
        yield batch


def _numbered(lines: Iterable[Placed], survey: Survey, start: int) -> Iterator[Placed | None]:
    """Yield the comments with their times and ordinals; None for one that the file has already."""
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


class ImportSummary:
    """The sum of the server's answers for all comments."""

    def __init__(self) -> None:
        self.imported = 0
        self.known = 0
        self.refused = Faults()
        self._sent = 0
        self._answered = 0

    def enter(self, batch: ImportBatch, result: Any) -> None:
        """Add the server's answer to a batch. Raises OperatorError if it can't be read."""
        try:
            imported, known = int(result["imported"]), int(result["known"])
            refused = [(int(each["line"]) - 1, str(each["message"])) for each in result["refused"]]
        except (KeyError, TypeError, ValueError):
            raise OperatorError("the server's answer to an import can't be read") from None
        self._sent += len(batch.lines)
        self._answered += imported + known + len(refused)
        self.imported += imported
        repeated = set(batch.repeated)
        for index, words in refused:
            if not 0 <= index < len(batch.lines):
                continue  # the sum is wrong then, too
            if index in repeated:
                repeated.discard(index)  # counted the first time
            else:
                self.refused.add(batch.lines[index][0], words)
        self.known += known + batch.duplicates - len(repeated)

    def check(self, count: int) -> None:
        """Check that the answers cover every one of ``count`` comments. Raises OperatorError."""
        if self._answered != self._sent:
            raise OperatorError(
                f"the server accounts for {self._answered} of the {self._sent} comments that it "
                "was sent: check the record, and import the file again"
            )
        answered = self.imported + self.known + self.refused.count
        if answered != count:
            raise OperatorError(
                f"{answered} comments are accounted for and the file has {count}: "
                "it changed while it was read, or the server counts differently; import it again"
            )
