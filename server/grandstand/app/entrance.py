"""How viewers come into a server, and what it does about the crowd, as its settings say."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from grandstand.edge.crowd_control import CrowdControl
from grandstand.edge.house import Bounds
from grandstand.edge.node import Node
from grandstand.edge.transport.handshake_limit import HandshakeLimit
from grandstand.edge.waiting_room import OPENINGS, WaitingRoom
from grandstand.errors import OperatorError
from grandstand.settings import ServerSettings
from grandstand.telemetry import Metrics
from grandstand.wire.codes import ErrorCode


def bounds(settings: ServerSettings) -> Bounds | None:
    """Return the bounds of the rate; None if it is to stay as it is. Raises OperatorError."""
    low, high = settings.handshakes_min_per_s, settings.handshakes_max_per_s
    if not low and not high:
        return None
    if not 0 < low <= settings.handshakes_per_s <= high:
        raise OperatorError(
            "GRANDSTAND_HANDSHAKES_MIN_PER_S and _MAX_PER_S: GRANDSTAND_HANDSHAKES_PER_S "
            f"({settings.handshakes_per_s}) must lie between them; or leave both out"
        )
    return Bounds(low, settings.handshakes_per_s, high)


def waiting_room(settings: ServerSettings, metrics: Metrics, node: Node) -> WaitingRoom:
    """Return the way into a node."""
    on_refusal = metrics.handshakes_refused.labels(ErrorCode.OVERLOADED.value).inc
    most_per_s = max(settings.handshakes_per_s, settings.handshakes_max_per_s)
    openings = HandshakeLimit(OPENINGS * most_per_s, on_refusal)
    room = WaitingRoom(node, settings.waiting_max, settings.viewers_max, openings)
    metrics.viewers_waiting.set_function(lambda: float(len(room)))
    return room


def tasks(
    settings: ServerSettings, room: WaitingRoom
) -> dict[str, Callable[[], Coroutine[Any, Any, None]]]:
    """Return what runs for the crowd, by name, as far as the operator wants it."""
    limits, prewarmed = bounds(settings), settings.prewarm_rooms
    found = {"waiting room": room.run} if room.most else {}
    if limits or prewarmed or room.most or room.seats:
        found["crowd control"] = CrowdControl(room, limits, prewarmed).run
    return found
