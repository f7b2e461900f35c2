"""Puts a server together: store, rooms, edge, leader and HTTP. It starts nothing."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from grandstand import __version__, listeners, process_limits, resources
from grandstand.api import problems
from grandstand.api.metrics_peers import MetricsPeers
from grandstand.api.operations import Api
from grandstand.api.origins import let_in
from grandstand.api.routes import routes
from grandstand.app import entrance
from grandstand.app.http_server import HttpServer
from grandstand.app.past_shows import past_shows
from grandstand.archive.archive import Archive
from grandstand.archive.storage import Storage
from grandstand.archive.storage import storage as storage_at
from grandstand.assistant.assistant import Assistant
from grandstand.assistant.metrics import AssistantMetrics
from grandstand.assistant.wording import CardWording
from grandstand.crowd.history import History
from grandstand.crowd.weights import Weights, decode
from grandstand.domain.addresses import Addresses
from grandstand.domain.signatures import read_private
from grandstand.edge.admission import Admission
from grandstand.edge.follows import Follows
from grandstand.edge.heartbeat import Heartbeat
from grandstand.edge.inquiries import Inquiries
from grandstand.edge.node import Limits, Node
from grandstand.edge.program import ProgramFeeds
from grandstand.edge.revocations import RevocationEnforcer
from grandstand.edge.transport.connection_limits import ConnectionLimits
from grandstand.edge.transport.dispatch import Dispatch
from grandstand.edge.transport.handshake import NOT_SNIFFED
from grandstand.edge.transport.handshake_limit import HandshakeLimit
from grandstand.edge.transport.keepalive import Keepalive
from grandstand.edge.transport.round_robin import RoundRobin
from grandstand.edge.transport.websocket import ViewerSocket
from grandstand.edge.waiting_room import WaitingRoom
from grandstand.effects.job import Effects
from grandstand.effects.outbound import Outbound
from grandstand.errors import OperatorError
from grandstand.forecasts.models import ForecastModels
from grandstand.inference.manifest import NAME as MANIFEST
from grandstand.inference.manifest import ModelError
from grandstand.inference.reload import Reload
from grandstand.leader.archiving import Archiving
from grandstand.leader.card_finding import CardFinding
from grandstand.leader.crowd_forecasting import CrowdForecasting
from grandstand.leader.global_lease import GlobalLeases
from grandstand.leader.highlighting import Highlighting
from grandstand.leader.leader import RoomLeader
from grandstand.leader.match_forecasting import MatchForecasting
from grandstand.leader.recommending import Recommending
from grandstand.leader.registry import ROOM_JOBS
from grandstand.leader.translating import Translating
from grandstand.moderation.moderator import Moderator
from grandstand.moderation.policy import Policy
from grandstand.moderation.scorer import OnnxScorer
from grandstand.moderation.word_rules import Rules
from grandstand.pages import pages
from grandstand.recount.job import Recounting
from grandstand.replica.recommender import Recommender
from grandstand.replica.rooms import LiveRooms
from grandstand.replica.secrets import SecretWatch
from grandstand.settings import ServerSettings
from grandstand.store.store import Store
from grandstand.telemetry import Metrics
from grandstand.tokens import Tokens
from grandstand.translation.cache import Cache
from grandstand.translation.engines.registry import engines
from grandstand.translation.interpreter import Interpreter
from grandstand.translation.judging import RoomJudge
from grandstand.translation.metrics import TranslationMetrics
from grandstand.translation.phrases import Phrases
from grandstand.wire.codes import ErrorCode

GRACE_S = 5
"""How long viewers may take to answer the close frame when the process stops."""

AFTER_S = 1.0
"""The longest wait that ``bye`` asks of a viewer: it smooths the slices in which viewers are
told."""


@dataclass(frozen=True, slots=True)
class Equipment:
    """What a server has before it connects to its store."""

    settings: ServerSettings
    tokens: Tokens
    metrics: Metrics
    moderator: Moderator
    forecasts: ForecastModels
    reload: Reload[OnnxScorer]
    weights: Weights
    past: Mapping[str, History]


@dataclass(frozen=True, slots=True)
class Assembly:
    """A server that is put together and not started."""

    equipment: Equipment
    store: Store
    rooms: LiveRooms
    node: Node
    waiting_room: WaitingRoom
    api: Api
    server: HttpServer
    archive: Archive | None
    interpreter: Interpreter
    assistant: Assistant
    inquiries: Inquiries

    def background_tasks(self) -> dict[str, Callable[[], Coroutine[Any, Any, None]]]:
        """Return what runs beside the HTTP server, by name; of it forecasts alone end by
        themselves, if there is no model."""
        tokens, metrics = self.equipment.tokens, self.equipment.metrics
        outbound = Outbound(Addresses(self.equipment.settings.effects_allow))
        highlighting = Highlighting(metrics, self.equipment.moderator.rules.is_bad_word)
        cards = CardFinding(metrics, CardWording(self.assistant))
        jobs = [*ROOM_JOBS, highlighting, cards, Recounting()]
        jobs.append(MatchForecasting(self.equipment.forecasts))
        jobs.append(Effects(outbound, metrics))
        jobs.append(Translating(self.interpreter))
        jobs.append(CrowdForecasting(metrics, self.equipment.weights, self.equipment.past))
        if self.archive is not None:
            jobs.append(Archiving(self.archive))
        secrets = SecretWatch(self.store, tokens.fingerprint, metrics.secrets_differ.set)
        return {
            "rooms": self.rooms.run,
            "keepalive": self.node.keepalive.run,
            "heartbeat": Heartbeat(self.node).run,
            "revoked": RevocationEnforcer(self.node).run,
            "recommender": self.api.recommender.run,
            "follows": Follows(self.node).run,
            "inquiries": self.inquiries.run,
            "global leases": GlobalLeases(self.store, metrics, [Recommending(self.store)]).run,
            "leader": RoomLeader(self.store, metrics, self.node.visited, jobs, self.archive).run,
            "tokens": tokens.run,
            "secrets": secrets.run,
            "reload": self.equipment.reload.run,
            "forecasts": self.equipment.forecasts.run,
            "translators": self.interpreter.run,
            "assistant": self.assistant.run,
            **entrance.tasks(self.equipment.settings, self.waiting_room),
        }


def check(settings: ServerSettings) -> None:
    """Raise OperatorError if something that the settings name is missing or doesn't fit."""
    _tokens(settings)
    _scorer(settings)
    _forecast_folders(settings)
    _storage(settings)
    _weights()
    entrance.bounds(settings)
    past_shows(settings.past_shows)
    engines(settings.translation_terms)
    Phrases(settings.phrases)


