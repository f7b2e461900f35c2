"""The store that the settings name: an operator's own, or the embedded one for as long as it is
needed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import structlog

from grandstand.errors import OperatorError
from grandstand.settings import ServerSettings
from grandstand.store.embedded import EmbeddedStore
from grandstand.store.errors import StoreUnavailable
from grandstand.store.store import Store, open_store
from grandstand.tasks import cancel_all

log = structlog.get_logger(__name__)


@asynccontextmanager
async def store_url(settings: ServerSettings) -> AsyncIterator[str]:
    """Give the URL of the store that the settings name, or of the embedded one, which is stopped at
    the end.

    Raises OperatorError.
    """
    if settings.redis_url is not None:
        yield settings.redis_url
        return
    embedded = EmbeddedStore(settings.data_dir)
    url = await embedded.start()
    watching = asyncio.create_task(embedded.watch(), name="embedded store")
    try:
        yield url
    finally:
        await cancel_all([watching])
        await embedded.stop()


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Store]:
    """Connect to the store there. Raises OperatorError."""
    try:
        store = await open_store(url)
    except StoreUnavailable as away:
        place = urlsplit(url)
        where = f"{place.scheme}://{place.hostname or place.path}"
        raise OperatorError(
            f"the store at {where} doesn't answer ({away.reason}): {advice(place.scheme, away)}"
        ) from None
    if store.durability.promise == "weak":
        log.warning("acks_are_weak", why=store.durability.why)
    try:
        yield store
    finally:
        await store.close()


def advice(scheme: str, away: StoreUnavailable) -> str:
    """Return what an operator can do about a store that doesn't answer when it is first asked."""
    if "node " in away.reason and "+cluster" in scheme:
        return (
            "start it, or have it replaced; if it runs, let it announce an address that servers "
            "reach (cluster-announce-ip, or cluster-announce-client-ipv4)"
        )
    if "loading" in away.reason.lower():
        return "it still loads its data; start again in a while"
    other = scheme.replace("rediss", "redis") if "rediss" in scheme else f"rediss{scheme[5:]}"
    if "rediss" in scheme:
        return (
            f"start it, or correct GRANDSTAND_REDIS_URL; if it speaks no TLS, begin with {other}://"
        )
    if "redis" in scheme and "losed" in away.reason:  # closed, Connection closed by server
        return f"start it, or correct GRANDSTAND_REDIS_URL; if it wants TLS, begin with {other}://"
    return "start it, or correct GRANDSTAND_REDIS_URL"
