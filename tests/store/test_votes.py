from __future__ import annotations

import pytest
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.polls.votes import Ballot
from grandstand.store import keys, votes
from grandstand.store.errors import StoreUnavailable
from grandstand.store.store import Store
from grandstand.store.stored_votes import votes_of
from grandstand.store.votes import Fast, shard_of

from tests.proxy import CuttingProxy
from tests.store.servers import all_keys, forget_everything

OPTIONS = 20


def poll(change: bool = False, shards: int = 4, answer: int | None = None) -> PollRecord:
    return PollRecord(
        id="p",
        kind="multiple" if answer is None else "quiz",
        answer=answer,
        question="?",
        options=["x"] * OPTIONS,
        opens_at=0,
        closes_at=1,
        grace=0,
        change=change,
        max_choices=OPTIONS,
        shards=shards,
    )


def tally(**counts: int) -> list[int]:
    return [counts.get(f"o{option}", 0) for option in range(OPTIONS)]


def ballot(voter: str, name: str, *choices: int, in_window: bool = True) -> Ballot:
    return Ballot(voter, name, choices, in_window)


@pytest.fixture(autouse=True)
async def opened(store: Store) -> None:
    await store.votes.open("r", poll(shards=8))


async def test_votes_of_all_shards_are_summed_and_answered_in_order(store: Store) -> None:
    batch = [ballot(f"v{n}", "1", n % 2) for n in range(40)]
    assert len({shard_of(each.voter, 4) for each in batch}) == 4
    again = [ballot("v7", "1", 0), ballot("v8", "2", 0), ballot("w", "1", 0, in_window=False)]
    answers = await store.votes.cast("r", poll(), [*batch, *again])
    assert answers == ["counted"] * 40 + ["repeated", "voted_already", "too_late"]
    assert await store.votes.tally("r", poll()) == (tally(o0=20, o1=20), 40)


async def test_options_of_two_digits_are_options_of_their_own(store: Store) -> None:
    await store.votes.cast("r", poll(), [ballot("ada", "1", 1, 10, 19), ballot("bo", "1", 11, 0)])
    assert await store.votes.tally("r", poll()) == (tally(o0=1, o1=1, o10=1, o11=1, o19=1), 2)


async def test_a_changed_vote_moves_and_an_old_one_never_wins_over_it(store: Store) -> None:
    may_change = poll(change=True)
    moves = [("1", (10, 2)), ("2", (12, 1)), ("3", (1, 2))]
    for name, choices in moves:
        assert await store.votes.cast("r", may_change, [ballot("ada", name, *choices)]) == [
            "counted"
        ]
    for name, choices in moves:
        assert await store.votes.cast("r", may_change, [ballot("ada", name, *choices)]) == [
            "repeated"
        ]
    assert await store.votes.tally("r", may_change) == (tally(o1=1, o2=1), 1)


