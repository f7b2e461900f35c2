"""How a model's suggestions fare in a room, and the switches: one a feature in each room, and one
for all rooms."""

from __future__ import annotations

from typing import get_args

import structlog
from msgspec import UNSET, Struct, UnsetType
from starlette.responses import Response

from grandstand.api.auth import check_all_rooms
from grandstand.api.operations import Call, answer
from grandstand.assistant.suggestion import FeatureName, Model, PromptVersion
from grandstand.wire.messages import Time
from grandstand.wire.settings import AssistantSwitches

NO_ENDPOINT = "no endpoint"
OFF_HERE = "switched off in this room"
OFF_EVERYWHERE = "switched off in all rooms"

log = structlog.get_logger(__name__)


class SwitchBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the assistant is off in all rooms."""

    off: bool


class Switch(Struct, frozen=True, omit_defaults=True):
    """Whether the assistant is off in all rooms, and since when (the store's clock)."""

    off: bool
    since: Time | UnsetType = UNSET


class LatestAnswer(Struct, frozen=True, omit_defaults=True):
    """Which model answered last, to which prompt, when."""

    model: Model
    prompt: PromptVersion
    at: Time


class FeatureFigures(Struct, frozen=True, omit_defaults=True):
    """How one feature is, and how it fared in this room since it was made. `why` says why it is
    off.

    `failed` requests brought no suggestion, by why; `refused` texts were seen by no person, by the
    check. People `sent` suggestions as they were, `changed` or `dismissed` them; `overridden` is
    the share of the last two.
    """

    feature: FeatureName
    on: bool
    why: str = ""
    asked: int = 0
    characters: int = 0
    failed: dict[str, int] = {}
    refused: dict[str, int] = {}
    sent: int = 0
    changed: int = 0
    dismissed: int = 0
    overridden: float | UnsetType = UNSET
    latest: LatestAnswer | UnsetType = UNSET


class AssistantState(Struct, frozen=True, omit_defaults=True):
    """The assistant in a room. `characters` were sent and received in this show, of at most `limit`
    (0: no limit); `cost` is at the price that the operator set, in the operator's currency."""

    on: bool
    features: list[FeatureFigures]
    characters: int
    limit: int
    cost: float
    why: str = ""
    model: str = ""
    since: Time | UnsetType = UNSET


async def get(call: Call) -> Response:
    """Return whether the assistant is on in a room, by which model, and how it fared."""
    assistant, store = call.api.assistant, call.api.rooms.store.suggestions
    room, limits = call.live.room, call.api.assistant.limits
    since = await store.off_since()
    why = ""
    if not assistant.has_endpoint:
        why = NO_ENDPOINT
    elif since is not None:
        why = OFF_EVERYWHERE
    figures = await store.figures(room)
    features = [_figures(call, each, why, figures) for each in get_args(FeatureName)]
    characters = await store.spent(room)
    return answer(
        AssistantState(
            not why,
            features,
            characters,
            limits.show,
            round(limits.cost(characters), 4),
            why,
            assistant.model,
            UNSET if since is None else since,
        )
    )


def is_switched_on(call: Call, feature: FeatureName) -> bool:
    """Return whether the room that the call names has the feature switched on."""
    switches: AssistantSwitches = call.live.replica.state.settings.assistant
    match feature:
        case "poll-questions":
            return switches.poll_questions
        case "summary":
            return switches.summary
        case "peak":
            return switches.peak
        case "appeal":
            return switches.appeal
        case "sentences":
            return switches.sentences


def _figures(call: Call, feature: FeatureName, why: str, figures: dict[str, str]) -> FeatureFigures:
    if not why and not is_switched_on(call, feature):
        why = OFF_HERE
    own = {
        name.removeprefix(f"{feature}|"): value
        for name, value in figures.items()
        if name.startswith(f"{feature}|")
    }
    counts = {name: int(value) for name, value in own.items() if name != "latest"}
    sent, changed, dismissed = (counts.get(name, 0) for name in ("sent", "changed", "dismissed"))
    told = sent + changed + dismissed
    return FeatureFigures(
        feature,
        not why,
        why,
        counts.get("asked", 0),
        counts.get("characters", 0),
        _by_why(counts, "failed"),
        _by_why(counts, "refused"),
        sent,
        changed,
        dismissed,
        round((changed + dismissed) / told, 4) if told else UNSET,
        _latest(own.get("latest", "")),
    )


def _by_why(counts: dict[str, int], what: str) -> dict[str, int]:
    start = f"{what}|"
    return {
        name.removeprefix(start): count
        for name, count in sorted(counts.items())
        if name.startswith(start)
    }


def _latest(written: str) -> LatestAnswer | UnsetType:
    if not written:
        return UNSET
    named, model, version, at = written.split("\0")
    prompt, _, number = named.rpartition("-")
    return LatestAnswer(Model(model, version or UNSET), PromptVersion(prompt, int(number)), int(at))


# --- the switch for all rooms --------------------------------------------------------------------


async def switch(call: Call) -> Response:
    """Switch the assistant off in all rooms in one act, or on again. Every server obeys from the
    next request on, an answer that is on its way is dropped, and restarts change nothing. Needs a
    producer of all rooms."""
    check_all_rooms(call.known)
    off = call.body(SwitchBody).off
    store = call.api.rooms.store
    await store.suggestions.switch(off=off, now_ms=store.now_ms())
    log.warning("assistant_switched", off=off, by=ascii(call.known.sub[:100]))
    return await switched(call)


async def switched(call: Call) -> Response:
    """Return whether the assistant is off in all rooms. Needs a producer of all rooms."""
    check_all_rooms(call.known)
    since = await call.api.rooms.store.suggestions.off_since()
    return answer(Switch(since is not None, UNSET if since is None else since))
