from __future__ import annotations

import pytest
from grandstand.store.topology.slots import SLOTS, slot_of, tag_between

from tests.valkey_cluster import ValkeyCluster

KEYS = ["gs:rooms", "gs:{gala}:head", "gs:{gala:p1:7}:votes", "{}x", "a{}{b}", "{a", "}{a}", "é{ü}"]


def test_a_key_lies_where_the_cluster_says(cluster: ValkeyCluster) -> None:
    ask = cluster.nodes[0].ask
    assert [slot_of(key) for key in KEYS] == [ask("CLUSTER", "KEYSLOT", key) for key in KEYS]


def test_a_key_of_bytes_lies_where_its_text_does() -> None:
    assert [slot_of(key.encode()) for key in KEYS] == [slot_of(key) for key in KEYS]


@pytest.mark.parametrize(("first", "last"), [(0, SLOTS - 1), (0, 0), (5461, 5461), (100, 120)])
def test_there_is_a_tag_for_every_range(first: int, last: int) -> None:
    assert first <= slot_of(f"gs:{{{tag_between(first, last)}}}:x") <= last
