"""Effects over a real store and real sockets: at least once, under one id, none delays another."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from grandstand.domain import effects as domain
from grandstand.domain.addresses import Addresses
from grandstand.domain.effects import Effect, Firing, HttpCall, On, Webhook
from grandstand.domain.events import (
    CueGiven,
    EffectsChanged,
    EffectTested,
    HighlightFound,
    PollOpened,
    PollStepped,
    SettingsPut,
)
from grandstand.domain.polls.record import PollRecord
from grandstand.effects import job as module
from grandstand.effects import outbound, retries, slots
from grandstand.effects.job import Effects
from grandstand.effects.outbound import Outbound
from grandstand.leader.registry import ROOM_JOBS
from grandstand.sequencer import tick
from grandstand.store.errors import StoreUnavailable
from grandstand.wire.highlights import Highlight
from grandstand.wire.messages import Cue
from standardwebhooks import Webhook as Verifier

from tests.edge.harness import Harness, harness
from tests.effects.receiver import Receiver, answer, receiver
from tests.sequencer.harness import Sequenced
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Harness]:
    async with harness(tmp_path_factory.mktemp("effects"), sequenced=False) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def there() -> AsyncIterator[Receiver]:
    async with receiver() as made:
        yield made


class Show(Sequenced):
    """A room with the jobs of a server whose operator allows this machine."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.clients: list[Outbound] = []

    def begin(self, allowed: str = "127.0.0.1") -> None:
        self.clients.append(Outbound(Addresses([allowed])))
        self.start(*ROOM_JOBS, Effects(self.clients[-1], self.metrics))

    @property
    def dropped(self) -> float:
        """How often firings were dropped."""
        name, labels = "grandstand_effect_attempts_total", {"status": "dropped"}
        return self.metrics.registry.get_sample_value(name, labels) or 0

    async def end(self) -> None:
        await self.stop()
        for client in self.clients:
            await client.close()

    async def effect(self, on: On, *then: Webhook | HttpCall, name: str = "e", **said: Any) -> None:
        effect = Effect(name, on, list(then), **said)
        secrets = [{"secret": SECRET} if isinstance(each, Webhook) else {} for each in then]
        await self.node.store.effects.put(self.live.room, effect, secrets)
        await self.append(EffectsChanged(uuid4().hex))

    async def log(self) -> list[Firing]:
        return await self.node.store.effects.firings(self.live.room)

    async def statuses(self) -> list[str]:
        return [firing.status for firing in await self.log()]

    async def poll_ends(self, *choices: int, **fields: Any) -> PollRecord:
        poll = self.poll(**fields)
        await self.append(PollOpened(uuid4().hex, poll))
        await until(lambda: poll.id in self.live.replica.state.polls)
        for number, choice in enumerate(choices):
            assert await self.vote(poll, f"v{number}", choice) == "counted"
        await self.append(PollStepped(uuid4().hex, poll.id, "close", self.live.now(), grace=0))
        await until(lambda: self.live.replica.state.polls[poll.id].final)
        return poll


@pytest_asyncio.fixture(loop_scope="module")
async def show(node: Harness, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Show]:
    monkeypatch.setattr(retries, "FIRST_PAUSE_MS", 10)
    monkeypatch.setattr(module, "MOVE_S", 0.05)
    made = Show(await node.by_hand())
    await made.append(SettingsPut(uuid4().hex, {"tick": 50}, merge=True))
    yield made
    await made.end()


async def test_the_end_of_a_poll_is_told_by_a_signed_webhook(show: Show, there: Receiver) -> None:
    show.begin()
    await show.effect(On("poll.closed"), Webhook(there.url + "/hook"))
    poll = await show.poll_ends(1, 1, 0, question="Which song?", options=["One", "Two"])
    await until(lambda: there.got)
    (got,) = there.got
    told = Verifier(SECRET).verify(got.body, got.headers)
    assert told["type"] == "poll.closed"
    assert told["data"] == {
        "poll": poll.id,
        "kind": "single",
        "question": "Which song?",
        "options": ["One", "Two"],
        "tally": [1, 2],
        "voters": 3,
        "winner": 1,
    }
    await until(lambda: _holds(show, ["done"]))
    (firing,) = await show.log()
    assert firing.occurrence.data == firing.occurrence.facts == {}
    assert (firing.id, firing.attempts, firing.answer) == (
        got.headers["webhook-id"],
        1,
        "HTTP 204",
    )


