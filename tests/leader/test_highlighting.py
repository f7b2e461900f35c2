"""What an audience stirs at is told once, whoever leads the room, and what it said is told no more
than that."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Sequence
from uuid import uuid4

import pytest
import pytest_asyncio
from grandstand.domain.entities import EntityUpdate, Measured
from grandstand.domain.envelope import Commit
from grandstand.domain.erasure_events import CommentsErased
from grandstand.domain.events import (
    CommentEvent,
    HighlightDeleted,
    HighlightFound,
    Retracted,
    Sanctioned,
    SettingsPut,
    StatsGiven,
)
from grandstand.leader import audience_count, commits, highlighting, supervisor, told_highlights
from grandstand.leader import room as rooms
from grandstand.leader.highlighting import Highlighting
from grandstand.leader.supervisor import RoomSupervisor
from grandstand.overlays.highlights import HighlightFinder, Said
from grandstand.store import keys
from grandstand.store.errors import ConflictError
from grandstand.store.ingest import CommentRate, Item
from grandstand.store.job_cursors import JobCursors
from grandstand.wire.codec import decode_frame
from grandstand.wire.messages import Overlay

from tests.edge.harness import Harness
from tests.moderation.rules import RULES
from tests.overlays.chats import cheer, murmur, raid
from tests.sequencer.harness import Sequenced
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

VANDALS = 40
BEFORE_S = 240
"""Of even chat: from 180 s on the usual is known."""


class Show(Sequenced):
    """A room with a clock that the test moves, and the sequencer's ticks by hand."""

    def __init__(self, sequenced: Sequenced) -> None:
        super().__init__(sequenced.hand)
        self.now_ms = 1_000_000_000_000.0
        self.begin_ms = int(self.now_ms)
        self.job = Highlighting(self.metrics, RULES.is_bad_word)
        self.ids: dict[str, str] = {}
        """Author and text of what was said, by comment."""

    async def lead(self, *jobs: Highlighting) -> None:
        """Lead the room, from the next tick on."""
        await self.stop()
        self.work = RoomSupervisor(self.live.room, self.node.store, self.metrics, jobs)
        await self.work._sequencer._load()
        await until(lambda: all(each.at for each in self.work._cursors.values()))

    async def stop(self) -> None:
        if hasattr(self, "work"):
            await self.work.end()

    async def tick(self, said: Sequence[Said] = (), ms: int = 1000) -> None:
        """Let time pass, then commit what was said; the job has done with it afterwards."""
        self.now_ms += ms
        made = [
            CommentEvent(
                each.user,
                each.name or each.user,
                self.begin_ms + each.at,
                each.text,
                each.weight,
                0.0,
                0.0,
                zlib.crc32(each.text.encode()),
            )
            for each in said
        ]
        for comment, event in zip(await self.append(*made), made, strict=True):
            self.ids[comment] = f"{event.user}: {event.text}"
        await self.work._sequencer._tick()
        await until(lambda: not self.work.is_behind)

    async def play(self, chat: Sequence[Said], until_s: int, behind_s: int = 0) -> None:
        """A tick a second, up to that second of the show; viewers are that far behind."""
        waiting = sorted(each for each in chat if each.at >= (self.at_s - behind_s) * 1000)
        while self.at_s < until_s:
            end = (self.at_s + 1 - behind_s) * 1000
            now = [each for each in waiting if each.at < end]
            waiting = waiting[len(now) :]
            await self.tick(now)

    @property
    def at_s(self) -> int:
        return int(self.now_ms - self.begin_ms) // 1000

    def told(self) -> list[Overlay]:
        """The versions of overlays that viewers were told."""
        frames = (decode_frame(each) for commit in self.listener.commits for each in commit.frames)
        return [overlay for frame in frames for overlay in frame.overlays or ()]

    async def warm(self) -> None:
        """Have a past of even chat, in one commit, before the job is there."""
        await self.lead()
        self.now_ms += BEFORE_S * 1000
        await self.tick(murmur(1, BEFORE_S))
        await self.lead(self.job)


