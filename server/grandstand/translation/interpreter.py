"""Turns what a room shows into another language: what people wrote before, then what is known, then
engines.

It must not know rooms' state, frames or viewers: it is asked for sentences, and answers for each
either a translation or None, which means that the original is shown. Sentences that need none are
sorted out, a phrase book answers, then the cache, then the first engine in the operator's order
that takes the pair, runs and is within the budget; one batch for each call. Every answer is checked
(``checks``), and what fails is None, and remembered as such. What passes is judged by moderation
whenever it is used: the room's policy may be another than when it was kept.

The same sentence is asked once: for all who wait for it at that time here, and by the store's cache
for the whole cluster. What is in that cache before it is answered stays the same after a takeover.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeAlias

import structlog

from grandstand.assistant.budget import Budget, Limits
from grandstand.text.normalise import clean
from grandstand.timeouts import timeout
from grandstand.translation.beside import rest_of
from grandstand.translation.cache import Answer, Cache, Key
from grandstand.translation.casing import in_case_of, is_shouted, plain
from grandstand.translation.checks import fault
from grandstand.translation.engines.engine import Engine, Item, base
from grandstand.translation.glossary import Glossary
from grandstand.translation.guarded import GuardedEngine
from grandstand.translation.guess import Guesser
from grandstand.translation.metrics import TranslationMetrics
from grandstand.translation.phrasebook import key_of
from grandstand.translation.phrases import Phrases
from grandstand.translation.speech import says_something
from grandstand.translation.trimmed import Trimmed, trimmed

PHRASEBOOK, CACHE = "phrasebook", "cache"
"""Who translates, besides engines; the second for metrics alone."""

SENTENCES_MAX = 500
"""Of a call; the others are shown as they are. A tick of 2 s shows as many at 250 a second."""

TEXT_MAX = 500
"""Characters of the contract's longest comment; what is longer is shown as it is."""

LOOKED_AT_ONCE = 50
"""Sentences, over all rooms and languages, that are looked at in one turn of the loop: 2 ms."""

BUDGETS_MAX = 10_000

FORGET_S = 30.0
"""Between two looks at what the cache has had for long enough."""

Judge: TypeAlias = Callable[[str, str, Sequence[str]], Awaitable[Sequence[bool]]]
"""Of a room, a language and texts in it: whether each may be shown there."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sentence:
    """What is to be translated; ``source`` is its language (BCP 47), or "" if it isn't known, and
    ``most`` are the most characters that it may have in another."""

    text: str
    source: str
    most: int = TEXT_MAX


@dataclass(frozen=True, slots=True)
class Translated:
    """A translation; ``by`` is "phrasebook", "person" or an engine's name."""

    text: str
    by: str


@dataclass(frozen=True, slots=True)
class _Call:
    """One call, and what has been found for it: ``places`` has which of its sentences wait for a
    key, ``found`` what isn't from the phrase book, with the word by which it is counted, and
    ``waiting`` the engine that is being asked."""

    room: str
    lang: str
    answers: list[Translated | None]
    places: dict[Key, list[tuple[int, Trimmed]]] = field(default_factory=dict)
    found: dict[Key, tuple[Answer, str]] = field(default_factory=dict)
    waiting: list[GuardedEngine] = field(default_factory=list)


async def _all_may_be_shown(room: str, lang: str, texts: Sequence[str]) -> Sequence[bool]:
    return [True] * len(texts)


