from __future__ import annotations

import asyncio
import json

import msgspec
import pytest
from grandstand.edge.audience import Audience
from grandstand.edge.audiences import Audiences
from grandstand.replica.publication import (
    EVERYONE,
    STAFF,
    AudienceKey,
    Everyone,
    Publication,
    Staff,
    Voters,
)
from grandstand.telemetry import Metrics
from grandstand.wire.codec import encode
from grandstand.wire.messages import Frame, Notice
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from tests.edge.harness import FakeOutlet, _payloads

POLLS = (Voters("p"), Voters("q"))


def frame(number: int) -> bytes:
    return encode(Frame(now=number), "msgpack")


def value(number: int) -> Publication:
    return Publication(frame(number))


def notice(number: int) -> Publication:
    return Publication.of(Notice("held", str(number)))


def numbers(outlet: FakeOutlet) -> list[int]:
    """What each frame or notice said, in whichever codec."""
    read = json.loads if outlet.is_text else msgspec.msgpack.decode
    messages = [read(payload) for payload in _payloads(b"".join(outlet.frames))]
    return [int(message["now"] if "now" in message else message["message"]) for message in messages]


@pytest.fixture
def known() -> set[AudienceKey]:
    return {EVERYONE, STAFF, *POLLS}


@pytest.fixture
def audiences(known: set[AudienceKey]) -> Audiences:
    return Audiences(Metrics(CollectorRegistry()), 0, known.__contains__)


def test_what_the_room_does_not_know_has_no_audience(
    audiences: Audiences, known: set[AudienceKey]
) -> None:
    stranger = FakeOutlet()
    for number in range(1000):
        audiences.join(Voters(f"no poll {number}"), stranger)
    audiences.update(Voters("no poll 1"), value(1))
    known.add(Voters("no poll 1"))
    audiences.join(Voters("no poll 1"), stranger)
    assert (len(audiences), stranger.frames) == (2, [])  # with the room's


def test_an_audience_goes_with_its_last_member_and_its_latest_value_with_its_key(
    audiences: Audiences, known: set[AudienceKey]
) -> None:
    poll, first, later = POLLS[0], FakeOutlet(), FakeOutlet()
    audiences.join(poll, first)
    audiences.leave(first)
    assert (len(audiences), poll in audiences) == (1, False)
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
        audiences = Audiences(Metrics(CollectorRegistry()), 0, lambda key: True)
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


async def test_everyone_gets_the_base_and_each_audience_its_addition(audiences: Audiences) -> None:
    voter, other = FakeOutlet(), FakeOutlet()
    for outlet in (voter, other):
        audiences[EVERYONE].join(outlet)
    audiences.join(POLLS[0], voter)
    audiences.publish(Publication(frame(1), 1, {POLLS[0]: value(2), POLLS[1]: value(3)}))
    assert (numbers(voter), numbers(other)) == ([1, 2], [1])
    audiences.join(POLLS[1], other)
    assert numbers(other) == [1, 3]


async def test_what_may_wait_comes_with_the_next_and_its_additions_at_once(
    audiences: Audiences,
) -> None:
    outlet = FakeOutlet()
    audiences[EVERYONE].join(outlet)
    audiences.join(POLLS[0], outlet)
    audiences.publish(Publication(frame(1), additions={POLLS[0]: value(2)}), within_s=60)
    assert numbers(outlet) == [2]
    audiences.publish(value(3))
    assert numbers(outlet) == [2, 1, 3]


