"""The connection to one Redis or Valkey: one pool, no command sent twice, two kinds of error.

redis-py 8.1 repeats a command up to ten times by default (``Redis()`` makes a pool with such a
``retry``, and pipelines use it too), also one that had been executed before its connection broke. A
pool that is given no ``retry`` makes connections with ``Retry(NoBackoff(), 0)``: each command is
sent at most once, and the caller handles a broken connection. The caller resends with the same id,
and the scripts recognise it.

A pub/sub made from such a client likewise raises when its connection breaks, where the default
would subscribe again silently.

uvloop raises a RuntimeError where something is written to a connection that has just been closed,
and redis-py passes it on. To callers it is the loss of the connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from redis import exceptions as errors
from redis.asyncio import (
    BlockingConnectionPool,
    Connection,
    Redis,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.asyncio.connection import AbstractConnection
from redis.maint_notifications import MaintNotificationsConfig

from grandstand.errors import OperatorError
from grandstand.store.errors import StoreUnavailable

CONNECT_TIMEOUT_S = 2.0
REPLY_TIMEOUT_S = 5.0
POOL_TIMEOUT_S = 2.0
HEALTH_CHECK_AFTER_S = 15
"""A connection idle for longer is pinged before it is used, so that a write doesn't meet one that a
NAT or a load balancer has dropped. TCP keepalive (30 s) is on besides."""

_SCHEMES = ("redis", "rediss", "unix")
_ALL_SCHEMES = "redis://, rediss://, unix://, redis+cluster:// or rediss+cluster://"
_MAY_BE_IN_THE_URL = frozenset({"db", "username", "password"})


_CLOSED = "the handler is closed"
"""What uvloop says of a transport that is closed."""


class _LossTelling(AbstractConnection):
    """A connection that tells of its loss as such."""

    async def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        """Send it. Raises redis-py's errors."""
        try:
            await super().send_packed_command(command, check_health)
        except RuntimeError as error:
            if _CLOSED not in str(error):
                raise
            raise errors.ConnectionError(f"closed while it was written to: {error}") from error


class _Tcp(_LossTelling, Connection):
    pass


class _Tls(_LossTelling, SSLConnection):
    pass


class _Unix(_LossTelling, UnixDomainSocketConnection):
    pass


_OURS = {Connection: _Tcp, SSLConnection: _Tls, UnixDomainSocketConnection: _Unix}


def connect(
    url: str, *, max_connections: int = 32, reply_timeout_s: float = REPLY_TIMEOUT_S
) -> Redis:
    """Make a client that sends each command at most once; nothing is sent before its first use.

    ``url`` is ``redis://``, ``rediss://`` or ``unix://``, with ``db``, ``username`` and
    ``password`` as its only options: redis-py lets a URL's options win over ours, and one of them
    switches retries on. Replies are bytes. When all ``max_connections`` are in use, callers wait
    ``POOL_TIMEOUT_S``, first come first served. A blocking command needs a client whose
    ``reply_timeout_s`` is longer than its own.

    Close it with ``await client.aclose()``.

    Raises:
        OperatorError: the URL is of another scheme, or can't be read.
    """
    _check(url)
    try:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=max_connections,
            timeout=POOL_TIMEOUT_S,
            socket_timeout=reply_timeout_s,
            socket_connect_timeout=CONNECT_TIMEOUT_S,
            health_check_interval=HEALTH_CHECK_AFTER_S,
            protocol=3,
            decode_responses=False,
            driver_info=None,
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
        )
    except ValueError as error:
        raise OperatorError(f"GRANDSTAND_REDIS_URL can't be read: {error}") from error
    pool.connection_class = _OURS[pool.connection_class]
    return Redis.from_pool(pool)


def _check(url: str) -> None:
    """Refuse what redis-py would accept silently, without ever repeating a password."""
    try:
        parts = urlsplit(url)
        options = set(parse_qs(parts.query)) - _MAY_BE_IN_THE_URL
        _ = parts.port
    except ValueError as error:
        raise OperatorError(f"GRANDSTAND_REDIS_URL can't be read: {error}") from error
    if parts.scheme not in _SCHEMES:
        raise OperatorError(
            f"GRANDSTAND_REDIS_URL must begin with {_ALL_SCHEMES}"
            + (f", not {parts.scheme}://" if parts.scheme else "")
        )
    if options:
        raise OperatorError(
            f"GRANDSTAND_REDIS_URL has options that aren't known: {', '.join(sorted(options))}; "
            f"it may have {', '.join(sorted(_MAY_BE_IN_THE_URL))}"
        )
    if parts.scheme == "unix" and not parts.path:
        raise OperatorError("GRANDSTAND_REDIS_URL has no path after unix://")
    if parts.scheme != "unix" and not parts.hostname:
        raise OperatorError(f"GRANDSTAND_REDIS_URL has no host after {parts.scheme}://")


_UNAVAILABLE: tuple[type[errors.RedisError], ...] = (
    errors.ConnectionError,  # also LOADING, refused credentials, an exhausted pool
    errors.TimeoutError,
    errors.OutOfMemoryError,
    errors.ReadOnlyError,
    errors.ClusterDownError,  # also MASTERDOWN
    errors.TryAgainError,
    errors.AskError,  # also MOVED: the last of many
    errors.InvalidResponse,
)
_UNAVAILABLE_CODES = (
    "BUSY",
    "CLOCK",
    "DENIED",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "NOAUTH",
    "NOREPLICAS",
    "UNBLOCKED",
)
"""First words of error replies for which redis-py has no class of its own."""

_KILLED = "Script killed by user"
_FORBIDDEN = ("ACL failure in script", "EXEC without MULTI")
"""How a server says that a script may not call something, or that MULTI was refused."""


def unwrapped(error: errors.RedisError) -> errors.RedisError:
    """Return the server's own error: redis-py hides it in a plain ``ConnectionError`` during a
    handshake.

    LOADING and refused credentials arrive like this.
    """
    return error.__cause__ if isinstance(error.__cause__, errors.RedisError) else error


def is_forbidden(error: Exception) -> bool:
    """Return whether the server's user lacks a permission."""
    text = str(error)
    return isinstance(error, errors.NoPermissionError) or any(each in text for each in _FORBIDDEN)


def unavailability(error: Exception) -> StoreUnavailable | None:
    """Return the error if the store can't answer now; None for a fault of our own program."""
    if isinstance(error, StoreUnavailable):
        return error
    text = str(error)
    if isinstance(error, _UNAVAILABLE) or (
        isinstance(error, errors.ResponseError)
        and (
            text.split(" ", 1)[0] in _UNAVAILABLE_CODES
            or _KILLED in text
            or is_forbidden(error)  # an operator took it away under a running server
        )
    ):
        return StoreUnavailable(text or type(error).__name__)
    return None


@contextmanager
def translated() -> Iterator[None]:
    """Turn redis-py's errors inside the block into ``StoreUnavailable``, where they mean that.

    Others (a wrong type, a script's own fault) pass unchanged: they are bugs of ours.
    """
    try:
        yield
    except errors.RedisError as error:
        if (unavailable := unavailability(error)) is None:
            raise
        raise unavailable from error
