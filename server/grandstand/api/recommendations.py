"""What else is on: the live rooms that a viewer is recommended, from memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.responses import Response

from grandstand.api.operations import Call
from grandstand.recommendations.board import Knob, Pick
from grandstand.recommendations.bulletin import watched
from grandstand.recommendations.reasons import language, reason
from grandstand.replica.recommender import Present
from grandstand.wire.messages import Time

FOR_ALL = {"Cache-Control": "public, max-age=1", "Vary": "Authorization"}
FOR_ONE = {"Cache-Control": "no-store", "Vary": "Authorization"}


class RecommendationsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """How many rooms at most, in which language (BCP 47) the reasons are, the room where the viewer
    is, and how much is told of what few know: by default as the server is set."""

    limit: Annotated[int, Meta(ge=1, le=50)] = 10
    lang: Annotated[str, Meta(max_length=35)] = ""
    room: Annotated[str, Meta(max_length=64)] = ""
    knob: Knob | UnsetType = UNSET


class Why(Struct, frozen=True):
    """Why a room is recommended: a word, and a line for the viewer."""

    code: Annotated[
        Literal["follows", "alike", "rising", "highlight", "lesser_known"],
        Meta(
            description="`alike`: people who follow or watch the same are there. `lesser_known`: "
            "this place is kept for what few know. `rising` is also said of a room for which "
            "nothing else speaks than that many watch it; `text` tells the difference."
        ),
    ]
    text: str


class RecommendedRoom(Struct, frozen=True):
    """A room that is live; `at` is where to come in: where its last highlight began, if that was a
    few minutes ago at most, else now."""

    room: str
    title: str
    viewers: Annotated[int, Meta(ge=0, description="those without a socket too")]
    excitement: Annotated[float, Meta(ge=0, le=1)]
    at: Time
    why: Why


class Recommendations(Struct, frozen=True):
    """The live rooms that are recommended, the best first."""

    rooms: list[RecommendedRoom]


async def get(call: Call) -> Response:
    """Recommend live rooms, by what the viewer follows at this moment in the rooms of its token.

    Without a token the answer is the same for all, and caches may keep it for a second. A room that
    lets no guests in is recommended to those alone whose token is for it.
    """
    query, api = call.query(RecommendationsQuery), call.api
    present = await api.recommender.present()
    knob = api.knob if query.knob is UNSET else query.knob
    here = [query.room] if query.room in present.rooms else []
    if call.identity is not None:
        following = await api.follows.of(call.identity)
        beside = {*here, *following.rooms}
        may_not = {
            room
            for room in present.closed
            if call.identity.guest or not call.identity.may_enter(room)
        }
        follows = [*map(watched, sorted(beside)), *following.topics]
        picks = present.board.picks(follows, query.limit, knob, beside | may_not)
        names = present.open_names if may_not else present.names
        return _answer(encoded(present, picks, names, query.lang), FOR_ONE)
    question = (query.limit, knob, language(query.lang), *here)
    body = present.answers.get(question)
    if body is None:
        picks = present.board.picks((), query.limit, knob, {*here, *present.closed})
        body = encoded(present, picks, present.open_names, query.lang)
        present.keep(question, body)
    return _answer(body, FOR_ALL)


def encoded(
    present: Present, picks: Collection[Pick], names: Mapping[str, str], lang: str
) -> bytes:
    """Return an answer's bytes."""
    told = Recommendations([_room(present, pick, names, lang) for pick in picks])
    return msgspec.json.encode(told)


def _room(present: Present, pick: Pick, names: Mapping[str, str], lang: str) -> RecommendedRoom:
    listed = present.rooms[pick.room.room]
    why = Why("rising" if pick.code == "watched" else pick.code, reason(pick, names, lang))
    return RecommendedRoom(
        listed.room, listed.title, listed.viewers, listed.excitement, listed.at, why
    )


def _answer(body: bytes, headers: Mapping[str, str]) -> Response:
    return Response(body, headers=headers, media_type="application/json")
