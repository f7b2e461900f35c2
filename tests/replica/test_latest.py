"""The latest values that everybody was told, and no others."""

from __future__ import annotations

from grandstand.domain.polls.record import PollRecord
from grandstand.domain.state import RoomState
from grandstand.replica.latest import LatestFrames
from grandstand.wire.codec import encode
from grandstand.wire.gauges import Gauges
from grandstand.wire.messages import Frame, Tally


def poll(name: str, **fields: object) -> PollRecord:
    given = {"kind": "single", "question": "?", "options": ["a"], "announced": True, **fields}
    return PollRecord(id=name, opens_at=0, closes_at=1, grace=0, **given)  # type: ignore[arg-type]


def told(**fields: object) -> bytes:
    return encode(Frame(1, **fields), "msgpack")  # type: ignore[arg-type]


def test_each_value_stays_until_a_newer_one_comes() -> None:
    latest, state = LatestFrames(), RoomState(polls={each: poll(each) for each in "pq"})
    assert latest.of(state).gauges == Gauges()
    latest.take(told(gauges=Gauges(viewers=3), tallies=[Tally("p", [1], 1)]))
    latest.take(told(tallies=[Tally("q", [2], 2)]))
    latest.take(told(tallies=[Tally("p", [5], 5)]))
    values = latest.of(state)
    assert values.gauges == Gauges(viewers=3)
    assert values.tallies == [Tally("p", [5], 5), Tally("q", [2], 2)]


def test_a_poll_that_is_over_or_hides_its_tally_has_none() -> None:
    latest = LatestFrames()
    latest.take(told(tallies=[Tally(each, [1], 1) for each in ("over", "gone", "secret")]))
    polls = {"over": poll("over", status="closed"), "secret": poll("secret", show_tally="voted")}
    assert latest.of(RoomState(polls=polls)).tallies == []
