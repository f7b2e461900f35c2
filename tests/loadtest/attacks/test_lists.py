from __future__ import annotations

import asyncio

import pytest

from loadtest.attacks import lists
from loadtest.attacks.lists import ask_for_all
from loadtest.attacks.target import Target


def test_the_list_is_answered_on_each_connection(
    attacked: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "SECONDS", 0.5)
    answers = asyncio.run(ask_for_all(attacked, connections=3))
    assert set(answers) == {"with 200"}
    assert answers["with 200"] >= 3
