from __future__ import annotations

import asyncio
import json

import msgspec
import pytest
from grandstand.edge.audiences import AudienceKey, Audiences, Staff, Voters
from grandstand.edge.publication import Publication
from grandstand.telemetry import Metrics
from grandstand.wire.codec import encode
from grandstand.wire.messages import Frame, Notice
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from tests.edge.harness import FakeOutlet, _payloads

STAFF = Staff()
POLLS = (Voters("p"), Voters("q"))


def value(number: int) -> Publication:
    return Publication(encode(Frame(now=number), "msgpack"))


def notice(number: int) -> Publication:
    return Publication.of(Notice("held", str(number)))


def numbers(outlet: FakeOutlet) -> list[int]:
    """What each frame or notice said, in whichever codec."""
    read = json.loads if outlet.is_text else msgspec.msgpack.decode
    messages = [read(payload) for payload in _payloads(b"".join(outlet.frames))]
    return [int(message["now"] if "now" in message else message["message"]) for message in messages]


@pytest.fixture
def known() -> set[AudienceKey]:
    return {STAFF, *POLLS}


@pytest.fixture
def audiences(known: set[AudienceKey]) -> Audiences:
    return Audiences(Metrics(CollectorRegistry()), known.__contains__)


def test_what_the_room_does_not_know_has_no_audience(
    audiences: Audiences, known: set[AudienceKey]
) -> None:
    stranger = FakeOutlet()
    for number in range(1000):
        audiences.join(Voters(f"no poll {number}"), stranger)
    audiences.update(Voters("no poll 1"), value(1))
    known.add(Voters("no poll 1"))
    audiences.join(Voters("no poll 1"), stranger)
    assert (len(audiences), stranger.frames) == (1, [])


def test_an_audience_goes_with_its_last_member_and_its_latest_value_with_its_key(
    audiences: Audiences, known: set[AudienceKey]
) -> None:
    poll, first, later = POLLS[0], FakeOutlet(), FakeOutlet()
    audiences.join(poll, first)
    audiences.leave(first)
    assert (len(audiences), poll in audiences) == (0, False)
    audiences.update(poll, value(1))
    audiences.join(poll, later)
    assert numbers(later) == [1]
    known.remove(poll)
    audiences.prune()
    assert poll not in audiences
    known.add(poll)
    audiences.join(poll, first)
    assert numbers(first) == []


def test_a_full_member_is_given_notices_but_no_values() -> None:
    outlet = FakeOutlet()

    async def told() -> None:
        audiences = Audiences(Metrics(CollectorRegistry()), lambda key: True)
        for key in (STAFF, POLLS[0]):
            audiences.join(key, outlet)
        outlet.paused = True
        audiences.update(POLLS[0], value(1))
        audiences.notify(STAFF, notice(2))

    asyncio.run(told())
    assert numbers(outlet) == [2]


def test_a_member_that_fails_keeps_nothing_from_the_others(audiences: Audiences) -> None:
    class Broken(FakeOutlet):
        def write(self, frame: bytes) -> None:
            raise RuntimeError("its transport is broken")

    outlets = [FakeOutlet(), Broken(), FakeOutlet(is_text=True)]
    for outlet in outlets:
        audiences.join(STAFF, outlet)
    audiences.notify(STAFF, notice(1))
    assert [numbers(outlet) for outlet in outlets] == [[1], [], [1]]


members = st.integers(0, 6)
keys = st.sampled_from((STAFF, *POLLS))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("join"), keys, members),
        st.tuples(st.just("leave"), members),
        st.tuples(st.just("publish"), keys),
        st.tuples(st.just("end"), st.sampled_from(POLLS)),
        st.tuples(st.just("wait")),
    ),
    max_size=60,
)


@given(steps)
def test_members_get_each_publication_of_their_audiences_once_and_in_order(
    steps: list[tuple[object, ...]],
) -> None:
    """Against a model: sets of members, and for each viewer what it is to be given of each key.

    Cohorts of two, so that most members wait for a later turn of the loop.
    """

    async def run() -> None:
        known: set[AudienceKey] = {STAFF, *POLLS}
        audiences = Audiences(Metrics(CollectorRegistry()), known.__contains__)
        outlets = [FakeOutlet(is_text=number % 2 == 1) for number in range(7)]
        whose: dict[int, AudienceKey] = {}
        there: dict[AudienceKey, set[int]] = {key: set() for key in known}
        latest: dict[AudienceKey, int] = {}
        due: dict[tuple[int, AudienceKey], list[int]] = {}

        async def settle() -> None:
            for _ in range(10):
                await asyncio.sleep(0)

        for step in steps:
            match step:
                case ("join", Staff() | Voters() as key, int(member)):
                    audiences.join(key, outlets[member])
                    if key in known and member not in there[key]:
                        there[key].add(member)
                        if key in latest:
                            due.setdefault((member, key), []).append(latest[key])
                case ("leave", int(member)):
                    await settle()  # what waits for a later turn is not for who has left by then
                    audiences.leave(outlets[member])
                    for joined in there.values():
                        joined.discard(member)
                case ("publish", Staff() | Voters() as key):
                    number = len(whose)
                    whose[number] = key
                    if key == STAFF:
                        audiences.notify(key, notice(number))
                    else:
                        audiences.update(key, value(number))
                        if key in known:
                            latest[key] = number
                    for member in there[key]:
                        due.setdefault((member, key), []).append(number)
                case ("end", Voters() as key):
                    await settle()
                    known.discard(key)
                    audiences.prune()
                    there[key].clear()
                    latest.pop(key, None)
                case _:
                    await settle()
        await settle()
        for member, outlet in enumerate(outlets):
            for key in (STAFF, *POLLS):
                given = [number for number in numbers(outlet) if whose[number] == key]
                assert given == due.get((member, key), [])
        assert len(audiences) == sum(bool(joined) for joined in there.values())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("grandstand.edge.audience.COHORT", 2)
        asyncio.run(run())
