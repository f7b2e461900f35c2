"""Formula 1, seasons 2011 to 2023, as a feed (TracingInsights/RaceData, CC0).

Qualifying is told at the end of each of its three parts, one result list at a time. The place that
a driver qualifies in stands in the last part that the driver takes part in. A race is told as it
goes on: pit stops at their time of day, a driver's fastest lap about when it was driven, finishers
when they finish, the season's points five minutes after the winner.

What rules may say is what a commentator would: of laps who has the fastest, of pit stops nothing,
since the time in the lane is no contest. Who has no points yet has no place in the championship.

- There are no laps, so no order lap by lap.
- Races begin in UTC and pit stops have the time of day at the circuit: the difference is the full
  half hour that puts the first stop at its lap.
- Pit stops of more than a minute are stopped races and are left out.
- Where the hour of qualifying isn't known, it is that of the race, a day before.
- Lapped finishers have no time; they take part in the points alone. Who was disqualified has a time
  and no position, and is left out.
- A circuit's lap record is the fastest lap of a race in this feed, since 2011; a circuit that was
  rebuilt goes on under its name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from grandstand.domain.schemas import KindSchema, Stage, ValueSchema
from grandstand.overlays.card_rules.update import Figure, Item, Update

from loadtest.feeds.feed import Feed, clock_s, ms, rows

NONE = r"\N"
LONGEST_STOP_S = 60.0
LAP_S = 95.0
HALF_HOUR_MS = 1_800_000
POINTS_AFTER_MS = 300_000
PARTS = {"q1": 18, "q2": 40, "q3": 60}
"""Minutes from the beginning of qualifying to the end of each part."""

STAGES = {"Q1": Stage(0.6), "Q2": Stage(0.7), "Q3": Stage(1.0)}
"""The least at which the followers of the last one in the first part still hear the result."""

RECORD = "record:lap"

Row = dict[str, str]


def _by_race(path: Path) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows(path):
        found[row["raceId"]].append(row)
    return found


def read(folder: Path) -> Iterator[Item]:
    """Yield the feed. Raises OSError where a file is missing."""
    drivers = {
        row["driverId"]: f"{row['forename']} {row['surname']}"
        for row in rows(folder / "drivers.csv")
    }
    places = {row["circuitId"]: row["circuitRef"] for row in rows(folder / "circuits.csv")}
    tables = [_by_race(folder / f"{name}.csv") for name in ("results", "qualifying", "pit_stops")]
    sprints = _by_race(folder / "sprint_results.csv")
    points: dict[str, float] = defaultdict(float)
    year, known = "", set[str]()
    for race in sorted(rows(folder / "races.csv"), key=lambda row: (row["date"], row["time"])):
        if race["year"] != year:
            year = race["year"]
            points.clear()
        number = race["raceId"]
        results, qualifying, stops = (table[number] for table in tables)
        weekend = _Weekend(race, places[race["circuitId"]], drivers)
        for row in [*results, *sprints[number]]:
            points[row["driverId"]] += float(row["points"])
        items = [
            *weekend.qualifying(qualifying),
            *weekend.stops(stops),
            *weekend.race(results),
            *weekend.points(points, results),
        ]
        if results and weekend.lap not in known:
            known.add(weekend.lap)
            items += weekend.first_record(results)
        yield from sorted(items, key=lambda item: item.due)


class _Weekend:
    """One race and its qualifying."""

    def __init__(self, race: Row, circuit: str, drivers: Mapping[str, str]) -> None:
        self._drivers = drivers
        self._stage = f"{race['name'].replace('Grand Prix', 'GP')} {race['year']}"
        self._starts = _moment(race["date"], race["time"])
        hour = race["quali_time"] if race["quali_time"] != NONE else race["time"]
        day = race["quali_date"]
        before = self._starts - timedelta(days=1)
        self._qualifies = _moment(day if day != NONE else before.date().isoformat(), hour)
        self._year = race["year"]
        self.lap = lap_of(circuit)

    def _update(self, driver: str, at: int, label: str, value: float, **more: int | None) -> Update:
        figure = Figure(value, rank=more.get("rank"))
        return Update(f"driver:{driver}", self._drivers[driver], at, {label: figure})

    def qualifying(self, qualifying: list[Row]) -> Iterator[Item]:
        """Yield the result lists of the three parts."""
        for part, minutes in PARTS.items():
            at = ms(self._qualifies) + minutes * 60_000
            for row in qualifying:
                value = clock_s(row[part])
                if value is not None:
                    label = f"Qualifying, {part.upper()} {self._stage}"
                    rank = int(row["position"]) if part == _last_part(row) else None
                    yield self._update(row["driverId"], at, label, value, rank=rank)

    def stops(self, stops: list[Row]) -> Iterator[Item]:
        """Yield each driver's stops."""
        away_ms = self._local_less_utc(stops)
        for row in stops:
            value = int(row["milliseconds"]) / 1000
            if value <= LONGEST_STOP_S:
                at = self._of_day(row) - away_ms
                yield self._update(row["driverId"], at, f"Pit stop, {self._stage}", value)

    def _of_day(self, stop: Row) -> int:
        return ms(_moment(self._starts.date().isoformat(), stop["time"]))

    def _local_less_utc(self, stops: list[Row]) -> int:
        if not stops:
            return 0
        first = min(stops, key=lambda row: int(row["lap"]))
        after_ms = self._of_day(first) - round(int(first["lap"]) * LAP_S * 1000)
        return round((after_ms - ms(self._starts)) / HALF_HOUR_MS) * HALF_HOUR_MS

    def race(self, results: list[Row]) -> Iterator[Item]:
        """Yield fastest laps and finishers."""
        starts = ms(self._starts)
        for row in results:
            if row["milliseconds"] != NONE and row["position"] != NONE:
                took_ms = int(row["milliseconds"])
                label, value = f"Race, {self._stage}", took_ms / 1000
                rank = int(row["positionOrder"])
                yield self._update(row["driverId"], starts + took_ms, label, value, rank=rank)
            lap = clock_s(row["fastestLapTime"])
            if lap is not None:
                at = starts + round(int(row["fastestLap"]) * lap * 1000 * 1.03)
                yield self._update(row["driverId"], at, f"{self.lap}, {self._year}", lap)

    def points(self, points: Mapping[str, float], results: list[Row]) -> Iterator[Item]:
        """Yield the season's points of all who took part and have some."""
        won = [int(row["milliseconds"]) for row in results if row["milliseconds"] != NONE]
        at = ms(self._starts) + min(won, default=7_200_000) + POINTS_AFTER_MS
        for row in results:
            driver = row["driverId"]
            if points[driver]:
                yield self._update(driver, at, f"Championship, {self._year}", points[driver])

    def first_record(self, results: list[Row]) -> Iterator[Item]:
        """Yield the record that a circuit's first race leaves, a day later."""
        laps = [lap for row in results if (lap := clock_s(row["fastestLapTime"])) is not None]
        if laps:
            at = ms(self._starts) + 20_000_000
            yield Update(RECORD, "race lap record since 2011", at, {self.lap: Figure(min(laps))})


