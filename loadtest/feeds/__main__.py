"""A feed of stats made of published results: as NDJSON, into a room, or through the card rules.

    .venv/bin/python -m loadtest.feeds athletics|formula1|cricket|own FOLDER
    … | curl -T - -H 'Content-Type: application/x-ndjson' -H "Authorization: Bearer $TOKEN" URL
    … --into URL/v1/rooms/ROOM --token TOKEN --pace 60 [--seconds 240] [--out FILE] [--told FILE]
    … --into URL/v1/rooms/ROOM --token TOKEN --whole 2700 [--out FILE] [--told FILE]
    … --cards [--lang zh] [--out FILE]

Without an option it writes one update a line, as ``POST …/stats`` takes them, with the feed's own
times. ``--into`` gives a room the feed's schemas, announces who starts, and sends updates as their
time comes, 60 seconds of the feed in one, with times of now, for four minutes. No silence of the
feed lasts longer than ``--silence``, 5 s, or half an hour of the feed. ``--whole`` chooses the pace
at which the feed takes so many seconds from its first to its last row. It writes the cards that the
room made, for everyone and for followers, and figures as JSON; ``--out`` adds those to a file, by
the sport. ``--told`` writes the cards as NDJSON, each with the numbers in it that the feed doesn't
give. ``--cards`` judges the feed in this process: it writes the sentences of all cards and, as
JSON, how many of which kind.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

from grandstand.overlays.card_rules.update import Update
from grandstand.overlays.sentences.sentence import sentence

from loadtest.feeds import athletics, cricket, formula1, into, own
from loadtest.feeds.feed import Feed, body_of
from loadtest.feeds.report import run
from loadtest.feeds.sending import LONGEST_SILENCE_S, pace_of, plan

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
    options.add_argument("--silence", type=float, default=LONGEST_SILENCE_S, help="s at most")
    options.add_argument("--whole", type=float, metavar="SECONDS", help="in place of both")
    options.add_argument("--told", type=Path, help="for the cards of --into")
    options.add_argument("--cards", action="store_true", help="run the rules")
    options.add_argument("--lang", default="en", help="of the sentences")
    options.add_argument("--out", type=Path, help="for the figures")
    given = options.parse_args()
    try:
        _do(FEEDS[given.sport], given)
    except (FileNotFoundError, NotADirectoryError) as error:
        options.error(f"{error.filename} is missing: FOLDER must have the files of {given.sport}")
    except HTTPError as error:
        options.exit(1, f"{error.url} answers {error.code}: {error.read().decode()[:500]}\n")
    except URLError as error:
        options.exit(1, f"{given.into} can't be reached: {error.reason}\n")
    return 0


def _do(feed: Feed, given: argparse.Namespace) -> None:
    if given.cards:
        _cards(feed, given)
    elif given.into:
        _into(feed, given)
    else:
        for update in feed.read(given.folder):
            if isinstance(update, Update):
                print(json.dumps(body_of(update, plain=given.plain), ensure_ascii=False))


def _into(feed: Feed, given: argparse.Namespace) -> None:
    pace, for_s = given.pace, given.seconds
    if given.whole is not None:
        pace = pace_of(feed.read(given.folder), given.whole, given.silence)
        for_s = math.inf
    items = feed.read(given.folder)
    lines = plan(items, pace, for_s, longest_silence_s=given.silence, plain=given.plain)
    schemas = feed.schemas(given.folder)
    figures, cards = asyncio.run(into.run(lines, schemas, given.into, given.token))
    for card in cards:
        is_back = " (taken back)" if card["is_taken_back"] else ""
        print(f"{card['at']} {card['audience'][:3]} {card['rule']:6} {card['text']}{is_back}")
    figures = {"pace": round(pace, 1), **figures}
    if given.told is not None:
        told = (json.dumps(card, ensure_ascii=False) + "\n" for card in cards)
        given.told.write_text("".join(told), "utf-8")
    print(json.dumps(figures, indent=1), file=sys.stderr)
    _keep(figures, given)


def _cards(feed: Feed, given: argparse.Namespace) -> None:
    report, cards = run(feed.read(given.folder), feed.schemas(given.folder))
    for card in cards:
        when = datetime.fromtimestamp(card.at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
        text = sentence(card, given.lang).text
        print(f"{when} {card.audience[:3]} {card.telling:.2f} {card.rule:6} {text}")
    figures = report.as_json()
    print(json.dumps(figures, indent=1, ensure_ascii=False), file=sys.stderr)
    _keep(figures, given)


def _keep(figures: dict[str, Any], given: argparse.Namespace) -> None:
    """Add figures to the file that holds those of all sports, if one is named."""
    if given.out is not None:
        known = json.loads(given.out.read_text("utf-8")) if given.out.exists() else {}
        known[given.sport] = figures
        given.out.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
