"""A feed of stats made of published results: as NDJSON, into a room, or through the card rules.

    .venv/bin/python -m loadtest.feeds athletics|formula1|cricket|own FOLDER
    … | curl -T - -H 'Content-Type: application/x-ndjson' -H "Authorization: Bearer $TOKEN" URL
    … --into URL/v1/rooms/ROOM --token TOKEN --pace 60 [--seconds 240] [--out FILE]
    … --cards [--lang zh] [--out FILE]

Without an option it writes one update a line, as ``POST …/stats`` takes them, with the feed's own
times. ``--into`` gives a room the feed's schemas, announces who starts, and sends updates as their
time comes, 60 seconds of the feed in one, with times of now. It writes the cards that the room made
of them, for everyone and for followers, and figures as JSON; ``--out`` adds those to a file, by the
sport. ``--cards`` judges the feed in this process: it writes the sentences of all cards and, as
JSON, how many of which kind.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from grandstand.overlays.card_rules.update import Update
from grandstand.overlays.sentences.sentence import sentence

from loadtest.feeds import athletics, cricket, formula1, into, own
from loadtest.feeds.feed import Feed, body_of
from loadtest.feeds.report import run
from loadtest.feeds.sending import plan

FEEDS = {
    "athletics": athletics.FEED,
    "formula1": formula1.FEED,
    "cricket": cricket.FEED,
    "own": own.FEED,
}


def main() -> int:
    """Read a folder, and do with its feed what the options say."""
    options = argparse.ArgumentParser(
        prog="loadtest.feeds", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("sport", choices=FEEDS)
    options.add_argument("folder", type=Path)
    options.add_argument("--plain", action="store_true", help="values as numbers and texts alone")
    options.add_argument("--into", default="", help="a room's URL")
    options.add_argument("--token", default="", help="a producer's, for --into")
    options.add_argument("--pace", type=float, default=60.0, help="of --into")
    options.add_argument("--seconds", type=float, default=240.0, help="of --into")
    options.add_argument("--cards", action="store_true", help="run the rules")
    options.add_argument("--lang", default="en", help="of the sentences")
    options.add_argument("--out", type=Path, help="for the figures")
    given = options.parse_args()
    feed = FEEDS[given.sport]
    if given.cards:
        _cards(feed, given.folder, given.lang, given.out)
        return 0
    if given.into:
        _into(feed, given)
        return 0
    for update in feed.read(given.folder):
        if isinstance(update, Update):
            print(json.dumps(body_of(update, plain=given.plain), ensure_ascii=False))
    return 0


def _into(feed: Feed, given: argparse.Namespace) -> None:
    lines = plan(feed.read(given.folder), given.pace, given.seconds, plain=given.plain)
    schemas = feed.schemas(given.folder)
    figures, cards = asyncio.run(into.run(lines, schemas, given.into, given.token))
    for card in cards:
        is_back = " (taken back)" if card["is_taken_back"] else ""
        print(f"{card['at']} {card['audience'][:3]} {card['rule']:6} {card['text']}{is_back}")
    figures = {"pace": given.pace, **figures}
    print(json.dumps(figures, indent=1), file=sys.stderr)
    if given.out is not None:
        known = json.loads(given.out.read_text("utf-8")) if given.out.exists() else {}
        known[given.sport] = figures
        given.out.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", "utf-8")


def _cards(feed: Feed, folder: Path, lang: str, out: Path | None) -> None:
    report, cards = run(feed.read(folder), feed.schemas(folder))
    for card in cards:
        when = datetime.fromtimestamp(card.at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
        text = sentence(card, lang).text
        print(f"{when} {card.audience[:3]} {card.telling:.2f} {card.rule:6} {text}")
    figures = json.dumps(report.as_json(), indent=1, ensure_ascii=False)
    print(figures, file=sys.stderr)
    if out is not None:
        out.write_text(figures + "\n", "utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