@pytest_asyncio.fixture(loop_scope="module")
async def show(node: Harness, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Show]:
    monkeypatch.setattr(supervisor, "PAUSE_S", 0.01)
    monkeypatch.setattr(highlighting, "MOVE_MS", 0)
    monkeypatch.setattr(commits, "REST_S", 10**6)
    made = Show(Sequenced(await node.by_hand()))
    append, real_ms = node.store.ingest.append, node.store.now_ms

    async def append_now(room: str, items: Sequence[Item], rate: CommentRate, _: float) -> object:
        return await append(room, items, rate, real_ms())  # the store's own clock doesn't move

    with monkeypatch.context() as patch:
        patch.setattr(node.store.ingest, "append", append_now)
        patch.setattr(node.store, "now_ms", lambda: made.now_ms)
        await made.warm()
        yield made
        await made.stop()


async def nothing(room: rooms.LeaderRoom, seq: int, count: int) -> list[Commit]:
    """What a job gets of commits that are gone."""
    return []


def stirred(begin_s: int, seconds: int = 60) -> list[Said]:
    """A cheer in an even chat, in which viewers name one of them, and curse."""
    chat = [each for each in murmur(2, begin_s + seconds) if each.at >= BEFORE_S * 1000]
    fans = cheer(3, begin_s, 80)
    texts = ["Ludmila GOAL", "fucking GOAL"] * 20  # long ones that are alike would count as one
    names = [
        fan._replace(text=text, user=f"{fan.user}x") for fan, text in zip(fans, texts, strict=False)
    ]
    spoke = Said((begin_s - 2) * 1000, "u77", "hello", name="Ludmila")
    return [*chat, spoke, *fans, *names]


async def test_a_cheer_is_told_at_its_moment_and_when_it_is_over(show: Show) -> None:
    begin_s = show.at_s + 5
    await show.play(stirred(begin_s), begin_s + 60)
    await until(lambda: len(show.told()) >= 2)
    first, last = show.told()
    assert first.kind == "highlight"
    assert first.id == last.id
    assert 0 <= first.at - (show.begin_ms + begin_s * 1000) <= 8000
    assert first.data["until"] == first.data["noticed"] == first.at < last.at == last.data["until"]
    assert last.data["strength"] > 3
    words = {word.lower() for word in last.data["words"]}
    assert "goal" in words
    assert words.isdisjoint({"ludmila", "fucking"})
    assert 1 <= len(last.data["comments"]) <= 5
    assert show.ids[last.data["comments"][0]].startswith("fan")

    store, room = show.node.store.highlights, show.live.room
    await show.tick()
    (kept,) = await store.between(room, 0, 2**53)
    assert (kept.id, kept.until) == (last.id, last.at)
    heat = await store.heat(room, 0, 2**53)
    seconds = list(heat)
    assert seconds == list(range(seconds[0], seconds[-1] + 1000, 1000))
    assert max(heat.values()) > 3
    await show.node.store.highlights.keep(room, 0, b"", {}, [], int(show.now_ms) + 60_000)
    assert await store.between(room, 0, 2**53) == []
    assert await store.heat(room, 0, 2**53) == {}


