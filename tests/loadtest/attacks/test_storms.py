from __future__ import annotations

import asyncio

import pytest

from loadtest.attacks import storms
from loadtest.attacks.storms import storm
from loadtest.attacks.target import Target
from loadtest.selection import squared


def test_what_guests_say_is_taken_and_counted(
    attacked: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storms, "GUESTS", 4)
    monkeypatch.setattr(storms, "COMMENTS", 2)
    attacked.server.call(
        "PATCH", f"/v1/rooms/{attacked.room}", {"moderation": {"on_timeout": "allow"}}
    )
    answers = asyncio.run(storm(attacked, squared, 100))
    assert answers["accepted"] + answers["held"] == 8
    assert answers["sequenced"] == answers["accepted"]


def test_what_is_refused_is_told_by_its_code(
    attacked: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storms, "GUESTS", 2)
    answers = asyncio.run(storm(attacked, squared, 101))  # the room takes 100 characters
    assert answers == {"too_long": 2 * storms.COMMENTS, "sequenced": 0}
