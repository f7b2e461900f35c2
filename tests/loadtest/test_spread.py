from loadtest.spread import middle, slope, spread


def test_the_spread_is_made_of_values_that_occurred() -> None:
    assert spread(range(200, 0, -1)) == {"count": 200, "min": 1, "p50": 100, "p99": 198, "max": 200}
    assert spread([7.0]) == {"count": 1, "min": 7, "p50": 7, "p99": 7, "max": 7}


def test_of_few_values_the_worst_is_the_p99() -> None:
    assert spread([1.0, 2.0, 90.0])["p99"] == 90


def test_of_nothing_there_is_only_the_count() -> None:
    assert spread([]) == {"count": 0}


def test_each_figure_has_its_own_median() -> None:
    runs = [{"a": 1.0, "b": 30.0}, {"a": 2.0, "b": 10.0}, {"a": 9.0, "b": 20.0}]
    assert middle(runs) == {"a": 2, "b": 20}


def test_the_slope_is_that_of_the_nearest_line() -> None:
    assert slope([(0, 5), (1, 7), (2, 9)]) == 2
    assert slope([(0, 0), (1, 3), (2, 0), (3, 3)]) == 0.6
