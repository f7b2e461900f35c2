"""Effects: what a producer wants to happen elsewhere when something happens in the room. Pure.

A room's effects wait for occurrences: a poll opens, closes or is revealed, a cue's time comes, the
audience stirs. Each
action of an effect that fits one is a ``Firing``. Its id is made of what it is about, never of when
it was noticed: whoever fires it again, after a restart or a takeover, does so under the same id.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from grandstand.domain.polls.record import PollRecord
from grandstand.wire.highlights import Highlight
from grandstand.wire.messages import Cue

EFFECT_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")

FACTS_MAX_CHARS = 16_384
"""Of a cue's data, names included: each firing is stored with them. A long name over a long list
makes 1.5 MB of the 4 KB that a cue may have."""

EventName: TypeAlias = Literal[
    "poll.opened", "poll.closed", "poll.revealed", "cue", "highlight", "test"
]
Occasion: TypeAlias = Literal["poll.opened", "poll.closed", "poll.revealed", "cue", "highlight"]
"""What an effect can wait for. A ``test`` happens only when a producer asks for it."""

Winner: TypeAlias = Annotated[int, Meta(ge=0, le=19)] | Literal["tie"]
Url: TypeAlias = Annotated[str, Meta(min_length=1, max_length=2000)]
Status: TypeAlias = Literal["waiting", "done", "retrying", "failed"]


class Webhook(Struct, frozen=True, tag="webhook", tag_field="kind", forbid_unknown_fields=True):
    """A signed webhook (Standard Webhooks) to ``url``. ``secret`` goes in and never comes out."""

    url: Url
    secret: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET


class HttpCall(Struct, frozen=True, tag="http", tag_field="kind", forbid_unknown_fields=True):
    """A plain HTTP call. The values of ``headers`` go in and never come out."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    url: Url
    headers: Annotated[dict[str, str], Meta(max_length=20)] | UnsetType = UNSET
    body: Annotated[str, Meta(max_length=8192)] | UnsetType = UNSET


class Vmix(Struct, frozen=True, tag="vmix", tag_field="kind", forbid_unknown_fields=True):
    """Functions of a vMix, in their order: each a map with ``Function`` and its parameters."""

    url: Url
    functions: Annotated[
        list[Annotated[dict[str, Annotated[str, Meta(max_length=2000)]], Meta(max_length=20)]],
        Meta(min_length=1, max_length=20),
    ]


class Caspar(Struct, frozen=True, tag="caspar", tag_field="kind", forbid_unknown_fields=True):
    """Commands of a CasparCG server (AMCP), in their order. ``address`` is a host, or host:port."""

    address: Annotated[str, Meta(min_length=1, max_length=300)]
    commands: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=4000)]],
        Meta(min_length=1, max_length=20),
    ]


