"""Servers that Grandstand can't work with, each a real one: one line that says what to do."""

from __future__ import annotations

import asyncio
import http.server
import re
import threading
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from grandstand.errors import OperatorError
from grandstand.store import preflight
from grandstand.store.connection import connect
from grandstand.store.errors import StoreUnavailable
from grandstand.store.store import open_store
from grandstand.store.topology import cluster_nodes
from grandstand.store.topology.single import Single
from grandstand.store.topology.slots import slot_of

from tests.valkey_cluster import ValkeyCluster, ValkeyNode, free_ports
from tests.waiting import until

ALL = ("resetkeys", "~gs:*", "~grandstand:*", "resetchannels", "&gs:*", "+@all")


@pytest.fixture
async def admin(valkey_url: str) -> AsyncIterator[Any]:
    redis = connect(valkey_url)
    yield redis
    await redis.aclose()


@pytest.fixture
def web_url() -> Iterator[str]:
    """Of an HTTP server."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"redis://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def refused(url: str) -> str:
    with pytest.raises(OperatorError) as fault:
        await (await open_store(url)).close()
    words = str(fault.value)
    assert "\n" not in words
    return words


async def as_user(admin: Any, url: str, *rules: str) -> str:
    await admin.execute_command("ACL", "SETUSER", "gala", "reset", "on", ">word", *rules)
    return url.replace("unix://", "unix://gala:word@")


def test_every_command_that_is_used_is_tried() -> None:
    folder = Path(preflight.__file__).parent
    sources = {path.stem: path.read_text("utf-8") for path in folder.glob("**/*.py")}
    scripts = {path.stem: path.read_text("utf-8") for path in folder.glob("scripts/*.lua")}
    in_scripts = re.compile(r"redis\.call\('(\w+)'")
    tried_by_script = set(in_scripts.findall(scripts.pop("fit")))
    assert set(in_scripts.findall(" ".join(scripts.values()))) <= tried_by_script
    asked = re.compile(r'\("([A-Z]{3,})"')
    tried = set(asked.findall(sources.pop("preflight"))) | tried_by_script
    tried |= {"INFO", "CLUSTER"}  # asked for by themselves
    tried |= {"WAITAOF", "ASKING"}  # not every server knows them, and those that do need no more
    assert set(asked.findall(" ".join(sources.values()))) <= tried


async def test_a_server_that_fits_is_left_as_it_was(admin: Any, valkey_url: str) -> None:
    before = await admin.keys("*")
    await preflight.check(Single(admin))
    assert await admin.keys("*") == before


async def test_servers_that_start_together_do_not_disturb_each_other(
    admin: Any, valkey_url: str
) -> None:
    before = await admin.keys("*")
    async with asyncio.TaskGroup() as starting:
        for _ in range(16):
            starting.create_task(preflight.check(Single(admin)))
    assert await admin.keys("*") == before


async def test_a_user_with_what_is_asked_for_is_enough(admin: Any, valkey_url: str) -> None:
    await (await open_store(await as_user(admin, valkey_url, *ALL))).close()


@pytest.mark.parametrize(
    "rule",
    [
        *("-evalsha", "-script|load", "-ssubscribe", "-spublish", "-hset", "-xadd", "-info"),
        *("-smembers", "resetchannels", "resetkeys", "-time", "-unlink", "-multi"),
    ],
)
async def test_a_user_who_lacks_something_is_told_what_to_grant(
    admin: Any, valkey_url: str, rule: str
) -> None:
    words = await refused(await as_user(admin, valkey_url, *ALL, rule))
    assert "ACL SETUSER" in words
    assert "permission" in words


async def test_wrong_credentials_are_told_apart(admin: Any, valkey_url: str) -> None:
    await as_user(admin, valkey_url, *ALL)
    words = await refused(valkey_url.replace("unix://", "unix://gala:hidden@"))
    assert "user or password" in words
    assert "hidden" not in words


async def test_what_is_no_redis_is_told_so(web_url: str) -> None:
    assert "GRANDSTAND_REDIS_URL" in await refused(web_url)


async def test_a_replica_is_told_from_its_primary(admin: Any, valkey_url: str) -> None:
    await admin.replicaof("127.0.0.1", 1)
    try:
        assert "replica" in await refused(valkey_url)
    finally:
        await admin.replicaof("NO", "ONE")


@pytest.mark.parametrize(
    ("info", "words"),
    [
        ({"redis_mode": "sentinel"}, "Sentinel"),
        ({"server_mode": "cluster"}, "node of a cluster"),
        ({"redis_mode": "standalone", "redis_version": "6.2.14"}, "too old"),
        ({"redis_mode": "standalone", "role": "slave", "redis_version": "7.4"}, "replica"),
    ],
)
def test_kinds_that_are_no_primary_are_named(info: dict[str, str], words: str) -> None:
    with pytest.raises(OperatorError, match=words):
        preflight._check_kind(info, is_one_of_many=False)


async def test_a_full_store_stops_no_start(admin: Any, valkey_url: str) -> None:
    await admin.config_set("maxmemory", "1mb")
    await (await open_store(valkey_url)).close()


async def test_a_permission_that_is_taken_away_later_is_a_store_that_is_away(
    admin: Any, valkey_url: str
) -> None:
    store = await open_store(await as_user(admin, valkey_url, *ALL))
    try:
        await store.rooms.create("r", "made")
        await as_user(admin, valkey_url, *ALL, "-hget", "-hmget", "-evalsha", "-smembers")
        with pytest.raises(StoreUnavailable):
            await store.rooms.ids()
        with pytest.raises(StoreUnavailable):
            await store.rooms.create("s", "made")
    finally:
        await store.close()
    await asyncio.sleep(0)


async def test_a_single_server_is_no_cluster(valkey_url: str, tmp_path: Path) -> None:
    port, bus_port = free_ports(2)
    node = ValkeyNode(tmp_path / "alone", port, bus_port, {"bind": "127.0.0.1"})
    node.start()
    try:
        words = await refused(f"redis+cluster://{node.address}")
    finally:
        node.kill()
    assert "begin with redis://" in words


async def test_a_node_of_a_cluster_is_no_single_server(cluster: ValkeyCluster) -> None:
    words = await refused(f"redis://{cluster.nodes[0].address}")
    assert "begin with redis+cluster://" in words


async def test_a_cluster_is_found_by_any_of_its_nodes(cluster: ValkeyCluster) -> None:
    gone = free_ports(1)[0]
    for node in cluster.nodes:  # replicas too
        await (await open_store(f"redis+cluster://127.0.0.1:{gone},{node.address}")).close()


async def test_a_cluster_none_of_whose_nodes_answers_is_away() -> None:
    ports = free_ports(2)
    with pytest.raises(StoreUnavailable, match="Connect call failed"):
        await open_store(f"redis+cluster://127.0.0.1:{ports[0]},127.0.0.1:{ports[1]}")


async def test_slots_that_nobody_serves_are_told(cluster: ValkeyCluster) -> None:
    node = cluster.primary_of("x")
    node.ask("CLUSTER", "DELSLOTSRANGE", slot_of("x"), slot_of("x"))
    try:
        words = await refused(f"redis+cluster://{node.address}")
    finally:
        node.ask("CLUSTER", "ADDSLOTS", slot_of("x"))
    assert "1 of the cluster's 16384 slots" in words
    assert "--cluster fix" in words


@pytest.mark.parametrize("role", ["primary", "replica"])
async def test_one_node_that_refuses_our_password_is_named(
    cluster: ValkeyCluster, role: str
) -> None:
    node = cluster.primary_of("x") if role == "primary" else cluster.replica_of("x")
    node.ask("CONFIG", "SET", "requirepass", "other")
    try:
        words = await refused(cluster.url)
    finally:
        node.ask("CONFIG", "SET", "requirepass", "")
    assert "user or password" in words or "Authentication required" in words
    assert node.address in words


async def test_a_primary_that_is_down_and_not_yet_replaced_is_named(
    cluster: ValkeyCluster,
) -> None:
    killed = cluster.primary_of("x")
    killed.kill()
    with pytest.raises(StoreUnavailable, match=f"node {killed.address}"):
        await open_store(cluster.url)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes are waited for less long than five seconds."""
    monkeypatch.setattr(cluster_nodes, "connect", partial(connect, reply_timeout_s=0.3))


