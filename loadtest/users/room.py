"""The room of a run: made if it isn't there, once, whatever number of processes fill it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from locust.env import Environment

from loadtest.users.house import House

SETTINGS = {"title": "Load test", "guests": "vote"}


class RoomError(Exception):
    """The room isn't as it was asked for, and why."""


def open_room(environment: Environment) -> None:
    """Makes the room if it is a Grandstand's, isn't there, and we can be a producer.

    Raises RoomError if the server doesn't answer or refuses, or ``--room-settings`` isn't JSON.
    """
    house = House.of(environment)
    if not house.options.is_ours or house.producer_token is None:
        return
    try:
        given: dict[str, Any] = json.loads(house.options.room_settings or "{}")
        if not _there(house):
            _call(house, "PUT", {**SETTINGS, **given})
        elif given:
            _call(house, "PATCH", given)
    except urllib.error.HTTPError as error:
        raise RoomError(f"HTTP {error.code} {error.read().decode(errors='replace')}") from None
    except (OSError, ValueError) as error:
        raise RoomError(str(error)) from None


def _there(house: House) -> bool:
    try:
        _call(house, "GET", None)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return False
        raise
    return True


def _call(house: House, method: str, body: dict[str, Any] | None) -> None:
    request = urllib.request.Request(
        f"{house.url}/v1/rooms/{house.options.room}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {house.producer_token}",
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=20):
        pass
