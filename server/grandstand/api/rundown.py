"""The run-down: the show in order, which a producer prepares and then goes through by GO.

What an item does is checked twice: when it is put, but for times, and when it goes. ``store`` and
``domain.rundown`` say where items and their statuses are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.responses import Response

from grandstand.api import cues, polls, stat_updates
from grandstand.api.operations import Call, answer, event_id
from grandstand.api.problems import (
    MAX_FAULTS,
    UNKNOWN_ITEM,
    Fault,
    ProblemError,
    invalid,
    of_refusal,
)
from grandstand.api.validation import NOT_BLANK, Also, Line, Turn, checked, join
from grandstand.domain.events import (
    CueGiven,
    PollOpened,
    RundownGo,
    RundownPut,
    RundownReset,
    StatsGiven,
)
from grandstand.domain.outcome import Refusal, Refused
from grandstand.domain.rundown import (
    ITEMS_MAX,
    Item,
    ItemId,
    ItemKind,
    ItemStatus,
    Rundown,
)
from grandstand.domain.state import RoomState
from grandstand.store.rundowns import stored
from grandstand.text.normalise import clean
from grandstand.wire.codes import ErrorCode
from grandstand.wire.messages import Time

READS = 5
"""How often an item is read again, because a run-down was put while it went."""

Version = Annotated[int, Meta(ge=0, description="That of the run-down which was changed; 0: none.")]
Title = Annotated[str, Meta(min_length=1, max_length=200, pattern=NOT_BLANK)]
Text = Annotated[str, Meta(max_length=2000)]
Expected = Annotated[
    int, Meta(ge=0, lt=253_370_764_800_000, description="Programme time, ms, before the year 9999.")
]
"""Files of run-downs and browsers have no dates beyond."""


class ItemBody(Struct, frozen=True, forbid_unknown_fields=True):
    """An item. ``body`` is what GO does: for ``poll`` the body of ``POST …/polls``, for ``cue``
    that of ``POST …/cues``, for ``card`` one of ``POST …/stats``; for ``note`` and ``break`` a
    text, or nothing. ``status`` and ``poll`` may be there as they were read, and change nothing.
    """

    id: ItemId
    kind: ItemKind
    title: Title
    expected_at: Expected | UnsetType | None = UNSET
    body: dict[str, Any] | Text | UnsetType | None = UNSET
    status: ItemStatus | UnsetType = UNSET
    poll: str | UnsetType = UNSET


class RundownBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The run-down that replaces that of ``version``; ``next`` and ``went_at`` change nothing."""

    version: Version
    items: Annotated[list[ItemBody], Meta(max_length=ITEMS_MAX)]
    went_at: Time | UnsetType = UNSET
    next: str | UnsetType = UNSET


class ResetBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Which items wait again; without ``items`` all of them."""

    version: Version
    items: Annotated[list[ItemId], Meta(max_length=ITEMS_MAX)] | UnsetType = UNSET


async def get(call: Call) -> Response:
    """Return the show in order, with what became of each item."""
    return answer(await _present(call))


async def put(call: Call) -> Response:
    """Replace the run-down: at most 1,000 items and 512 KiB.

    Items that are still there, by their ids, keep their status; to remove one takes nothing off
    air. If it was changed since ``version``, the answer is 409 and has the present one. A call
    whose answer was lost may be made again.
    """
    body = call.body(RundownBody, _repeated_ids)
    await _check_bodies(body, call.live.replica.state)
    items = [_item(each) for each in body.items]
    event = RundownPut(event_id(), body.version, [item.id for item in items], stored(items))
    result = await call.live.submit(event)
    if isinstance(result, Refused):
        progress, present, shown = await call.api.rooms.store.rundowns.get(call.live.room)
        is_known = result.code == Refusal.OUTDATED and progress.edited == body.version + 1
        if not (is_known and present == items):
            raise _refused(result, shown)
    return answer(await _present(call))


async def reset(call: Call) -> Response:
    """Let items wait again, to run the show once more; what they did isn't taken back."""
    body = call.body(ResetBody)
    items = None if body.items is UNSET else body.items
    result = await call.live.submit(RundownReset(event_id(), body.version, items))
    if isinstance(result, Refused):
        raise _refused(result, await _present(call))
    return answer(await _present(call))


