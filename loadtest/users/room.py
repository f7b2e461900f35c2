"""The room of a run: made if it isn't there, once, whatever number of processes fill it."""

from __future__ import annotations

import json
import urllib.error
from collections.abc import Callable
from functools import partial
from typing import Any

from locust.env import Environment

from loadtest.calls import call
from loadtest.users.run_context import RunContext

SETTINGS = {"title": "Load test", "guests": "vote"}


class RoomError(Exception):
    """The room isn't as it was asked for, and why."""


def open_room(environment: Environment) -> None:
    """Makes the room if it is a Grandstand's, isn't there, and we can be a producer.

    Raises RoomError if the server doesn't answer or refuses, or ``--room-settings`` isn't JSON.
    """
    run_context = RunContext.of(environment)
    token = run_context.producer_token
    if not run_context.options.is_ours or token is None:
        return
    produce = partial(call, run_context.url, token)
    path = f"/v1/rooms/{run_context.options.room}"
    try:
        given: dict[str, Any] = json.loads(run_context.options.room_settings or "{}")
        if not _there(produce, path):
            produce("PUT", path, {**SETTINGS, **given})
        elif given:
            produce("PATCH", path, given)
    except urllib.error.HTTPError as error:
        raise RoomError(f"HTTP {error.code} {error.read().decode(errors='replace')}") from None
    except (OSError, ValueError) as error:
        raise RoomError(str(error)) from None


def _there(produce: Callable[..., Any], path: str) -> bool:
    try:
        produce("GET", path)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return False
        raise
    return True