def equip(settings: ServerSettings) -> Equipment:
    """Load the model and make everything that doesn't need the store. Raises OperatorError."""
    tokens = _tokens(settings)
    metrics = Metrics(CollectorRegistry())
    path, scorer = _scorer(settings)
    moderator = Moderator(
        scorer,
        Rules.load(),
        deadline_ms=settings.moderation_deadline_ms,
        threads=settings.moderation_threads,
        metrics=metrics.scorer,
    )
    reload = Reload(
        path,
        scorer,
        load=OnnxScorer,
        use=moderator.use,
        deadline_ms=settings.moderation_deadline_ms,
        metrics=metrics.scorer,
    )
    past = past_shows(settings.past_shows)
    forecasts = ForecastModels(_forecast_folders(settings), metrics.forecasts)
    return Equipment(settings, tokens, metrics, moderator, forecasts, reload, _weights(), past)


def build(
    equipment: Equipment,
    store: Store,
    extra_routes: Sequence[BaseRoute] = (),
    metrics_peers: MetricsPeers | None = None,
) -> Assembly:
    """Put the rest together around ``store``; ``extra_routes`` are routes of the caller's own."""
    settings, metrics = equipment.settings, equipment.metrics
    if settings.signing_key is not None:
        store.signing_keys.use(read_private(settings.signing_key.get_secret_value()))
    rooms = LiveRooms(store)
    equipment.tokens.revocations = rooms.revocations.known
    storage = _storage(settings)
    archive = None if storage is None else Archive(storage, metrics)
    node = _node(equipment, rooms)
    waiting = entrance.waiting_room(settings, metrics, node)
    limits = ConnectionLimits(
        node.keepalive, settings.max_connections_per_address, process_limits.max_connections()
    )
    inquiries = Inquiries(store, Follows(node))
    judge = _judge(equipment, rooms)
    interpreter = _interpreter(equipment, rooms, judge)
    assistant = Assistant(
        settings.assistant_terms, store.suggestions, judge, AssistantMetrics(metrics.registry)
    )
    api = Api(
        rooms=rooms,
        tokens=equipment.tokens,
        feeds=ProgramFeeds(node),
        follows=inquiries,
        recommender=Recommender(store),
        knob=settings.recommendations,
        names=node.moderator.names,
        lurkers=node.lurkers,
        asked_languages=node.asked_languages,
        interpreter=interpreter,
        assistant=assistant,
        explain=equipment.moderator.words_that_decided,
        registry=metrics.registry,
        metrics_peers=metrics_peers,
        hides_rooms=settings.hide_rooms,
        archive=archive,
        translation_limits=settings.translation_terms.limits,
    )
    app = Starlette(
        routes=[*routes(api), *extra_routes, *pages(resources.pages())],
        exception_handlers={404: problems.not_found},
        middleware=[let_in(settings.origins)],
    )
    _observe(metrics, rooms, node.moderator, limits)
    server = _server(settings, app, waiting, limits)
    return Assembly(
        equipment,
        store,
        rooms,
        node,
        waiting,
        api,
        server,
        archive,
        interpreter,
        assistant,
        inquiries,
    )