@pytest.mark.parametrize("how", ["by a commit", "from a leader before", "in commits that are gone"])
async def test_names_of_the_rooms_entities_are_public(
    show: Show, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "from a leader before":
        await show.stop()
        await show.lead()
    named = EntityUpdate("athlete:1", "Ludmila Orlova", show.begin_ms, {"Rank": Measured(1, 1)})
    await show.append(StatsGiven(uuid4().hex, [], [named]))
    with monkeypatch.context() as patch:
        if how == "in commits that are gone":
            patch.setattr(rooms.LeaderRoom, "commits_after", nothing)
        await show.tick()
    if how == "from a leader before":
        await show.lead(show.job)
    begin_s = show.at_s + 5
    await show.play(stirred(begin_s), begin_s + 60)
    await until(lambda: len(show.told()) >= 2)
    assert {"Ludmila", "GOAL"} <= {*show.told()[-1].data["words"]}


async def test_viewers_far_behind_stir_at_their_own_picture(show: Show) -> None:
    behind_s = 25
    begin_s = show.at_s + 5
    await show.play(stirred(begin_s), begin_s + 40 + behind_s, behind_s)
    await until(lambda: show.told())
    assert 0 <= show.told()[0].at - (show.begin_ms + begin_s * 1000) <= 12_000


@pytest.mark.parametrize("when", ["noticed", "over"])
async def test_who_takes_over_tells_each_once(
    show: Show, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    begin_s = show.at_s + 5
    chat = stirred(begin_s)
    moved, cuts = JobCursors.advance, 0

    async def dies(self: JobCursors, *given: object) -> None:
        nonlocal cuts
        found = given[4] if len(given) > 4 else ()
        if found and not cuts and (b"until" in bytes(found[0])) and len(told) == wanted:  # type: ignore[index]
            cuts += 1
            raise ConflictError("killed here: kept, and not moved")
        await moved(self, *given)  # type: ignore[arg-type]

    told, wanted = show.told(), 0 if when == "noticed" else 1
    monkeypatch.setattr(JobCursors, "advance", dies)
    for second in range(show.at_s, begin_s + 60, 3):
        told = show.told()
        await show.play(chat, second)
        if second % 9 == 0:
            await show.lead(show.job)
    assert cuts == 1
    await until(lambda: len(show.told()) >= 2)
    first, last = show.told()
    assert first.id == last.id
    assert first.at < last.at


async def test_what_is_taken_back_leaves_the_samples(show: Show) -> None:
    begin_s = show.at_s + 5
    await show.play(stirred(begin_s), begin_s + 60)
    await until(lambda: len(show.told()) >= 2)
    gone, *left = show.told()[-1].data["comments"]
    await show.append(Retracted(uuid4().hex, gone, "fan1"))
    await show.tick()
    await show.tick()
    await until(lambda: len(show.told()) >= 3)
    assert show.told()[-1].data["comments"] == left
    (kept,) = await show.node.store.highlights.between(show.live.room, 0, 2**53)
    assert kept.comments == left


async def test_of_many_taken_back_at_once_no_sample_is_left(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(told_highlights, "GONE", 1)
    await show.lead(show.job)
    begin_s = show.at_s + 5
    await show.play(stirred(begin_s), begin_s + 60)
    await until(lambda: len(show.told()) >= 2)
    one, other, *left = show.told()[-1].data["comments"]
    await show.append(Retracted(uuid4().hex, one, "fan1"), Retracted(uuid4().hex, other, "fan2"))
    await show.tick()
    await show.tick()
    (kept,) = await show.node.store.highlights.between(show.live.room, 0, 2**53)
    assert kept.comments == left


async def test_what_is_taken_back_by_commits_that_are_gone_leaves_the_samples(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_s = show.at_s + 5
    await show.play(stirred(begin_s), begin_s + 60)
    await until(lambda: len(show.told()) >= 2)
    gone, *left = show.told()[-1].data["comments"]
    with monkeypatch.context() as patch:
        patch.setattr(rooms.LeaderRoom, "commits_after", nothing)
        await show.append(Retracted(uuid4().hex, gone, "fan1"))
        await show.tick()
    await show.tick()
    (kept,) = await show.node.store.highlights.between(show.live.room, 0, 2**53)
    assert kept.comments == left


def insulted(begin_s: int, text: str = "zorglub GOAL {}") -> list[Said]:
    """The same, while some people insult somebody."""
    return [
        *stirred(begin_s),
        *[
            Said(begin_s * 1000 + n, f"vandal{n}", text.format(n), weight=9.0)
            for n in range(VANDALS)
        ],
    ]


async def shown_with(show: Show, word: str) -> list[str]:
    """The ids of the comments with a word that viewers were shown."""
    frames = (decode_frame(each) for commit in show.listener.commits for each in commit.frames)
    shown = [comment for frame in frames for comment in frame.comments or ()]
    return [comment.id for comment in shown if word in comment.text]


@pytest.mark.parametrize(
    ("when", "text"),
    [
        ("while it goes on", "zorglub GOAL {}"),
        ("when it is over", "zorglub GOAL {}"),
        ("when it is over", "zorglub"),  # one is shown, for all copies
    ],
)
async def test_words_that_a_moderator_took_back_leave_and_those_of_the_crowd_stay(
    show: Show, when: str, text: str
) -> None:
    begin_s = show.at_s + 5
    chat = insulted(begin_s, text)
    await show.play(chat, begin_s + (12 if when == "while it goes on" else 60))
    await until(lambda: len(show.told()) >= (1 if when == "while it goes on" else 2))
    assert {"zorglub", "GOAL"} <= {*show.told()[-1].data["words"]}
    bad = await shown_with(show, "zorglub")
    assert len(bad) == 1 if text == "zorglub" else len(bad) > 1
    await show.append(*[Retracted(uuid4().hex, each, "fan") for each in bad])
    await show.tick()
    await show.lead(show.job)
    await show.play(chat, max(show.at_s + 2, begin_s + 60))
    await until(lambda: "zorglub" not in show.told()[-1].data["words"])
    assert "GOAL" in show.told()[-1].data["words"]
    (kept,) = await show.node.store.highlights.between(show.live.room, 0, 2**53)
    assert "zorglub" not in kept.words
    assert "GOAL" in kept.words


async def test_the_words_of_who_is_erased_leave(show: Show) -> None:
    begin_s = show.at_s + 5
    await show.play(insulted(begin_s), begin_s + 60)
    await until(lambda: len(show.told()) >= 2)
    assert "zorglub" in show.told()[-1].data["words"]
    record, room = show.node.store.record, show.live.room
    ids = await shown_with(show, "zorglub")
    found = [
        pair
        for n in range(3)
        async for rows in record.rows_by(room, f"fan{n}", 2**53)
        for pair in rows
    ]
    await show.append(CommentsErased(uuid4().hex, ids))
    await record.empty(room, found)
    await show.tick()
    await show.tick()
    (kept,) = await show.node.store.highlights.between(room, 0, 2**53)
    assert "zorglub" not in kept.words
    assert "GOAL" in kept.words


@pytest.mark.parametrize("when", ["while it goes on", "when it is over"])
async def test_a_highlight_that_was_deleted_is_told_no_more(show: Show, when: str) -> None:
    begin_s = show.at_s + 5
    chat = stirred(begin_s)
    await show.play(chat, begin_s + (12 if when == "while it goes on" else 60))
    await until(lambda: len(show.told()) >= (1 if when == "while it goes on" else 2))
    room, store = show.live.room, show.node.store.highlights
    await show.tick()
    before = show.told()
    (kept,) = await store.between(room, 0, 2**53)
    gone = kept.gone(max(kept.until, int(show.now_ms)))
    await show.append(HighlightDeleted(uuid4().hex, gone.overlay()))
    await show.tick()
    assert kept.id not in show.live.replica.state.overlays
    await show.append(HighlightFound("late", kept.overlay()))  # it was on its way
    await show.tick()
    await show.play(chat, max(show.at_s + 4, begin_s + 60))
    assert await store.between(room, 0, 2**53) == []
    deleted, *late = show.told()[len(before) :]
    assert (deleted.id, deleted.data["strength"], deleted.data["words"]) == (kept.id, 0, [])
    assert [each.data["strength"] for each in late[1:]] == [0]
    assert kept.id not in show.live.replica.state.overlays


async def test_what_muted_viewers_said_is_not_heard_by_who_takes_over(show: Show) -> None:
    begin_s = show.at_s + 5
    raiders = [f"raider{n}" for n in range(40)]
    await show.append(*[Sanctioned(uuid4().hex, each, "mute", None) for each in raiders])
    chat = stirred(begin_s)
    await show.play(chat, begin_s + 4)
    await show.tick([Said(show.at_s * 1000, each, "KEKW") for each in raiders])
    await show.lead(show.job)
    await show.play(chat, begin_s + 60)
    await until(lambda: len(show.told()) >= 2)
    assert "GOAL" in show.told()[-1].data["words"]
    assert "KEKW" not in show.told()[-1].data["words"]


async def test_who_takes_over_does_not_hear_what_equals_a_comment_that_was_taken_back(
    show: Show,
) -> None:
    begin_s = show.at_s + 5
    chat = stirred(begin_s)
    await show.play(chat, begin_s - 2)
    await show.tick([Said(show.at_s * 1000, f"raider{n}", "KEKW") for n in range(14)])
    (original,) = (
        comment
        for frame in map(decode_frame, show.listener.commits[-1].frames)
        for comment in frame.comments or ()
        if comment.text == "KEKW"
    )
    await show.append(Retracted(uuid4().hex, original.id, "raider0"))
    await show.tick()
    await show.lead(show.job)
    await show.play(chat, begin_s + 15)
    assert show.told()
    assert "KEKW" not in show.told()[0].data["words"]


async def test_after_the_clock_was_set_back_the_future_teaches_nothing(show: Show) -> None:
    room, store = show.live.room, show.node.store
    await show.lead()
    await show.tick([Said(3_600_000 + n * 1000, f"u{n}", "from the future") for n in range(60)])
    await store.rooms._reader.ask("HDEL", keys.highlight_memory(room), "memory")
    await show.lead(show.job)
    begin_s = show.at_s + 5
    await show.play(stirred(begin_s), begin_s + 30)
    await until(lambda: show.told())


async def test_a_highlight_ends_in_a_room_that_falls_silent_for_an_hour(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_s = show.at_s + 5
    await show.play(
        [each for each in stirred(begin_s) if each.at < (begin_s + 8) * 1000], begin_s + 8
    )
    await until(lambda: show.told())
    assert show.work.is_at_work
    monkeypatch.setattr(commits, "REST_S", 0.01)
    await show.tick([Said((begin_s + 9) * 1000, "u1", "wow")])

    def has_passed() -> bool:
        show.now_ms += 500
        return not show.work.is_at_work

    await until(has_passed)
    await show.tick()
    await until(lambda: len(show.told()) == 2)
    show.now_ms += 3_600_000
    hour = [each._replace(at=each.at + 3_600_000) for each in stirred(begin_s)[:30]]
    await show.tick(hour)
    assert len(show.told()) == 2


async def test_a_raid_of_one_phrase_is_none(show: Show) -> None:
    begin_s = show.at_s + 5
    spam = raid(4, begin_s, 20, 20, 500, lambda n: "we came from another channel, say hello")
    calm = [each for each in murmur(2, begin_s + 40) if each.at >= BEFORE_S * 1000]
    await show.play([*calm, *spam], begin_s + 40)
    assert show.told() == []


async def test_of_a_flood_some_comments_stand_for_all(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience_count, "LOOKED_AT", 20)
    begin_s = show.at_s + 5
    await show.play(stirred(begin_s), begin_s + 30)
    await until(lambda: show.told())
    assert 0 <= show.told()[0].at - (show.begin_ms + begin_s * 1000) <= 8000


async def test_short_ticks_do_not_have_more_comments_looked_at(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    await show.append(SettingsPut(uuid4().hex, {"tick": 50}, merge=True))
    await show.tick()
    looked_at: list[Said] = []
    comment = HighlightFinder.comment

    def looks(self: HighlightFinder, said: Said) -> None:
        looked_at.append(said)
        comment(self, said)

    monkeypatch.setattr(HighlightFinder, "comment", looks)
    monkeypatch.setattr(audience_count, "LOOKED_AT", 80)
    await show.tick([Said(show.at_s * 1000, f"u{n}", f"number {n}") for n in range(100)], 50)
    assert len(looked_at) == 4


async def test_a_room_that_wants_none_has_none(show: Show) -> None:
    await show.append(SettingsPut(uuid4().hex, {"highlights": 0}, merge=True))
    begin_s = show.at_s + 5
    await show.play(stirred(begin_s), begin_s + 30)
    assert show.told() == []
    assert not show.work.is_at_work


async def test_comments_of_commits_that_are_gone_count_by_their_number(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms.LeaderRoom, "said_in", lambda self, seq: None)
    begin_s = show.at_s + 5
    fans = cheer(3, begin_s, 200, [f"goal {n}" for n in range(1000)])
    await show.play([*stirred(begin_s), *fans], begin_s + 30)
    await until(lambda: show.told())
    assert show.told()[0].data["comments"] == []