async def go(call: Call) -> Response:
    """Do what an item says, once, and put it on air; what was on air before is done.

    If it went already, by whatever producer, this has no effect. If it is impossible now, for
    instance a poll whose time is over, the item still waits.
    """
    name = call.path("item")
    for _ in range(READS):
        progress, items, shown = await call.api.rooms.store.rundowns.get(call.live.room)
        index = next((index for index, item in enumerate(items) if item.id == name), None)
        if index is None:
            raise ProblemError(404, UNKNOWN_ITEM, f"there is no item {name[:100]}")
        if shown.items[index].status != "waiting":
            return answer(shown)
        event = _event_of(items[index], call.live.replica.state, call.live.now())
        result = await call.live.submit(RundownGo(event_id(), name, progress.version, event))
        if not isinstance(result, Refused):
            return answer(await _present(call))
        if result.code != Refusal.OUTDATED:
            raise of_refusal(result.code, result.message)
    raise of_refusal(Refusal.OVERLOADED, "the run-down is being changed all the time")


async def _present(call: Call) -> Rundown:
    _, _, shown = await call.api.rooms.store.rundowns.get(call.live.room)
    return shown


def _refused(result: Refused, present: Rundown) -> ProblemError:
    if result.code != Refusal.OUTDATED:
        return of_refusal(result.code, result.message)
    return ProblemError(409, result.code, result.message, rundown=present)


# --- what items do -------------------------------------------------------------------------------


def _item(given: ItemBody) -> Item:
    return Item(
        given.id,
        given.kind,
        clean(given.title),
        None if given.expected_at is UNSET else given.expected_at,
        None if given.body is UNSET else given.body,
    )


def _event_of(item: Item, state: RoomState, now: int) -> PollOpened | CueGiven | StatsGiven | None:
    """Return the event of an item that goes now. Raises ProblemError 422 if it can't."""
    settings = state.settings
    with _at("body"):
        match item.kind:
            case "poll":
                body = checked(
                    item.body,
                    polls.PollBody,
                    lambda good: polls.faults_between(good, settings, now),
                )
                return PollOpened(event_id(), polls.record_of(body, settings, now))
            case "cue":
                cue = cues.cue_of(
                    checked(item.body, cues.CueBody, cues.faults_between), settings, now
                )
                return CueGiven(event_id(), cue)
            case "card":
                also = partial(stat_updates.faults_between, state.schemas)
                update = checked(item.body, stat_updates.StatsBody, also)
                stat_updates.check_times([Line(0, item.body)], [update], state, now)
                return stat_updates.event_of([update], state, now)
    return None


def _repeated_ids(good: dict[str, Any]) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, item in enumerate(good.get("items", ())):
        if item.id in seen:
            yield Fault(f"items[{index}].id", "is that of another item, too")
        seen.add(item.id)


async def _check_bodies(body: RundownBody, state: RoomState) -> None:
    """Check what the items would do, at whatever time. Raises ProblemError 422."""
    kinds: Mapping[ItemKind, tuple[type[Struct], Also]] = {
        "poll": (polls.PollBody, lambda good: polls.faults_between(good, state.settings, 0)),
        "cue": (cues.CueBody, cues.faults_between),
        "card": (stat_updates.StatsBody, partial(stat_updates.faults_between, state.schemas)),
    }
    found: list[Fault] = []
    turn = Turn()
    for index, item in enumerate(body.items):
        try:
            with _at(f"items[{index}].body"):
                if item.kind in kinds:
                    checked(item.body, *kinds[item.kind])
                elif isinstance(item.body, dict):
                    raise invalid([Fault("", "must be a text, or nothing")])
        except ProblemError as refused:
            found += refused.problem.errors or []
        if len(found) >= MAX_FAULTS:
            break
        await turn.share()
    if found:
        raise invalid(found)


@contextmanager
def _at(path: str) -> Iterator[None]:
    """Put ``path`` before that of each fault."""
    try:
        yield
    except ProblemError as refused:
        errors = [
            Fault(join(path, fault.path), fault.message) for fault in refused.problem.errors or []
        ]
        raise invalid(errors, ErrorCode(refused.problem.code)) from None