async def _holds(show: Show, statuses: list[str]) -> bool:
    return await show.statuses() == statuses


@pytest.mark.parametrize("commits", [1, 2])
async def test_a_highlight_fires_once_also_where_one_commit_tells_its_beginning_and_its_end(
    show: Show, there: Receiver, commits: int
) -> None:
    show.begin()
    await show.effect(On("highlight"), Webhook(there.url + "/hook"))
    now = show.live.now()
    told_of = [
        HighlightFound(
            uuid4().hex,
            Highlight(4.2, ["goal"], [], now - 9000, now, until_ms, id="highlight-1").overlay(),
        )
        for until_ms in (now, now + 1)
    ]
    await show.append(*told_of[: 3 - commits])
    await until(lambda: _holds(show, ["done"]))
    await show.append(*told_of[3 - commits :])
    await show.effect(On("cue"), Webhook(there.url + "/after"), name="after")
    await show.append(CueGiven(uuid4().hex, Cue(uuid4().hex, "after", now, {})))
    await until(lambda: _holds(show, ["done", "done"]))
    got, after = there.got
    assert after.path == "/after"
    told = Verifier(SECRET).verify(got.body, got.headers)
    assert told["type"] == "highlight"
    assert (told["data"]["words"], told["data"]["at"]) == (["goal"], now)


async def test_an_effect_put_after_a_highlight_began_does_not_fire_when_it_ends_or_is_told_again(
    show: Show, there: Receiver
) -> None:
    show.begin()
    now = show.live.now()
    begun, ended = (
        Highlight(4.2, ["goal"], [], now - 9000, now, until_ms, id="highlight-1").overlay()
        for until_ms in (now, now + 1)
    )
    old = Highlight(4.2, [], [], now - 99_000, now - 90_000, now - 80_000, id="old").overlay()
    await show.append(HighlightFound(uuid4().hex, begun))
    await until(lambda: "highlight-1" in show.live.replica.state.overlays)
    await show.effect(On("highlight"), Webhook(there.url + "/late"), name="late")
    await show.effect(On("cue"), Webhook(there.url + "/after"), name="after")
    await show.append(HighlightFound(uuid4().hex, ended), HighlightFound(uuid4().hex, old))
    await show.append(CueGiven(uuid4().hex, Cue(uuid4().hex, "after", now, {})))
    await until(lambda: _holds(show, ["done"]))
    assert [got.path for got in there.got] == ["/after"]


async def test_only_what_an_effect_waits_for_fires_it(show: Show, there: Receiver) -> None:
    show.begin()
    call = HttpCall("GET", there.url + "/{winner}")
    await show.effect(On("poll.closed", winner=0), call, name="one")
    await show.effect(On("poll.closed", winner=1), call, name="two")
    await show.effect(On("poll.closed", winner="tie"), call, name="tie")
    await show.effect(On("poll.closed"), call, name="off", enabled=False)
    await show.effect(
        On("cue", name="goal"), HttpCall("GET", there.url + "/{cue.data.by}"), name="c"
    )
    await show.poll_ends(1, options=["a/b?", 'c&d="e" ü'])
    now = show.live.now()
    for name in ("corner", "goal"):
        await show.append(CueGiven(uuid4().hex, Cue(uuid4().hex, name, now, {"by": f"{name}!"})))
    await until(lambda: len(there.got) == 2)
    assert [got.path for got in there.got] == ["/c%26d%3D%22e%22%20%C3%BC", "/goal%21"]
    assert sorted(firing.effect for firing in await show.log()) == ["c", "two"]


async def test_a_failure_is_tried_again_under_the_same_id(show: Show, there: Receiver) -> None:
    there.answers = [answer(500), b"nonsense\r\n\r\n", answer(429)]
    show.begin()
    await show.effect(On("poll.closed"), Webhook(there.url))
    await show.poll_ends(0)
    await until(lambda: _holds(show, ["done"]))
    assert len(there.got) == 4
    assert len({got.headers["webhook-id"] for got in there.got}) == 1
    assert (await show.log())[0].attempts == 4


