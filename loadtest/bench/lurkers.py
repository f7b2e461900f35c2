"""What viewers cost who only watch, by segments through a real cache.

    .venv/bin/python -m loadtest.bench.lurkers [--lurkers 10000] [--seconds 60] [--trace CHAT]

A server has one show for the whole run: 1,000 seats, which comment 50 times a second together (in a
recorded chat's words, if there is one: made-up ones compress better). Its CPU (server and store) is
measured without lurkers, then with lurkers who come by an nginx with ``deploy/nginx.conf``, then
without again. With them it may be at most 1.1 times the mean of before and after. Bytes and
requests of a viewer-hour are what Locust's ``Lurker`` counted once all were in: HTTP with its
heads, gzip as the configuration has it, without TCP and TLS, and with fewer headers in a request
than a browser sends.

What segments of 4 and 6 s would cost is computed from the show's own segments: two or three in a
row are joined to one file (the same frames in one document), compressed as nginx does it, and
counted with the head of a real answer and of a request. The index stays as it is. A segment that is
longer reaches a viewer later, by half of what it is longer in the mean.

The server and nginx are on one core, the lurkers with the show's seats on the other. The result is
written to ``loadtest/results/lurkers.json``.
"""

from __future__ import annotations

import argparse
import gzip
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from grandstand.wire.segments import SegmentIndex, encode_segment

from loadtest.bench.__main__ import machine
from loadtest.bench.grandstand import ROOM, Grandstand, cores, grandstand
from loadtest.bench.show import LOCUST, ShowError
from loadtest.cache import Cache, caching
from loadtest.lurkers.answers import Answer, cut
from loadtest.lurkers.lurker_pool import request
from loadtest.peers.child import child, tail
from loadtest.process import cpu_ns

RESULT = Path(__file__).parents[1] / "results" / "lurkers.json"
MOST = 1.1
PER_USER = 500
SEATS = 1000
SENT_PER_S = 50
WARM_S = 10.0
SETTINGS = {"tick": 200, "max_latency": 60_000, "selection": {"novelty": 0}}
"""Made-up texts are said again and again, and are to be shown all the same."""

WITHIN_S = 120.0
SPANS = (1, 2, 3)
"""Segments that are joined: of 2, 4 and 6 s."""

GZIP_LEVEL = 1
"""As nginx has it by default."""


