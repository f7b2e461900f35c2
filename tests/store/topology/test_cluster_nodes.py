"""Which map of the slots is believed, whatever nodes say or don't say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from grandstand.store import keys
from grandstand.store.topology.address import Address, ClusterAddress
from grandstand.store.topology.cluster_nodes import ClusterNodes
from grandstand.store.topology.slots import slot_of

from tests.valkey_cluster import SETTINGS, ValkeyCluster, ValkeyNode, free_ports

SLOT = slot_of(keys.head("r"))


@contextmanager
def cut_off(cluster: ValkeyCluster, node: ValkeyNode, folder: Path) -> Iterator[ValkeyNode]:
    """A node that knows what ``node`` knew, and reaches none of the others."""
    ports = free_ports(2 + 2 * len(cluster.nodes))
    folder.mkdir()
    known = (node.folder / "nodes.conf").read_text()
    for each, port, bus in zip(cluster.nodes, ports[2::2], ports[3::2], strict=True):
        known = known.replace(f":{each.port}@{each.bus_port}", f":{port}@{bus}")
    (folder / "nodes.conf").write_text(known)
    settings = SETTINGS | {"cluster-node-timeout": "200"}
    alone = ValkeyNode(folder, ports[0], ports[1], settings)
    alone.start()
    try:
        yield alone
    finally:
        alone.kill()


@pytest.mark.parametrize("only", [True, False])
async def test_a_node_that_lost_touch_is_believed_only_if_no_other_one_answers(
    cluster: ValkeyCluster, tmp_path: Path, only: bool
) -> None:
    primary = cluster.primary_of(keys.head("r"))
    with cut_off(cluster, primary, tmp_path / "alone") as alone:
        others = [] if only else [each.address for each in cluster.nodes]
        url = f"redis+cluster://{','.join([alone.address, *others])}"
        nodes = ClusterNodes(ClusterAddress.of(url), 1)
        await nodes.look()
        believed = alone if only else primary
        assert nodes.owner(SLOT) == Address("127.0.0.1", believed.port)
        assert nodes.is_heard is not only
        await nodes.aclose()
