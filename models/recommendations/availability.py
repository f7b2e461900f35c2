"""Whether who follows an athlete is told of the final in time, over a real schedule.

Each event of the Winter Games' schedule is a room from its begin to its end. The schedule names no
athletes and no audiences, so both are made up, from a seed: ten athletes a contest, who are in all
of its rounds; sports and finals that draw unequal audiences; and people who follow some athletes of
some sports. A board is made each minute, as it would be each second.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence

from grandstand.recommendations.alikeness import Alikeness
from grandstand.recommendations.board import Board, LiveRoom, Pick

from models.recommendations.sets import Event

ATHLETES = 10
PEOPLE = 5000
LIMIT = 5
MINUTE_S = 60
SEED = 1
FINAL_DRAWS = 4
"""A final has so many times the viewers of another event of its sport."""


def availability(events: Sequence[Event]) -> dict[str, int]:
    """Return how soon a follower of each contest's athlete is told of its final, and how often this
    follower, and everybody, is told of an event that few know where there is one."""
    chance = random.Random(SEED)
    sports = sorted({each.sport for each in events})
    draws = {sport: 1000 * chance.paretovariate(0.8) for sport in sports}
    alikeness = Alikeness.of(people(events, draws, chance))
    delays: dict[str, int] = {}
    counted: Counter[str] = Counter()
    for now_s in range(events[0].begin_s, events[-1].end_s, MINUTE_S):
        live = [each for each in events if each.begin_s <= now_s < each.end_s]
        rooms = [room(each, draws[each.sport]) for each in live]
        board, few = Board(alikeness, rooms), lesser_known(rooms)
        counted["minutes_with_a_lesser_known_event"] += bool(few)
        counted["of_these_everybody_is_told"] += bool(few & told(board.picks((), LIMIT)))
        for each in (each for each in live if each.is_final):
            picks = board.picks((athlete(each.contest, 1),), LIMIT)
            if each.id in told(picks):
                delays.setdefault(each.id, now_s - each.begin_s)
            counted["minutes_of_finals"] += 1
            counted["of_these_the_final_comes_first"] += picks[0].room.room == each.id
            counted["minutes_of_finals_with_another_lesser_known_event"] += bool(few - {each.id})
            counted["of_these_the_follower_is_told"] += bool((few - {each.id}) & told(picks))
    return {
        "events": len(events),
        "finals": sum(each.is_final for each in events),
        "finals_told": len(delays),
        "told_after_s_most": max(delays.values()),
        **counted,
    }


def told(picks: Sequence[Pick]) -> set[str]:
    """Return the ids of the rooms that were picked."""
    return {pick.room.room for pick in picks}


def athlete(contest: str, number: int) -> str:
    """Return the id of a contest's athlete."""
    return f"athlete:{contest}-{number}"


def room(event: Event, draw: float) -> LiveRoom:
    """Return an event's room while it is live."""
    athletes = [athlete(event.contest, number) for number in range(ATHLETES)]
    viewers = round(draw * (FINAL_DRAWS if event.is_final else 1))
    return LiveRoom(event.id, viewers, (f"sport:{event.sport}", *athletes))


def people(
    events: Sequence[Event], draws: dict[str, float], chance: random.Random
) -> Iterator[list[str]]:
    """Yield what made-up people follow: one to three sports, and athletes of their contests."""
    contests: dict[str, list[str]] = {}
    for each in events:
        if each.contest not in contests.setdefault(each.sport, []):
            contests[each.sport].append(each.contest)
    sports = sorted(contests)
    for _ in range(PEOPLE):
        liked = chance.choices(sports, [draws[sport] for sport in sports], k=chance.randint(1, 3))
        follows = [f"sport:{sport}" for sport in liked]
        for sport in liked:
            follows += [
                athlete(chance.choice(contests[sport]), chance.randrange(ATHLETES))
                for _ in range(chance.randint(0, 4))
            ]
        yield follows


def lesser_known(rooms: Sequence[LiveRoom]) -> set[str]:
    """Return the rooms beside the most watched that have half of all viewers, if they have less
    than a quarter of the first one's."""
    ordered = sorted(rooms, key=lambda each: (-each.viewers, each.room))
    half, before, found = sum(each.viewers for each in rooms) / 2, 0, set()
    for each in ordered:
        if before >= half and each.viewers * 4 < ordered[0].viewers:
            found.add(each.room)
        before += each.viewers
    return found
