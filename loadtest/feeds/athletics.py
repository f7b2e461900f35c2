"""Athletics at the Olympic Games of Rio 2016, as a feed (openath/athlib, ODbL, Tilastopaja Oy).

Every event begins when the schedule says; its source has no clock within an event, so attempts are
spaced by a minute, as on a field of this size, and heats as schedules of that day space them. Who
runs is told when they arrive: at the start plus their time.

- Sessions' names in the schedule are often wrong; only dates and times are used.
- Disciplines of a combined event are published as finals of their own: an event with more athletes
  than a final holds (16) is one, where the schedule of the day has such a line.
- DNF, DNS, DQ, NM and NH are no marks and take no part. Passes and fouls are no marks either.
- Marks with more than 2.0 m/s of wind are no bests and no records.
- Personal bests are those of the entry lists, which were written afterwards: one that was set here
  is left out, so what the athlete had before is not known. Where the results
  name a best or a record themselves (``NR|PB``), the feed says it in their words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Literal

from grandstand.domain.schemas import KindSchema, Stage, ValueSchema
from grandstand.overlays.card_rules.update import Figure, Item, Start, Update

from loadtest.feeds.feed import Feed, clock_s, ms, rows

RIO = timezone(timedelta(hours=-3))
ATTEMPT_MS = 60_000
MOST_IN_A_FINAL = 16
WIND_AT_MOST = 2.0  # m/s, World Athletics rule 31.17

FIELD = ("SP", "DT", "HT", "JT", "LJ", "TJ", "HJ", "PV")
HEIGHTS = ("HJ", "PV")
DISCIPLINES: Mapping[str, tuple[str, str, float]] = {
    "100": ("100 m", "100米", 8),
    "200": ("200 m", "200米", 8),
    "400": ("400 m", "400米", 7),
    "800": ("800 m", "800米", 8),
    "1500": ("1500 m", "1500米", 12),
    "5000": ("5000 m", "5000米", 25),
    "10000": ("10,000 m", "10000米", 40),
    "100H": ("100 m hurdles", "100米栏", 8),
    "110H": ("110 m hurdles", "110米栏", 8),
    "400H": ("400 m hurdles", "400米栏", 8),
    "3000SC": ("3000 m steeplechase", "3000米障碍", 16),
    "20KW": ("20 km walk", "20公里竞走", 0),
    "MAR": ("Marathon", "马拉松", 0),
    "SP": ("Shot put", "铅球", 0),
    "DT": ("Discus", "铁饼", 0),
    "HT": ("Hammer", "链球", 0),
    "JT": ("Javelin", "标枪", 0),
    "LJ": ("Long jump", "跳远", 0),
    "TJ": ("Triple jump", "三级跳远", 0),
    "HJ": ("High jump", "跳高", 0),
    "PV": ("Pole vault", "撑竿跳高", 0),
    "HEP": ("Heptathlon", "七项全能", 0),
}
"""The name in English and Chinese, and minutes between two heats."""

SCHEDULE_CODES = {"20KW": "20W", "3000SC": "3000S", "MAR": "Mar"}
ROUNDS = {
    "PRELIM": ("Preliminary Round", "Qualification"),
    "HEAT": ("Heats",),
    "SEMI": ("Semi-Final",),
    "FINAL": ("Final",),
}
STAGES = {
    ("PRELIM", True): "qualification",
    ("PRELIM", False): "preliminary",
    ("HEAT", False): "heat",
    ("SEMI", False): "semifinal",
    ("FINAL", True): "final",
    ("FINAL", False): "final",
}
COMBINED = ("Heptathlon", "Decathlon")
MARKS: dict[str, Literal["record", "best", "season"]] = {
    "WR": "record",
    "OR": "record",
    "AR": "best",
    "NR": "best",
    "PB": "best",
    "SB": "season",
}
"""A country's record is a best of one athlete to those of other countries."""