def _judge(equipment: Equipment, rooms: LiveRooms) -> RoomJudge:
    def policy_of(room: str) -> Policy:
        live = rooms.peek(room)
        if live is None:  # nothing that this process knows: the strictest
            return Policy(4)
        moderation = live.replica.state.settings.moderation
        return Policy(moderation.level, moderation.categories, moderation.on_timeout)

    return RoomJudge(equipment.moderator, policy_of)


def _interpreter(equipment: Equipment, rooms: LiveRooms, judge: RoomJudge) -> Interpreter:
    terms = equipment.settings.translation_terms
    return Interpreter(
        engines(terms),
        Phrases(terms.folder),
        terms.limits,
        judge,
        TranslationMetrics(equipment.metrics.registry),
        Cache(rooms.store.translations, rooms.store.now_ms),
    )


def _node(equipment: Equipment, rooms: LiveRooms) -> Node:
    settings, metrics = equipment.settings, equipment.metrics
    return Node(
        rooms=rooms,
        tokens=equipment.tokens,
        moderator=equipment.moderator,
        keepalive=Keepalive(),
        metrics=metrics,
        limits=Limits(settings.max_connections_per_viewer, settings.max_connections_per_address),
        handshake_limit=HandshakeLimit(
            settings.handshakes_per_s,
            metrics.handshakes_refused.labels(ErrorCode.OVERLOADED.value).inc,
        ),
        hides_rooms=settings.hide_rooms,
        ban_holds_address_s=settings.ban_holds_address_s,
        drain_ms=int(min(settings.drain_s, AFTER_S) * 1000),
    )


def _server(
    settings: ServerSettings, app: Starlette, waiting_room: WaitingRoom, limits: ConnectionLimits
) -> HttpServer:
    return HttpServer(
        uvicorn.Config(
            app,
            ws=functools.partial(  # type: ignore[arg-type]
                ViewerSocket,
                admission=Admission(waiting_room.node, settings.origins, waiting_room),
                keepalive=waiting_room.node.keepalive,
                turns=RoundRobin(),
            ),
            http=functools.partial(Dispatch, limits=limits),  # type: ignore[arg-type]
            backlog=listeners.BACKLOG,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            headers=[NOT_SNIFFED],
            forwarded_allow_ips=settings.forwarded_allow_ips,
            timeout_graceful_shutdown=GRACE_S,
        )
    )


def _observe(
    metrics: Metrics, rooms: LiveRooms, moderator: Moderator, limits: ConnectionLimits
) -> None:
    """Let the metrics read what others count."""
    store = rooms.store
    metrics.built(__version__, store.durability.promise)
    metrics.store_up.set_function(lambda: float(rooms.store_is_up))
    metrics.store_clock_jump.set_function(lambda: store.clock.jumped_ms / 1000)
    metrics.room_clock_ahead.set_function(lambda: rooms.clock_ahead_s)
    metrics.read_counter(
        "store_losses",
        "What the store was found to have lost",
        "what",
        lambda: store.losses.counts,
    )
    metrics.read_counter(
        "moderation_comments",
        "Comments by how the scorer fared",
        "how",
        lambda: moderator.counts,
    )
    metrics.read_counter(
        "connections_refused",
        "Connections closed at accept, for being slow, or for odd HTTP, by what was wrong",
        "why",
        lambda: limits.refused,
    )


def _storage(settings: ServerSettings) -> Storage | None:
    return None if settings.archive is None else storage_at(settings.archive)


def _tokens(settings: ServerSettings) -> Tokens:
    return Tokens(settings.secret, settings.jwks_url, settings.token_terms)


def _weights() -> Weights:
    path = resources.audience_weights()
    return decode(str(path), path.read_bytes())


def _scorer(settings: ServerSettings) -> tuple[Path, OnnxScorer]:
    path = settings.model or resources.model()
    try:
        return path, OnnxScorer(path)
    except ModelError as error:
        raise OperatorError(str(error)) from None


def _forecast_folders(settings: ServerSettings) -> list[Path]:
    """Return those that ship, then the operator's, which count where both have a name."""
    own = settings.forecast_models
    if own is None:
        return resources.forecast_models()
    if not own.is_dir():
        raise OperatorError(f"GRANDSTAND_FORECAST_MODELS: {own} is no folder")
    if (own / MANIFEST).is_file():
        raise OperatorError(
            f"GRANDSTAND_FORECAST_MODELS: {own} is a model itself: name the folder that it is in"
        )
    return [*resources.forecast_models(), *sorted(each for each in own.iterdir() if each.is_dir())]
