"""Polls: a producer opens, closes, reveals, resolves and cancels them, and sees every tally."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Iterator
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict, replace
from starlette.responses import Response

from grandstand.api.operations import Call, answer, event_id
from grandstand.api.poll_texts import PollTranslations, translation_faults, translation_words
from grandstand.api.problems import Fault, ProblemError, impossible_step, invalid, of_refusal
from grandstand.api.validation import NOT_BLANK
from grandstand.domain.events import (
    ControlEvent,
    PollExtended,
    PollOpened,
    PollResolved,
    PollStepped,
)
from grandstand.domain.outcome import Refusal, Refused
from grandstand.domain.polls import registry, steps, views
from grandstand.domain.polls.record import AuditMode, PollRecord, ShowTally
from grandstand.domain.polls.steps import ImpossibleStepError
from grandstand.text.normalise import clean
from grandstand.wire.messages import MAX_TIME_MS, Poll, PollKind, Time
from grandstand.wire.settings import Settings

DEFAULT_GRACE_MS = 15_000
MAX_DURATION_S = 86_400

Question = Annotated[str, Meta(min_length=1, max_length=300, pattern=NOT_BLANK)]
OptionText = Annotated[str, Meta(min_length=1, max_length=100, pattern=NOT_BLANK)]
Duration = Annotated[float, Meta(gt=0, le=MAX_DURATION_S, description="s")]
Grace = Annotated[int, Meta(ge=0, description="ms, at most the room's `max_latency`")]
OptionIndex = Annotated[int, Meta(ge=0)]
ModelName = Annotated[str, Meta(min_length=1, max_length=100, pattern=NOT_BLANK)]
Tag = Annotated[str, Meta(min_length=1, max_length=100, pattern=NOT_BLANK)]


class OptionBody(Struct, frozen=True, forbid_unknown_fields=True):
    """An option of a poll."""

    text: OptionText


class PollBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A poll to open: from ``opens_at`` to ``closes_at``, or at once for ``duration`` seconds.

    ``answer`` is a quiz's, the index of the right option; ``max_choices`` is for ``multiple``, and
    as many as there are options without it. A ``rating`` has no ``options``: they are the numbers
    from 1 to ``scale``, which is 5 without it. All others must have some. ``tag`` is a name to
    find the poll by, which viewers aren't told. ``audit`` says what anyone can check once the
    result is public: ``none``, the ``tally``, or also ``receipts`` for each voter. With ``weights``
    each vote counts as much as its token's claim ``weight`` says: ``tally`` then has sums of
    weights, ``voters`` still heads. ``translations`` are what a person wrote or has seen, each
    with as many options as are given here: viewers get them with the poll, and no translator is
    asked for those languages. ``by`` names the model that wrote the question and the options, if
    nobody has changed them: viewers are told.
    """

    kind: PollKind
    question: Question
    options: (
        Annotated[list[OptionText | OptionBody], Meta(min_length=2, max_length=20)] | UnsetType
    ) = UNSET
    opens_at: Time | UnsetType = UNSET
    closes_at: Time | UnsetType = UNSET
    duration: Duration | UnsetType = UNSET
    grace: Grace | UnsetType = UNSET
    change: bool = False
    max_choices: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    answer: OptionIndex | UnsetType = UNSET
    scale: Annotated[int, Meta(ge=2, le=10)] | UnsetType = UNSET
    show_tally: ShowTally = "always"
    audit: AuditMode = "tally"
    tag: Tag | UnsetType = UNSET
    weights: bool = False
    translations: PollTranslations | UnsetType = UNSET
    by: ModelName | UnsetType = UNSET


class ExtendBody(Struct, frozen=True, forbid_unknown_fields=True):
    """How many seconds longer a poll is open, or until when; it is never shortened.

    ``closes_at`` may be sent again when an answer was lost; ``duration`` would extend the poll
    twice.
    """

    duration: Duration | UnsetType = UNSET
    closes_at: Time | UnsetType = UNSET


class CloseBody(Struct, frozen=True, forbid_unknown_fields=True):
    """How long late votes still count, if not as long as the poll says."""

    grace: Grace | UnsetType = UNSET


class ResolveBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Which option was right, by its index."""

    answer: OptionIndex


class PollList(Struct, frozen=True):
    """Polls, in the order in which they open; ``next`` is there if there are earlier ones."""

    polls: list[Poll]
    next: str | UnsetType = UNSET


class PollsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """The last ``limit`` polls; ``after`` is the ``next`` of the page before."""

    after: Annotated[str, Meta(pattern=r"^[a-z0-9]{1,32}$(?!\n)")] | UnsetType = UNSET
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


async def post(call: Call) -> Response:
    """Open a poll."""
    settings, now = call.live.replica.state.settings, call.live.now()
    body = call.body(PollBody, lambda good: faults_between(good, settings, now))
    poll = record_of(body, settings, now)
    await call.submit(PollOpened(event_id(), poll))
    headers = {"Location": f"/v1/rooms/{call.live.room}/polls/{poll.id}"}
    return answer(await _with_tally(call, poll), 201, headers)


def record_of(body: PollBody, settings: Settings, now: int) -> PollRecord:
    """Return the poll that a body without faults describes, under a new id."""
    opens_at, closes_at = _window(body, now)
    given = {name: value for name, value in asdict(body).items() if value is not UNSET}
    terms = registry.KINDS[body.kind].terms(given)
    return PollRecord(
        id=base64.b32encode(secrets.token_bytes(5)).decode().lower(),
        kind=body.kind,
        question=clean(body.question),
        options=[*terms.options] or [_text(option) for option in given["options"]],
        opens_at=opens_at,
        closes_at=closes_at,
        grace=_default_grace(settings) if body.grace is UNSET else body.grace,
        change=body.change,
        max_choices=terms.max_choices,
        show_tally=body.show_tally,
        answer=terms.answer,
        tag=None if body.tag is UNSET else clean(body.tag),
        audit=body.audit,
        weights=body.weights,
        translations=translation_words(body.translations or [], terms.options),
        by="" if body.by is UNSET else clean(body.by),
    )


async def list_all(call: Call) -> Response:
    """List the room's polls with their tallies, hidden from viewers or not: the last ones first.

    Each page is in the order in which the polls open, and has the polls before the previous page.
    """
    query = call.query(PollsQuery)
    before = "" if query.after is UNSET else query.after
    store, room = call.api.rooms.store, call.live.room
    page = await store.rooms.poll_page(room, before, query.limit)
    if page is None:
        raise invalid([Fault("after", "is no poll of this room")])
    polls, further = page
    counting = [poll for poll in polls if not poll.final]
    tallies = await call.api.tallies.of(room, counting)
    records = [
        replace(poll, tally=tallies[poll.id][0], voters=tallies[poll.id][1])
        if poll.id in tallies
        else poll
        for poll in polls
    ]
    return answer(PollList([views.for_producers(poll) for poll in records], further or UNSET))


async def get(call: Call) -> Response:
    """Return one poll with its tally, hidden from viewers or not."""
    return answer(await _with_tally(call, await found(call)))


async def extend(call: Call) -> Response:
    """Let a poll be open for longer; its votes stay."""
    body = call.body(ExtendBody, _faults_of_extension)
    poll = await found(call)
    if isinstance(body.duration, float):
        closes_at = min(poll.closes_at + max(1, round(body.duration * 1000)), MAX_TIME_MS)
    else:
        closes_at = 0 if body.closes_at is UNSET else body.closes_at
    try:  # a poll of long ago isn't in the live state, which alone decides
        steps.extend(poll, closes_at, call.live.now())
    except ImpossibleStepError as impossible:
        raise impossible_step(str(impossible), views.for_producers(poll)) from None
    await _submit(call, poll, PollExtended(event_id(), poll.id, closes_at))
    return answer(await _with_tally(call, call.live.replica.state.polls.get(poll.id, poll)))


async def close(call: Call) -> Response:
    """End the poll's window now; it is final once its grace is over."""
    body = call.body(CloseBody)
    grace = None if body.grace is UNSET else body.grace
    if grace is not None and (words := _too_long(grace, call.live.replica.state.settings)):
        raise invalid([Fault("grace", words)])
    poll, now = await found(call), call.live.now()
    event = PollStepped(event_id(), poll.id, "close", now, grace)
    return await _step(call, poll, event, lambda: steps.close(poll, now, grace))


async def reveal(call: Call) -> Response:
    """Show tally and answer to everyone, once the result is final."""
    poll = await found(call)
    event = PollStepped(event_id(), poll.id, "reveal", call.live.now())
    return await _step(call, poll, event, lambda: steps.reveal(poll))


async def resolve(call: Call) -> Response:
    """Say which option of a prediction was right, once the result is final; this reveals it."""
    body = call.body(ResolveBody)
    poll = await found(call)
    if body.answer >= len(poll.options):
        words = f"must be an option's index, 0 to {len(poll.options) - 1}"
        raise invalid([Fault("answer", words)])
    event = PollResolved(event_id(), poll.id, body.answer)
    return await _step(call, poll, event, lambda: steps.resolve(poll, body.answer))


async def cancel(call: Call) -> Response:
    """Cancel the poll; it then has no result."""
    poll = await found(call)
    event = PollStepped(event_id(), poll.id, "cancel", call.live.now())
    return await _step(call, poll, event, lambda: steps.cancel(poll))


