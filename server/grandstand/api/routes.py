"""The table of all calls."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import BaseRoute, Route

from grandstand.api import (
    assistant,
    audience_curve,
    comments,
    crowd,
    cues,
    documents,
    effects,
    entities,
    guests,
    health,
    highlights,
    imports,
    leaderboard,
    moderation,
    poll_texts,
    polls,
    presence,
    program,
    recommendations,
    recounts,
    revocations,
    rundown,
    schemas,
    segments,
    stats,
    translation,
)
from grandstand.api import rooms as rooms_calls
from grandstand.api.operations import Api, Operation
from grandstand.api.resource import Resource
from grandstand.api.stat_updates import StatsBody
from grandstand.api.validation import NDJSON, Nothing
from grandstand.domain.effects import Effect
from grandstand.domain.rundown import ITEMS_BYTES, Rundown
from grandstand.domain.schemas import KindSchema
from grandstand.wire.audits import KeySet, PublishedVote, Receipt
from grandstand.wire.messages import Cue, Poll
from grandstand.wire.program import EVENTS
from grandstand.wire.settings import Settings

_ROOM = "/v1/rooms/{room}"
_POLLS = _ROOM + "/polls"
_POLL = _POLLS + "/{poll}"
_EFFECTS = _ROOM + "/effects"
_EFFECT = _EFFECTS + "/{effect}"
_RUNDOWN = _ROOM + "/rundown"
_SCHEMA = _ROOM + "/schemas/{kind}"
_COMMENT = _ROOM + "/comments/{comment}"
_USER = _ROOM + "/viewers/{user}"
_RECORD_MEDIA = ("application/json", "application/x-ndjson", "application/xml")

OPERATIONS: Sequence[Operation] = (
    Operation(
        "GET",
        "/v1/rooms",
        "watch",
        rooms_calls.list_all,
        {200: rooms_calls.RoomList},
        query=rooms_calls.RoomsQuery,
    ),
    Operation(
        "GET",
        "/v1/recommendations",
        "watch",
        recommendations.get,
        {200: recommendations.Recommendations},
        query=recommendations.RecommendationsQuery,
    ),
    Operation(
        "PUT",
        _ROOM,
        "producer",
        rooms_calls.put,
        {201: rooms_calls.Room, 200: rooms_calls.Room},
        body=Settings,
        makes_room=True,
    ),
    Operation(
        "PATCH", _ROOM, "producer", rooms_calls.patch, {200: rooms_calls.Room}, body=Settings
    ),
    Operation("GET", _ROOM, "watch", rooms_calls.get, {200: rooms_calls.Room}),
    Operation(
        "POST",
        _ROOM + "/clock",
        "producer",
        rooms_calls.clock,
        {200: rooms_calls.Room},
        body=rooms_calls.ClockBody,
    ),
    Operation(
        "DELETE",
        _ROOM,
        "producer",
        rooms_calls.delete,
        {204: None},
        query=rooms_calls.DeleteQuery,
        refusals=(404,),
        makes_room=True,
    ),
    Operation(
        "POST",
        _ROOM + "/guests",
        "open",
        guests.post,
        {201: guests.Guest},
        body=guests.GuestBody,
        refusals=(403, 429),
    ),
    Operation("POST", _POLLS, "producer", polls.post, {201: Poll}, body=polls.PollBody),
    Operation(
        "GET", _POLLS, "moderator", polls.list_all, {200: polls.PollList}, query=polls.PollsQuery
    ),
    Operation("GET", _POLL, "moderator", polls.get, {200: Poll}),
    *(
        Operation(
            "POST",
            f"{_POLL}/{handler.__name__}",
            "producer",
            handler,
            {200: Poll},
            body=body,
            refusals=(409,),
        )
        for handler, body in (
            (polls.extend, polls.ExtendBody),
            (polls.close, polls.CloseBody),
            (polls.reveal, Nothing),
            (polls.resolve, polls.ResolveBody),
            (polls.cancel, Nothing),
        )
    ),
    Operation(
        "GET",
        _POLL + "/votes",
        "producer",
        recounts.votes,
        {200: PublishedVote},
        media=(NDJSON,),
        refusals=(409,),
    ),
    Operation(
        "GET",
        _POLL + "/receipt",
        "viewer",
        recounts.receipt,
        {200: Receipt},
        refusals=(409, 429),
    ),
    Operation(
        "POST",
        _ROOM + "/translations",
        "producer",
        poll_texts.suggest,
        {200: poll_texts.Suggestions},
        body=poll_texts.TextsBody,
    ),
    Operation(
        "GET",
        _ROOM + "/program",
        "watch",
        program.get,
        {},
        media=("text/event-stream",),
        events=EVENTS,
        refusals=(429,),
    ),
    *(
        Operation("GET", _ROOM + path, "watch", each, answers, query=query, media=media)
        for path, each, answers, query, media in (*segments.CALLS, highlights.CALL)
    ),
    Operation(
        "DELETE",
        _ROOM + "/highlights/{highlight}",
        "producer",
        highlights.delete,
        {204: None},
        refusals=(404, 429),
    ),
    Operation("POST", _ROOM + "/present", "watch", presence.present, {204: None}, refusals=(429,)),
    Operation(
        "GET",
        _POLL + "/leaderboard",
        "watch",
        leaderboard.get,
        {200: leaderboard.Leaderboard},
        query=leaderboard.LeaderboardQuery,
        refusals=(409,),
    ),
    Operation("POST", _ROOM + "/cues", "producer", cues.post, {201: Cue}, body=cues.CueBody),
    Operation(
        "PUT",
        _EFFECT,
        "producer",
        effects.put,
        {201: Effect, 200: Effect},
        body=effects.EffectBody,
        max_bytes=effects.MAX_BYTES,
        refusals=(409,),
    ),
    Operation("GET", _EFFECT, "producer", effects.get, {200: Effect}),
    Operation("DELETE", _EFFECT, "producer", effects.delete, {204: None}),
    Operation("GET", _EFFECTS, "producer", effects.list_all, {200: effects.EffectList}),
    Operation(
        "POST",
        _EFFECT + "/test",
        "producer",
        effects.test,
        {202: effects.TestFirings},
        body=Nothing,
    ),
    Operation(
        "GET",
        _ROOM + "/firings",
        "moderator",
        effects.firings,
        {200: effects.FiringPage},
        query=effects.FiringsQuery,
    ),
    Operation(
        "PUT",
        _RUNDOWN,
        "producer",
        rundown.put,
        {200: Rundown},
        body=rundown.RundownBody,
        refusals=(409,),
        max_bytes=ITEMS_BYTES,
    ),
    Operation("GET", _RUNDOWN, "producer", rundown.get, {200: Rundown}),
    Operation(
        "POST",
        _RUNDOWN + "/{item}/go",
        "producer",
        rundown.go,
        {200: Rundown},
        body=Nothing,
    ),
    Operation(
        "POST",
        _RUNDOWN + "/reset",
        "producer",
        rundown.reset,
        {200: Rundown},
        body=rundown.ResetBody,
        refusals=(409,),
    ),
    Operation(
        "POST",
        _ROOM + "/stats",
        "producer",
        stats.post,
        {200: stats.StatsResults},
        body=StatsBody,
        lines=stats.MAX_UPDATES,
        query=stats.StatsQuery,
        media=("application/json", NDJSON),
        refusals=(429,),
    ),
    Operation(
        "GET",
        _ROOM + "/entities",
        "watch",
        entities.list_all,
        {200: entities.EntityList},
        query=entities.EntitiesQuery,
    ),
    Operation(
        "GET", _ROOM + "/entities/{entity}", "watch", entities.get, {200: entities.PresentEntity}
    ),
    Operation("PUT", _SCHEMA, "producer", schemas.put, {200: KindSchema}, body=KindSchema),
    Operation("GET", _SCHEMA, "watch", schemas.get, {200: KindSchema}),
    Operation(
        "GET",
        _ROOM + "/translation",
        "producer",
        translation.get,
        {200: translation.TranslationSent},
    ),
    *assistant.OPERATIONS,
    Operation(
        "GET",
        _ROOM + "/comments",
        "watch",
        comments.get,
        {200: comments.RecordPage},
        query=comments.RecordQuery,
        media=_RECORD_MEDIA,
    ),
    Operation(
        "POST",
        _ROOM + "/comments",
        "producer",
        imports.post,
        {200: imports.ImportResult},
        recording=imports.PastComment,
        query=imports.ImportQuery,
    ),
    Operation(
        "GET",
        _ROOM + "/held",
        "moderator",
        moderation.held,
        {200: moderation.HeldList},
        query=moderation.HeldQuery,
    ),
    Operation(
        "POST",
        _ROOM + "/held/decide",
        "moderator",
        moderation.decide,
        {200: moderation.Decisions},
        body=moderation.DecideBody,
    ),
    *(
        Operation(
            "POST",
            f"{_COMMENT}/{handler.__name__}",
            "moderator",
            handler,
            {200: moderation.Decision},
            body=Nothing if handler is moderation.retract else moderation.AnswerBody,
        )
        for handler in (moderation.approve, moderation.reject, moderation.retract)
    ),
    *(
        Operation(
            "POST",
            f"{_USER}/{handler.__name__}",
            "moderator",
            handler,
            {200: moderation.SanctionedViewer},
            body=Nothing if handler is moderation.restore else moderation.SanctionBody,
        )
        for handler in (moderation.mute, moderation.ban, moderation.restore)
    ),
    Operation(
        "POST", f"{_USER}/erase", "producer", moderation.erase, {202: moderation.ErasedViewer}
    ),
    Operation(
        "POST",
        "/v1/revocations",
        "producer",
        revocations.post,
        {200: revocations.RevokedTokens},
        body=revocations.RevocationBody,
    ),
    Operation(
        "GET",
        "/v1/revocations",
        "producer",
        revocations.list_all,
        {200: revocations.RevocationPage},
    ),
    Operation(
        "GET", _ROOM + "/crowd", "producer", audience_curve.get, {200: audience_curve.AudienceCurve}
    ),
    Operation("GET", "/v1/crowd", "producer", crowd.get, {200: crowd.CrowdReport}),
    Operation("GET", "/v1/keys", "open", recounts.keys, {200: KeySet}),
    Operation("GET", "/healthz", "open", health.healthz, {200: health.Health}),
    Operation("GET", "/readyz", "open", health.readyz, {200: health.Health}),
    Operation("GET", "/metrics", "open", health.metrics, {}, media=("text/plain",)),
)


def routes(api: Api) -> list[BaseRoute]:
    """Return the routes of all calls, and of the documents that describe them."""
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in OPERATIONS:
        by_path.setdefault(operation.path, {})[operation.method] = operation
    return [
        *(Route(_routed(path), Resource(api, by_method)) for path, by_method in by_path.items()),
        *documents.routes(OPERATIONS),
    ]


def _routed(path: str) -> str:
    """Return a path as the router knows it: an entity's id may have slashes."""
    return path.replace("{entity}", "{entity:path}")