async def test_a_vote_can_be_changed_a_stated_number_of_times(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(votes, "CHANGES_MAX", 3)
    batch = [ballot("ada", str(n), n) for n in range(6)]
    answers = await store.votes.cast("r", poll(change=True), batch)
    assert answers == ["counted"] * 4 + ["voted_already"] * 2
    assert await store.votes.tally("r", poll(change=True)) == (tally(o3=1), 1)
    again = await store.votes.cast("r", poll(change=True), batch)
    assert again == ["repeated"] * 4 + ["voted_already"] * 2


async def test_a_changed_vote_takes_its_old_weight_back(store: Store) -> None:
    may_change = poll(change=True, shards=1)
    batch = [
        Ballot("ada", "1", (2, 3), True, weight=1000),
        Ballot("bo", "1", (3,), True, weight=0),
        Ballot("ada", "2", (3,), True, weight=7),
        Ballot("cy", "1", (3,), True),
    ]
    for expected in ("counted", "repeated"):
        assert await store.votes.cast("r", may_change, batch) == [expected] * 4
        assert await store.votes.tally("r", may_change) == (tally(o3=8), 3)
    fields = await store.rooms._reader.ask("HGETALL", keys.votes("r", "p", 0))
    assert dict(votes_of(fields)) == {
        b"ada": ((3,), 7),
        b"bo": ((3,), 0),
        b"cy": ((3,), 1),
    }


async def test_votes_that_older_servers_stored_are_read_and_changed(store: Store) -> None:
    may_change = poll(change=True, shards=1)
    ask = store.rooms._reader.ask
    await ask("HSET", keys.votes("r", "p", 0), "ada", "0123456789abcdef|2,1|fedcba9876543210")
    await ask("HSET", keys.tally("r", "p", 0), "v", 1, "1", 1, "2", 1)
    assert votes_of({b"ada": b"0123456789abcdef|2,1|fedcba9876543210"}) == [(b"ada", ((2, 1), 1))]
    assert await store.votes.cast("r", may_change, [ballot("ada", "9", 3)]) == ["counted"]
    assert await store.votes.tally("r", may_change) == (tally(o3=1), 1)


async def test_the_fastest_are_those_with_the_right_answer_in_order(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(votes, "FASTEST_KEPT", 3)
    quiz = poll(answer=1)
    batch = [
        *(Ballot(f"v{n}", "1", (n % 2,), True, ms=100 - n, name=f"é{n}|") for n in range(40)),
        Ballot("late", "1", (1,), False, ms=0, name="late"),
        Ballot("tie", "1", (1,), True, ms=61, name=""),
    ]
    await store.votes.cast("r", quiz, batch)
    assert await store.votes.fastest("r", quiz) == [
        Fast("tie", "", 61),
        Fast("v39", "é39|", 61),
        Fast("v37", "é37|", 63),
    ]
    ask = store.rooms._reader.ask
    for shard in range(4):
        rows = await ask("ZCARD", keys.fastest("r", "p", shard))
        assert 1 <= rows == await ask("HLEN", keys.names("r", "p", shard)) <= 3


async def test_who_changes_away_from_the_right_answer_makes_room_for_the_next(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(votes, "FASTEST_KEPT", 2)
    quiz = poll(change=True, shards=1, answer=1)
    batch = [Ballot(f"v{n}", "1", (1,), True, ms=n, name=f"n{n}") for n in range(5)]
    await store.votes.cast("r", quiz, batch)
    changed = [
        Ballot("v0", "2", (0,), True, ms=50, name="n0"),
        Ballot("v1", "2", (0,), True, ms=50, name="n1"),
        Ballot("v1", "3", (1,), True, ms=60, name="new"),
        Ballot("v2", "1", (1,), True, ms=70, name="again"),
    ]
    await store.votes.cast("r", quiz, changed)
    assert await store.votes.fastest("r", quiz) == [Fast("v2", "n2", 2), Fast("v3", "n3", 3)]
    await store.votes.close("r", quiz, 60)
    ttls = [await store.rooms._reader.ask("TTL", key("r", "p", 0)) for key in keys.OF_A_SHARD[:4]]
    assert all(0 < ttl <= 60 + votes.KEPT_MARGIN_S for ttl in ttls)


@pytest.mark.parametrize("voter", ["|", "a|b", "%d+", "c", "v", "é"])
async def test_a_voter_may_have_any_name_and_id(store: Store, voter: str) -> None:
    one = ballot(voter, "x|0", 1)
    other = ballot(voter, "|", 2)
    batch = [one, other, one, other]
    assert await store.votes.cast("r", poll(change=True), batch) == [
        *("counted", "counted", "repeated", "repeated")
    ]
    assert await store.votes.tally("r", poll(change=True)) == (tally(o2=1), 1)


async def test_after_the_close_nothing_counts_and_what_counted_is_still_known(
    store: Store,
) -> None:
    may_change = poll(change=True)
    await store.votes.cast("r", may_change, [ballot("ada", "1", 3)])
    assert await store.votes.close("r", may_change, 60) == (tally(o3=1), 1)
    batch = [ballot("ada", "1", 3), ballot("ada", "2", 4), ballot("bo", "1", 4)]
    assert await store.votes.cast("r", may_change, batch) == ["repeated", "too_late", "too_late"]
    assert await store.votes.close("r", may_change, 60) == (tally(o3=1), 1)


async def test_a_poll_closed_without_a_vote_stays_closed(store: Store) -> None:
    assert await store.votes.close("r", poll(), 60) == (tally(), 0)
    assert await store.votes.cast("r", poll(), [ballot("ada", "1", 0)]) == ["too_late"]


async def test_votes_are_kept_for_their_retention_and_an_hour_once_closed(store: Store) -> None:
    one = poll(shards=1)
    await store.votes.cast("r", one, [ballot("ada", "1", 0)])
    ask = store.rooms._reader.ask
    touched = (keys.votes("r", "p", 0), keys.tally("r", "p", 0))
    assert [await ask("TTL", key) for key in touched] == [-1, -1]
    await store.votes.close("r", one, 600)
    longest_s = 600 + votes.KEPT_MARGIN_S
    assert all([longest_s - 60 < await ask("TTL", key) <= longest_s for key in touched])


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_batch_that_was_cut_off_between_shards_counts_once(
    store: Store, proxy: CuttingProxy, moment: str
) -> None:
    await store.votes.cast("r", poll(), [ballot("first", "1", 0)])
    batch = [ballot(f"v{n}", "1", 1) for n in range(20)]
    cut = proxy.cut_before if moment == "before" else proxy.cut_after
    cut("EVALSHA", nth=2)  # one shard has counted by then
    with pytest.raises(StoreUnavailable):
        await store.votes.cast("r", poll(), batch)
    answers = await store.votes.cast("r", poll(), batch)
    assert set(answers) == {"counted", "repeated"}
    assert await store.votes.tally("r", poll()) == (tally(o0=1, o1=20), 21)


async def test_a_close_that_was_cut_off_may_be_made_again(
    store: Store, proxy: CuttingProxy
) -> None:
    await store.votes.cast("r", poll(), [ballot(f"v{n}", "1", 1) for n in range(20)])
    await store.votes.close("other", poll(), 60)
    proxy.cut_after("EVALSHA", nth=3)
    with pytest.raises(StoreUnavailable):
        await store.votes.close("r", poll(), 60)
    assert await store.votes.close("r", poll(), 60) == (tally(o1=20), 20)


async def test_a_shard_that_the_store_has_lost_takes_no_votes_and_is_counted(store: Store) -> None:
    one = poll(shards=1)
    await store.votes.cast("r", one, [ballot("ada", "1", 0)])
    await forget_everything(store)
    batch = [ballot("ada", "1", 0), ballot("bo", "1", 0), ballot("cy", "1", 0, in_window=False)]
    assert await store.votes.cast("r", one, batch) == ["lost", "lost", "too_late"]
    assert await all_keys(store) == set()
    assert await store.votes.close("r", one, 60) == (tally(), 0)
    assert store.losses.counts["votes"] == 1
    assert await store.votes.cast("r", one, [ballot("bo", "1", 0)]) == ["too_late"]


async def test_a_poll_that_nobody_opened_takes_no_votes(store: Store) -> None:
    assert await store.votes.cast("elsewhere", poll(), [ballot("ada", "1", 0)]) == ["lost"]
    await store.votes.open("elsewhere", poll())
    await store.votes.open("elsewhere", poll())
    assert await store.votes.cast("elsewhere", poll(), [ballot("ada", "1", 0)]) == ["counted"]
    await store.votes.close("elsewhere", poll(), 60)
    assert store.losses.counts["votes"] == 0