class Interpreter:
    """The interpreter of one process; belongs to one event loop."""

    def __init__(
        self,
        engines: Sequence[Engine] = (),
        phrases: Phrases | None = None,
        limits: Limits | None = None,
        judge: Judge = _all_may_be_shown,
        metrics: TranslationMetrics | None = None,
        cache: Cache | None = None,
    ) -> None:
        self._metrics = metrics or TranslationMetrics()
        for by in (PHRASEBOOK, CACHE):
            self._metrics.sentences.labels(by)
        self._engines = [GuardedEngine(engine, self._metrics) for engine in engines]
        self._phrases = Phrases() if phrases is None else phrases
        self._limits = limits or Limits()
        self._judge = judge
        self._cache = cache or Cache()
        self._guesser = Guesser()
        self._asked: dict[Key, asyncio.Future[Answer]] = {}
        self._budgets: OrderedDict[tuple[str, str], Budget] = OrderedDict()
        self._turns = asyncio.Lock()
        self._looked_at = 0  # sentences, since the last turn

    async def translate(
        self,
        room: str,
        lang: str,
        sentences: Sequence[Sentence],
        deadline_s: float,
        *,
        names: Glossary | None = None,
    ) -> list[Translated | None]:
        """Return a translation for each sentence, or None: it is shown as it is.

        Never raises for what an engine did. What isn't there after ``deadline_s`` is None.
        ``names`` are those of the event besides the operator's.
        """
        call = _Call(room, lang, [None] * len(sentences))
        self._leave_out(max(0, len(sentences) - SENTENCES_MAX), "too many")
        wanted: dict[Key, Item] = {}
        try:
            async with timeout(deadline_s):
                await self._sort_out(call, sentences[:SENTENCES_MAX], names, wanted)
                if wanted:
                    await self._find(call, wanted)
        except TimeoutError:
            self._leave_out(sum(key not in call.found for key in wanted), "late")
            for guarded in call.waiting:
                guarded.late()
        except asyncio.CancelledError:  # nobody asks any more, for no fault of the engine's
            for guarded in call.waiting:
                guarded.spare()
            raise
        if call.found:
            await self._show(call, sentences)
        return call.answers

    def language_of(self, text: str) -> str:
        """Return the language (BCP 47) that a text seems to be in, "" if that isn't sure."""
        return self._guesser.guess(text)

    async def run(self) -> None:
        """Say how the engines are, then hold them until this is cancelled; never ends by itself."""
        try:
            await asyncio.gather(*(guarded.look() for guarded in self._engines))
            while True:
                await asyncio.sleep(FORGET_S)
                self._cache.forget_old()
        finally:
            for guarded in self._engines:
                await guarded.engine.close()

    # --- without an engine ---------------------------------------------------------------------

    async def _sort_out(
        self,
        call: _Call,
        sentences: Sequence[Sentence],
        names: Glossary | None,
        wanted: dict[Key, Item],
    ) -> None:
        """Answer what needs no engine; the rest is ``wanted``, by its key."""
        await self._phrases.load()
        glossaries = [self._phrases.glossary(call.room), *([names] if names else [])]
        for place, given in enumerate(sentences):
            await self._turn()
            text = given.text
            if len(text) > TEXT_MAX:
                self._leave_out(1, "too long")
                continue
            sentence = given
            if not base(given.source):
                sentence = replace(given, source=self.language_of(text))
            kept = tuple(dict.fromkeys(name for each in glossaries for name in each.names_in(text)))
            if why := _needs_none(sentence, call.lang, kept):
                self._leave_out(1, why)
                continue
            parts = trimmed(text)
            said = self._phrased(call, text, sentence.source, kept)
            if said is None and parts.core != text:
                core = self._phrased(call, parts.core, sentence.source, kept)
                said = None if core is None else parts.around(core)
            if said is None:
                parts = rest_of(
                    parts, partial(self._phrased, call, source=sentence.source, names=kept)
                )
                said = None if says_something(parts.core, kept) else parts.around(parts.core)
            if said is not None and len(said) <= sentence.most:
                self._metrics.sentences.labels(PHRASEBOOK).inc()
                if key_of(said) != key_of(text):
                    call.answers[place] = Translated(said, PHRASEBOOK)
                continue
            names_here = tuple(name for name in kept if name in parts.core)
            asked = parts.core if names_here else plain(parts.core, call.lang)
            key = (call.room, call.lang, asked)
            call.places.setdefault(key, []).append((place, parts))
            if key in self._cache:
                call.found[key] = self._cache.get(key), CACHE
            elif key not in wanted:
                question = asked if is_shouted(parts.core, call.lang) else parts.core
                names_and_covers = (*names_here, *parts.covers)
                wanted[key] = Item(question, sentence.source, names_and_covers)

    async def _turn(self) -> None:
        """Let other tasks run before a sentence is looked at, if this turn did enough."""
        if self._looked_at >= LOOKED_AT_ONCE:
            async with self._turns:  # one call after the other, each of them a turn's share
                await asyncio.sleep(0)
                self._looked_at = 0
        self._looked_at += 1

    def _phrased(self, call: _Call, text: str, source: str, names: Sequence[str]) -> str | None:
        return self._phrases.find(call.room, text, source, call.lang, names)

    # --- with engines --------------------------------------------------------------------------

    async def _find(self, call: _Call, wanted: dict[Key, Item]) -> None:
        """Answer what another call asks for already when that has it, and ask for the rest."""
        waiting = {key: self._asked[key] for key in wanted if key in self._asked}
        mine = {key: item for key, item in wanted.items() if key not in waiting}
        loop = asyncio.get_running_loop()
        self._asked |= {key: loop.create_future() for key in mine}
        try:
            if mine:
                await self._ask(call, mine)
        finally:
            for key in mine:
                self._asked.pop(key).set_result(self._cache.get(key))
        for key, future in waiting.items():
            answer = await asyncio.shield(future)
            if answer is not None:
                call.found[key] = answer, CACHE

    async def _ask(self, call: _Call, wanted: dict[Key, Item]) -> None:
        left, too_dear = await self._looked_up(call, wanted), set[Key]()
        for guarded in self._engines:
            takes = guarded.engine.takes
            here = {key: item for key, item in left.items() if takes(item.source, call.lang)}
            if not here or not guarded.admits():
                continue
            afforded = self._afforded(call, here)
            too_dear |= here.keys() - afforded.keys()
            here = afforded
            if not here:
                guarded.spare()
                break
            call.waiting.append(guarded)
            answers = await guarded.translate(list(here.values()), call.lang)
            call.waiting.clear()
            found = None
            if answers is not None:
                found = self._examined(call, here, answers, guarded.engine.name)
            await self._keep(call, found or {}, guarded.engine.name)
            if found is None:
                continue
            left = {key: item for key, item in left.items() if key not in here}
            if not left:
                return
        self._leave_out(len(left.keys() & too_dear), "budget")
        self._leave_out(len(left.keys() - too_dear), "no engine")

    async def _looked_up(self, call: _Call, wanted: dict[Key, Item]) -> dict[Key, Item]:
        """Answer what the cluster knows, and learn what it has spent; return the rest."""
        texts = [key[2] for key in wanted]
        sent = await self._cache.look_up(call.room, call.lang, texts)
        self._budget(call).spent_elsewhere(sent, time.monotonic())
        for key in wanted:
            if key in self._cache:
                call.found[key] = self._cache.get(key), CACHE
        return {key: item for key, item in wanted.items() if key not in self._cache}

    def _budget(self, call: _Call) -> Budget:
        budget = self._budgets.setdefault((call.room, call.lang), Budget(self._limits))
        self._budgets.move_to_end((call.room, call.lang))
        while len(self._budgets) > BUDGETS_MAX:
            self._budgets.popitem(last=False)
        return budget

    def _afforded(self, call: _Call, wanted: dict[Key, Item]) -> dict[Key, Item]:
        """Return those for which there is a budget, which they have taken."""
        budget, now_s = self._budget(call), time.monotonic()
        return {key: item for key, item in wanted.items() if budget.take(len(item.text), now_s)}

    async def _keep(self, call: _Call, found: dict[Key, Answer], by: str) -> None:
        """Keep answers for the cluster, and count what was sent; what stands there is the
        answer."""
        said = {key[2]: answer for key, answer in found.items()}
        characters = self._budget(call).take_uncounted()
        await self._cache.keep(call.room, call.lang, said, characters)
        for key in found:
            call.found[key] = self._cache.get(key), by

    def _examined(
        self, call: _Call, asked: dict[Key, Item], answers: Sequence[str | None], by: str
    ) -> dict[Key, Answer]:
        """Return an engine's answers, with None in place of what can't be shown."""
        found: dict[Key, Answer] = {}
        for (key, item), answer in zip(asked.items(), answers, strict=True):
            text = self._checked(call, item, answer)
            found[key] = None if text is None else (text, by)
        for key in _alike(found):
            found[key] = None
            self._leave_out(1, "alike")
        return found

    def _checked(self, call: _Call, item: Item, answer: str | None) -> str | None:
        if answer is None:
            self._leave_out(1, "lacking")
            return None
        why = fault(item.text, answer.strip(), call.lang, item.names, TEXT_MAX)
        text = "" if why else clean(answer)
        if why or key_of(text) == key_of(item.text):
            self._leave_out(1, why or "same")
            return None
        return text

    # --- what is shown -------------------------------------------------------------------------

    async def _show(self, call: _Call, sentences: Sequence[Sentence]) -> None:
        """Answer with what was found, as far as it may be shown."""
        answers = [
            (place, Translated(_around(parts, answer[0], call.lang), answer[1]), counted)
            for key, (answer, counted) in call.found.items()
            if answer is not None
            for place, parts in call.places[key]
        ]
        texts = list(dict.fromkeys(said.text for _, said, _ in answers))
        may = dict(zip(texts, await self._judged(call, texts), strict=True))
        for place, said, counted in answers:
            if not may[said.text]:
                self._leave_out(1, "moderation")
            elif len(said.text) > sentences[place].most:
                self._leave_out(1, "length")
            else:
                call.answers[place] = said
                self._metrics.sentences.labels(counted).inc()

    async def _judged(self, call: _Call, texts: Sequence[str]) -> Sequence[bool]:
        if not texts:
            return []
        try:
            return await self._judge(call.room, call.lang, texts)
        except Exception:
            log.exception("translations_not_judged")
            return [False] * len(texts)

    def _leave_out(self, count: int, why: str) -> None:
        if count:
            self._metrics.originals.labels(why).inc(count)


def _around(parts: Trimmed, said: str, lang: str) -> str:
    return parts.around(in_case_of(parts.core, lang)(said))


def _needs_none(sentence: Sentence, lang: str, names: Sequence[str]) -> str:
    """Return why a sentence is shown as it is, "" if it needs a translation."""
    if base(sentence.source) and base(sentence.source) == base(lang):
        return "own language"
    return "" if says_something(sentence.text, names) else "no language"


def _alike(found: dict[Key, Answer]) -> list[Key]:
    """Return those with the same answer as others that say something else: one of them may have
    told the engine what to answer for all."""
    by_answer: dict[str, list[Key]] = {}
    for key, each in found.items():
        if each is not None:
            by_answer.setdefault(key_of(each[0]), []).append(key)
    return [
        key
        for keys in by_answer.values()
        if len({key_of(key[2]) for key in keys}) > 1
        for key in keys
    ]
