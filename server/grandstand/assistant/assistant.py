"""The model in the control room: asks an endpoint for suggestions, and lets none through unchecked.

Theory of operation: a request passes the switches, the room's budget and the breaker, and goes out
alone: one at a time of each room and feature. What comes back must be of the feature's form and
name what it was given; every text is checked (``answers``) and judged by moderation. Nothing is
shown or done by itself: a person gets suggestions with what they rest on. Each use is counted in
the room's figures and written to the log, without texts and persons.

It must not know rooms' state or HTTP: it is given material. What failed is a ``SuggestionError``,
whose words are for the person who asked.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import uuid4

import msgspec
import structlog
from msgspec import UNSET

from grandstand.assistant import answers
from grandstand.assistant.breaker import Breaker
from grandstand.assistant.budget import Budget, Limits
from grandstand.assistant.endpoint import Answered, Endpoint, Prompt
from grandstand.assistant.features.feature import Draft, Feature
from grandstand.assistant.material import Counts, Material, RestsOn
from grandstand.assistant.metrics import AssistantMetrics
from grandstand.assistant.service import (
    AnswerError,
    FormRefusedError,
    KeyRefusedError,
    ServiceError,
)
from grandstand.assistant.suggestion import (
    Failure,
    FeatureName,
    Model,
    Outcome,
    PromptVersion,
    Suggested,
    Suggestion,
)
from grandstand.assistant.terms import Terms
from grandstand.store.errors import StoreUnavailable
from grandstand.store.suggestions import Said, Suggestions
from grandstand.timeouts import timeout

DEADLINE_S = 20.0
"""How long an answer may take: a person waits for it."""

AT_ONCE = 16
"""Requests of one process."""

BUSY_S = 2.0
BUDGET_S = 20.0
BUDGETS_MAX = 10_000

KEY_ADVICE = "set GRANDSTAND_ASSISTANT_KEY to the key that its service gave"

Judge: TypeAlias = Callable[[str, str, Sequence[str]], Awaitable[Sequence[bool]]]
"""Of a room, a language and texts in it: whether each may be shown there."""

log = structlog.get_logger(__name__)


class SuggestionError(Exception):
    """There is no suggestion. ``why`` is a word for figures; the message is for who asked."""

    def __init__(self, why: Failure, words: str, retry_after_s: float = 0.0) -> None:
        super().__init__(words)
        self.why = why
        self.retry_after_s = retry_after_s


class OffError(SuggestionError):
    """Nothing is asked: there is no endpoint, or it is switched off."""


async def _all_may_be_shown(room: str, lang: str, texts: Sequence[str]) -> Sequence[bool]:
    return [True] * len(texts)


@dataclass(slots=True)
class _Use:
    """What one request came to, for the log and the figures."""

    room: str
    feature: FeatureName
    prompt: Prompt
    began_s: float
    at: int
    deadline_s: float | None
    characters: int = 0
    version: str = ""
    refused: dict[str, int] = field(default_factory=dict)


class Assistant:
    """The assistant of one process; belongs to one event loop. Without an endpoint it is off."""

    def __init__(
        self,
        terms: Terms | None = None,
        store: Suggestions | None = None,
        judge: Judge = _all_may_be_shown,
        metrics: AssistantMetrics | None = None,
    ) -> None:
        self._terms = terms or Terms()
        self._store = store
        self._judge = judge
        self._metrics = metrics or AssistantMetrics()
        self._breaker = Breaker()
        self._busy: set[tuple[str, str]] = set()
        self._budgets: OrderedDict[str, Budget] = OrderedDict()
        self._prompts: dict[str, Prompt] = {}
        self._endpoint: Endpoint | None = None
        if self._terms.url:
            self._endpoint = Endpoint(self._terms.url, self._terms.model, self._terms.key)
            self._metrics.begin(self.model, answers.WORDS)

    @property
    def has_endpoint(self) -> bool:
        """Return whether there is a model to ask."""
        return self._endpoint is not None

    @property
    def model(self) -> str:
        """Return the model's name, by which all that it says is marked; "" if there is none."""
        return self._terms.model

    @property
    def limits(self) -> Limits:
        """Return what a room may spend."""
        return self._terms.limits

    async def run(self) -> None:
        """Say how the endpoint is, then hold it until this is cancelled; never ends by itself."""
        try:
            if self._endpoint is not None:
                await self._look(self._endpoint)
            await asyncio.Event().wait()
        finally:
            if self._endpoint is not None:
                await self._endpoint.close()

    async def _look(self, endpoint: Endpoint) -> None:
        try:
            log.info("assistant", where=await endpoint.check())
        except KeyRefusedError as fault:
            log.error("assistant_refuses_key", reason=str(fault), advice=KEY_ADVICE)
        except ServiceError as fault:
            log.warning("assistant_fails", reason=str(fault))
        except Exception:
            log.exception("assistant_broke")

    # --- what people ask for ---------------------------------------------------------------------

    async def suggest(
        self,
        room: str,
        feature: Feature,
        material: Material,
        lang: str,
        at: int,
        deadline_s: float | None = None,
    ) -> Suggested:
        """Return what the model suggests; ``at`` is the programme time, ms. Who can't wait as long
        as people do gives a deadline; an endpoint that is too slow for it isn't taken for a broken
        one.

        Raises SuggestionError, StoreUnavailable.
        """
        endpoint, store = self._ready()
        await self.check_on()
        self._metrics.requests.labels(feature.name).inc()
        if (room, feature.name) in self._busy or len(self._busy) >= AT_ONCE:
            self._metrics.failures.labels(feature.name, "busy").inc()
            words = "the model is asked already: one answer at a time"
            raise SuggestionError("busy", words, BUSY_S)
        self._busy.add((room, feature.name))
        use = _Use(room, feature.name, self._prompt(feature), time.monotonic(), at, deadline_s)
        try:
            found = await self._asked(endpoint, store, use, feature, material, lang)
        except SuggestionError as fault:
            self._metrics.failures.labels(feature.name, fault.why).inc()
            await self._count(store, use, fault.why)
            raise
        finally:
            self._busy.discard((room, feature.name))
        await store.keep(room, found.id, feature.name)
        await self._count(store, use, "")
        return found

    async def check_on(self) -> None:
        """Raise OffError if there is no endpoint, or if all is switched off; StoreUnavailable."""
        _, store = self._ready()
        if await store.off_since() is not None:
            raise OffError("off", "the assistant is switched off in all rooms")

    async def outcome(self, room: str, suggestion: str, outcome: Outcome) -> Said:
        """Count what a person did with suggestions. Raises StoreUnavailable."""
        if self._store is None:
            return "unknown"
        said, feature = await self._store.close(room, suggestion, outcome)
        if said == "counted":
            self._metrics.outcomes.labels(feature, outcome).inc()
            log.info("assistant_outcome", room=room, feature=feature, outcome=outcome)
        return said

    def _ready(self) -> tuple[Endpoint, Suggestions]:
        if self._endpoint is None or self._store is None:
            words = "no model is set up: the operator sets GRANDSTAND_ASSISTANT"
            raise OffError("off", words)
        return self._endpoint, self._store

    def _prompt(self, feature: Feature) -> Prompt:
        if feature.name not in self._prompts:
            prompt = Prompt.load("grandstand.assistant", feature.prompt, feature.version)
            self._prompts[feature.name] = prompt
        return self._prompts[feature.name]

    # --- one request -----------------------------------------------------------------------------

    async def _asked(
        self,
        endpoint: Endpoint,
        store: Suggestions,
        use: _Use,
        feature: Feature,
        material: Material,
        lang: str,
    ) -> Suggested:
        data = feature.data(material, lang)
        use.characters = len(use.prompt.text) + len(msgspec.json.encode(data).decode())
        await self._begin(store, use)
        said = await self._answer(endpoint, use, feature, data)
        use.version = said.version
        use.characters += said.characters
        drafts = feature.drafts(said.answer, material)
        kept = await self._examined(use, drafts, lang, data)
        await self.check_on()  # it may have been switched off meanwhile
        return Suggested(
            uuid4().hex,
            feature.name,
            lang,
            kept,
            _basis(kept, material),
            endpoint.model,
            Model(endpoint.model, said.version or UNSET),
            PromptVersion(use.prompt.name, use.prompt.version),
            use.at,
        )

    async def _begin(self, store: Suggestions, use: _Use) -> None:
        """Take the endpoint's turn, and the characters if it may be asked. Raises SuggestionError,
        StoreUnavailable."""
        if not self._breaker.admits(time.monotonic()):
            use.characters = 0
            words = "the model's endpoint fails: it is left alone for a while"
            raise SuggestionError("paused", words, BUSY_S)
        try:
            await self._afford(store, use)
        except BaseException:
            self._breaker.abandoned()
            raise

    async def _afford(self, store: Suggestions, use: _Use) -> None:
        budget = self._budgets.setdefault(use.room, Budget(self._terms.limits))
        self._budgets.move_to_end(use.room)
        while len(self._budgets) > BUDGETS_MAX:
            self._budgets.popitem(last=False)
        spent = await store.spent(use.room)
        now_s = time.monotonic()
        budget.spent_elsewhere(spent, now_s)
        if not budget.take(use.characters, now_s):
            use.characters = 0
            words = "what this room may spend on the model is used up"
            raise SuggestionError("budget", words, BUDGET_S)

    async def _answer(
        self, endpoint: Endpoint, use: _Use, feature: Feature, data: object
    ) -> Answered[object]:
        answered, deadline_s = False, use.deadline_s or DEADLINE_S
        try:
            async with timeout(deadline_s):
                found: Answered[object] = await endpoint.ask(
                    use.prompt, data, feature.schema, feature.answer, feature.tokens_max
                )
            answered = True
        except TimeoutError:
            if use.deadline_s is None:
                self._breaker.failed(time.monotonic())
            else:
                self._breaker.abandoned()
            words = f"the model gave no answer within {deadline_s:.0f} s"
            raise SuggestionError("late", words) from None
        except (AnswerError, FormRefusedError) as fault:
            self._breaker.abandoned()  # it runs
            raise SuggestionError("answer", f"the model's endpoint: {fault}") from None
        except ServiceError as fault:
            self._breaker.failed(time.monotonic(), fault.retry_after_s)
            why: Failure = "key" if isinstance(fault, KeyRefusedError) else "service"
            words = f"the model's endpoint: {fault}"
            raise SuggestionError(why, words, fault.retry_after_s) from None
        except BaseException:
            self._breaker.abandoned()
            raise
        finally:
            if answered:
                self._breaker.succeeded()
            self._metrics.up.labels(self.model).set(not self._breaker.is_open)
            self._metrics.seconds.labels(use.feature).observe(time.monotonic() - use.began_s)
        return found

    async def _examined(
        self, use: _Use, drafts: Sequence[Draft], lang: str, data: object
    ) -> list[Suggestion]:
        """Return what passes all checks. Raises SuggestionError if nothing does."""
        also = [msgspec.json.encode(data).decode()]
        kept, last = list[Suggestion](), "empty"
        for draft in drafts:
            why = draft.fault or self._fault(use, draft, lang, also)
            if not why and not all(await self._judge(use.room, lang, draft.texts)):
                why = "moderation"
            if why:
                last = why
                use.refused[why] = use.refused.get(why, 0) + 1
                self._metrics.refused.labels(use.feature, why).inc()
            else:
                kept.append(draft.suggestion)
        if not kept:
            raise SuggestionError("unfit", f"{answers.WORDS[last]}, so it isn't shown")
        return kept

    def _fault(self, use: _Use, draft: Draft, lang: str, also: Sequence[str]) -> str:
        if answers.is_part(draft.texts[0], draft.known):
            return "part"
        faults = (
            answers.fault(text, lang, draft.max_columns, draft.known, also, use.prompt.text)
            for text in draft.texts
        )
        return next(filter(None, faults), "")

    async def _count(self, store: Suggestions, use: _Use, why: str) -> None:
        """Write one use into the figures and the log."""
        took_s = time.monotonic() - use.began_s
        self._metrics.characters.labels(use.feature).inc(use.characters)
        named = f"{use.prompt.name}-{use.prompt.version}"
        log.info(
            "assistant_used",
            room=use.room,
            feature=use.feature,
            model=self.model,
            version=use.version,
            prompt=named,
            seconds=round(took_s, 3),
            characters=use.characters,
            failed=why,
            refused=use.refused,
        )
        sums = {f"{use.feature}|asked": 1, f"{use.feature}|characters": use.characters}
        sums |= {f"{use.feature}|refused|{each}": count for each, count in use.refused.items()}
        latest = dict[str, str]()
        if why:
            sums[f"{use.feature}|failed|{why}"] = 1
        else:
            latest[f"{use.feature}|latest"] = "\0".join(
                (named, self.model, use.version, str(use.at))
            )
        try:
            await store.count(use.room, sums, latest, use.characters)
        except StoreUnavailable as away:
            log.warning("assistant_not_counted", room=use.room, reason=away.reason)


def _basis(kept: Sequence[Suggestion], material: Material) -> RestsOn:
    """Return what the suggestions name, and what was counted."""
    comments = {each for one in kept for each in one.comments}
    cues = {each for one in kept for each in one.cues}
    stats = {each for one in kept for each in one.stats}
    items = {each for one in kept for each in one.items}
    return RestsOn(
        material.start,
        material.end,
        Counts(material.said, material.given),
        [each for each in material.comments if each.id in comments],
        [each for each in material.cues if each.id in cues],
        [each for each in material.stats if each.id in stats],
        [each for each in material.items if each.id in items],
        material.decision or UNSET,
    )
