"""Translation by LibreTranslate's HTTP API: a list of texts of one source language a request.

Names go as numbers in brackets, which its models leave alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from grandstand.assistant.service import AnswerError, Service, ServiceError
from grandstand.translation.engines.engine import Item, base
from grandstand.translation.glossary import Cover

_OTHER_TAGS: Mapping[str, tuple[str, ...]] = {
    "zh": ("zh-Hans", "zh"),
    "pt": ("pt", "pt-BR"),
    "nb": ("nb", "no"),
}
"""Tags by which versions of LibreTranslate know a language."""


class _Language(msgspec.Struct):
    code: str
    targets: list[str] = []


class _Answer(msgspec.Struct):
    translated: list[str | None] = msgspec.field(name="translatedText")


class LibreTranslate:
    """The engine; what it translates into what is asked of the service once."""

    name = "libretranslate"

    def __init__(self, url: str, key: str) -> None:
        self._service = Service(url, {})
        self._key = key
        self._targets: dict[str, frozenset[str]] | None = None
        self.where = self._service.where

    def takes(self, source: str, lang: str) -> bool:
        """Return whether the service has the pair; True as long as it hasn't been asked."""
        if self._targets is None:
            return True
        return self._code(lang, self._into(base(source))) is not None

    async def translate(self, items: Sequence[Item], lang: str) -> list[str | None]:
        """Return the translations, by one request for each source language. Raises ServiceError."""
        if self._targets is None:
            await self._look()
        by_source: dict[str, list[int]] = {}
        for place, item in enumerate(items):
            by_source.setdefault(base(item.source), []).append(place)
        found: list[str | None] = [None] * len(items)
        answers = await asyncio.gather(
            *(
                self._ask([items[at] for at in places], source, lang)
                for source, places in by_source.items()
            ),
            return_exceptions=True,
        )
        for places, answer in zip(by_source.values(), answers, strict=True):
            if isinstance(answer, BaseException):
                if len(by_source) == 1 or not isinstance(answer, ServiceError):
                    raise answer
                continue
            for place, text in zip(places, answer, strict=True):
                found[place] = text
        return found

    async def _ask(self, items: Sequence[Item], source: str, lang: str) -> list[str | None]:
        target = self._code(lang, self._into(source))
        if target is None:
            return [None] * len(items)
        covers = [Cover.brackets(item.text, item.names) for item in items]
        body = {
            "q": [cover.text for cover in covers],
            "source": self._code(source, frozenset(self._targets or ())) or "auto",
            "target": target,
            "format": "text",
        }
        if self._key:
            body["api_key"] = self._key
        said = (await self._service.ask("POST", "/translate", body, _Answer)).translated
        if len(said) != len(items):
            raise AnswerError(f"it answers {len(said)} texts where {len(items)} were asked")
        return [
            None if text is None else cover.uncovered(text)
            for cover, text in zip(covers, said, strict=True)
        ]

    async def check(self) -> str:
        """Return how many languages it has, after a word is translated, which needs the key.

        Raises ServiceError.
        """
        await self._look()
        targets = self._targets or {}
        for source, into in targets.items():
            for target in into - {source}:
                body = {"q": ["ok"], "source": source, "target": target, "format": "text"}
                body |= {"api_key": self._key} if self._key else {}
                await self._service.ask("POST", "/translate", body, _Answer)
                return f"{self.where}, {len(targets)} languages"
        return f"{self.where}: it has no languages"

    async def close(self) -> None:
        """End all connections."""
        await self._service.close()

    async def _look(self) -> None:
        known = await self._service.ask("GET", "/languages", None, list[_Language])
        self._targets = {each.code: frozenset(each.targets) for each in known}

    def _into(self, source: str) -> frozenset[str]:
        """Return what the service translates ``source`` into; all that it has if that is ""."""
        targets = self._targets or {}
        if not source:
            return frozenset().union(*targets.values())
        code = self._code(source, frozenset(targets))
        return frozenset() if code is None else targets[code]

    def _code(self, tag: str, known: frozenset[str]) -> str | None:
        """Return the name of a language among those that are known."""
        language = base(tag)
        for code in (tag, language, *_OTHER_TAGS.get(language, ())):
            if code in known:
                return code
        return None
