"""Effects: what a producer wants to happen elsewhere, and the log of what did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace
from starlette.responses import Response

from grandstand.api.operations import Call, answer, event_id
from grandstand.api.problems import UNKNOWN_EFFECT, Fault, ProblemError, invalid
from grandstand.domain import effects
from grandstand.domain.effects import EFFECT_ID, Action, Effect, Firing, On, Status
from grandstand.domain.events import EffectsChanged, EffectTested
from grandstand.domain.outcome import Refusal
from grandstand.effects.kinds.kind import MASK
from grandstand.effects.registry import kind_of
from grandstand.store.effects import EFFECTS_MAX, Secrets
from grandstand.text.normalise import clean

AFTER_MAX_MS = 3_600_000
PAGE = 100

MAX_BYTES = 16_384
"""Of one effect, as JSON. Whoever leads the room reads all of them again when one is changed."""


class EffectBody(Struct, frozen=True, forbid_unknown_fields=True):
    """An effect. ``after`` is in ms; a secret that is left out stays as it was."""

    on: On
    then: Annotated[list[Action], Meta(min_length=1, max_length=10)]
    title: Annotated[str, Meta(max_length=200)] = ""
    enabled: bool = True
    after: Annotated[int, Meta(ge=0, le=AFTER_MAX_MS)] = 0


class EffectList(Struct, frozen=True):
    """All effects of a room, their secrets left out."""

    effects: list[Effect]


class FiringRow(Struct, frozen=True):
    """One attempt to carry an action out, or several; ``at`` is when it was due."""

    id: str
    effect: str
    action: int
    event: str
    at: int
    attempts: int
    status: Status
    answer: str


class FiringPage(Struct, frozen=True, omit_defaults=True):
    """Firings, newest first; ``next`` is the ``after`` of the next page."""

    firings: list[FiringRow]
    next: str | UnsetType = UNSET


class FiringsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Asks for the firings of one effect alone, or for those after a page."""

    effect: str = ""
    after: str = ""


class TestFirings(Struct, frozen=True):
    """The firings of a test, by their ids."""

    __test__ = False

    firings: list[str]


async def put(call: Call) -> Response:
    """Put a new effect, or replace the one with that id."""
    name = _id(call)
    body = call.body(EffectBody, _faults_between)
    store, room = call.api.rooms.store.effects, call.live.room
    before, known = await store.one(room, name) or (None, [])
    secrets = [_secrets_of(index, action, before, known) for index, action in enumerate(body.then)]
    then = [kind_of(action).without_secrets(action) for action in body.then]
    effect = Effect(name, _cleaned(body.on), then, clean(body.title), body.enabled, body.after)
    is_new = await store.put(room, effect, secrets)
    if is_new is None:
        words = f"a room may have {EFFECTS_MAX} effects: remove some first"
        raise ProblemError(409, Refusal.IMPOSSIBLE_STEP, words)
    await call.submit(EffectsChanged(event_id()))
    return answer(effect, 201 if is_new else 200)


def _cleaned(on: On) -> On:
    """Return the condition with its names as those of polls and cues are kept."""
    named = {name: getattr(on, name) for name in ("tag", "name")}
    return replace(on, **{name: clean(text) for name, text in named.items() if text is not UNSET})


def _secrets_of(
    index: int, action: Action, before: Effect | None, known: Secrets
) -> Mapping[str, str]:
    """Return an action's secrets. One that is left out stays as it was if the action goes where it
    went before. Raises ProblemError 422 if one is missing."""
    kind = kind_of(action)
    was = before.then[index] if before is not None and index < len(before.then) else None
    is_same = type(was) is type(action) and kind.target(was) == kind.target(action)
    of_before = known[index] if is_same else {}
    found = {
        name: value or of_before.get(name, MASK) for name, value in kind.secrets(action).items()
    }
    missing = [name for name, value in found.items() if value == MASK and name not in kind.optional]
    if missing:
        raise invalid([Fault(f"then[{index}].{name}", "is missing") for name in missing])
    return found


async def get(call: Call) -> Response:
    """Return one effect, its secrets left out."""
    return answer(await _effect(call))


async def list_all(call: Call) -> Response:
    """Return all effects, their secrets left out."""
    found = await call.api.rooms.store.effects.all(call.live.room)
    return answer(EffectList(list(found.values())))


async def delete(call: Call) -> Response:
    """Remove an effect; what it has begun isn't tried again."""
    if not await call.api.rooms.store.effects.remove(call.live.room, _id(call)):
        raise _unknown(call)
    await call.submit(EffectsChanged(event_id()))
    return Response(status_code=204)


async def test(call: Call) -> Response:
    """Fire an effect once with made-up data, whatever it waits for."""
    name, room = _id(call), call.live.room
    found = await _effect(call)
    event = EffectTested(event_id(), name)
    told = effects.made_up(found.on.event, event.id, 0)
    ids = [each.id for each in effects.firings_of_effect(room, found, told)]
    await call.submit(event)
    return answer(TestFirings(ids), 202)


async def firings(call: Call) -> Response:
    """Return the log of firings, newest first: the last 1,000."""
    query = call.query(FiringsQuery)
    found = await call.api.rooms.store.effects.firings(call.live.room)
    chosen = [each for each in found if query.effect in ("", each.effect)]
    if query.after:
        places = {each.id: place for place, each in enumerate(chosen)}
        if query.after not in places:
            raise invalid([Fault("after", "names no firing that is still kept")])
        chosen = chosen[places[query.after] + 1 :]
    page = [_row(each) for each in chosen[:PAGE]]
    return answer(FiringPage(page, page[-1].id if len(chosen) > PAGE else UNSET))


def _row(firing: Firing) -> FiringRow:
    return FiringRow(
        firing.id,
        firing.effect,
        firing.action,
        firing.occurrence.event,
        firing.at,
        firing.attempts,
        firing.status,
        firing.answer,
    )


def _id(call: Call) -> str:
    name = call.path("effect")
    if not EFFECT_ID.fullmatch(name):
        words = "is 1 to 64 of a-z, 0-9, - and _, and doesn't begin with - or _"
        raise invalid([Fault("effect", words)])
    return name


async def _effect(call: Call) -> Effect:
    found = await call.api.rooms.store.effects.one(call.live.room, _id(call))
    if found is None:
        raise _unknown(call)
    return found[0]


def _unknown(call: Call) -> ProblemError:
    words = f"there is no effect {call.path('effect')}"
    return ProblemError(404, UNKNOWN_EFFECT, words)


def _faults_between(good: dict[str, Any]) -> Iterator[Fault]:
    for index, raw in enumerate(good.get("then", [])):
        try:
            action = msgspec.convert(raw, Action)
        except msgspec.ValidationError:
            continue  # told by its type
        for field, words in kind_of(action).flaws(action):
            yield Fault(f"then[{index}].{field}", words)
    on = good.get("on")
    if isinstance(on, On):
        of_polls = ("tag", "winner", *(() if on.event == "cue" else ("name",)))
        for field in of_polls if on.event in ("cue", "highlight") else ("name",):
            if getattr(on, field) is not UNSET:
                yield Fault(f"on.{field}", f"says nothing of {on.event}")
