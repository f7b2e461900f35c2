from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from grandstand.store.cluster_risks import risks
from grandstand.store.store import Store, open_store

from tests.valkey_cluster import ValkeyCluster


@pytest.fixture
async def store(cluster: ValkeyCluster) -> AsyncIterator[Store]:
    store = await open_store(cluster.url)
    yield store
    await store.close()


async def test_a_cluster_with_a_spare_replica_risks_nothing(store: Store) -> None:
    first, *others = await store.topology.nodes()
    spare = replace(first, replicas={**first.replicas, **others[0].replicas})
    assert await risks([spare, *others]) == []


async def test_a_cluster_without_a_spare_replica_is_told_what_a_loss_costs(
    store: Store, cluster: ValkeyCluster
) -> None:
    (risk,) = await store.risks()
    for node in cluster.nodes:
        assert (node.address in risk.words) == node.has_role("master")
    assert "spare replica" in risk.advice


@pytest.mark.parametrize(
    ("name", "value", "good"),
    [
        ("appendonly", "no", "yes"),
        ("cluster-require-full-coverage", "yes", "no"),
        ("cluster-node-timeout", "15000", "2000"),
        ("cluster-replica-no-failover", "yes", "no"),
        ("cluster-allow-replica-migration", "no", "yes"),
    ],
)
async def test_a_setting_is_told_with_its_nodes_and_what_to_set(
    store: Store, cluster: ValkeyCluster, name: str, value: str, good: str
) -> None:
    changed = [cluster.primary_of("x"), cluster.replica_of("x")]
    for node in changed:
        node.ask("CONFIG", "SET", name, value)
    try:
        risk, _ = await store.risks()
    finally:
        for node in changed:
            node.ask("CONFIG", "SET", name, good)
    for node in cluster.nodes:
        assert (node.address in risk.words) == (node in changed)
    assert f"{name} {good}" in risk.advice


async def test_a_node_that_is_away_hides_nothing(store: Store, cluster: ValkeyCluster) -> None:
    cluster.replica_of("x").kill()
    (risk,) = await store.risks()
    assert "one replica" in risk.words
