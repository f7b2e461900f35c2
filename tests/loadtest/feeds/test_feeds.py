"""The readers, on made-up folders that have the traps of the real ones."""

from __future__ import annotations

import gzip
from pathlib import Path

import msgspec
import pytest
from grandstand.api.stat_updates import StatsBody
from grandstand.overlays.card_rules.update import Figure, Item, Start, Update

from loadtest.feeds import athletics, cricket, formula1, own
from loadtest.feeds.__main__ import main
from loadtest.feeds.feed import Feed, body_of, clock_s
from loadtest.feeds.report import run

EXAMPLES = Path(__file__).parent / "examples"
FEEDS = {"athletics": athletics.FEED, "formula1": formula1.FEED, "cricket": cricket.FEED}


def items_of(name: str, folder: Path) -> list[Item]:
    """The feed of an example, which is copied to ``folder``."""
    for path in (EXAMPLES / name).iterdir():
        packed = path.stem == "deliveries"
        data = gzip.compress(path.read_bytes()) if packed else path.read_bytes()
        (folder / (path.name + ".gz" * packed)).write_bytes(data)
    return [*FEEDS[name].read(folder)]


def figures(items: list[Item], label: str) -> list[tuple[str, Figure]]:
    return [
        (item.name, figure)
        for item in items
        if isinstance(item, Update)
        for its, figure in item.values.items()
        if its.startswith(label)
    ]


@pytest.mark.parametrize("name", FEEDS)
def test_a_feed_is_in_the_order_of_time_and_its_bodies_are_what_the_server_takes(
    name: str, tmp_path: Path
) -> None:
    items = items_of(name, tmp_path)
    assert [item.due for item in items] == sorted(item.due for item in items)
    updates = [item for item in items if isinstance(item, Update)]
    for update in updates:
        msgspec.convert(body_of(update, plain=True), StatsBody)
        assert body_of(update)["values"].keys() == update.values.keys()
    assert len(updates) > 3


@pytest.mark.parametrize("name", FEEDS)
def test_all_cards_of_a_feed_say_only_numbers_of_their_own(name: str, tmp_path: Path) -> None:
    feed: Feed = FEEDS[name]
    report, _ = run(items_of(name, tmp_path), feed.schemas(tmp_path))
    assert report.as_json()["unfounded"] == []
    assert report.items > 3


def test_of_athletes_the_runners_come_when_they_finish(tmp_path: Path) -> None:
    items = items_of("athletics", tmp_path)
    start = next(item for item in items if isinstance(item, Start))
    assert (start.label, start.at) == ("100 m W, heat 2", 1_471_007_280_000)  # 13:08 UTC
    run_by = figures(items, "100 m W")
    assert [(name, figure.value) for name, figure in run_by] == [
        ("Ada A", 11.05),
        ("Bo B", 11.2),
        ("Dee D", 11.25),
    ]
    bests = [figure.best for _, figure in run_by]
    assert bests == [10.9, "NR|PB", None], "one set here is no former best, nor has Dee D any"


def test_of_throws_only_what_improves_is_told_in_the_final_not_the_heptathlon(
    tmp_path: Path,
) -> None:
    throws = figures(items_of("athletics", tmp_path), "Shot put W, final")
    assert [(name, figure.value, figure.best) for name, figure in throws] == [
        ("Ada A", 17.5, None),
        ("Ada A", 18.1, "PB"),
    ]


def test_of_races_a_stopped_one_is_no_pit_stop_and_local_times_become_utc(tmp_path: Path) -> None:
    items = items_of("formula1", tmp_path)
    assert [figure.value for _, figure in figures(items, "Pit stop, Ring GP 2011")] == [
        26.898,
        23.1,
    ]
    stop = next(item for item in items if isinstance(item, Update) and "Pit" in str(item.values))
    assert stop.at == 1_301_205_700_000  # 06:01:40 UTC
    assert [figure.value for _, figure in figures(items, "Championship")] == [25, 3]
    assert len(figures(items, "Race")) == 1, "neither the lapped nor the disqualified have a time"


