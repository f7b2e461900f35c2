"""A cluster: each key on the primary that serves its slot.

This is a router of our own over redis-py's clients of single servers. redis-py's cluster client
sends a command that was redirected once more by itself, without the ``WAIT`` that stood behind it
in its pipeline, and repeats commands that may have been executed (docs/decisions.md). Here a
command is sent again only if a node said that it executed nothing (``MOVED``, ``ASK``), and
``REDIRECTS`` times at most. The rest is for the caller, who sends it again under the same id.

A node's failure is the error of its own commands. The other nodes have executed theirs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from redis import exceptions as errors
from redis.asyncio import Redis

from grandstand.store.errors import StoreUnavailable
from grandstand.store.topology.address import Address, ClusterAddress
from grandstand.store.topology.cluster_nodes import ClusterNodes, Range, target
from grandstand.store.topology.slots import Key, slot_of, tag_between
from grandstand.store.topology.topology import (
    Command,
    Confirmation,
    Node,
    first_error,
    key_of,
    send,
    send_at_once,
)

REDIRECTS = 3
"""How often a command follows redirections: one for a slot that has moved, and as many again for
nodes that don't know it yet."""

_ASKING: Command = ("ASKING",)


class Cluster:
    """A topology of many nodes."""

    def __init__(self, address: ClusterAddress, max_connections: int = 32) -> None:
        """``max_connections`` are for each node."""
        self._nodes = ClusterNodes(address, max_connections)

    def client(self, key: Key) -> Redis:
        """Return the client of the key's primary. Raises StoreUnavailable if none is known."""
        return self._nodes.client_at(self._nodes.owner(slot_of(key)))

    def when_changed(self, call: Callable[[], None]) -> None:
        """Call each time that slots may have gone to other nodes."""
        self._nodes.when_changed.append(call)

    def suspect(self) -> None:
        """Look soon where the slots are."""
        self._nodes.look_soon()

    async def nodes(self) -> Sequence[Node]:
        """Return the primaries that serve slots. Raises StoreUnavailable."""
        await self._nodes.look()
        served: dict[Address, list[Range]] = {}
        for each in self._nodes.ranges:
            served.setdefault(each.primary, []).append(each)
        return [self._node(primary, ranges) for primary, ranges in sorted(served.items())]

    def _node(self, primary: Address, ranges: Sequence[Range]) -> Node:
        first = ranges[0]
        return Node(
            name=str(primary),
            redis=self._nodes.client_at(primary),
            tag=tag_between(first.first, first.last),
            replicas={str(each): self._nodes.client_at(each) for each in first.replicas},
            slots=sum(each.last + 1 - each.first for each in ranges),
        )

    async def ask(self, command: Command, near: Key | None = None) -> Any:
        """Return one command's reply."""
        slot = slot_of(key_of(command) if near is None else near)
        (result,) = await _Errand(self._nodes, [command], [slot]).run()
        if isinstance(result, Exception):
            raise result
        return result

    async def pipeline(
        self,
        commands: Sequence[Command],
        first: Sequence[Command] = (),
        confirmation: Confirmation | None = None,
    ) -> list[Any]:
        """Send each node its commands, all nodes at once; return the replies."""
        slots = [slot_of(key_of(command)) for command in commands]
        return await _Errand(self._nodes, commands, slots, first, confirmation).run()

    async def transaction(self, commands: Sequence[Command]) -> list[Any]:
        """Return the replies as of one moment. A slot that migrates key by key can't give any."""
        nodes, slot = self._nodes, slot_of(key_of(commands[0]))
        await nodes.known()
        redirections = 0
        while True:
            owner = nodes.owner(slot)
            try:
                return await send_at_once(nodes.client_at(owner), commands)
            except errors.MovedError as moved:
                nodes.moved(moved, owner)
                redirections += 1
                if redirections > REDIRECTS:
                    raise
            except (errors.ConnectionError, errors.TimeoutError):
                nodes.look_soon()
                raise

    @property
    def answers_in_part(self) -> bool:
        """Return whether a node that is in touch with the others has answered lately."""
        return self._nodes.is_heard

    async def aclose(self) -> None:
        """End every connection."""
        await self._nodes.aclose()


class _Errand:
    """Commands on their way, and what came of each: a reply, or an error in its place."""

    def __init__(
        self,
        nodes: ClusterNodes,
        commands: Sequence[Command],
        slots: Sequence[int],
        first: Sequence[Command] = (),
        confirmation: Confirmation | None = None,
    ) -> None:
        self._nodes = nodes
        self._commands = commands
        self._slots = slots
        self._first = first
        self._confirmation = confirmation
        self._results: list[Any] = [None] * len(commands)
        self._asking: dict[int, Address] = {}

    async def run(self) -> list[Any]:
        """Send each command, follow its redirections, and return the results."""
        await self._nodes.known()
        left: Sequence[int] = range(len(self._commands))
        for _ in range(1 + REDIRECTS):
            groups = self._grouped(left)
            if len(groups) == 1:
                for owner, mine in groups.items():
                    await self._send(owner, mine)
            else:
                await asyncio.gather(*(self._send(owner, mine) for owner, mine in groups.items()))
            left = [at for at in left if isinstance(self._results[at], errors.AskError)]
            if not left:
                break
        return self._results

    def _grouped(self, left: Sequence[int]) -> dict[Address, list[int]]:
        """Return which commands each node gets; what no node serves has failed."""
        groups: dict[Address, list[int]] = {}
        for at in left:
            try:
                owner = self._asking.get(at) or self._nodes.owner(self._slots[at])
            except StoreUnavailable as away:
                self._results[at] = away
                continue
            groups.setdefault(owner, []).append(at)
        return groups

    async def _send(self, owner: Address, mine: Sequence[int]) -> None:
        commands: list[Command] = [*self._first]
        places: list[int] = []
        for at in mine:
            if at in self._asking:
                commands.append(_ASKING)
            places.append(len(commands))
            commands.append(self._commands[at])
        end = len(commands)
        if self._confirmation is not None:
            last = key_of(self._commands[mine[-1]])
            for command in self._confirmation.commands(last, str(owner)):
                commands += [_ASKING, command] if mine[-1] in self._asking else [command]
        try:
            replies = await send(self._nodes.client_at(owner), commands)
            if (fault := first_error(replies[: len(self._first)])) is not None:
                raise fault
        except errors.RedisError as error:
            self._nodes.look_soon()
            for at in mine:
                self._results[at] = error
            return
        for at, place in zip(mine, places, strict=True):
            self._results[at] = replies[place]
            self._redirect(at, owner)
        self._confirm(mine, replies[end:])

    def _redirect(self, at: int, asked: Address) -> None:
        result = self._results[at]
        self._asking.pop(at, None)
        if isinstance(result, errors.MovedError):
            self._nodes.moved(result, asked)
        elif isinstance(result, errors.AskError):
            self._asking[at] = target(result, asked)

    def _confirm(self, mine: Sequence[int], replies: Sequence[Any]) -> None:
        """Put the reason in place of each reply that isn't confirmed."""
        if self._confirmation is None:
            return
        try:
            self._confirmation.check(replies)
        except StoreUnavailable as away:
            for at in mine:
                if not isinstance(self._results[at], errors.RedisError):
                    self._results[at] = away
