"""Translation by DeepL's HTTP API: a list of texts a request, names in elements that it leaves
alone.

Texts of several languages go in one request without a language: it finds each text's out itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from grandstand.assistant.service import AnswerError, Service
from grandstand.translation.engines.engine import Item, base
from grandstand.translation.glossary import Cover

TEXTS_MAX = 50
"""Of one request, by the service's own limit."""

_FREE_KEY = ":fx"
_PAID, _FREE = "https://api.deepl.com", "https://api-free.deepl.com"
_VARIANTS = {"EN": "EN-US", "PT": "PT-BR", "ZH": "ZH-HANS"}
"""What is asked for where a tag doesn't say which."""


class _Language(msgspec.Struct):
    language: str


class _Text(msgspec.Struct):
    text: str


class _Answer(msgspec.Struct):
    translations: list[_Text | None]


class _Usage(msgspec.Struct):
    used: int = msgspec.field(name="character_count", default=0)
    limit: int = msgspec.field(name="character_limit", default=0)


class DeepL:
    """The engine; what it translates from and into it asks of the service once."""

    name = "deepl"

    def __init__(self, url: str, key: str) -> None:
        """``url`` "" is the service's own, for the kind of the key."""
        where = url or (_FREE if key.endswith(_FREE_KEY) else _PAID)
        headers = {"Authorization": f"DeepL-Auth-Key {key}"} if key else {}
        self._service = Service(where, headers)
        self._targets: frozenset[str] | None = None
        self._sources: frozenset[str] = frozenset()
        self.where = self._service.where

    def takes(self, source: str, lang: str) -> bool:
        """Return whether the service has the pair; True as long as it hasn't been asked."""
        if self._targets is None:
            return True
        language = base(source).upper()
        return self._target(lang) is not None and (not language or language in self._sources)

    async def translate(self, items: Sequence[Item], lang: str) -> list[str | None]:
        """Return the translations, by one request for each 50. Raises ServiceError."""
        if self._targets is None:
            await self._look()
        target = self._target(lang)
        if target is None:
            return [None] * len(items)
        parts = [items[at : at + TEXTS_MAX] for at in range(0, len(items), TEXTS_MAX)]
        answers = await asyncio.gather(*(self._ask(part, target) for part in parts))
        return [text for answer in answers for text in answer]

    async def check(self) -> str:
        """Return how much of the quota is used. Raises ServiceError."""
        usage = await self._service.ask("GET", "/v2/usage", None, _Usage)
        await self._look()
        share = f", {usage.used:,} of {usage.limit:,} characters used" if usage.limit else ""
        return f"{self.where}{share}"

    async def close(self) -> None:
        """End all connections."""
        await self._service.close()

    async def _ask(self, items: Sequence[Item], target: str) -> list[str | None]:
        covers = [Cover.tags(item.text, item.names) for item in items]
        body: dict[str, object] = {
            "text": [cover.text for cover in covers],
            "target_lang": target,
            "tag_handling": "xml",
            "ignore_tags": ["k"],
            "split_sentences": "0",
        }
        sources = {base(item.source).upper() for item in items}
        if len(sources) == 1 and (source := sources.pop()):
            body["source_lang"] = source
        said = (await self._service.ask("POST", "/v2/translate", body, _Answer)).translations
        if len(said) != len(items):
            raise AnswerError(f"it answers {len(said)} texts where {len(items)} were asked")
        return [
            None if each is None else cover.uncovered(each.text)
            for cover, each in zip(covers, said, strict=True)
        ]

    async def _look(self) -> None:
        into, of = [
            await self._service.ask("GET", f"/v2/languages?type={kind}", None, list[_Language])
            for kind in ("target", "source")
        ]
        self._sources = frozenset(each.language for each in of)
        self._targets = frozenset(each.language for each in into)

    def _target(self, lang: str) -> str | None:
        """Return the service's name of a language to translate into."""
        tag, language = lang.upper(), base(lang).upper()
        for code in (tag, _VARIANTS.get(language, language), language):
            if code in (self._targets or ()):
                return code
        return None