async def test_what_cannot_be_reached_fails_in_the_end(
    show: Show, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "GIVEN_UP_MS", 300)
    there.answers = [answer(503)] * 1000
    show.begin()
    await show.effect(On("poll.closed"), HttpCall("POST", there.url))
    await show.poll_ends(0)
    await until(lambda: _holds(show, ["failed"]))
    (firing,) = await show.log()
    assert (firing.attempts > 1, firing.answer) == (True, "HTTP 503")


async def test_one_that_hangs_delays_no_other(show: Show, there: Receiver) -> None:
    async with receiver() as hanging:
        hanging.answers = [None] * 100
        show.begin()
        await show.effect(On("cue"), HttpCall("POST", hanging.url), name="hanging")
        await show.effect(On("cue"), HttpCall("POST", there.url), name="well")
        for number in range(10):
            now = show.live.now()
            await show.append(CueGiven(uuid4().hex, Cue(f"c{number}", "x", now, {})))
        await until(lambda: len(there.got) == 10)
        await show.append(*show.said("and the room goes on"))
        await until(lambda: show.listener.texts == ["and the room goes on"])
        assert len(hanging.got) == slots.PER_EFFECT


@pytest.mark.parametrize("way", ["target", "redirect"])
async def test_an_address_that_is_not_allowed_is_never_connected_to(
    show: Show, there: Receiver, way: str
) -> None:
    async with receiver() as inside:
        there.answers = [answer(301, f"Location: {inside.url}/secret")]
        show.begin(allowed=f"127.0.0.1:{there.port}")
        target = there.url if way == "redirect" else inside.url
        await show.effect(On("poll.closed"), HttpCall("POST", target))
        await show.poll_ends(0)
        await until(lambda: _holds(show, ["failed"]))
        (firing,) = await show.log()
        assert (inside.got, firing.attempts) == ([], 1)
        assert "GRANDSTAND_EFFECTS_ALLOW" in firing.answer


async def test_a_redirect_elsewhere_takes_the_signature_along_and_no_header(
    show: Show, there: Receiver
) -> None:
    async with receiver() as elsewhere:
        there.answers = [answer(307, f"Location: {elsewhere.url}/new")] * 2
        show.begin()
        await show.effect(On("poll.closed"), Webhook(there.url))
        await show.poll_ends(0)
        await until(lambda: elsewhere.got)
        Verifier(SECRET).verify(elsewhere.got[0].body, elsewhere.got[0].headers)
        assert elsewhere.got[0].path == "/new"


async def test_a_redirect_without_end_is_a_failure(show: Show, there: Receiver) -> None:
    there.answers = [answer(302, f"Location: {there.url}/again")] * 4
    show.begin()
    await show.effect(On("poll.closed"), HttpCall("GET", there.url))
    await show.poll_ends(0)
    await until(lambda: _holds(show, ["done"]))
    assert len(there.got) == 5  # once more, as after any failure
    assert (await show.log())[0].attempts == 2


async def test_what_was_begun_before_a_takeover_is_carried_on_under_its_id(
    show: Show, there: Receiver
) -> None:
    there.answers = [None]
    show.begin()
    await show.effect(On("poll.closed"), Webhook(there.url))
    await show.poll_ends(0)
    await until(lambda: there.got)
    await until(lambda: _holds(show, ["waiting"]))
    await show.stop()
    show.begin()
    await until(lambda: _holds(show, ["done"]))
    assert len({got.headers["webhook-id"] for got in there.got}) == 1