def schemas(_folder: Path) -> dict[str, KindSchema]:
    """Return the values of athletes: each discipline, of women and of men."""
    values = []
    for code, (name, chinese, _) in DISCIPLINES.items():
        is_race = code not in FIELD and code != "HEP"
        for gender, word in (("M", "男子"), ("W", "女子")):
            values.append(
                ValueSchema(
                    f"{name} {gender}",
                    names={"zh": word + chinese},
                    unit="s" if is_race else "points" if code == "HEP" else "m",
                    better="lower" if is_race else "higher",
                    decimals=0 if code in ("20KW", "MAR", "HEP") else 2,
                    close=0 if code in HEIGHTS else 0.02 if is_race else 0.05,
                    improves=True,
                )
            )
    stages = {
        "final": Stage(1.0, {"zh": "决赛"}),
        "semifinal": Stage(0.7, {"zh": "半决赛"}),
        "heat": Stage(0.5, {"zh": "预赛"}),
        "qualification": Stage(0.5, {"zh": "资格赛"}),
        "preliminary": Stage(0.3, {"zh": "预选赛"}),
        "heptathlon": Stage(0.5, {"zh": "七项全能"}),
        "decathlon": Stage(0.5, {"zh": "十项全能"}),
    }
    return {"athlete": KindSchema(values, marks=MARKS, stages=stages)}


@dataclass(slots=True)
class _Event:
    """One heat, or one final: the rows of its results, and of its attempts by athlete."""

    code: str
    gender: str
    stage: str
    starts: int
    results: list[dict[str, str]]
    attempts: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return f"{DISCIPLINES[self.code][0]} {self.gender}, {self.stage}"


Bests = Mapping[tuple[str, str, str], float]
"""Personal bests by gender, code and athlete."""


def read(folder: Path) -> Iterator[Item]:
    """Yield the feed. Raises OSError where a file is missing."""
    bests = _bests(folder)
    items: list[Item] = []
    for event in _events(folder):
        items.append(_start(event, bests))
        items += _field(event, bests) if event.attempts else _race(event, bests)
    yield from sorted(items, key=lambda item: item.due)


def _bests(folder: Path) -> Bests:
    """Return the personal bests of the entry lists but for those that were set here: the lists were
    written afterwards."""
    ours = {theirs: code for code, theirs in SCHEDULE_CODES.items()}
    here = {
        (row["gender"], row["code"], row["athlete"], clock_s(row["performance"]))
        for row in rows(folder / "results.csv")
    }
    found: dict[tuple[str, str, str], float] = {}
    for row in rows(folder / "entries.csv"):
        key = (row["gender"], ours.get(row["event"], row["event"]), row["athlete"])
        best = clock_s(row["personal_best"])
        if best is not None and (*key, best) not in here:
            found[key] = best
    return found


