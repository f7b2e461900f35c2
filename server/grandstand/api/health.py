"""Calls for operators: whether the process lives, whether it can serve, and its metrics."""

from __future__ import annotations

import asyncio
from typing import Literal

from msgspec import Struct
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from grandstand.api.operations import Api, Call, answer
from grandstand.wire.codes import ErrorCode, RefusedError


class Health(Struct, frozen=True):
    """All is well."""

    status: Literal["ok"] = "ok"


async def healthz(call: Call) -> Response:
    """Say that the process lives; it lives while it answers."""
    return answer(Health())


async def readyz(call: Call) -> Response:
    """Say whether the process can serve: the store answers, or a part of it, and the process isn't
    stopping.

    While one node of a cluster is away no process can reach it: to take all of them out of rotation
    would close the rooms of the other nodes, too.
    """
    if call.api.draining:
        raise RefusedError(ErrorCode.UNAVAILABLE, "this server is going away")
    if not call.api.rooms.reaches_store:
        raise RefusedError(ErrorCode.UNAVAILABLE, "the store doesn't answer")
    return answer(Health())


async def metrics(call: Call) -> Response:
    """Return metrics for Prometheus.

    They are collected once for all who ask meanwhile: collecting holds the interpreter for some 5
    ms, and anybody may ask.
    """
    api = call.api
    if api.scrape is None or api.scrape.done():
        api.scrape = asyncio.create_task(_collected(api), name="scrape")
    body = await asyncio.shield(api.scrape)
    return Response(body, headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _collected(api: Api) -> bytes:
    if api.metrics_peers is not None:
        return await api.metrics_peers.collect()
    return await asyncio.to_thread(generate_latest, api.registry)
