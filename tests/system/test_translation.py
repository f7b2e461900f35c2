"""A comment from one viewer to another in another language, by a real translator: Apertium."""

from __future__ import annotations

from typing import Any

from tests.conftest import MakeServer
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
