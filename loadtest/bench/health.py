"""How soon ``/healthz`` answers while frames go out to a full server."""

from __future__ import annotations

import http.client
import statistics
import threading
import time
from typing import Any

from loadtest.bench.grandstand import Grandstand

FRAMES = 25
EVERY_MS = 200.0
ASK_EVERY_S = 0.02
FRAME_BYTES = 512


def answers_ms(server: Grandstand) -> dict[str, Any]:
    """Asked all the while, at five frames a second."""
    over, times_ms = threading.Event(), []

    def ask() -> None:
        connection = http.client.HTTPConnection(*server.address, timeout=10)
        while not over.is_set():
            began_s = time.perf_counter()
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            times_ms.append((time.perf_counter() - began_s) * 1000)
            time.sleep(ASK_EVERY_S)
        connection.close()

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        server.publish(b"a" * FRAME_BYTES, FRAMES, EVERY_MS)
    finally:
        over.set()
        asking.join()
    parts = statistics.quantiles(times_ms, n=100)
    return {"count": len(times_ms), "p50": parts[49], "p99": parts[98], "max": max(times_ms)}