def test_who_leaves_is_in_no_audience_and_none_of_the_others_was_searched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    audiences = Audiences(Metrics(CollectorRegistry()), 0, lambda key: True)
    staying, leaving = FakeOutlet(), FakeOutlet()
    polls = [Voters(f"p{number}") for number in range(50)]
    mine: list[AudienceKey] = [EVERYONE, STAFF, *polls[:2]]
    audiences[EVERYONE].join(staying)
    audiences[EVERYONE].join(leaving)
    everywhere: list[AudienceKey] = [EVERYONE, STAFF, *polls]
    for key in everywhere[1:]:
        audiences.join(key, staying)
    for key in mine[1:]:
        audiences.join(key, leaving)
    assert [key for key in everywhere if leaving in audiences[key]] == mine
    asked: list[Audience] = []
    leave = Audience.leave

    def counting(audience: Audience, outlet: FakeOutlet) -> None:
        asked.append(audience)
        leave(audience, outlet)

    monkeypatch.setattr(Audience, "leave", counting)
    audiences.leave(leaving)
    assert asked == [audiences[key] for key in mine]
    assert not any(leaving in audiences[key] for key in everywhere)
    assert all(staying in audiences[key] for key in everywhere)


def test_the_index_has_no_more_than_the_audiences_that_there_are(
    audiences: Audiences, known: set[AudienceKey]
) -> None:
    """A viewer may vote in a hundred polls, one after the other, in one long evening."""
    outlets = [FakeOutlet(), FakeOutlet()]
    for number in range(100):
        poll = Voters(f"p{number}")
        known.add(poll)
        for outlet in outlets:
            audiences.join(poll, outlet)
        known.remove(poll)
        audiences.prune()
    assert max(map(len, audiences._joined.values())) == 1
    for outlet in outlets:
        audiences.leave(outlet)
    assert (audiences._joined, audiences._combinations) == ({}, {})


def test_who_was_in_an_audience_that_ended_and_began_again_leaves_it_for_good(
    audiences: Audiences, known: set[AudienceKey]
) -> None:
    poll, outlet = POLLS[0], FakeOutlet()
    for _ in range(2):
        known.add(poll)
        audiences.join(poll, outlet)
        known.remove(poll)
        audiences.prune()
    known.add(poll)
    audiences.join(poll, outlet)
    audiences.leave(outlet)
    assert poll not in audiences


members = st.integers(0, 6)
keys = st.sampled_from((EVERYONE, STAFF, *POLLS))
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
        known: set[AudienceKey] = {EVERYONE, STAFF, *POLLS}
        audiences = Audiences(Metrics(CollectorRegistry()), 0, known.__contains__)
        outlets = [FakeOutlet(is_text=number % 2 == 1) for number in range(7)]
        whose: dict[int, AudienceKey] = {}
        there: dict[AudienceKey, set[int]] = {key: set() for key in known}
        latest: dict[AudienceKey, int] = {}
        due: dict[tuple[int, AudienceKey], list[int]] = {}

        def made(key: AudienceKey) -> int:
            """The number of a publication for the key's members."""
            number = len(whose)
            whose[number] = key
            for member in there[key]:
                due.setdefault((member, key), []).append(number)
            if key in POLLS and key in known:
                latest[key] = number
            return number

        async def settle() -> None:
            for _ in range(10):
                await asyncio.sleep(0)

        for step in steps:
            match step:
                case ("join", Everyone(), int(member)):
                    audiences[EVERYONE].join(outlets[member])
                    there[EVERYONE].add(member)
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
                case ("publish", Everyone()):
                    base = frame(made(EVERYONE))
                    additions: dict[AudienceKey, Publication] = {
                        key: value(made(key)) for key in POLLS
                    }
                    audiences.publish(Publication(base, additions=additions))
                case ("publish", Staff() as key):
                    audiences.notify(key, notice(made(key)))
                case ("publish", Voters() as key):
                    audiences.update(key, value(made(key)))
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
            for each in there:
                given = [number for number in numbers(outlet) if whose[number] == each]
                assert given == due.get((member, each), [])
            indexed = audiences._joined.get(outlet, ())
            in_them = {each for each in there if each != EVERYONE and member in there[each]}
            assert {each for each in indexed if each in known} == in_them
        assert len(audiences) == sum(bool(there[each]) or each == EVERYONE for each in there)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("grandstand.edge.audience.COHORT", 2)
        asyncio.run(run())
