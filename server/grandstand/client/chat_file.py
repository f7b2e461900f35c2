"""Recorded chats as files: they are read in a stream, and what is wrong is named by its place."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Self

from grandstand.errors import OperatorError
from grandstand.recordings.line import Line
from grandstand.recordings.recording import Entry, NotARecordingError, Reader, known_formats

NAMED_MAX = 5
CHUNK_BYTES = 65_536
COMMENTS_MAX = 2_000_000
"""As many are held at once, some 300 bytes each; ``grandstand import`` holds none."""


class ChatFile:
    """The chat in a file, or of standard input if it is called ``-``; it can be read repeatedly.

    ``form`` is a format's name, or None where it is to be told by what the file holds. ``start``,
    ``others`` and ``name`` are as Reader tells them, once it has been read.
    """

    def __init__(self, path: Path, form: str | None = None) -> None:
        self.path = path
        self.name = ""
        self.start: int | None = None
        self.others: Counter[str] = Counter()
        self._form = form
        self._spooled: BinaryIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._spooled is not None:
            self._spooled.close()

    def entries(self) -> Iterator[Entry]:
        """Yield the parts in their order. Raises OperatorError if the file can't be read."""
        try:
            reader = Reader(self._form)
            with self._opened() as file:
                while chunk := file.read(CHUNK_BYTES):
                    yield from reader.feed(chunk)
                yield from reader.close()
        except OSError as error:
            raise OperatorError(f"{self.path} can't be read: {error.strerror}") from None
        except NotARecordingError as fault:
            raise OperatorError(f"{self.path}: {fault}") from None
        self.name, self.start, self.others = reader.name, reader.start, reader.others

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        if str(self.path) != "-":
            with self.path.open("rb") as file:
                yield file
            return
        if self._spooled is None:
            self._spooled = tempfile.TemporaryFile()  # noqa: SIM115 - it is read again later
            shutil.copyfileobj(sys.stdin.buffer, self._spooled)
        self._spooled.seek(0)
        yield self._spooled


class Faults:
    """The parts of a file that are no comments: the first are kept, the others counted."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[tuple[str, str]] = []

    def add(self, where: str, words: str) -> None:
        """Note one."""
        self.count += 1
        if len(self.first) < NAMED_MAX:
            self.first.append((where, words))

    def tell(self, path: Path, what: str) -> None:
        """Name on standard error the first of them, which are ``what``, and count the rest."""
        for where, words in self.first:
            print(f"{path}:{where}: {what}: {words}", file=sys.stderr)
        if self.count > len(self.first):
            print(f"{path}: {self.count - len(self.first)} more {what}", file=sys.stderr)


def comments(chat: ChatFile, faults: Faults) -> Iterator[tuple[str, Line]]:
    """Yield a file's comments and where they are; what is wrong goes to ``faults``.

    Raises OperatorError if the file has no comment.
    """
    count = 0
    for _, where, found in chat.entries():
        if isinstance(found, str):
            faults.add(where, found)
        else:
            count += 1
            yield where, found
    if not count:
        why = " has no comments"
        if faults.first:
            why = ":{}: {}".format(*faults.first[0])
        raise OperatorError(f"{chat.path}{why}; these formats can be read: {known_formats()}")


def tell_others(chat: ChatFile) -> None:
    """Tell on standard error what a file holds besides comments."""
    if chat.others:
        each = ", ".join(f"{count} {kind}" for kind, count in chat.others.most_common(NAMED_MAX))
        more = " and more" if len(chat.others) > NAMED_MAX else ""
        print(f"{chat.path}: no comments, and left out: {each}{more}", file=sys.stderr)


def recorded(path: Path, form: str | None = None) -> Sequence[Line]:
    """Return a file's comments in the order of their time.

    What can't be read is named on standard error. Raises OperatorError if no comment can be, or if
    there are too many to be held.
    """
    faults = Faults()
    lines: list[Line] = []
    with ChatFile(path, form) as chat:
        for _, line in comments(chat, faults):
            lines.append(line)
            if len(lines) > COMMENTS_MAX:
                raise OperatorError(f"{path} has more than {COMMENTS_MAX} comments: split it")
    faults.tell(path, "broken")
    tell_others(chat)
    return sorted(lines, key=lambda line: line.at)