def test_of_qualifying_a_driver_has_a_place_in_the_last_part_alone(tmp_path: Path) -> None:
    items = items_of("formula1", tmp_path)
    parts = {part: figures(items, f"Qualifying, {part} Ring GP 2011") for part in ("Q1", "Q2")}
    assert [(name, figure.rank) for name, figure in parts["Q1"]] == [("Ada A", None), ("Bo B", 2)]
    assert [(name, figure.rank) for name, figure in parts["Q2"]] == [("Ada A", 1)]


def test_of_laps_only_the_fastest_is_told_and_of_stops_nothing(tmp_path: Path) -> None:
    schema = formula1.schemas(EXAMPLES / "formula1")["driver"]
    lap, stop = schema.get("Lap Ring, 2011"), schema.get("Pit stop, Ring GP 2011")
    assert lap is not None
    assert stop is not None
    assert [rule for rule in ("lead", "record", "gap", "rank") if lap.is_told_by(rule)] == [
        "lead",
        "record",
    ]
    assert not stop.is_judged


def test_of_balls_wides_and_run_outs_count_for_whom_they_belong_to(tmp_path: Path) -> None:
    items = items_of("cricket", tmp_path)
    assert [figure.value for _, figure in figures(items, "Team runs, 2008 no. 1")] == [
        0,
        4,
        5,
        6,
        6,
        6,
        6,
        0,
        6,
    ]
    assert [figure.value for _, figure in figures(items, "Overs")][:4] == [
        "0.1",
        "0.1",
        "0.2",
        "0.3",
    ]
    assert ("Bo", Figure(1.0)) in figures(items, "Wickets, ")
    assert len(figures(items, "Wickets, ")) == 1


def test_of_rounds_with_several_matches_each_has_a_label_of_its_own(tmp_path: Path) -> None:
    labels = [
        label
        for item in items_of("cricket", tmp_path)
        if isinstance(item, Update)
        for label in item.values
        if label.startswith("Runs, ")
    ]
    assert [*dict.fromkeys(labels)] == [
        "Runs, 2008 no. 1",
        "Runs, 2008 Semi Final",
        "Runs, 2008 Semi Final 2",
    ]


def test_of_an_own_feed_what_is_broken_is_named_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [
        '{"entity": "athlete:1", "name": "Ada", "at": 1, "values": {"Throw": {"value": 20.5}}}',
        '{"entity": "athlete:2", "name": "Bo", "at": 2, "values": {"Throw": NaN, "Tries": 3}}',
        "not JSON",
        '{"entity": "athlete:3", "name": "Cy"}',
    ]
    (tmp_path / "updates.ndjson").write_text("\n".join(lines))
    schema = '{"athlete": {"values": [{"name": "Throw", "better": "higher"}]}}'
    (tmp_path / "schemas.json").write_text(schema)
    assert [*own.FEED.read(tmp_path)] == [
        Update("athlete:1", "Ada", 1, {"Throw": Figure(20.5)}),
        Update("athlete:2", "Bo", 2, {"Tries": Figure(3)}),
    ]
    assert [*own.FEED.schemas(tmp_path)] == ["athlete"]
    said = capsys.readouterr().err.splitlines()
    assert [line.split()[:2] for line in said] == [["line", "2:"], ["line", "3"], ["line", "4"]]


@pytest.mark.parametrize("sport", [*FEEDS, "own"])
def test_a_folder_that_is_missing_is_said_to_be(
    sport: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["feeds", sport, str(tmp_path / "none")])
    with pytest.raises(SystemExit):
        main()
    assert f"is missing: FOLDER must have the files of {sport}" in capsys.readouterr().err


def test_clocks() -> None:
    assert [clock_s(text) for text in ("9.81", "1:23.4", "2:24:04", "DNF", "")] == [
        9.81, 83.4, 8644, None, None,
    ]  # fmt: skip


def test_the_schemas_that_the_handbook_shows_are_what_a_feed_of_ones_own_takes(
    tmp_path: Path,
) -> None:
    text = (Path(__file__).parents[3] / "docs/producers.md").read_text("utf-8")
    _, _, after = text.partition("### Cards by rule")
    shown = after.partition("```json\n")[2].partition("```")[0]
    (tmp_path / "schemas.json").write_text(shown, "utf-8")
    assert own.schemas(tmp_path)["athlete"].get("Shot put W, final") is not None