async def test_what_was_done_before_a_takeover_is_not_done_again(
    show: Show, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOVE_S", 3600)  # the commits are looked at again
    show.begin()
    await show.effect(On("cue"), HttpCall("POST", there.url))
    await show.append(CueGiven(uuid4().hex, Cue("one", "x", show.live.now(), {})))
    await until(lambda: _holds(show, ["done"]))
    await show.stop()
    show.begin()
    await show.append(CueGiven(uuid4().hex, Cue("two", "x", show.live.now(), {})))
    await until(lambda: _holds(show, ["done", "done"]))
    assert len(there.got) == 2


async def test_an_effect_waits_for_its_moment_and_a_cancelled_poll_fires_nothing(
    show: Show, there: Receiver
) -> None:
    show.begin()
    await show.effect(On("poll.opened"), HttpCall("POST", there.url + "/{question}"), after=100)
    soon, never = show.live.now() + 700, show.live.now() + 900
    polls = [
        show.poll(question="now"),
        show.poll(question="soon", opens_at=soon),
        show.poll(question="never", opens_at=never),
    ]
    await show.append(*(PollOpened(uuid4().hex, poll) for poll in polls))
    await until(lambda: len(there.got) == 1)
    await show.append(PollStepped(uuid4().hex, polls[2].id, "cancel", show.live.now()))
    await until(lambda: len(there.got) == 2)
    assert [got.path for got in there.got] == ["/now", "/soon"]
    assert show.live.now() >= soon + 100
    await until(lambda: _ends(show))
    assert len(there.got) == 2


async def _ends(show: Show) -> bool:
    return sorted(await show.statuses()) == ["done", "done", "failed"]


async def test_a_test_fires_once_with_made_up_data_whatever_it_waits_for(
    show: Show, there: Receiver
) -> None:
    show.begin()
    await show.effect(On("poll.closed", winner=19), HttpCall("POST", there.url + "/{winner}"))
    test = EffectTested(uuid4().hex, "e")
    await show.append(test)
    await until(lambda: there.got)
    assert there.got[0].path == "/Yes"
    await show.append(EffectTested(uuid4().hex, "nothing"), *show.said("later"))
    await until(lambda: show.listener.texts == ["later"])
    await until(lambda: _holds(show, ["done"]))


async def test_an_effect_that_is_gone_is_not_tried_again(show: Show, there: Receiver) -> None:
    there.answers = [answer(500)] * 1000
    show.begin()
    await show.effect(On("cue"), HttpCall("POST", there.url))
    await show.append(CueGiven(uuid4().hex, Cue("one", "x", show.live.now(), {})))
    await until(lambda: len(there.got) > 1)
    await show.node.store.effects.remove(show.live.room, "e")
    await show.append(EffectsChanged(uuid4().hex))
    await until(lambda: _holds(show, ["failed"]))
    assert (await show.log())[0].answer == "the effect is gone"


async def test_more_firings_than_are_kept_are_dropped_and_counted(
    show: Show, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRINGS_KEPT", 3)
    there.answers = [None] * 10
    show.begin()
    await show.effect(On("cue"), HttpCall("POST", there.url))
    now = show.live.now()
    await show.append(*(CueGiven(uuid4().hex, Cue(f"c{n}", "x", now, {})) for n in range(5)))
    await until(lambda: show.dropped > 0)
    await until(lambda: len(there.got) == 3)
    assert await show.statuses() == ["waiting"] * 3


async def test_a_room_stays_awake_until_all_is_carried_out(
    show: Show, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    show.begin()
    await show.effect(On("cue"), HttpCall("POST", there.url), after=700)
    await show.append(CueGiven(uuid4().hex, Cue("one", "x", show.live.now(), {})))
    await until(lambda: _holds(show, ["waiting"]))
    monkeypatch.setattr(tick, "QUIET_MS", 0)
    _, running = show.works[-1]
    await until(running.done)
    assert len(there.got) == 1
    assert await show.statuses() == ["done"]


async def test_what_was_done_while_the_store_was_away_is_logged_when_it_is_back(
    show: Show, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = show.node.store.effects
    log, away = store.log, True

    async def sometimes(room: str, firings: Sequence[Firing]) -> None:
        if away and firings[0].is_over:
            raise StoreUnavailable("away")
        await log(room, firings)

    monkeypatch.setattr(module, "PATIENCE_S", 0.01)
    monkeypatch.setattr(store, "log", sometimes)
    show.begin()
    await show.effect(On("cue"), HttpCall("POST", there.url))
    await show.append(CueGiven(uuid4().hex, Cue("one", "x", show.live.now(), {})))
    await until(lambda: there.got)
    assert await show.statuses() == ["waiting"]
    away = False
    await until(lambda: _holds(show, ["done"]))
    assert len(there.got) == 1


async def test_a_poll_that_was_there_before_its_effect_opens_with_it(
    show: Show, there: Receiver
) -> None:
    show.begin()
    now = show.live.now()
    past, later = show.poll(question="past"), show.poll(question="later", opens_at=now + 900)
    await show.append(*(PollOpened(uuid4().hex, poll) for poll in (past, later)))
    await until(lambda: later.id in show.live.replica.state.polls)
    await show.effect(On("poll.opened"), HttpCall("POST", there.url + "/{question}"))
    await until(lambda: there.got)
    assert [got.path for got in there.got] == ["/later"]
    assert show.live.now() >= later.opens_at


async def test_a_storm_makes_no_more_firings_than_are_kept(
    show: Show, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = 0
    firings_of_effect = domain.firings_of_effect

    def counted(*arguments: Any) -> Any:
        nonlocal made
        for each in firings_of_effect(*arguments):
            made += 1
            yield each

    monkeypatch.setattr(domain, "firings_of_effect", counted)
    monkeypatch.setattr(module, "FIRINGS_KEPT", 5)
    call = HttpCall("POST", there.url)
    for name in "abcd":
        await show.node.store.effects.put(
            show.live.room, Effect(name, On("cue"), [call] * 10), [{}] * 10
        )
    now = show.live.now()
    await show.append(*(CueGiven(uuid4().hex, Cue(f"c{n}", "x", now, {})) for n in range(50)))
    show.begin()
    await until(lambda: _are(show, 5))
    assert made == 6  # and none is made after the first that is too many


async def _are(show: Show, count: int) -> bool:
    return len(await show.log()) == count


async def test_thirty_effects_that_hang_delay_none_of_a_hundred_on_one_poll(
    show: Show, there: Receiver
) -> None:
    async with receiver() as hanging:
        hanging.answers = [None] * 1000
        show.begin()
        for number in range(30):
            name = f"hanging-{number}"
            await show.effect(On("cue"), HttpCall("POST", hanging.url), name=name)
        for number in range(100):
            await show.node.store.effects.put(
                show.live.room,
                Effect(f"e{number}", On("poll.closed"), [HttpCall("POST", there.url)]),
                [{}],
            )
        await show.append(EffectsChanged(uuid4().hex))
        now = show.live.now()
        await show.append(*(CueGiven(uuid4().hex, Cue(f"c{n}", "x", now, {})) for n in range(5)))
        await until(lambda: len(hanging.got) == 30 * slots.PER_EFFECT)
        await show.poll_ends(0)
        await until(lambda: len(there.got) == 100)
        assert len({got.headers["idempotency-key"] for got in there.got}) == 100
        assert len(hanging.got) == 30 * slots.PER_EFFECT


async def test_rooms_share_the_slots_of_their_process(
    show: Show, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "PER_PROCESS", 2)
    there.answers = [None] * 100
    show.begin()
    for name in "abc":
        await show.effect(On("cue"), HttpCall("POST", there.url), name=name)
    await show.append(CueGiven(uuid4().hex, Cue("c", "x", show.live.now(), {})))
    await until(lambda: len(there.got) == 2)
    await until(lambda: _are(show, 3))
    assert len(there.got) == 2


async def test_an_end_is_told_once_however_much_came_between_it_and_the_reveal(
    show: Show, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRINGS_KEPT", 2)
    show.begin()
    await show.effect(On("poll.closed"), HttpCall("POST", there.url + "/closed"), name="end")
    await show.effect(On("poll.opened"), HttpCall("POST", there.url + "/opened"), name="begin")
    await show.effect(On("cue"), HttpCall("POST", there.url + "/cue"), name="cue")
    poll = await show.poll_ends(0)
    for number in range(6):
        cue = Cue(f"c{number}", "x", show.live.now(), {})
        await show.append(CueGiven(uuid4().hex, cue))
        await until(lambda number=number: len(there.got) == 3 + number)  # type: ignore[misc]
    await show.effect(On("poll.closed"), HttpCall("POST", there.url + "/late"), name="late")
    await show.append(PollStepped(uuid4().hex, poll.id, "reveal", show.live.now()))
    await show.append(CueGiven(uuid4().hex, Cue("last", "x", show.live.now(), {})))
    await until(lambda: len(there.got) == 9)
    assert Counter(got.path for got in there.got) == {"/opened": 1, "/closed": 1, "/cue": 7}