def _last_part(row: Row) -> str:
    return max(part for part in PARTS if clock_s(row[part]) is not None)


def lap_of(circuit: str) -> str:
    """Return the name of a circuit's laps."""
    return f"Lap {circuit.replace('_', ' ').title()}"[:33]


def _moment(day: str, time: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=UTC)


def schemas(folder: Path) -> dict[str, KindSchema]:
    """Return the values of drivers: a lap for each circuit of the folder."""
    times = [
        ValueSchema(
            label,
            unit="s",
            names={"zh": chinese},
            better="lower",
            decimals=3,
            close=close,
            improves=True,
        )
        for label, chinese, close in (("Qualifying", "排位赛", 0.01), ("Race", "正赛", 1.0))
    ]
    stops = ValueSchema("Pit stop", unit="s", names={"zh": "进站"}, decimals=3)
    points = ValueSchema(
        "Championship",
        unit="points",
        names={"zh": "年度积分"},
        better="higher",
        close=1,
        improves=True,
    )
    laps = [
        ValueSchema(
            lap_of(row["circuitRef"]),
            unit="s",
            better="lower",
            decimals=3,
            improves=True,
            rules=["record", "lead"],
        )
        for row in rows(folder / "circuits.csv")
    ]
    values = [*times, points, stops, *laps]
    return {"driver": KindSchema(values, records="record", stages=STAGES)}


FEED = Feed(read, schemas)