async def _step(
    call: Call, poll: PollRecord, event: ControlEvent, step: Callable[[], PollRecord]
) -> Response:
    """Send the event of a step. The room applies it, or ``step`` if the live state forgot the poll.

    A poll that was forgotten stays as it is: only a step that changes nothing is possible.
    """
    live = call.live
    if not poll.ended or poll.id in live.replica.state.polls:
        await _submit(call, poll, event)
        return answer(await _with_tally(call, live.replica.state.polls.get(poll.id, poll)))
    try:
        after = step()
    except ImpossibleStepError as impossible:
        raise impossible_step(str(impossible), views.for_producers(poll)) from None
    if after != poll:
        words = "the poll ended too many polls ago"
        raise impossible_step(words, views.for_producers(poll))
    return answer(await _with_tally(call, poll))


async def _submit(call: Call, poll: PollRecord, event: ControlEvent) -> None:
    """Send the event of a step; if it is impossible, say how the poll is: two producers may have
    acted at the same moment, and the later one hasn't seen what the other did."""
    result = await call.live.submit(event)
    if isinstance(result, Refused):
        if result.code != Refusal.IMPOSSIBLE_STEP:
            raise of_refusal(result.code, result.message)
        present = call.live.replica.state.polls.get(poll.id, poll)
        raise impossible_step(result.message, views.for_producers(present))


async def found(call: Call) -> PollRecord:
    """Return the poll that the path names. Raises ProblemError(404), StoreUnavailable."""
    poll_id = call.path("poll")
    poll = call.live.replica.state.polls.get(poll_id)
    if poll is None:
        poll = await call.api.rooms.store.rooms.poll(call.live.room, poll_id)
    if poll is None:
        raise unknown(poll_id)
    return poll


def unknown(poll_id: str) -> ProblemError:
    """Return 404 for a poll that isn't there, or that the caller may not know of."""
    return of_refusal(Refusal.UNKNOWN_POLL, f"there is no poll {poll_id}")


async def _with_tally(call: Call, poll: PollRecord) -> Poll:
    if not poll.final:
        tally, voters = await call.api.rooms.store.votes.tally(call.live.room, poll)
        poll = replace(poll, tally=tally, voters=voters)
    return views.for_producers(poll)


# --- what a body must be beyond its fields -------------------------------------------------------


def faults_between(good: dict[str, Any], settings: Settings, now: int) -> Iterator[Fault]:
    """Yield the faults of a poll's body beyond its fields; ``now`` 0: it isn't to open yet."""
    if "question" in good and not clean(good["question"]):
        yield Fault("question", "is blank")
    first: dict[str, int] = {}
    for index, option in enumerate(good.get("options", ())):
        text = _text(option)
        if not text:
            yield Fault(f"options[{index}]", "is blank")
        elif (same := first.setdefault(text, index)) != index:
            yield Fault(f"options[{index}]", f"says the same as options[{same}]")
    if "tag" in good and not clean(good["tag"]):
        yield Fault("tag", "is blank")
    if "grace" in good and (words := _too_long(good["grace"], settings)):
        yield Fault("grace", words)
    yield from _faults_of_window(good, settings, now)
    yield from (Fault(name, words) for name, words in registry.flaws(good))
    yield from translation_faults(good.get("translations", ()), len(good.get("options", ())))


def _faults_of_extension(good: dict[str, Any]) -> Iterator[Fault]:
    if ("duration" in good) == ("closes_at" in good):
        yield Fault("duration", "either this or `closes_at` must be there")


def _faults_of_window(good: dict[str, Any], settings: Settings, now: int) -> Iterator[Fault]:
    opens_at, closes_at = good.get("opens_at"), good.get("closes_at")
    if "duration" in good:
        for name in ("opens_at", "closes_at"):
            if name in good:
                yield Fault(name, "can't stand beside `duration`, which opens the poll at once")
        return
    if opens_at is None and closes_at is None:
        yield Fault("duration", "is missing, and so are `opens_at` and `closes_at`")
    elif closes_at is None:
        yield Fault("closes_at", "is missing")
    elif opens_at is None:
        yield Fault("opens_at", "is missing")
    elif closes_at <= opens_at:
        yield Fault("closes_at", "must be after `opens_at`")
    elif closes_at + good.get("grace", _default_grace(settings)) <= now:
        yield Fault("closes_at", f"is over already: the room's clock is at {now}")


def _text(option: str | OptionBody) -> str:
    return clean(option if isinstance(option, str) else option.text)


def _too_long(grace: int, settings: Settings) -> str:
    most = settings.max_latency
    return f"must be at most {most}, the room's `max_latency`" if grace > most else ""


def _default_grace(settings: Settings) -> int:
    return min(DEFAULT_GRACE_MS, settings.max_latency)


def _window(body: PollBody, now: int) -> tuple[int, int]:
    if isinstance(body.duration, float):
        return now, now + max(1, round(body.duration * 1000))
    if body.opens_at is UNSET or body.closes_at is UNSET:
        raise RuntimeError("a poll without a window was let through")
    return body.opens_at, body.closes_at
