"""Clusters for tests, and which store the tests run on.

With ``TOPOLOGY=cluster`` in the environment a cluster stands in place of each embedded Valkey: that
of a test's server, and those that ``tests.valkey`` gives out. What wants a single server is marked
``single`` and is left out then.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock

from tests.valkey_cluster import ValkeyCluster, valkey_cluster

ON_CLUSTER = os.environ.get("TOPOLOGY", "single") == "cluster"


class Clusters:
    """Clusters of this process that somebody has, or that wait for the next one: forming one takes
    some 3 s."""

    def __init__(self) -> None:
        self._resources = ExitStack()
        self._free: list[ValkeyCluster] = []
        self._lock = Lock()

    def take(self) -> ValkeyCluster:
        """A whole cluster without data that is nobody else's until it is given back."""
        with self._lock:
            cluster = self._free.pop() if self._free else self._formed()
        cluster.flush()
        return cluster

    def _formed(self) -> ValkeyCluster:
        folder = self._resources.enter_context(tempfile.TemporaryDirectory())
        return self._resources.enter_context(valkey_cluster(Path(folder)))

    def give_back(self, cluster: ValkeyCluster) -> None:
        self._free.append(cluster)

    def close(self) -> None:
        """End them all."""
        self._resources.close()


CLUSTERS = Clusters()


@contextmanager
def borrowed_cluster() -> Iterator[ValkeyCluster]:
    """A cluster without data, for the duration of the block."""
    cluster = CLUSTERS.take()
    try:
        yield cluster
    finally:
        CLUSTERS.give_back(cluster)
