"""What is translated already: here while it is used, and in the store for the whole cluster for a
while.

A store that is away is no reason to wait: then every process has its own answers. Neither has
anything that nobody asked for in ten minutes: the words may be those of a viewer who was erased.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

import msgspec
import structlog

from grandstand.store.errors import StoreUnavailable
from grandstand.store.translations import Translations

REMEMBERED = 20_000
"""Answers that a process keeps, over all rooms: some 10 MB."""

REMEMBERED_S = 540.0
"""How long a process keeps an answer that nobody asks for; it looks every half minute."""

Answer: TypeAlias = tuple[str, str] | None
"""A text and who made it; None for what is shown as it is."""

Key: TypeAlias = tuple[str, str, str]
"""Room, language and text."""

log = structlog.get_logger(__name__)


class Cache:
    """The cache of one process; without ``shared`` it has its own answers alone. ``now_ms`` is the
    store's clock."""

    def __init__(
        self, shared: Translations | None = None, now_ms: Callable[[], float] = lambda: 0.0
    ) -> None:
        self._shared = shared
        self._now_ms = now_ms
        self._memory: OrderedDict[Key, tuple[Answer, float]] = OrderedDict()

    def __contains__(self, key: Key) -> bool:
        return key in self._memory

    def get(self, key: Key) -> Answer:
        """Return an answer that is here, None also if there is none."""
        if key not in self._memory:
            return None
        answer, _ = self._memory[key]
        self._remember({key: answer})
        return answer

    def forget_old(self) -> None:
        """Forget what nobody asked for lately."""
        oldest_s = time.monotonic() - REMEMBERED_S
        while self._memory and next(iter(self._memory.values()))[1] <= oldest_s:
            self._memory.popitem(last=False)

    async def look_up(self, room: str, lang: str, texts: Sequence[str]) -> int:
        """Bring here what others know of texts; return the characters that the show has sent."""
        if self._shared is None:
            return 0
        try:
            found, sent = await self._shared.find(room, lang, texts, self._now_ms())
        except StoreUnavailable as away:
            log.warning("translations_not_shared", reason=away.reason)
            return 0
        self._take(room, lang, zip(texts, found, strict=True))
        return sent

    async def keep(self, room: str, lang: str, said: Mapping[str, Answer], characters: int) -> None:
        """Keep answers, and count characters that were sent. Where another process was first, its
        answer is here afterwards."""
        self._remember({(room, lang, text): answer for text, answer in said.items()})
        if self._shared is None:
            return
        values = {text: msgspec.msgpack.encode(answer) for text, answer in said.items()}
        try:
            stands = await self._shared.keep(room, lang, values, characters, self._now_ms())
        except StoreUnavailable as away:
            log.warning("translations_not_shared", reason=away.reason)
            return
        self._take(room, lang, zip(said, stands, strict=True))

    def _take(self, room: str, lang: str, found: Iterable[tuple[str, bytes | None]]) -> None:
        for text, value in found:
            if value is not None:
                self._remember({(room, lang, text): msgspec.msgpack.decode(value, type=_ANSWER)})

    def _remember(self, answers: Mapping[Key, Answer]) -> None:
        now_s = time.monotonic()
        for key, answer in answers.items():
            self._memory[key] = answer, now_s
            self._memory.move_to_end(key)
        while len(self._memory) > REMEMBERED:
            self._memory.popitem(last=False)


_ANSWER: type[Answer] = tuple[str, str] | None  # type: ignore[assignment]