def _events(folder: Path) -> Iterator[_Event]:
    schedule: dict[tuple[str, str, str], list[tuple[str, datetime]]] = defaultdict(list)
    for row in rows(folder / "schedule.csv"):
        moment = datetime.strptime(f"{row['date']} {row['time_local']}", "%d %B %Y %H:%M")
        key = (moment.date().isoformat(), row["gender"], row["code"])
        schedule[key].append((row["round"], moment.replace(tzinfo=RIO)))
    results: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows(folder / "results.csv"):
        results[row["event"]].append(row)
    attempts: dict[str, dict[str, list[dict[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for row in rows(folder / "attempts.csv"):
        if row["kind"] != "combined":
            attempts[row["event"]][row["athlete"]].append(row)
    for number, found in results.items():
        event = _event(found, schedule)
        if event is not None:
            event.attempts = dict(attempts[number])
            yield event


def _event(
    results: list[dict[str, str]],
    schedule: Mapping[tuple[str, str, str], list[tuple[str, datetime]]],
) -> _Event | None:
    """Find an event's time. None for one that the schedule of the day doesn't have, or that has no
    results but a rank (relays, and finals of later days)."""
    first = results[0]
    code, gender = first["code"], first["gender"]
    if code not in DISCIPLINES:
        return None
    heat = int("0" + "".join(each for each in first["heat"] if each.isdigit()))
    lines = schedule.get((first["date"], gender, SCHEDULE_CODES.get(code, code)), [])
    if code == "HEP":
        lines = schedule.get((first["date"], gender, "800"), [])
        starts = next(moment for name, moment in lines if name.startswith(COMBINED))
        return _Event(code, gender, "final", ms(starts) + 600_000, results)
    combined = [line for line in lines if line[0].startswith(COMBINED)]
    plain = [line for line in lines if line[0].startswith(ROUNDS[first["round"]])]
    if combined and (not plain or (first["round"] == "FINAL" and len(results) > MOST_IN_A_FINAL)):
        lines, stage = combined, combined[0][0].split()[0].lower()
    else:
        lines, stage = plain, STAGES[first["round"], code in FIELD]
    if not lines:
        return None
    apart_ms = round(DISCIPLINES[code][2] * 60_000) * max(0, heat - 1)
    return _Event(
        code, gender, f"{stage} {heat}" if heat else stage, ms(lines[0][1]) + apart_ms, results
    )


def _start(event: _Event, bests: Bests) -> Start:
    names = {_entity(row): row["athlete_name"] for row in event.results}
    known = {
        _entity(row): best
        for row in event.results
        if (best := bests.get((event.gender, event.code, row["athlete"])))
    }
    return Start(event.starts, event.label, names, known)


def _race(event: _Event, bests: Bests) -> Iterator[Item]:
    for row in event.results:
        value = clock_s(row["performance"])
        if value is None:
            continue
        after_ms = 0 if event.code == "HEP" else round(value * 1000)
        best = _best(row, bests.get((event.gender, event.code, row["athlete"])), row["wind"])
        rank = int(row["rank"]) if row["rank"] else None
        figure = Figure(value, rank=rank, best=best)
        yield _update(row, event.starts + after_ms, event.label, figure)


def _field(event: _Event, bests: Bests) -> Iterator[Item]:
    """Round by round (of heights: height by height) in the order of the results, reversed: the
    best are called last."""
    tries: list[tuple[float, int, dict[str, str], float | None, str]] = []
    for place, row in enumerate(reversed(event.results)):
        for one in event.attempts.get(row["athlete"], []):
            is_height = one["kind"] == "height"
            text = one["height_or_event"] if is_height else one["performance"]
            mark = clock_s(text) if not is_height or one["performance"].endswith("O") else None
            turn = clock_s(one["height_or_event"]) if is_height else float(one["order"])
            tries.append((turn or 0.0, place, row, mark, one["wind"]))
    tries.sort(key=lambda each: each[:2])
    best_here: dict[str, float] = {}
    for number, (_, _, row, mark, wind) in enumerate(tries):
        athlete = row["athlete"]
        if mark is None or mark <= best_here.get(athlete, 0.0):
            continue
        before = bests.get((event.gender, event.code, athlete))
        if before is not None:
            before = max(before, best_here.get(athlete, 0.0))
        best_here[athlete] = mark
        is_final_mark = mark == clock_s(row["performance"])
        best = _best(row if is_final_mark else {"records": ""}, before, wind)
        at = event.starts + (number + 1) * ATTEMPT_MS
        yield _update(row, at, event.label, Figure(mark, best=best))


def _best(row: Mapping[str, str], before: float | None, wind: str) -> float | str | None:
    """Return what the results say of a mark, else what the athlete had reached before."""
    marks = row["records"]
    if any(mark in marks.split("|") for mark in MARKS):
        return marks
    return None if wind and float(wind) > WIND_AT_MOST else before


def _entity(row: Mapping[str, str]) -> str:
    return f"athlete:{row['athlete']}"


def _update(row: Mapping[str, str], at: int, label: str, figure: Figure) -> Update:
    return Update(_entity(row), row["athlete_name"], at, {label: figure})


FEED = Feed(read, schemas)
