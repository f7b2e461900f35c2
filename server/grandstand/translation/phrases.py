"""The phrase books and names of all rooms: ours, the operator's for every room, and a room's own.

The operator's folder has ``phrases.toml`` for every room and ``ROOM/phrases.toml`` for one.
They are read at the start, ours when a language is first asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from grandstand.errors import OperatorError
from grandstand.translation.glossary import Glossary
from grandstand.translation.phrasebook import PhraseBook, our_own

FILE = "phrases.toml"
ROOMS_MAX = 1000


class Phrases:
    """What people wrote beforehand, by room."""

    def __init__(self, folder: Path | None = None) -> None:
        """Raises OperatorError, naming the file that can't be used."""
        self._everywhere: list[PhraseBook] = []
        self._rooms: dict[str, PhraseBook] = {}
        self._glossaries: dict[str, Glossary] = {}
        self._is_loaded = False
        if folder is None:
            return
        if not folder.is_dir():
            raise OperatorError(f"GRANDSTAND_PHRASES: {folder} is no folder")
        if (folder / FILE).exists():
            self._everywhere.append(PhraseBook.read(folder / FILE))
        paths = sorted(folder.glob(f"*/{FILE}"))
        if len(paths) > ROOMS_MAX:
            raise OperatorError(f"GRANDSTAND_PHRASES: {folder} has over {ROOMS_MAX:,} rooms")
        self._rooms = {path.parent.name: PhraseBook.read(path) for path in paths}

    async def load(self) -> None:
        """Read our own book if that wasn't done: 0.1 s of a core, beside the loop."""
        if not self._is_loaded:
            await asyncio.to_thread(our_own)
            self._is_loaded = True

    def find(
        self, room: str, text: str, source: str, lang: str, names: Sequence[str]
    ) -> str | None:
        """Return a text in ``lang``: by the room's book, the operator's, or ours; None if no book
        has it."""
        for book in self._books(room):
            if (said := book.find(text, source, lang, names)) is not None:
                return said
        return None

    def glossary(self, room: str) -> Glossary:
        """Return the names that the operator gave for a room."""
        key = room if room in self._rooms else ""
        if key not in self._glossaries:
            names = [name for book in self._books(room) for name in book.names]
            self._glossaries[key] = Glossary(names)
        return self._glossaries[key]

    def __len__(self) -> int:
        books = [our_own(), *self._everywhere, *self._rooms.values()]
        return sum(map(len, books))

    def _books(self, room: str) -> list[PhraseBook]:
        own = self._rooms.get(room)
        return [*([own] if own else []), *self._everywhere, our_own()]
