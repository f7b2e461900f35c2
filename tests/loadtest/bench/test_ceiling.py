from __future__ import annotations

from loadtest.bench import ceiling


def test_the_table_has_a_line_for_each_rate() -> None:
    parts = dict.fromkeys(("edge", "leader", "store", "client"), 1.5)
    by_edges = {
        "edges": 2,
        **dict.fromkeys(("said_per_s", "acked_per_s", "longest_tick_ms"), 1000),
        "us_per_comment": parts,
        "refused": {"overloaded": 3},
        "ack_p99_ms": None,
        "machine_busy": 0.5,
    }
    fed = {
        **dict.fromkeys(("said_per_s", "accepted_per_s", "refused_per_s", "longest_tick_ms"), 2000),
        **dict.fromkeys(("share", "leader_us", "store_us"), 0.25),
        "cores": parts,
    }
    printed = ceiling.table({"by_edges": [by_edges] * 3, "fed": [fed] * 2}).splitlines()
    assert [line.split()[:2] for line in printed[1:4]] == [["2", "1000"]] * 3
    assert [line.split()[:2] for line in printed[-2:]] == [["2000", "2000"]] * 2
