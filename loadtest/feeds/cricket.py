"""Indian Premier League, ball by ball, 2008 to 2023, as a feed (Cricsheet, ODC-BY 1.0).

The source has a match's day and the order of its balls, no clock. A match begins at 14:30 UTC, the
first of two on a day at 10:00; balls come every 35 s, an over's first one 40 s later, and there are
20 minutes between the innings: three hours and a quarter for a full match.

- Wides and no-balls are no legal balls: overs don't count them.
- Who retires hurt is not out; run outs are not the bowler's.
- Byes, wides and penalties are the team's runs, not the batter's.
- Teams are called as in their season: one that was renamed is another one.
- Under rain rules (method D/L) the target isn't the other side's score: to pass that isn't to win.
- Super overs aren't in the source.
"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

from grandstand.domain.schemas import KindSchema, ValueSchema
from grandstand.overlays.card_rules.update import Figure, Item, Update

from loadtest.feeds.feed import Feed, ms, rows

BALL_MS = 35_000
OVER_MS = 40_000
BREAK_MS = 1_200_000
FIRST_OF_TWO = timedelta(hours=10)
EVENING = timedelta(hours=14, minutes=30)
NOT_LEGAL = ("wides", "noballs")
NOT_BOWLED = ("run out", "retired hurt", "retired out", "obstructing the field")
NOT_OUT = "retired hurt"
RECORD = "record:league"
RECORD_NAME = "highest since 2008"

Row = dict[str, str]


def read(folder: Path) -> Iterator[Item]:
    """Yield the feed. Raises OSError where a file is missing."""
    names = {row["player"]: row["name"] for row in rows(folder / "players.csv")}
    matches = {row["match"]: row for row in rows(folder / "matches.csv")}
    on_day: dict[str, int] = defaultdict(int)
    for match in matches.values():
        on_day[match["date"]] += 1
    begun: dict[str, int] = defaultdict(int)
    league = _League(names)
    with gzip.open(folder / "deliveries.csv.gz", "rt", encoding="utf-8", newline="") as file:
        for number, balls in groupby(csv.DictReader(file), lambda row: row["match"]):
            match = matches[number]
            begun[match["date"]] += 1
            is_first = begun[match["date"]] < on_day[match["date"]]
            day = datetime.fromisoformat(match["date"]).replace(tzinfo=UTC)
            starts = ms(day + (FIRST_OF_TWO if is_first else EVENING))
            yield from league.match(match, list(balls), starts)


class _League:
    """What players have reached before: their bests in this feed."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names
        self._bests: dict[str, float] = {}
        self._rounds: dict[str, int] = defaultdict(int)
        self._is_first = True

    def match(self, match: Row, balls: list[Row], starts: int) -> Iterator[Item]:
        """Yield a match, ball by ball."""
        stage = self._stage(match)
        sides = (match["team1"], match["team2"])
        first = match["bats_first"]
        second = sides[1] if first == sides[0] else sides[0]
        runs: dict[str, float] = defaultdict(float)
        wickets: dict[str, float] = defaultdict(float)
        at = starts
        for innings, part in groupby(balls, lambda row: row["innings"]):
            team = first if innings == "1" else second
            yield Update(f"team:{team}", team, at, {f"Team runs, {stage}": Figure(0)})
            total, legal, over = 0, 0, "0"
            for ball in part:
                at += BALL_MS + (OVER_MS if ball["over"] != over else 0)
                over = ball["over"]
                total += int(ball["runs_bat"]) + int(ball["runs_extra"])
                legal += not ball["extras"].startswith(NOT_LEGAL)
                overs = f"{legal // 6}.{legal % 6}"
                values = {f"Team runs, {stage}": Figure(total), "Overs": Figure(overs)}
                yield Update(f"team:{team}", team, at, values)
                batter, bowler = f"batter:{ball['batter']}", f"bowler:{ball['bowler']}"
                if ball["runs_bat"] != "0":
                    runs[batter] += int(ball["runs_bat"])
                    yield self._player(batter, at, f"Runs, {stage}", runs[batter])
                if ball["wicket"] and ball["wicket"] not in NOT_BOWLED:
                    wickets[bowler] += 1
                    yield self._player(bowler, at, f"Wickets, {stage}", wickets[bowler])
            at += BREAK_MS
        if self._is_first:
            yield from self._first_records(runs, wickets, at)
        for player, reached in [*runs.items(), *wickets.items()]:
            self._bests[player] = max(reached, self._bests.get(player, 0))

    def _stage(self, match: Row) -> str:
        """Return what a match is called: by its number, or its round and, of several, which."""
        number = match["number"]
        if number.isdigit():
            return f"{match['season']} no. {number}"
        name = f"{match['season']} {number}"
        self._rounds[name] += 1
        return name if self._rounds[name] == 1 else f"{name} {self._rounds[name]}"

    def _player(self, player: str, at: int, label: str, value: float) -> Update:
        name = self._names[player.partition(":")[2]]
        return Update(player, name, at, {label: Figure(value, best=self._bests.get(player))})

    def _first_records(
        self, runs: dict[str, float], wickets: dict[str, float], at: int
    ) -> Iterator[Item]:
        """Yield the records that the first match leaves; those of teams begin with it, too."""
        self._is_first = False
        values = {"Runs": max(runs.values()), "Wickets": max(wickets.values())}
        figures = {label: Figure(value) for label, value in values.items()}
        yield Update(RECORD, RECORD_NAME, at, figures)


def schemas(_: Path) -> dict[str, KindSchema]:
    """Return the values of teams, batters and bowlers."""
    runs = ValueSchema(
        "Team runs",
        unit="runs",
        names={"zh": "全队得分"},
        better="higher",
        decimals=0,
        step=50,
        improves=True,
        stale=7200,
    )
    batter = ValueSchema(
        "Runs",
        unit="runs",
        names={"zh": "得分"},
        better="higher",
        decimals=0,
        step=50,
        improves=True,
    )
    bowler = ValueSchema(
        "Wickets",
        unit="wickets",
        names={"zh": "三柱门"},
        better="higher",
        decimals=0,
        step=3,
        improves=True,
    )
    return {
        "team": KindSchema([runs, ValueSchema("Overs", type="text")]),
        "batter": KindSchema([batter], records="record"),
        "bowler": KindSchema([bowler], records="record"),
    }


FEED = Feed(read, schemas)
