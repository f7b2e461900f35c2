"""The moderators' queue: held comments, comments to retract, viewers to mute, ban or restore."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.responses import Response

from grandstand.api.operations import Call, answer, event_id
from grandstand.api.problems import UNKNOWN_VIEWER, Fault, of_refusal
from grandstand.api.validation import NOT_BLANK
from grandstand.domain.erasure_events import ViewerErased
from grandstand.domain.events import (
    CommentEvent,
    HeldDecided,
    HeldDecidedTogether,
    Restored,
    Retracted,
    Sanctioned,
)
from grandstand.domain.identity import RANKS, Role, check_may_retract, check_may_sanction, user_id
from grandstand.domain.outcome import Refusal
from grandstand.domain.stored_state import item_of
from grandstand.store.ingest import HELD_CAP
from grandstand.text.normalise import clean, dedupe_key, skeleton
from grandstand.wire.messages import HeldComment, Time
from grandstand.wire.translations import PERSON

USER_ID = re.compile(r"[A-Za-z0-9_-]{11}")
MAX_BAR_S = 31_536_000
MAX_UNREAD = 500
"""Entries that no tick has read yet and that the list reads too: it has every comment that was
answered ``held``."""

MAX_LISTED = HELD_CAP + MAX_UNREAD
READ_AT_ONCE = 250
"""Held comments that are decoded before other tasks have their turn: about 1 ms."""

FITTED_AT_ONCE = 50
"""Held comments that are compared with a text before other tasks have their turn: at most 4 ms."""

MAX_DECIDED = 500
"""Held comments that one call decides about."""


class HeldList(Struct, frozen=True):
    """The comments that wait for a moderator, in the order in which they came.

    ``next`` is the ``after`` of the next page, absent on the last one.
    """

    comments: list[HeldComment]
    next: str | UnsetType = UNSET


class HeldQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Comments behind the id ``after``, at most ``limit``; by default all that may wait."""

    after: Annotated[str, Meta(max_length=64)] = ""
    limit: Annotated[int, Meta(ge=1, le=MAX_LISTED)] = MAX_LISTED


class Decision(Struct, frozen=True):
    """What a moderator did with a comment."""

    comment: str
    status: Literal["approved", "rejected", "retracted"]


class AnswerBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What to say to the author of a comment that is decided about, instead of the usual words.
    ``by`` names the model that wrote it, if nobody has changed it: the author is told."""

    text: Annotated[str, Meta(min_length=1, max_length=500, pattern=NOT_BLANK)] | UnsetType = UNSET
    by: Annotated[str, Meta(min_length=1, max_length=100, pattern=NOT_BLANK)] | UnsetType = UNSET


class DecideBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Which held comments to decide about: those that fit all of the named criteria, at least one.

    ``text``: the comments that say the same, compared as for merging. ``text_like``: the text
    contains it, whatever its case, marks and disguises. ``before``: sent before that moment.
    """

    decision: Literal["approve", "reject"]
    ids: Annotated[list[str], Meta(min_length=1, max_length=MAX_DECIDED)] | UnsetType = UNSET
    user: str | UnsetType = UNSET
    text: Annotated[str, Meta(min_length=1, max_length=500)] | UnsetType = UNSET
    text_like: Annotated[str, Meta(min_length=1, max_length=500)] | UnsetType = UNSET
    category: Annotated[str, Meta(min_length=1, max_length=32)] | UnsetType = UNSET
    before: Time | UnsetType = UNSET


class Decisions(Struct, frozen=True):
    """The comments that were decided about; with ``more``, others fit: call again."""

    comments: list[str]
    status: Literal["approved", "rejected"]
    more: bool


class SanctionBody(Struct, frozen=True, forbid_unknown_fields=True):
    """For how many seconds; without ``duration``, until restored."""

    duration: Annotated[float, Meta(gt=0, le=MAX_BAR_S, description="s")] | UnsetType = UNSET


class SanctionedViewer(Struct, frozen=True):
    """A viewer and the sanction; ``until`` is absent if it holds until restored."""

    user: str
    status: Literal["muted", "banned", "restored"]
    until: Time | UnsetType = UNSET


class ErasedViewer(Struct, frozen=True):
    """A viewer whose comments are being erased."""

    user: str
    status: Literal["erasing"] = "erasing"


async def held(call: Call) -> Response:
    """Return the comments that wait for a moderator, the longest waiting first."""
    query = call.query(HeldQuery)
    store, room = call.api.rooms.store, call.live.room
    # In this order: an entry that is sequenced in between is found twice, not missed.
    unread = await store.ingest.read(room, "0-0", MAX_UNREAD)
    ids = set(await store.rooms.held_ids(room))
    fresh: dict[str, HeldComment] = {}
    for entry in unread:
        event = item_of(entry.payload, CommentEvent) if entry.comment else None
        if event is not None and event.held:
            fresh[entry.comment] = event.held_comment(entry.comment)
    behind = sorted(each for each in ids | fresh.keys() if each > query.after)
    page = behind[: query.limit]
    waiting: list[HeldComment] = []
    for first in range(0, len(page), READ_AT_ONCE):
        some = page[first : first + READ_AT_ONCE]
        stored = {each.id: each for each in await store.rooms.held_of(room, some)}
        known = fresh | stored
        waiting += [known[each] for each in some if each in known]
    return answer(HeldList(waiting, page[-1] if len(behind) > len(page) else UNSET))


async def approve(call: Call) -> Response:
    """Show a held comment."""
    return await _decide(call, approved=True)


async def reject(call: Call) -> Response:
    """Reject a held comment."""
    return await _decide(call, approved=False)


