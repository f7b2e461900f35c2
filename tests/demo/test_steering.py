"""The effects by which the audience steers the stage."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from grandstand.demo import steering
from grandstand.demo.stage import Call, Draw, Order, Take
from grandstand.domain import effects
from grandstand.domain.effects import Effect, HttpCall
from grandstand.domain.polls.record import PollRecord
from grandstand.effects import templates
from grandstand.effects.registry import kind_of

SONGS = ["Red Moon · 红月亮", 'A "quoted" song', "Paper Boats", "Midnight Tram"]
PUT = [
    msgspec.convert({"id": name, **each}, Effect)
    for name, each in steering.effects("http://127.0.0.1:1", "key").items()
]


def orders(**of_poll: Any) -> list[tuple[str, Any]]:
    """What the mixer is told about a poll."""
    given: dict[str, Any] = {"tag": steering.TAG, "options": SONGS, "final": True, **of_poll}
    poll = PollRecord(
        id="p",
        kind="single",
        question="?",
        opens_at=0,
        closes_at=1,
        grace=0,
        status="closed",
        **given,
    )
    told = []
    for happened in effects.of_poll(poll, 2):
        for firing in effects.firings_of("gala", PUT, happened):
            (action,) = next(each.then for each in PUT if each.id == firing.effect)
            assert isinstance(action, HttpCall)
            assert isinstance(action.body, str)
            body = templates.fill(action.body, firing.occurrence.facts, templates.for_json)
            told.append((action.url.rpartition("/")[2], json.loads(body)))
    return told


def tie(songs: list[str], cast: list[str], votes: int) -> dict[str, Any]:
    rest = [""] * (20 - len(songs))
    return {"songs": [*songs, *rest], "cast": [*cast, *rest], "votes": votes}


def test_a_server_takes_them() -> None:
    assert [
        flaw for each in PUT for action in each.then for flaw in kind_of(action).flaws(action)
    ] == []


@pytest.mark.parametrize("index", range(4))
def test_whatever_wins_exactly_that_is_ordered(index: int) -> None:
    tally = [1, 1, 1, 1]
    tally[index] = 7
    assert orders(tally=tally, voters=10) == [
        ("take", {"song": SONGS[index], "votes": 7, "percent": 70})
    ]


@pytest.mark.parametrize(
    ("poll", "told"),
    [
        ({"tally": [4, 1, 4, 1]}, [("draw", tie(SONGS, ["4", "1", "4", "1"], 4))]),
        ({"tally": [0, 0, 0, 0]}, []),
        ({"tally": [1, 0, 0, 0], "tag": "another"}, []),
        ({"final": False, "options": SONGS[:3]}, [("call", {"songs": [*SONGS[:3], ""]})]),
    ],
    ids=["a tie", "no votes", "another poll", "an opening"],
)
def test_what_else_may_come(poll: dict[str, Any], told: list[tuple[str, Any]]) -> None:
    assert orders(**poll) == told


@pytest.mark.parametrize(("path", "form"), [("take", Take), ("draw", Draw), ("call", Call)])
def test_the_mixer_knows_the_form_of_each(path: str, form: type[Order]) -> None:
    told = [*orders(tally=[1, 0, 0, 0]), *orders(tally=[1, 1, 0, 0]), *orders(final=False)]
    (body,) = [body for there, body in told if there == path]
    assert isinstance(msgspec.convert(body, form), form)