class ObsRequest(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A request of obs-websocket 5, such as ``SetCurrentProgramScene``, and its data."""

    type: Annotated[str, Meta(min_length=1, max_length=100)]
    data: Annotated[dict[str, Any], Meta(max_length=50)] | UnsetType = UNSET


class Obs(Struct, frozen=True, tag="obs", tag_field="kind", forbid_unknown_fields=True):
    """Requests to an OBS, carried out on one frame. ``password`` goes in and never comes out."""

    url: Url
    requests: Annotated[list[ObsRequest], Meta(min_length=1, max_length=20)]
    password: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET


Action: TypeAlias = Webhook | HttpCall | Vmix | Caspar | Obs


class On(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an effect waits for.

    ``tag`` is a poll's, ``winner`` the option that must have won (or ``tie``), ``name`` a cue's.
    """

    event: Occasion
    tag: Annotated[str, Meta(max_length=100)] | UnsetType = UNSET
    winner: Winner | UnsetType = UNSET
    name: Annotated[str, Meta(max_length=100)] | UnsetType = UNSET


class Effect(Struct, frozen=True):
    """An effect as it is stored, its secrets apart. ``after`` is in ms."""

    id: str
    on: On
    then: list[Action]
    title: str = ""
    enabled: bool = True
    after: int = 0


class Occurrence(Struct, frozen=True):
    """Something that happened, at ``at`` (programme time, ms), to the ``item``: a poll or a cue.

    ``facts`` are what templates may name. ``data`` is what a webhook tells.
    """

    event: EventName
    item: str
    at: int
    facts: dict[str, str]
    data: dict[str, Any]
    tag: str = ""
    winner: int | str | None = None
    name: str = ""


class Firing(Struct, frozen=True):
    """One action of one effect for one occurrence, and what became of it.

    ``at`` is when it is due (programme time, ms), ``action`` the action's index.
    """

    id: str
    effect: str
    action: int
    occurrence: Occurrence
    at: int
    attempts: int = 0
    status: Status = "waiting"
    answer: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be tried."""
        return self.status in ("done", "failed")


def firings_of(room: str, effects: Iterable[Effect], happened: Occurrence) -> Iterator[Firing]:
    """Yield a firing for each action of the effects that wait for what happened."""
    for effect in effects:
        if effect.enabled and _fits(effect.on, happened):
            yield from firings_of_effect(room, effect, happened)


def firings_of_effect(room: str, effect: Effect, happened: Occurrence) -> Iterator[Firing]:
    """Yield a firing for each action of an effect, whatever it waits for."""
    for index in range(len(effect.then)):
        about = "\0".join([room, effect.id, str(index), happened.event, happened.item])
        name = hashlib.blake2b(about.encode(), digest_size=16).hexdigest()
        yield Firing(f"fire_{name}", effect.id, index, happened, happened.at + effect.after)


def _fits(on: On, happened: Occurrence) -> bool:
    return (
        on.event == happened.event
        and (on.tag is UNSET or on.tag == happened.tag)
        and (on.winner is UNSET or on.winner == happened.winner)
        and (on.name is UNSET or on.name == happened.name)
    )


def winner_of(poll: PollRecord) -> int | str | None:
    """Return the index of the option with most votes, ``tie`` if several have them, or None."""
    most = max(poll.tally or [0])
    if not most or poll.tally is None:
        return None
    leading = [index for index, votes in enumerate(poll.tally) if votes == most]
    return leading[0] if len(leading) == 1 else "tie"


def of_poll(poll: PollRecord, now: int, before: PollRecord | None = None) -> Iterator[Occurrence]:
    """Yield what happened to a poll by ``now`` (programme time, ms) since its record was
    ``before``.

    Without ``before``, all that has happened to the poll is yielded. A firing that was made of it
    already has the same id.
    """
    if poll.status == "cancelled":
        return
    if before is None:
        yield from opening_of(poll)
    if poll.final and not (before and before.final):
        yield _about(poll, "poll.closed", now, tells_result=True)
    if poll.status == "revealed" and not (before and before.status == "revealed"):
        revealed = _about(poll, "poll.revealed", now, tells_result=True)
        if poll.answer is not None:
            revealed.data["answer"] = poll.answer
            revealed.facts["answer"] = poll.options[poll.answer]
        yield revealed


def opening_of(poll: PollRecord) -> Iterator[Occurrence]:
    """Yield that a poll opens, at its time, unless it is over."""
    if not poll.final and poll.status != "cancelled":
        yield _about(poll, "poll.opened", poll.opens_at, tells_result=False)


def _about(poll: PollRecord, event: EventName, at: int, tells_result: bool) -> Occurrence:
    facts = {"question": poll.question, "poll": poll.id}
    data: dict[str, Any] = {
        "poll": poll.id,
        "kind": poll.kind,
        "question": poll.question,
        "options": poll.options,
    }
    facts |= {f"options.{index}": text for index, text in enumerate(poll.options)}
    winner = None
    if tells_result:
        tally, voters, winner = poll.tally or [], poll.voters or 0, winner_of(poll)
        data |= {"tally": tally, "voters": voters, "winner": winner}
        facts["voters"] = str(voters)
        cast = sum(tally)
        for index, votes in enumerate(tally):
            facts[f"options.{index}.votes"] = str(votes)
            facts[f"options.{index}.percent"] = percent(votes, cast)
        leading = [index for index, votes in enumerate(tally) if votes and votes == max(tally)]
        facts["winner"] = ", ".join(poll.options[index] for index in leading)
        facts["winner.votes"] = str(tally[leading[0]]) if leading else "0"
        facts["winner.percent"] = percent(tally[leading[0]], cast) if leading else "0"
    return Occurrence(event, poll.id, at, facts, data, poll.tag or "", winner)


def percent(votes: int, cast: int) -> str:
    """Return a share in whole percent."""
    return str(round(100 * votes / cast)) if cast else "0"


def of_cue(cue: Cue) -> Occurrence:
    """Return the occurrence of a cue, at the cue's own time."""
    facts, left = {"cue.name": cue.name}, FACTS_MAX_CHARS
    for name, text in _flat("cue.data", cue.data):
        left -= len(name) + len(text)
        if left < 0:
            break
        facts[name] = text
    data = {"cue": cue.id, "name": cue.name, "at": cue.at, "data": cue.data}
    return Occurrence("cue", cue.id, cue.at, facts, data, name=cue.name)


def of_highlight(found: Highlight) -> Occurrence:
    """Return the occurrence of a highlight, when it was noticed."""
    facts = {
        "highlight.words": " · ".join(found.words),
        "highlight.strength": str(found.strength),
    }
    data = {
        "highlight": found.id,
        "at": found.noticed,
        "from": found.from_,
        "strength": found.strength,
        "words": found.words,
    }
    return Occurrence("highlight", found.id, found.noticed, facts, data)


def _flat(prefix: str, value: object) -> Iterator[tuple[str, str]]:
    """Yield what templates may name of a cue's data, some levels deep; a list's items by their
    index."""
    if isinstance(value, Mapping | list):
        named = value.items() if isinstance(value, Mapping) else enumerate(value)
        for name, each in named:
            path = f"{prefix}.{name}"
            if path.count(".") <= 6:
                yield from _flat(path, each)
    else:
        yield prefix, "" if value is None else value if isinstance(value, str) else str(value)


def made_up(event: Occasion, item: str, at: int) -> Occurrence:
    """Return an occurrence with made-up data, for a producer's test."""
    if event == "cue":
        cue = of_cue(Cue(item, "test", at, {"test": True}))
        return Occurrence("test", item, at, cue.facts, cue.data)
    if event == "highlight":
        found = of_highlight(Highlight(3.0, ["test"], [], at, at, at, id=item))
        return Occurrence("test", item, at, found.facts, found.data)
    poll = PollRecord(
        id=item,
        kind="single",
        question="A test?",
        options=["Yes", "No"],
        opens_at=at,
        closes_at=at,
        grace=0,
        status="revealed",
        final=True,
        tally=[3, 1],
        voters=4,
    )
    told = _about(poll, "test", at, tells_result=True)
    return Occurrence("test", item, at, told.facts, told.data, winner=told.winner)
