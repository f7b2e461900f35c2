"""Send a feed into a room, faster than it was, as its time comes."""

from __future__ import annotations

import sys
import time
import urllib.error
from collections import Counter
from collections.abc import Iterable
from itertools import groupby

from grandstand.overlays.card_rules.update import Update

from loadtest.calls import call
from loadtest.feeds.feed import body_of

LONGEST_SILENCE_S = 5.0
"""Nights are cut short."""


def send(
    updates: Iterable[Update], room: str, token: str, *, pace: float, plain: bool = False
) -> Counter[str]:
    """POST updates to the room with this URL, ``pace`` seconds of the feed in one; return what
    became of them.

    What belongs to one instant goes one after the other, with that moment's ``at``. Raises
    HTTPError if the server refuses one.
    """
    now, before, fates = time.time(), None, Counter[str]()
    for at, instant in groupby(updates, lambda update: update.at):
        if before is not None:
            now += min((at - before) / 1000 / pace, LONGEST_SILENCE_S)
        before = at
        time.sleep(max(0.0, now - time.time()))
        for update in instant:
            body = {**body_of(update, plain=plain), "at": round(now * 1000)}
            try:
                answer = call(room, token, "POST", "/stats", body)
            except urllib.error.HTTPError as refused:
                print(refused.read().decode(), file=sys.stderr)
                raise
            fates.update(each["status"] for each in answer["stats"])
    return fates
