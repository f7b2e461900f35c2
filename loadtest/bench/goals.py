"""The table: what was found beside what is to be reached. Pure.

``found`` is what ``__main__`` writes: a part's figures under its name, if it was measured.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from loadtest.bench import costs
from loadtest.bench.entrant import COMMENT_BYTES, COMMENT_VIEWERS, SIZES, VIEWERS

KB = 1024


@dataclass(frozen=True, slots=True)
class Row:
    """One line. ``reached`` is None where nothing is to be reached."""

    what: str
    found: str
    reach: str = ""
    reached: bool | None = None


def rows(found: dict[str, Any]) -> Iterator[Row]:
    """All that can be told."""
    for part in (
        _fanout,
        _growth,
        _show,
        _patience,
        _memory,
        _entry,
        _health,
        _storm,
        _stalled,
        _wire,
        _deflate,
    ):
        yield from part(found)


def table(found: dict[str, Any]) -> str:
    """As it is printed."""
    lines = list(rows(found))
    width, middle = (max(len(getattr(line, name)) for line in lines) for name in ("what", "found"))
    marks = {True: "reached", False: "MISSED", None: ""}
    return "\n".join(
        f"{line.what:{width}}  {line.found:{middle}}  {marks[line.reached]:8}{line.reach}".rstrip()
        for line in lines
    )


BOUNDS = {"floor": 1.25, "nchan": 1.0, "socketio": 0.5}


def _fanout(found: dict[str, Any]) -> Iterator[Row]:
    servers = found.get("fanout", {})
    for size in SIZES if servers else ():
        for viewers in VIEWERS:
            there = {name: its for name, its in servers.items() if costs.has(its, viewers, size)}
            yield Row(
                f"us per viewer and frame, {size} B, {viewers:,} viewers",
                ", ".join(
                    f"{name} {costs.each(its, viewers, size):.2f}" for name, its in there.items()
                ),
            )
            ours = there.get("grandstand")
            if ours is None:
                continue
            rounds, with_all = costs.by_round(ours, viewers, size), costs.whole(ours, viewers, size)
            yield Row("  ours, its rounds", f"{min(rounds):.2f} to {max(rounds):.2f}")
            yield Row("  ours with commit, tick, HTTP, all else", f"{with_all:.2f}")
            for name in [name for name in BOUNDS if name in there]:
                ratios = costs.times(ours, there[name], viewers, size)
                ratio, bound = statistics.median(ratios), BOUNDS[name]
                words = f"{ratio:.2f} times {name}, {ratios[0]:.2f} to {ratios[-1]:.2f} by round"
                yield Row("  ours", words, f"at most {bound:g}", ratio <= bound)


def _growth(found: dict[str, Any]) -> Iterator[Row]:
    ours = found.get("fanout", {}).get("grandstand")
    floor = found.get("fanout", {}).get("floor")
    for size in SIZES if ours else ():
        growth = _grown(ours, size)
        words = f"{growth:.2f} times" + (f", floor {_grown(floor, size):.2f}" if floor else "")
        what = f"growth, {size} B, {VIEWERS[0]:,} to {VIEWERS[-1]:,} viewers"
        yield Row(what, words, "0.8 to 1.2", 0.8 <= growth <= 1.2)


def _grown(its: dict[str, Any], size: int) -> float:
    return costs.each(its, VIEWERS[-1], size) / costs.each(its, VIEWERS[0], size)


COST = {200: 0.8, 500: 0.45}
LATENCY = {100: (120, 250), 200: (200, 400)}
CHEAPER = {"nchan": 8, "socketio": 16}


def _show(found: dict[str, Any]) -> Iterator[Row]:
    for tick in found.get("show", ()):
        name = f"a show of {tick['viewers']:,}, tick {tick['tick_ms']} ms"
        cost = tick["us_per_delivered_comment"]
        bound = COST.get(tick["tick_ms"])
        told = f"{cost:.2f} us a delivered comment, {tick['shown_per_s']:.0f} shown a second"
        if bound is None:
            yield Row(name, told)
        else:
            yield Row(name, told, f"under {bound:g}", cost < bound)
        for peer, times in CHEAPER.items():
            its = found.get("fanout", {}).get(peer)
            if its and tick["tick_ms"] == 200:
                one = costs.whole(its, COMMENT_VIEWERS, COMMENT_BYTES)
                words = f"1/{one / cost:.1f} of {peer}, which sends each by itself ({one:.2f} us)"
                yield Row("  ours", words, f"at most 1/{times}", cost <= one / times)
        screen = tick["comment to screen"]
        words = f"comment to screen p50 {screen['p50']:.0f} ms, p99 {screen['p99']:.0f}"
        bounds = LATENCY.get(tick["tick_ms"])
        if bounds is None:
            yield Row("", words)
        else:
            reached = screen["p50"] < bounds[0] and screen["p99"] < bounds[1]
            yield Row("", words, f"under {bounds[0]}, {bounds[1]}", reached)
        if tick["limited_by_the_load_itself"]:
            yield Row("", tick["limited_by_the_load_itself"])


PATIENT_SHOW = {5000: (0.6, 1.6), 15000: (0.5, 1.3)}


def _patience(found: dict[str, Any]) -> Iterator[Row]:
    patience = found.get("patience", {})
    for row in patience.get("frames", ()):
        yield Row(f"a patience of 1 s, 512 B, five a second, {row['viewers']:,} viewers", "")
        yield _ratio("  to the loop that writes each", row["times each"], 0.3)
        yield _ratio("  to the loop that writes five joined", row["times joined"], 1.25)
        yield _ratio("  to ours without patience", row["times without"])
    for row in patience.get("show", ()):
        bound, bare_bound = PATIENT_SHOW.get(row["viewers"], (None, None))
        without_us, with_us = row["us_per_delivered_comment"]
        words = f"{with_us:.2f} us a delivered comment, {without_us:.2f} without"
        yield Row(f"the same show of {row['viewers']:,} with a patience of 1 s", words)
        yield _ratio("  to the show without", row["times without"], bound)
        yield _ratio(
            "  that without to a loop of as many bytes", row["without, times floor"], bare_bound
        )


def _ratio(what: str, rounds: list[float], bound: float | None = None) -> Row:
    """The median of the rounds' ratios, which are sorted."""
    ratio = statistics.median(rounds)
    words = f"{ratio:.2f} times, {rounds[0]:.2f} to {rounds[-1]:.2f} by round"
    return (
        Row(what, words)
        if bound is None
        else Row(what, words, f"at most {bound:g}", ratio <= bound)
    )


