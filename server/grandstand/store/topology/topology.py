"""What a topology is: whatever sends commands to the servers that have their keys, each at most
once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from redis.asyncio import Redis

from grandstand.store.topology.slots import SLOTS, Key

Command = tuple[Any, ...]


class Confirmation(Protocol):
    """What makes the replies to writes a promise: commands behind them, and their own replies."""

    def commands(self, key: Key, node: str) -> Sequence[Command]:
        """Return the commands for a node; ``key`` is one of those that are written before them."""

    def check(self, replies: Sequence[Any]) -> None:
        """Raise StoreUnavailable unless the replies to the commands say that the promise holds; the
        last reply is the last command's."""


@dataclass(frozen=True, slots=True)
class Node:
    """A server that takes writes. ``tag`` is the hash tag of keys that it serves; ``name`` is empty
    if there is only one, and its ``replicas`` aren't known then."""

    name: str
    redis: Redis
    tag: str
    replicas: Mapping[str, Redis] = field(default_factory=dict)
    slots: int = SLOTS


class Topology(Protocol):
    """One server or many, behind one interface."""

    def client(self, key: Key) -> Redis:
        """Return the client of the server that has the key, as far as is known.

        Raises StoreUnavailable if no server is known to have it.
        """

    def when_changed(self, call: Callable[[], None]) -> None:
        """Call each time that keys may have gone to another server."""

    def suspect(self) -> None:
        """Look soon whether keys have gone to another server."""

    async def ask(self, command: Command, near: Key | None = None) -> Any:
        """Return one command's reply; one that has no key is asked of the server that has ``near``.

        Raises redis-py's errors.
        """

    async def pipeline(
        self,
        commands: Sequence[Command],
        first: Sequence[Command] = (),
        confirmation: Confirmation | None = None,
    ) -> list[Any]:
        """Send the commands, those of one server in one round trip; return their replies in order.

        Each server gets ``first`` before them and the ``confirmation`` behind them. Where a command
        failed, or its confirmation did, the error stands in place of its reply.

        Raises redis-py's errors.
        """

    async def transaction(self, commands: Sequence[Command]) -> list[Any]:
        """Return the replies as of one moment (MULTI); the keys lie in one slot.

        Raises redis-py's errors.
        """

    async def nodes(self) -> Sequence[Node]:
        """Return the servers that take writes. Raises redis-py's errors, StoreUnavailable."""

    @property
    def answers_in_part(self) -> bool:
        """Return whether some of the servers answer, although perhaps not all."""

    async def aclose(self) -> None:
        """End every connection."""


def key_of(command: Command) -> Key:
    """Return the first key of a command."""
    key: Key = command[3 if command[0] in ("EVALSHA", "EVAL") else 1]
    return key


async def send(redis: Redis, commands: Sequence[Command]) -> list[Any]:
    """Send commands to one server in one round trip; an error reply stands in its place.

    Raises redis-py's errors.
    """
    async with redis.pipeline(transaction=False) as pipe:
        for command in commands:
            pipe.execute_command(*command)
        replies: list[Any] = await pipe.execute(raise_on_error=False)
        return replies


async def send_at_once(redis: Redis, commands: Sequence[Command]) -> list[Any]:
    """Send commands to one server as one transaction. Raises redis-py's errors."""
    async with redis.pipeline(transaction=True) as pipe:
        for command in commands:
            pipe.execute_command(*command)
        replies: list[Any] = await pipe.execute()
        return replies


def first_error(replies: Sequence[Any]) -> Exception | None:
    """Return the first error among replies."""
    return next((each for each in replies if isinstance(each, Exception)), None)