async def decide(call: Call) -> Response:
    """Decide about up to 500 held comments at once: by id, author, text, category or age."""
    body = call.body(DecideBody, _criteria)
    fits = _fitting(body)
    store, room = call.api.rooms.store, call.live.room
    ids = sorted(await store.rooms.held_ids(room))
    chosen: list[str] = []
    for first in range(0, len(ids), FITTED_AT_ONCE):
        some = await store.rooms.held_of(room, ids[first : first + FITTED_AT_ONCE])
        chosen += [comment.id for comment in some if fits(comment)]
        if len(chosen) > MAX_DECIDED:
            break
    approved = body.decision == "approve"
    decided: Sequence[str] = ()
    if chosen:
        event = HeldDecidedTogether(event_id(), chosen[:MAX_DECIDED], approved)
        decided = (await call.submit(event)).decided
    status: Literal["approved", "rejected"] = "approved" if approved else "rejected"
    return answer(Decisions(list(decided), status, len(chosen) > MAX_DECIDED))


def _answered(good: dict[str, Any]) -> Iterator[Fault]:
    if "text" in good and not clean(good["text"]):
        yield Fault("text", "is blank")
    if "by" in good and "text" not in good:
        yield Fault("by", "says who wrote the text: give that, too")


def _criteria(good: dict[str, Any]) -> Iterator[Fault]:
    if "decision" in good and len(good) == 1:
        yield Fault("", "name at least one of ids, user, text, text_like, category, before")
    if "text" in good and not clean(good["text"]):
        yield Fault("text", "is blank")
    if "text_like" in good and not skeleton(clean(good["text_like"])):
        yield Fault("text_like", "is blank")


def _fitting(body: DecideBody) -> Callable[[HeldComment], bool]:
    ids = None if body.ids is UNSET else set(body.ids)
    same = None if body.text is UNSET else dedupe_key(clean(body.text))
    wanted = None if body.text_like is UNSET else skeleton(clean(body.text_like))

    def fits(comment: HeldComment) -> bool:
        return (
            (ids is None or comment.id in ids)
            and (body.user is UNSET or comment.user == body.user)
            and (body.category is UNSET or body.category in comment.categories)
            and (body.before is UNSET or comment.at < body.before)
            and (same is None or dedupe_key(comment.text) == same)
            and (wanted is None or wanted in skeleton(comment.text))
        )

    return fits


async def retract(call: Call) -> Response:
    """Take a comment back, from every screen and from the record.

    If it was shown, copies of its text aren't shown for ten minutes, whoever sends them.
    """
    comment = call.path("comment")
    record, room = call.api.rooms.store.record, call.live.room
    row = await record.find(room, comment)
    if row is None or not row.user:
        words = f"there is no comment {comment} in the record"
        raise of_refusal(Refusal.UNKNOWN_COMMENT, words)
    identity = call.known
    check_may_retract(identity.role, _role_of(call, row.user, row.role), row.user == _self(call))
    if await record.retracted_of(room, [comment]):
        return answer(Decision(comment, "retracted"))
    text = dedupe_key(row.text) if row.shown else None
    await call.submit(Retracted(event_id(), comment, row.user, text))
    return answer(Decision(comment, "retracted"))


async def mute(call: Call) -> Response:
    """Let a viewer watch but not comment."""
    return await _sanction(call, "mute")


async def ban(call: Call) -> Response:
    """Disconnect a viewer and keep it out, at once and on every node."""
    return await _sanction(call, "ban")


async def restore(call: Call) -> Response:
    """Lift a mute or a ban."""
    user = _user(call)
    await call.submit(Restored(event_id(), user))
    return answer(SanctionedViewer(user, "restored"))


async def erase(call: Call) -> Response:
    """Erase all that a viewer has said: the answer comes when it has begun.

    The comments leave every screen, the record, segments and archive within seconds, a thousand
    of them a tick. Frames from before aren't replayed, and within ten minutes the
    timeline has forgotten them. Nothing keeps the viewer from coming back: see `ban`.
    """
    user = _user(call)
    await call.submit(ViewerErased(event_id(), user))
    return answer(ErasedViewer(user), 202)


async def _decide(call: Call, approved: bool) -> Response:
    comment, body = call.path("comment"), call.body(AnswerBody, _answered)
    text = "" if body.text is UNSET else clean(body.text)
    by = "" if not text else PERSON if body.by is UNSET else clean(body.by)
    await call.submit(HeldDecided(event_id(), comment, approved, text, by))
    return answer(Decision(comment, "approved" if approved else "rejected"))


async def _sanction(call: Call, kind: Literal["mute", "ban"]) -> Response:
    body = call.body(SanctionBody)
    user = _user(call)
    check_may_sanction(call.known.role, _role_of(call, user), user == _self(call))
    until = None
    if isinstance(body.duration, float):
        until = call.live.now() + max(1, round(body.duration * 1000))
    await call.submit(Sanctioned(event_id(), user, kind, until))
    status: Literal["muted", "banned"] = "muted" if kind == "mute" else "banned"
    return answer(SanctionedViewer(user, status, UNSET if until is None else until))


def _self(call: Call) -> str:
    """Return the caller's id in this room."""
    return user_id(call.known.sub, call.live.salt)


def _role_of(call: Call, user: str, at_writing: Role = "viewer") -> Role:
    """Return the higher of two roles: the viewer's role when it wrote, and its role at its last
    visit."""
    staff = call.live.replica.state.staff.get(user)
    if staff is None or staff.until <= call.live.now():
        return at_writing
    return max(staff.role, at_writing, key=RANKS.__getitem__)


def _user(call: Call) -> str:
    user = call.path("user")
    if not USER_ID.fullmatch(user):
        raise of_refusal(UNKNOWN_VIEWER, f"no viewer can be called {user}: see `user`")
    return user
