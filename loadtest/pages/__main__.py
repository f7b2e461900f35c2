"""What the viewer's page costs and how exactly it follows the picture, in real Chromium.

    .venv/bin/python -m loadtest.pages [PART ...] [--crowd 100]

It opens a show of its own (server, encoder, crowd) and browsers beside it on the same machine: run
it when nothing else does. Prints a table and writes all raw figures to
``loadtest/results/pages.json``; parts that are not named keep the results they have there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import subprocess
import time
from pathlib import Path
from typing import Any

from grandstand.demo.broadcast import FPS

from loadtest.pages import endurance, lurking, on_air, opening, patience, smoothness, synchrony
from loadtest.pages.venue import venue
from tests.pages.browsing import chromium

TARGET = Path(__file__).parents[1] / "results" / "pages.json"
SETTLE_S = 20.0
"""The crowd comes in, its comments cross the stage, and there is as much picture to be behind."""

PARTS = {
    "opening": opening.measure,
    "synchrony": synchrony.measure,
    "patience": patience.measure,
    "lurking": lurking.measure,
    "smoothness": smoothness.measure,
    "on_air": on_air.measure,
    "endurance": endurance.measure,
}
WITH_CROWD = ("opening", "synchrony", "lurking")


async def main() -> None:
    """Runs what is asked for."""
    options = argparse.ArgumentParser(prog="loadtest.pages", description=__doc__)
    options.add_argument("parts", nargs="*", help=", ".join(PARTS))
    options.add_argument("--crowd", type=int, default=100)
    given = options.parse_args()
    chosen = given.parts or list(PARTS)
    for name in chosen:
        began: dict[str, Any] = {"load_before": round(os.getloadavg()[0], 2)}
        crowd = given.crowd if name in WITH_CROWD else 0
        async with (
            venue(crowd, picture=name not in ("endurance", "on_air")) as show,
            chromium() as browser,
        ):
            began |= {"machine": _machine(browser.version), "commit": _commit(), "crowd": crowd}
            await asyncio.sleep(SETTLE_S)
            found = await PARTS[name](browser, show)
        told = json.loads(TARGET.read_text()) if TARGET.exists() else {}
        told[name] = {**began, **found}
        TARGET.write_text(_compact(json.dumps(told, indent=1)) + "\n")
        print("\n".join(TABLES[name](told[name])), flush=True)


def _compact(text: str) -> str:
    """The same JSON with what holds nothing else, a bullet's row for one, in a line of its own."""
    return re.sub(r"[\[{]\s[^\[\]{}]*[\]}]", lambda found: " ".join(found[0].split()), text)


def _commit() -> str:
    asked = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def _machine(browser: str) -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "chromium": browser,
        "rendering": "software, no GPU",
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "picture_fps": FPS,
    }


def _opening(found: dict[str, Any]) -> list[str]:
    weight = found["weight_bytes"]
    lines = ["", "From opening the page to the first bullet, median, ms since the navigation began"]
    lines += [f"  {name:16}{at_ms:8.0f}" for name, at_ms in found["ms"].items()]
    lines.append(f"  each run: {', '.join(f'{ms:.0f}' for ms in found['first_bullet_ms'])}")
    lines.append(
        f"  page without hls.js: {weight['page_sent'] / 1000:.1f} KB sent, "
        f"{weight['page_unpacked'] / 1000:.1f} KB unpacked, {weight['page_files']} files; "
        f"hls.js: {weight['hls_sent'] / 1000:.0f} and {weight['hls_unpacked'] / 1000:.0f} KB"
    )
    return lines


def _synchrony(found: dict[str, Any]) -> list[str]:
    lines = ["", "Difference between a bullet's moment and the one on the screen as it starts, ms"]
    lines.append(f"  {'':32}{'count':>7}{'p50':>8}{'p99':>8}{'max':>8}")
    for viewer in synchrony.BEHIND_MS:
        one = found[viewer]
        lines.append(f"  {viewer}, {one['behind_live_ms'] / 1000:.1f} s behind live")
        for group in ("from_near", "crowd", "own", "polls"):
            for measure in ("playhead", "picture", "picture_beyond_frame"):
                row = one[group][measure]
                if row["count"]:
                    lines.append(
                        f"    {group + ', ' + measure:30}{row['count']:7}{row['p50']:8.1f}"
                        f"{row['p99']:8.1f}{row['max']:8.1f}"
                    )
        lines.append(
            f"    in the viewer's own future: {one['future']}; late: {one['came_late']}; "
            f"video {one['video']}"
        )
    return lines


