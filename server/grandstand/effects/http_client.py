"""HTTP calls to strangers' servers: bounded in time and bytes, to allowed addresses alone."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

import httpcore2

from grandstand.effects.network import AllowedBackend, ForbiddenAddressError, Resolver
from grandstand.timeouts import timeout

ATTEMPT_S = 10.0
"""From the name's look-up to the answer's head."""

REDIRECTS = 3
OPEN = frozenset({"content-type", "webhook-id", "webhook-timestamp", "webhook-signature"})
"""The headers that go along to another origin."""

_MOVED = frozenset({301, 302, 307, 308})


class HttpClient:
    """A client for one process."""

    def __init__(self, resolver: Resolver) -> None:
        self._backend = AllowedBackend(resolver)
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            # The job bounds them by room, so that one room's can't take all. None is kept: each
            # attempt's address is judged.
            max_connections=None,
            max_keepalive_connections=0,
            network_backend=self._backend,
        )

    async def call(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, str]:
        """Return the answer's status, or 0 and why there is none.

        Nothing of the answer's body is read. Raises ForbiddenAddressError.
        """
        try:
            async with timeout(ATTEMPT_S):
                return await self._follow(method, url, headers, body), ""
        except TimeoutError:
            return 0, f"no answer within {ATTEMPT_S:.0f} s"
        except ForbiddenAddressError:
            raise
        except (httpcore2.NetworkError, httpcore2.TimeoutException) as fault:
            return 0, f"can't be reached ({type(fault).__name__})"
        except (httpcore2.ProtocolError, httpcore2.UnsupportedProtocol) as fault:
            return 0, f"doesn't answer as HTTP ({type(fault).__name__})"

    async def _follow(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> int:
        for _ in range(REDIRECTS + 1):
            sent = [
                (name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()
            ]
            async with self._pool.stream(method, url, headers=sent, content=body) as response:
                status = int(response.status)
                location = {name.lower(): value for name, value in response.headers}.get(
                    b"location"
                )
            if status not in _MOVED or location is None:
                return status
            there = _moved_to(url, location)
            if _origin(there) != _origin(url):  # what the producer gave is for the first alone
                headers = {name: headers[name] for name in headers if name in OPEN}
            url = there
        return status

    async def warm_up(self) -> None:
        """Load what the first call would load: 20 ms by which it would be late."""
        await self._backend.sleep(0)

    async def close(self) -> None:
        """End all connections."""
        await self._pool.aclose()


def _moved_to(url: str, location: bytes) -> str:
    """Return where a redirect leads. Raises httpcore2.ProtocolError if it is no URL."""
    try:
        there = urljoin(url, location.decode("ascii"))
        urlsplit(there).port  # noqa: B018  it is looked at when it is asked for
    except ValueError as fault:
        raise httpcore2.RemoteProtocolError("a redirect to what is no URL") from fault
    return there


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