def _memory(found: dict[str, Any]) -> Iterator[Row]:
    for name, its in found.get("fanout", {}).items():
        memory = its["memory"]
        rss = (memory["rss"] - memory["rss_before"]) / memory["viewers"] / KB
        slabs = memory["socket_slabs"]
        kernel = (
            "" if slabs is None else f", sockets of both ends {slabs / memory['viewers'] / KB:.1f}"
        )
        words = f"{rss:.1f} KB{kernel}"
        what = f"idle viewer, {name}, {memory['viewers']:,} viewers"
        if name == "grandstand":
            yield Row(what, words, "at most 8 KB", rss <= 8)
        else:
            yield Row(what, words)


def _entry(found: dict[str, Any]) -> Iterator[Row]:
    for name, its in found.get("entry", {}).items():
        words = (
            f"{its['per_s']:,.0f} a second of CPU, {its['per_s_by_the_clock']:,.0f} by the clock"
        )
        if name == "grandstand":
            what = "viewers let in, with token and welcome"
            yield Row(what, words, "at least 3,000", its["per_s"] >= 3000)
        else:
            yield Row(f"viewers let in, {name}", words)


def _health(found: dict[str, Any]) -> Iterator[Row]:
    ours = found.get("fanout", {}).get("grandstand", {})
    health = ours.get("besides")
    if health:
        what = f"/healthz with {VIEWERS[-1]:,} viewers, 5 frames a second"
        words = f"p50 {health['p50']:.1f} ms, p99 {health['p99']:.0f}"
        yield Row(what, words, "p99 under 100", health["p99"] < 100)


def _storm(found: dict[str, Any]) -> Iterator[Row]:
    storm = found.get("storm")
    if not storm:
        return
    back_s, cut = storm["back_s"], storm["cut"]
    whole_ = storm["came_back_with_all"] == cut and not storm["given_anew"] and not storm["gaps"]
    words = "not all back" if back_s is None else f"all back in {back_s:.1f} s"
    words += f", {storm['came_back_with_all']:,} with all they had missed"
    reached = back_s is not None and back_s <= 10 and whole_
    yield Row(f"storm of {cut:,}", words, "10 s, nothing missing", reached)
    stayed = storm["those_who_stayed"]
    worst = max(
        (
            each_["comment to screen"]["p99"]
            for each_ in stayed["during"]
            if "comment to screen" in each_
        ),
        default=float("inf"),
    )
    words = f"comment to screen p99 {worst:.0f} ms in the worst half second"
    yield Row("  those who stayed", words, "under 1,000", worst < 1000 and not stayed["gaps"])


def _stalled(found: dict[str, Any]) -> Iterator[Row]:
    stalled = found.get("stalled")
    if not stalled:
        return
    what = (
        f"{stalled['stalled']} who read nothing among {stalled['reading'] + stalled['stalled']:,}"
    )
    without, with_ = (stalled[name]["comment to screen"]["p99"] for name in ("without", "with"))
    words = f"p99 of the others {with_:.0f} ms, {without:.0f} without"
    yield Row(what, words, "at most 1.2 times", with_ <= 1.2 * without)
    known_s = stalled["all_known_after_s"]
    words = "never" if known_s is None else f"after {known_s:.1f} s"
    yield Row("  all known to be behind", words, "10 s", known_s is not None and known_s <= 10)
    user, kernel = (stalled[name] / KB for name in ("user_bytes_each", "kernel_bytes_each"))
    words = f"{user:.1f} KB in user space, {kernel:.1f} in the kernel, both ends"
    yield Row("  memory for each", words, "at most 64 KB", user + kernel <= 64)
    returned = stalled["returned"]
    words = f"{returned['gaps']} gaps; the others cut after {stalled['left_after_s']:.0f} s"
    yield Row("  who read again", words, "no gap", not returned["gaps"])


def _wire(found: dict[str, Any]) -> Iterator[Row]:
    for row in found.get("wire", ()):
        what = f"bytes a comment, {row['comments']} a frame, {row['codec']}"
        words = f"{row['deflated']:.1f} deflated, {row['plain']:.1f} plain"
        if row["comments"] == 10:
            yield Row(what, words, "at most 50", row["deflated"] <= 50)
        else:
            yield Row(what, words)


def _deflate(found: dict[str, Any]) -> Iterator[Row]:
    deflate = found.get("deflate")
    if not deflate:
        return
    plain, deflated = deflate["plain"], deflate["deflated"]
    size = deflated["bytes_per_viewer"] / KB
    words = f"{size:.1f} KB, {plain['bytes_per_viewer'] / KB:.1f} without"
    yield Row("viewer with deflate, after messages both ways", words, "at most 10 KB", size <= 10)
    ratio = deflated["us_per_frame"] / plain["us_per_frame"]
    yield Row("  CPU of a frame", f"{ratio:.2f} times plain", "at most 1.1", ratio <= 1.1)