def _patience(found: dict[str, Any]) -> list[str]:
    behind = f"{patience.BEHIND_S} s behind live"
    lines = ["", f"How late a viewer {behind} sees comments, without and with patience, ms"]
    lines.append(
        f"  {'sender behind, slack':24}{'room':>8}{'count':>7}{'p50':>8}{'p99':>8}"
        f"{'longer p50':>12}{'p99':>8}{'clump':>7}"
    )
    for behind_s in patience.SENDERS_S:
        for name in patience.PATIENCE_MS:
            row = found[name]["senders"][str(behind_s)]
            late, longer = row["late_ms"], row["longer_ms"]
            words = f"{behind_s} s, {row['slack_s']} s"
            lines.append(
                f"  {words:24}{name:>8}{late['count']:7}{late.get('p50', 0):8.0f}"
                f"{late.get('p99', 0):8.0f}{longer.get('p50', 0):12.0f}{longer.get('p99', 0):8.0f}"
                f"{row['clump']:7}"
            )
    futures = ", ".join(str(found[name]["future"]) for name in patience.PATIENCE_MS)
    return [*lines, f"  in the viewer's own future: {futures}"]


def _lurking(found: dict[str, Any]) -> list[str]:
    lines = ["", "Difference between a comment's moment and the one on the screen as it starts, ms"]
    lines.append(f"  {'':32}{'count':>7}{'p50':>8}{'p99':>8}{'max':>8}")
    for transport in lurking.TRANSPORTS:
        one = found[transport]
        lines.append(f"  by {transport}, {one['behind_live_ms'] / 1000:.1f} s behind live")
        for measure in ("playhead", "picture", "picture_beyond_frame"):
            row = one["sync"][measure]
            if row["count"]:
                lines.append(
                    f"    {measure:30}{row['count']:7}{row['p50']:8.1f}{row['p99']:8.1f}"
                    f"{row['max']:8.1f}"
                )
        hour = one["an_hour"]
        lines.append(
            f"    missed {one['missed']} of {one['said']}; messages by socket {one['by_socket']}; "
            f"an hour: {hour['requests']} requests, {hour['bytes'] / 1e6:.1f} MB"
        )
    return lines


def _smoothness(found: dict[str, Any]) -> list[str]:
    lines = ["", f"{smoothness.BULLETS} bullets on the stage, median of {smoothness.RUNS} windows"]
    for name in ("with_picture", "without_picture"):
        row = found[name]["median"]
        lines.append(
            f"  {name:18}{row['bullets']:6.0f} bullets {row['frames_per_s']:6.1f} frames/s; "
            f"a frame: "
            f"{row['cpu_ms_per_frame']:.2f} ms of CPU on the main thread, "
            f"{row['TaskDuration_ms_per_frame']:.2f} by the clock, "
            f"{row['ScriptDuration_ms_per_frame']:.2f} script, "
            f"{row['LayoutDuration_ms_per_frame']:.2f} layout; "
            f"{row['long_frames_share']:.1%} over {smoothness.LONG_FRAME_MS} ms"
        )
    return lines


def _on_air(found: dict[str, Any]) -> list[str]:
    row, gaps, drawn = found["median"], [run["gap_ms"] for run in found["runs"]], found["drawn"]
    return [
        "",
        f"The overlay in full HD, median of {on_air.RUNS} windows",
        f"  {row['frames_per_s']:.1f} frames/s, drawn {drawn['frames_per_s']:.1f}, dropped "
        f"{drawn['dropped']}; {row['long_frames_share']:.1%} over "
        f"{on_air.LONG_FRAME_MS} ms; the longest {max(gap['max'] for gap in gaps):.0f} ms; "
        f"main thread {row['main_thread_share']:.0%}; a frame: "
        f"{row['script_ms_per_frame']:.2f} ms script, {row['layout_ms_per_frame']:.2f} layout",
    ]


def _endurance(found: dict[str, Any]) -> list[str]:
    hours, unseen = found["hours"], found["background"]
    lines = ["", f"Memory over simulated hours, {hours['comments']:.0f} comments"]
    lines += [
        f"  {s['simulated_s'] / 60:6.0f} min {s['heap_bytes'] / 1e6:8.2f} MB "
        f"{s['nodes']:8.0f} nodes "
        f"{s['listeners']:6.0f} listeners"
        for s in hours["samples"]
    ]
    lines.append(
        f"  after the first quarter: {hours['grown_bytes'] / 1000:+.0f} KB in all, "
        f"{hours['slope_bytes_per_hour'] / 1000:+.0f} KB an hour, {hours['grown_nodes']:+.0f} nodes"
    )
    lines.append(
        f"  an hour unseen: {unseen['before']['heap_bytes'] / 1e6:.2f} MB before, "
        f"{max(s['heap_bytes'] for s in unseen['during']) / 1e6:.2f} at most, "
        f"{unseen['after']['heap_bytes'] / 1e6:.2f} after; back: {unseen['shown_in_first_frame']} "
        f"bullets in the first frame, {unseen['shown_in_first_s']} in the first second, the oldest "
        f"{unseen['oldest_shown_ms'] / 1000:.1f} s late"
    )
    return lines


TABLES = {
    "opening": _opening,
    "synchrony": _synchrony,
    "patience": _patience,
    "lurking": _lurking,
    "smoothness": _smoothness,
    "on_air": _on_air,
    "endurance": _endurance,
}

if __name__ == "__main__":
    asyncio.run(main())
