"""Which topology a URL names."""

from __future__ import annotations

from grandstand.store.connection import connect
from grandstand.store.topology.address import SCHEMES, ClusterAddress
from grandstand.store.topology.cluster import Cluster
from grandstand.store.topology.single import Single
from grandstand.store.topology.topology import Topology


def open_topology(url: str, *, max_connections: int = 32) -> Topology:
    """Return what the URL names; nothing is sent before its first use.

    Each server gets at most ``max_connections``. Raises OperatorError for a URL that can't be read.
    """
    if url.partition("://")[0] in SCHEMES:
        return Cluster(ClusterAddress.of(url), max_connections)
    return Single(connect(url, max_connections=max_connections))
