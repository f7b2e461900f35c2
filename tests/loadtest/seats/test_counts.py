from loadtest.seats.counts import Counts, Totals


def test_totals_are_the_sum_over_stands_and_a_user_without_one_adds_nothing() -> None:
    totals = Totals()
    for counts in (Counts(frames=3, gaps=1, seated=2), None, Counts(frames=4, seated=5)):
        totals.add(counts)
    assert totals == Totals(frames=7, gaps=1, seated=7)