class _File(msgspec.Struct, frozen=True):
    start: int = msgspec.field(name="from")
    until: int = 0
    frames: list[msgspec.Raw] = []
    next: str = ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; 1 if lurkers cost the server more than they may."""
    parser = argparse.ArgumentParser(
        prog="python -m loadtest.bench.lurkers",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--lurkers", type=int, default=10_000, help=f"in steps of {PER_USER}")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each of the three windows")
    parser.add_argument("--trace", default="", help="a recorded chat, as Locust's --trace takes it")
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args(arguments)
    server_core, client_core = cores()
    found: dict[str, Any] = {
        "machine": machine(),
        "lurkers": given.lurkers,
        "trace": bool(given.trace),
    }
    with (
        tempfile.TemporaryDirectory() as name,
        grandstand([server_core], SETTINGS) as server,
        caching(server.address, [server_core]) as cache,
        _show(server, client_core, Path(name), given.trace),
    ):
        time.sleep(WARM_S)
        found["before"] = _window(server, cache, given.seconds)
        with _lurkers(cache, client_core, given.lurkers, Path(name)) as result:
            found["with"] = _window(server, cache, given.seconds)
        found["after"] = _window(server, cache, given.seconds)
        found["spans"] = _spans(cache)
        told = json.loads(result.read_text())
    found["locust"] = {"rows": told["rows"], "limited": told["limited_by_the_load_itself"]}
    found["viewer"] = next(each["lurkers"] for each in told["processes"] if "lurkers" in each)
    without = statistics.mean(found[each]["cpu"] for each in ("before", "after"))
    found["ratio"] = ratio = found["with"]["cpu"] / without
    _price(found)
    given.out.write_text(json.dumps(found, indent=1) + "\n")
    _print(found, without)
    return int(ratio > MOST)


def _window(server: Grandstand, cache: Cache, seconds: float) -> dict[str, Any]:
    """Return cores of CPU of the server and its store, and of the cache, and what this asked."""
    pids, others, asked = server.pids(), cache.pids(), cache.asked().total()
    before, before_others, began_s = cpu_ns(pids), cpu_ns(others), time.monotonic()
    time.sleep(seconds)
    took_s = time.monotonic() - began_s
    return {
        "seconds": round(took_s, 1),
        "cpu": (cpu_ns(pids) - before) / 1e9 / took_s,
        "cache_cpu": (cpu_ns(others) - before_others) / 1e9 / took_s,
        "asked_per_s": round((cache.asked().total() - asked) / took_s, 2),
    }


@contextmanager
def _show(server: Grandstand, core: int, folder: Path, trace: str) -> Iterator[None]:
    """People who comment, for the duration of the block."""
    log = folder / "show.log"
    command = [
        *("env", f"GRANDSTAND_JWT_SECRET={server.secret}", *LOCUST, "--headless"),
        *("--only-summary", "--host", "http://{}:{}".format(*server.address), "--room", ROOM),
        *("--users", "1", "BulkViewers", "--seats", str(SEATS), "--rhythm", "steady"),
        *("--comments-per-s", str(SENT_PER_S), "--voters", "0", "--look-every", "10"),
        *(("--trace", trace) if trace else ()),
    ]
    with child(command, [core], log) as locust:
        _until(lambda: server.viewers() >= SEATS, locust, log)
        yield


@contextmanager
def _lurkers(cache: Cache, core: int, count: int, folder: Path) -> Iterator[Path]:
    """Lurkers who are all in, for the duration of the block; then their result is in the file."""
    log, result = folder / "lurkers.log", folder / "lurkers.json"
    command = [
        *(*LOCUST, "--headless", "--only-summary", "--stop-timeout", "5"),
        *("--host", cache.url, "--room", ROOM, "--users", str(max(1, count // PER_USER))),
        *("--spawn-rate", "100", "Lurker", "--seats", str(min(count, PER_USER))),
        *("--seats-per-s", "500", "--slo", "segment lag p99 < 6000, failures < 1"),
        *("--result", str(result)),
    ]
    began = len((cache.folder / "asked").read_text())
    with child(command, [core], log) as locust:
        _until(lambda: len((cache.folder / "asked").read_text()) > began, locust, log)
        time.sleep(WARM_S + count / 500)
        yield result
        locust.terminate()
        locust.wait(60)
    if not result.exists():
        raise ShowError(tail(log))


def _until(holds: Callable[[], object], locust: subprocess.Popen[bytes], log: Path) -> None:
    deadline_s = time.monotonic() + WITHIN_S
    while not holds():
        if locust.poll() is not None or time.monotonic() > deadline_s:
            raise ShowError(tail(log))
        time.sleep(0.2)


# --- what longer segments would cost -------------------------------------------------------------


def _spans(cache: Cache) -> list[dict[str, Any]]:
    """Return the mean bytes of a request and its answer, for segments of each length."""
    index = msgspec.json.decode(_get(cache, f"/v1/rooms/{ROOM}/segments").body, type=SegmentIndex)
    answers = [_get(cache, each.url) for each in index.segments]
    files = [msgspec.msgpack.decode(each.body, type=_File) for each in answers]
    head = statistics.mean(each.size - len(each.body) for each in answers)
    asked = len(request("segment", index.next.url, "cache.example:8080"))
    found = []
    for span in SPANS:
        rows = [files[n : n + span] for n in range(0, len(files) - span + 1, span)]
        sizes = [_size(row) for row in rows]
        size = asked + head + statistics.mean(sizes)
        found.append({"segment_s": 2 * span, "bytes": round(size), "files": len(rows)})
    return found


def _size(row: Sequence[_File]) -> int:
    """Return the bytes of one file with the frames of all, compressed."""
    frames = [bytes(frame) for each in row for frame in each.frames]
    joined = encode_segment(row[0].start, row[-1].until, frames, row[-1].next, "msgpack")
    return len(gzip.compress(joined, GZIP_LEVEL))


def _get(cache: Cache, path: str) -> Answer:
    """Return an answer as it was before it is compressed. Raises ShowError."""
    with socket.create_connection(cache.address, 30) as connection:
        connection.sendall(request("segment", path, cache.url[7:], gzipped=False))
        data = b""
        while (answer := cut(data)) is None:
            more = connection.recv(1 << 16)
            if not more:
                raise ShowError(f"{path}: closed after {data[:200]!r}")
            data += more
    if answer.status != 200:
        raise ShowError(f"{path}: {answer.status}")
    return answer


def _price(found: dict[str, Any]) -> None:
    """Add what a viewer-hour costs at each length; what isn't segments stays as it was counted."""
    viewer = found["viewer"]
    hours = viewer["viewer_hours"]
    besides = (sum(viewer["requests"].values()) - viewer["requests"]["segment"]) / hours
    spans = found["spans"]
    counted = viewer["requests"]["segment"] / hours
    rest = viewer["bytes_per_viewer_hour"] - counted * spans[0]["bytes"]
    for each in spans:
        segments = counted * 2 / each["segment_s"]
        each["requests_per_viewer_hour"] = round(segments + besides)
        each["bytes_per_viewer_hour"] = round(segments * each["bytes"] + rest)


def _print(found: dict[str, Any], without: float) -> None:
    lag = found["locust"]["rows"].get("segment lag", {})
    print(f"{found['lurkers']} lurkers through nginx, {found['with']['seconds']} s each")
    print(
        f"server and store: {without:.3f} of a core without, {found['with']['cpu']:.3f} with: "
        f"{found['ratio']:.2f} times (at most {MOST}); nginx {found['with']['cache_cpu']:.2f}"
    )
    print(f"asked of the server: {found['with']['asked_per_s']} times a second")
    print(f"newest segment behind live: {lag.get('p50')} ms (p50), {lag.get('p99')} (p99)")
    for each in found["spans"]:
        print(
            f"segments of {each['segment_s']} s: {each['requests_per_viewer_hour']} requests and "
            f"{each['bytes_per_viewer_hour'] / 1e6:.2f} MB a viewer-hour"
        )
    print(found["locust"]["limited"] or "the load generator kept up")


if __name__ == "__main__":
    sys.exit(main())
