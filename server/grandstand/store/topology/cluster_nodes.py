"""The primaries of a cluster and the slots that each serves, as the nodes themselves say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import structlog
from redis import exceptions as errors
from redis.asyncio import Redis

from grandstand.store.connection import connect, translated
from grandstand.store.errors import StoreUnavailable
from grandstand.store.topology.address import Address, ClusterAddress
from grandstand.store.topology.slots import SLOTS
from grandstand.store.topology.topology import first_error, send

FRESH_S = 1.0
"""How old the map may be when it is used. A primary that hangs tells nobody of its successor."""

NAMELESS = "?"
"""The host of a node that should have a name, and announces none."""

LOOK_AGAIN_S = 0.1
"""The shortest time between two looks, whatever fails."""

ANSWER_TIMEOUT_S = 1.0

HEARD_S = 5.0
"""How long it counts that a node has answered: a look waits for those before it that don't."""

_LOOK = (("CLUSTER", "INFO"), ("CLUSTER", "SLOTS"))

log = structlog.get_logger(__name__)


class Range(NamedTuple):
    """First and last slot, and who serves them."""

    first: int
    last: int
    primary: Address
    replicas: tuple[Address, ...]


class ClusterNodes:
    """The map of slots, which is read anew while it is in use, and a client for each node."""

    def __init__(self, address: ClusterAddress, max_connections: int) -> None:
        self._address = address
        self._max_connections = max_connections
        self._clients: dict[Address, Redis] = {}
        self._asked: dict[Address, Redis] = {}
        self._is_closed = False
        self._owners: list[Address | None] = [None] * SLOTS
        self._is_corrected = False
        self._looking: asyncio.Task[None] | None = None
        self._looked_s = self._heard_s = float("-inf")
        self.ranges: Sequence[Range] = ()
        self.when_changed: list[Callable[[], None]] = []

    def client_at(self, address: Address) -> Redis:
        """Return the node's client. Raises StoreUnavailable for one that the cluster doesn't
        name."""
        if address.host == NAMELESS:
            raise StoreUnavailable(
                f"a node of the cluster announces no name (its port is {address.port}): set "
                "cluster-announce-hostname there, or cluster-preferred-endpoint-type ip everywhere"
            )
        client = self._clients.get(address)
        if client is None:
            url = self._address.url_of(address)
            client = connect(url, max_connections=self._max_connections)
            self._clients[address] = client
        return client

    def _asked_at(self, address: Address) -> Any:
        """Return a client for the map alone: it doesn't wait behind others, nor long for a node."""
        client = self._asked.get(address)
        if client is None:
            url = self._address.url_of(address)
            client = connect(url, max_connections=1, reply_timeout_s=ANSWER_TIMEOUT_S)
            self._asked[address] = client
        return client

    @property
    def is_heard(self) -> bool:
        """Return whether a node gave a map within ``HEARD_S``, and is in touch with most
        primaries."""
        return asyncio.get_running_loop().time() - self._heard_s <= HEARD_S

    def owner(self, slot: int) -> Address:
        """Return the slot's primary. Raises StoreUnavailable if no node is known to serve it."""
        owner = self._owners[slot]
        if owner is None:
            self.look_soon()
            raise StoreUnavailable(f"no node of the cluster serves slot {slot}")
        return owner

    def moved(self, moved: errors.MovedError, asked: Address) -> None:
        """Take a node's word that another one serves the slot, until the next look."""
        owner = target(moved, asked)
        if self._owners[moved.slot_id] != owner:
            self._owners[moved.slot_id] = owner
            self._is_corrected = True
            self._tell()
        self.look_soon()

    async def known(self) -> None:
        """Make sure that there is a map. Raises StoreUnavailable."""
        if not self.ranges:
            await self.look()
        elif asyncio.get_running_loop().time() - self._looked_s >= FRESH_S:
            self.look_soon()

    def look_soon(self) -> None:
        """Read the map beside what is going on, ``LOOK_AGAIN_S`` after the last look."""
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_beside(), name="look at the cluster")

    async def _look_beside(self) -> None:
        try:
            waited_s = asyncio.get_running_loop().time() - self._looked_s
            await asyncio.sleep(max(0.0, LOOK_AGAIN_S - waited_s))
            await self.look()
        except (StoreUnavailable, errors.RedisError) as away:
            log.warning("cluster_unknown", reason=str(away))
        finally:
            self._looking = None

    async def look(self) -> None:
        """Read the map from the first node that answers. Raises StoreUnavailable.

        A node that has lost touch with most primaries is believed only if no other one answers: it
        hasn't heard who took over from whom.
        """
        self._looked_s = asyncio.get_running_loop().time()
        fault: Exception = errors.ConnectionError("no node of the cluster answers in time")
        doubtful: Sequence[Range] | None = None
        primaries = (each.primary for each in self.ranges if each.primary.host != NAMELESS)
        for address in dict.fromkeys([*primaries, *self._address.seeds]):
            if self._is_closed:
                return
            try:
                info, rows = await send(self._asked_at(address), _LOOK)
                if (refusal := first_error([info, rows])) is not None:
                    raise refusal
            except errors.RedisError as error:
                fault = error
                continue
            found = [*_ranges(rows, address)]
            if _is_in_touch(info):
                self._heard_s = asyncio.get_running_loop().time()
                return await self._take(found)
            doubtful = found if doubtful is None else doubtful
        if doubtful is not None:
            return await self._take(doubtful)
        with translated():
            raise fault

    async def _take(self, found: Sequence[Range]) -> None:
        if found == self.ranges and not self._is_corrected:
            return
        self.ranges, self._is_corrected = found, False
        self._owners = [None] * SLOTS
        for each in found:
            self._owners[each.first : each.last + 1] = [each.primary] * (each.last + 1 - each.first)
        self._tell()
        members = {address for each in found for address in (each.primary, *each.replicas)}
        for clients in (self._clients, self._asked):
            for address in clients.keys() - members - set(self._address.seeds):
                await clients.pop(address).connection_pool.disconnect(inuse_connections=False)

    def _tell(self) -> None:
        for call in self.when_changed:
            call()

    async def aclose(self) -> None:
        """End every connection."""
        self._is_closed = True
        if self._looking is not None:
            await asyncio.wait([self._looking])  # redis-py forgets connections that are cancelled
        for client in [*self._clients.values(), *self._asked.values()]:
            await client.aclose()


def target(redirection: errors.AskError, asked: Address) -> Address:
    """Return where a node sends us; one that doesn't know its own name is at the same host."""
    return Address(redirection.host or asked.host, redirection.port)


def _is_in_touch(info: Any) -> bool:
    """Read the reply to CLUSTER INFO."""
    return b"cluster_state:ok" in info


def _ranges(rows: Iterable[Any], asked: Address) -> Iterable[Range]:
    """Read the reply to CLUSTER SLOTS."""
    for first, last, *endpoints in rows:
        primary, *replicas = (
            Address((host or b"").decode() or asked.host, port) for host, port, *_ in endpoints
        )
        yield Range(first, last, primary, tuple(replicas))
