"""What a connection has said of its playhead, and which votes it rules out."""

from __future__ import annotations

import tracemalloc

from grandstand.edge.playhead import PUT_OFF_MAX, UNSURE_MS, Playhead, PutOffVotes, fingerprint
from grandstand.wire.codes import ErrorCode
from hypothesis import given
from hypothesis import strategies as st

NOW = 1_800_000_000_000
CLOSES_AT = NOW + 30_000

steps = st.lists(
    st.tuples(
        st.integers(0, 20_000),  # ms that pass
        st.sampled_from(["plays", "pauses", "goes to live"]),
        st.integers(-750, 750),  # by how much the player's date is off
    ),
    max_size=30,
)


@given(st.integers(0, 60_000), steps)
def test_who_never_moves_the_picture_back_is_never_refused(
    behind: int, course: list[tuple[int, str, int]]
) -> None:
    claims, clock, playhead = Playhead(), NOW, NOW - behind
    for passed, what, jitter in course:
        clock += passed
        if what != "pauses":
            playhead = clock if what == "goes to live" else playhead + passed
        said = playhead + jitter
        if said <= CLOSES_AT:
            assert not claims.has_seen(CLOSES_AT)
        claims.claim(said)


@given(
    st.lists(st.integers(NOW, NOW + 90_000)),
    st.integers(CLOSES_AT + UNSURE_MS + 1, NOW + 90_000),
    st.lists(st.integers(NOW, NOW + 90_000)),
)
def test_who_has_seen_the_end_has_seen_it_wherever_the_picture_is_moved(
    before: list[int], end: int, after: list[int]
) -> None:
    claims = Playhead()
    for at in [*before, end, *after]:
        claims.claim(at)
    assert claims.has_seen(CLOSES_AT)
    assert claims.furthest == max([*before, end, *after])


@given(st.lists(st.integers(NOW, NOW + 90_000)), st.integers(NOW, NOW + 90_000))
def test_nothing_is_held_against_a_viewer_but_what_it_said(said: list[int], moment: int) -> None:
    claims = Playhead()
    assert not claims.has_seen(moment)
    for at in said:
        claims.claim(at)
    assert claims.has_seen(moment) == any(at > moment + UNSURE_MS for at in said)
    claims.forget()
    assert not claims.has_seen(moment)


def test_a_vote_that_was_put_off_is_known_again_if_nothing_of_it_has_changed() -> None:
    votes = PutOffVotes()
    cast = fingerprint("ada", "1", "p", [0, 2], NOW)
    votes.refused(cast, ErrorCode.POLL_NOT_OPEN)
    votes.refused(cast, ErrorCode.RATE_LIMITED)
    assert cast not in votes
    votes.refused(cast, ErrorCode.UNAVAILABLE)
    assert cast in votes
    others = [
        fingerprint("bo", "1", "p", [0, 2], NOW),
        fingerprint("ada", "2", "p", [0, 2], NOW),
        fingerprint("ada", "1", "q", [0, 2], NOW),
        fingerprint("ada", "1", "p", [1, 2], NOW),
        fingerprint("ada", "1", "p", [0, 2], NOW + 1),
    ]
    assert not any(other in votes for other in others)


def test_of_too_many_put_off_votes_the_oldest_is_forgotten() -> None:
    votes = PutOffVotes()
    for vote in range(PUT_OFF_MAX + 1):
        votes.refused(vote, ErrorCode.OVERLOADED)
    assert len(votes) == PUT_OFF_MAX
    assert (0 in votes, 1 in votes, PUT_OFF_MAX in votes) == (False, True, True)


def test_a_viewers_claims_take_80_bytes_at_most() -> None:
    count = 10_000
    kept: list[Playhead | None] = [None] * count
    tracemalloc.start()
    try:
        for number in range(count):
            kept[number] = Playhead()
            kept[number].claim(NOW + number)  # type: ignore[union-attr]
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size / count <= 80