@pytest.mark.usefixtures("hasty")
async def test_a_node_that_answers_too_late_is_named(cluster: ValkeyCluster) -> None:
    slow = cluster.primary_of("x")
    slow.pause()
    try:
        with pytest.raises(StoreUnavailable, match=f"node {slow.address}.*Timeout"):
            await open_store(cluster.url)
    finally:
        slow.go_on()
    await (await open_store(cluster.url)).close()


async def test_an_address_that_nobody_reaches_is_told_to_be_the_clusters_own(
    cluster: ValkeyCluster,
) -> None:
    node = cluster.primary_of("x")
    node.ask("CONFIG", "SET", "cluster-announce-client-ipv4", "127.0.0.9")
    try:
        words = f"node 127.0.0.9:{node.port}, as the cluster names it"
        with pytest.raises(StoreUnavailable, match=words):
            await open_store(f"redis+cluster://{node.address}")
    finally:
        node.ask("CONFIG", "SET", "cluster-announce-client-ipv4", "")
        await until(lambda: all(knows(each, "127.0.0.1") for each in cluster.nodes))


def knows(node: ValkeyNode, host: str) -> bool:
    return all(each[2][0] == host for each in node.ask("CLUSTER", "SLOTS"))


async def test_nodes_that_announce_no_name_are_told_so(cluster: ValkeyCluster) -> None:
    node = cluster.nodes[0]
    node.ask("CONFIG", "SET", "cluster-preferred-endpoint-type", "hostname")
    try:
        with pytest.raises(StoreUnavailable, match="cluster-announce-hostname"):
            await open_store(f"redis+cluster://{node.address}")
    finally:
        node.ask("CONFIG", "SET", "cluster-preferred-endpoint-type", "ip")


async def test_replicas_whose_primaries_are_all_gone_say_so(cluster: ValkeyCluster) -> None:
    left = [node for node in cluster.nodes if node.has_role("slave")]
    for node in cluster.nodes:
        if node not in left:
            node.kill()
    await until(lambda: all("fail" in node.ask("CLUSTER INFO")["cluster_state"] for node in left))
    with pytest.raises(StoreUnavailable, match="CLUSTER FAILOVER TAKEOVER"):
        await open_store(cluster.url)


async def test_a_replica_that_is_down_stops_no_start(cluster: ValkeyCluster) -> None:
    cluster.replica_of("x").kill()
    await (await open_store(cluster.url)).close()


async def test_a_cluster_without_replicas_is_weak(cluster: ValkeyCluster) -> None:
    for node in cluster.nodes:
        if node.has_role("slave"):
            node.kill()
    primaries = [node for node in cluster.nodes if node.runs]

    def nobody_follows() -> bool:
        return not any(node.ask("INFO", "replication")["connected_slaves"] for node in primaries)

    await until(nobody_follows)
    store = await open_store(cluster.url)
    assert store.durability.promise == "weak"
    assert "replica" in store.durability.why
    await store.close()
