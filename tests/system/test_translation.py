"""A comment from one viewer to another in another language: by a real translator, Apertium, and by
a slow one whose asker is killed."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from grandstand.store.store import open_store

from tests.conftest import MakeServer
from tests.system.test_takeover import Talk, has_the_lease
from tests.translation.services import service
from tests.viewer import Viewer, viewing
from tests.waiting import until


def translations(viewer: Viewer) -> list[dict[str, Any]]:
    """What frames told a viewer in its language."""
    found = [frame["translations"] for frame in viewer.of_type("frame") if "translations" in frame]
    return [each for part in found for each in part.get("comments", ())]


async def test_a_viewer_reads_what_others_say_in_its_language(make_server: MakeServer) -> None:
    server = make_server(environment={"GRANDSTAND_TRANSLATORS": "apertium"}).start()
    room = server.make_room("final", tick=50, languages=["es"], moderation={"level": 0})
    async with (
        viewing(server.url, room, server.token("Ada")) as ada,
        viewing(server.url, room, server.token("Eva")) as eva,
    ):
        await eva.ask({"type": "lang", "lang": "es"})
        for text in ("thank you!", "the house is red", "👏👏"):
            await ada.comment(text)
        await eva.seen("👏👏")
        await until(lambda: len(translations(eva)) == 2)
        said = {each["id"]: (each["text"], each["by"]) for each in translations(eva)}
        asked = {comment["text"]: said.get(comment["id"]) for comment in eva.picture.shown.values()}
        assert asked == {
            "thank you!": ("gracias!", "phrasebook"),
            "the house is red": ("la casa es roja", "apertium"),
            "👏👏": None,
        }
        assert translations(ada) == []
        sent = await server.produce("GET", f"/v1/rooms/{room}/translation", {})
        assert [each["lang"] for each in sent["languages"]] == ["es"]


async def test_a_leader_killed_while_it_translates_leaves_every_comment_its_translation_once(
    make_server: MakeServer, valkey_url: str, room: str
) -> None:
    """And what was answered and kept is asked of nobody again."""
    async with service() as there:
        there.takes_s = 0.2
        there.says = lambda text, lang: text.replace("of the evening", "de la noche")
        environment = {"GRANDSTAND_TRANSLATORS": f"openai:{there.url}/v1#tiny"}
        servers = [make_server(redis_url=valkey_url, environment=environment) for _ in "ab"]
        await asyncio.gather(*(asyncio.to_thread(each.start) for each in servers))
        servers[0].make_room(room, tick=50, languages=["es"])
        async with viewing(servers[0].url, room, servers[0].token("ann")) as ann:
            await ann.comment("👏👏")  # now somebody leads it
            leads = [await has_the_lease(each) for each in servers]
        leader, heir = servers if leads[0] else reversed(servers)
        async with (
            viewing(heir.url, room, heir.token("bo")) as bo,
            viewing(heir.url, room, heir.token("eva")) as eva,
        ):
            await eva.ask({"type": "lang", "lang": "es"})
            talk = Talk(bo)
            async with talk.going_on():
                await until(lambda: len(translations(eva)) > 5)
                there.answering.clear()
                before = len(there.asked)
                await until(lambda: len(there.asked) > before)
                leader.pause()  # while a busy machine ends it, the heir may have asked again
                asked, at_kill = len(there.asked), set(there.texts())
                await asyncio.to_thread(leader.kill)
                there.answering.set()
                store = await open_store(valkey_url)
                texts = sorted(at_kill)
                found, _ = await store.translations.find(room, "es", texts, store.now_ms())
                await store.close()
                kept = {text for text, value in zip(texts, found, strict=True) if value is not None}
                told = len(translations(eva))
                await until(lambda: len(translations(eva)) > told + 10)
            ids = talk.acknowledged.keys()
            await until(lambda: {each["id"] for each in translations(eva)} >= ids)
        by_id = Counter(each["id"] for each in translations(eva))
        assert by_id == Counter(dict.fromkeys(ids, 1))
        again = Counter(there.texts(asked))
        assert len(kept) > 5
        assert again.keys() & at_kill  # what was asked as the leader died
        assert again.keys().isdisjoint(kept)
        assert set(again.values()) == {1}
