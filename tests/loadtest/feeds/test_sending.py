"""A feed into a room of a real server, and what is planned of it."""

from __future__ import annotations

import asyncio
import time
import urllib.error
from collections.abc import Iterator
from email.message import Message

import pytest
from grandstand.domain.entities import MAX_VALUES
from grandstand.domain.schemas import KindSchema, ValueSchema
from grandstand.overlays.card_rules.update import Figure, Start, Update

from loadtest.calls import call
from loadtest.feeds import into, sending
from loadtest.feeds.checking import Feed
from loadtest.feeds.sending import (
    AHEAD_S,
    LONGEST_SILENCE_S,
    SILENCE_S,
    body_at,
    pace_of,
    plan,
    put_schemas,
    send,
)
from loadtest.feeds.watching import Watch
from tests.server import ServerProcess
from tests.waiting import until

LAST_NIGHT = 1_470_000_000_000
"""ms since the epoch."""

SCHEMAS = {"athlete": KindSchema([ValueSchema("100 m", unit="s", better="lower", decimals=2)])}


def said(number: int, after_s: float, label: str = "100 m") -> Update:
    at = LAST_NIGHT + round(after_s * 1000)
    return Update(f"athlete:{number}", f"Runner {number}", at, {label: Figure(10.0 + number)})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    made = ServerProcess(tmp_path_factory.mktemp("feed"))
    try:
        made.start()
        call(made.url, made.producer_token, "PUT", "/v1/rooms/track", {})
        yield made
    finally:
        made.end()


async def test_a_feed_of_last_night_gives_the_cards_that_the_room_makes_of_it(
    server: ServerProcess,
) -> None:
    lines = plan([said(n, n) for n in range(3)], pace=10, for_s=10)
    room, watch = f"{server.url}/v1/rooms/track", Watch()
    put_schemas(room, server.producer_token, SCHEMAS)
    watching = asyncio.create_task(watch.follow(room, [f"athlete:{n}" for n in range(3)]))
    began = time.time()
    fates = await asyncio.to_thread(send, lines, room, server.producer_token, began)
    await until(lambda: len(watch.cards) == 3 or watching.done())
    watching.cancel()
    await asyncio.wait({watching})
    figures = into.figures_of(lines, fates, watch, 0.2)
    assert (figures["fates"], figures["entities"]) == ({"taken": 3}, 3)
    assert (figures["everyone"], figures["followers"]) == ({"lead": 1}, {"gap": 2})
    checked = Feed((body_at(line, began) for line in lines), SCHEMAS)
    faults = into.faults_of(checked, watch.in_order())
    assert (faults["unfounded"], faults["told_twice"], faults["out_of_order"]) == (0, 0, 0)
    texts = [card["text"] for card in watch.in_order() if card["audience"] == "everyone"]
    assert texts == ["Runner 0 leads 100 m with 10.00 s, 1.00 s ahead of Runner 1"]


async def test_a_room_that_refuses_ends_it(server: ServerProcess) -> None:
    with pytest.raises(urllib.error.HTTPError, match="401"):
        await into.run([], SCHEMAS, f"{server.url}/v1/rooms/track", "no token")


def test_what_a_server_that_is_away_for_a_moment_has_not_taken_is_given_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = [sending.UNAVAILABLE, 0, 401]

    def give(url: str, *_: object) -> list[str]:
        code = answers.pop(0)
        if code:
            raise urllib.error.HTTPError(url, code, "no", Message(), None)
        return ["taken"]

    monkeypatch.setattr(sending, "give_lines", give)
    monkeypatch.setattr(sending, "AGAIN_S", 0.0)
    lines = plan([said(0, 0)], pace=1, for_s=1)
    assert send(lines, "room", "token", time.time()) == {"again": 1, "taken": 1}
    with pytest.raises(urllib.error.HTTPError, match="401"):
        send(lines, "room", "token", time.time())


def test_the_feed_runs_at_its_pace_but_for_nights() -> None:
    lines = plan([said(0, 0), said(1, 60), said(2, 36_000)], pace=60, for_s=100)
    assert [line.sent_s for line in lines] == [0, 1, 1 + LONGEST_SILENCE_S]
    shorter = plan([said(0, 0), said(1, 36_000)], pace=60, for_s=100, longest_silence_s=2)
    assert [line.sent_s for line in shorter] == [0, 2]
    assert len(plan([said(0, 0), said(1, 4)], pace=1, for_s=3)) == 1


def test_a_whole_feed_takes_as_long_as_is_said_and_its_nights_are_cut() -> None:
    items = [said(0, 0), said(1, 3600), said(2, 36_000 + 3600)]
    pace = pace_of(items, 2.0)
    assert pace == pytest.approx(SILENCE_S)
    assert [line.sent_s for line in plan(items, pace, for_s=100)] == pytest.approx([0, 1, 2])


def test_a_contest_is_announced_before_it_is_told() -> None:
    told_s = 100.0
    items = [said(n, 4 * n) for n in range(26)]
    starts_ms = LAST_NIGHT + round(told_s * 1000) + 60_000
    start = Start(starts_ms, "100 m", {"athlete:9": "Runner 9"}, {"athlete:9": 9.9})
    lines = plan([*items, start], pace=1, for_s=99)
    (announced,) = (line for line in lines if line.starts_s is not None)
    assert announced.sent_s == pytest.approx(told_s - AHEAD_S)
    assert announced.body["values"] == {"100 m": {"value": None, "best": 9.9}}


def test_an_entity_whose_row_is_full_is_removed_first() -> None:
    lines = plan([said(0, n, f"Event {n}") for n in range(MAX_VALUES + 1)], pace=60, for_s=60)
    bodies = [line.body["values"] for line in lines]
    assert bodies[-2:] == [None, {f"Event {MAX_VALUES}": 10.0}]
