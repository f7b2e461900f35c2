from __future__ import annotations

from grandstand.edge.transport.connection_limits import HEAD_S, ConnectionLimits
from grandstand.edge.transport.keepalive import Keepalive


class Peer:
    """Counts how often it was told that its time is up."""

    expired = 0

    def expire(self) -> None:
        self.expired += 1


def test_an_address_has_so_many_places_and_each_that_leaves_makes_one() -> None:
    limits = ConnectionLimits(Keepalive(), per_address=2)
    first = limits.enter(Peer(), "a", 1)
    assert first is not None
    assert limits.enter(Peer(), "a", 2) is not None
    assert limits.enter(Peer(), "a", 3) is None
    assert limits.enter(Peer(), "b", 3) is not None
    first.leave()
    first.leave()
    assert limits.count("a") == 1
    assert limits.enter(Peer(), "a", 3) is not None
    assert limits.refused == {"address": 1, "files": 0, "odd": 0, "slow": 0}


def test_no_address_is_not_limited() -> None:
    limits = ConnectionLimits(Keepalive(), per_address=1)
    assert all(limits.enter(Peer(), "", number) for number in range(10))


def test_the_longest_that_owes_a_head_gives_way_and_who_has_said_it_stays() -> None:
    limits, peers = ConnectionLimits(Keepalive(), most=3), [Peer() for _ in range(4)]
    places = [limits.enter(peer, "a", number + 1) for number, peer in enumerate(peers[:3])]
    assert places[0] is not None
    places[0].heard()
    assert limits.enter(peers[3], "b", 4) is not None
    assert [peer.expired for peer in peers] == [0, 1, 0, 0]


def test_a_deadline_counts_once_and_a_new_one_takes_its_place() -> None:
    keepalive, peer, other = Keepalive(), Peer(), Peer()
    limits = ConnectionLimits(keepalive)
    permit = limits.enter(peer, "a", 1)
    assert permit is not None
    for _ in range(HEAD_S):
        keepalive.sweep()
    permit.within(10)
    permit.owner = other
    for _ in range(30):
        keepalive.sweep()
    assert (peer.expired, other.expired) == (0, 1)
    permit.leave()
    permit.within(1)
    for _ in range(30):
        keepalive.sweep()
    assert other.expired == 1
    assert not limits.owing_heads
    assert limits.count("a") == 0
