"""The nodes of a cluster, as ``GRANDSTAND_REDIS_URL`` names some of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from grandstand.errors import OperatorError

SCHEMES = {"redis+cluster": "redis", "rediss+cluster": "rediss"}
"""The schemes of a cluster's URL, and of its single nodes'."""

_DEFAULT_PORT = 6379


class Address(NamedTuple):
    """Where a node listens."""

    host: str
    port: int

    def __str__(self) -> str:
        """Return it as URLs have it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ClusterAddress:
    """Some of a cluster's nodes, by which the others are found, and how all are spoken to.

    ``user`` is what stands before the hosts, with its ``@``; it may have a password.
    """

    scheme: str
    user: str = field(repr=False)
    seeds: tuple[Address, ...]

    @classmethod
    def of(cls, url: str) -> Self:
        """Read ``redis+cluster://[user:password@]host[:port],host[:port],…``, or ``rediss+…``.

        Raises:
            OperatorError: it can't be read; no password is repeated.
        """
        scheme, _, rest = url.partition("://")
        netloc, slash, path = rest.partition("/")
        user, at, hosts = netloc.rpartition("@")
        if (slash and path not in ("", "0")) or "?" in rest:
            raise OperatorError(
                "GRANDSTAND_REDIS_URL has something behind its hosts, but a cluster has one "
                "database and no options: end it after the last host"
            )
        seeds = tuple(_address(scheme, each) for each in hosts.split(","))
        return cls(SCHEMES[scheme], user + at, seeds)

    def url_of(self, address: Address) -> str:
        """Return the URL of one node, which may have a password."""
        return f"{self.scheme}://{self.user}{address}"


def _address(scheme: str, host: str) -> Address:
    try:
        parts = urlsplit(f"redis://{host}")
        name, port = parts.hostname, parts.port
    except ValueError as error:
        raise OperatorError(f"GRANDSTAND_REDIS_URL can't be read: {error}") from error
    if not name:
        raise OperatorError(
            f"GRANDSTAND_REDIS_URL names no host between two commas: give {scheme}://host:port,"
            "host:port,host:port"
        )
    return Address(name, port or _DEFAULT_PORT)
