from __future__ import annotations

from grandstand.edge.transport.connection_limits import HEAD_S, Arrivals
from grandstand.edge.transport.keepalive import Keepalive


class Peer:
    """Counts how often it was told that its time is up."""

    expired = 0

    def expire(self) -> None:
        self.expired += 1


def test_an_address_has_so_many_places_and_each_that_leaves_makes_one() -> None:
    arrivals = Arrivals(Keepalive(), per_address=2)
    first = arrivals.enter(Peer(), "a", 1)
    assert first is not None
    assert arrivals.enter(Peer(), "a", 2) is not None
    assert arrivals.enter(Peer(), "a", 3) is None
    assert arrivals.enter(Peer(), "b", 3) is not None
    first.leave()
    first.leave()
    assert arrivals.count("a") == 1
    assert arrivals.enter(Peer(), "a", 3) is not None
    assert arrivals.refused == {"address": 1, "files": 0, "odd": 0, "slow": 0}


def test_no_address_is_not_limited() -> None:
    arrivals = Arrivals(Keepalive(), per_address=1)
    assert all(arrivals.enter(Peer(), "", number) for number in range(10))


def test_the_longest_that_owes_a_head_gives_way_and_who_has_said_it_stays() -> None:
    arrivals, peers = Arrivals(Keepalive(), most=3), [Peer() for _ in range(4)]
    places = [arrivals.enter(peer, "a", number + 1) for number, peer in enumerate(peers[:3])]
    assert places[0] is not None
    places[0].heard()
    assert arrivals.enter(peers[3], "b", 4) is not None
    assert [peer.expired for peer in peers] == [0, 1, 0, 0]


def test_a_deadline_counts_once_and_a_new_one_takes_its_place() -> None:
    keepalive, peer, other = Keepalive(), Peer(), Peer()
    arrivals = Arrivals(keepalive)
    arrival = arrivals.enter(peer, "a", 1)
    assert arrival is not None
    for _ in range(HEAD_S):
        keepalive.sweep()
    arrival.within(10)
    arrival.owner = other
    for _ in range(30):
        keepalive.sweep()
    assert (peer.expired, other.expired) == (0, 1)
    arrival.leave()
    arrival.within(1)
    for _ in range(30):
        keepalive.sweep()
    assert other.expired == 1
    assert not arrivals.owing_heads
    assert arrivals.count("a") == 0
