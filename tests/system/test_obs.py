"""A real OBS: the end of a poll switches its scene and sets a text, on the picture."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from tests.conftest import making
from tests.obs_studio import PASSWORD, ObsStudio, Session
from tests.server import ServerProcess
from tests.viewer import viewing
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCENES = {"waiting": (0x10, 0x20, 0x80), "encore": (0x80, 0x10, 0x20)}
WHITE = 200
"""All three colours of a letter's inside are brighter."""


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObsStudio]:
    """One OBS. It takes a good part of a core, so it ends with the last test that needs it."""
    made = ObsStudio(tmp_path_factory.mktemp("obs"))
    try:
        yield made.start()
    finally:
        made.end()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mixer(studio: ObsStudio) -> AsyncIterator[Session]:
    """Two scenes, each of one colour; on the second a text that says nothing yet."""
    async with studio.session() as session:
        for scene, (red, green, blue) in SCENES.items():
            await session.ask("CreateScene", sceneName=scene)
            colour = 0xFF000000 | blue << 16 | green << 8 | red
            await session.add(scene, f"{scene} colour", "color_source_v3", color=colour)
        await session.add("encore", "song", "text_ft2_source_v2", text="", font={"size": 40})
        yield session


@pytest.fixture(scope="module")
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    with making(request.config, tmp_path_factory.mktemp("steered")) as make:
        said = {"GRANDSTAND_EFFECTS_ALLOW": "127.0.0.1", "GRANDSTAND_LOG_LEVEL": "debug"}
        yield make(environment=said).start()


class Show:
    """A room whose effects reach the OBS."""

    def __init__(self, server: ServerProcess, room: str, studio: ObsStudio) -> None:
        self.server, self.studio = server, studio
        self.room = server.make_room(room, tick=50)
        self.path = f"/v1/rooms/{room}"

    async def effect(self, *requests: dict[str, Any], password: str = PASSWORD, **on: Any) -> None:
        action = {"kind": "obs", "url": self.studio.url, "requests": list(requests)}
        body = {"on": {"event": "poll.closed", **on}, "then": [{**action, "password": password}]}
        shown = await self.server.produce("PUT", f"{self.path}/effects/encore", body)
        assert shown["then"] == [action]

    async def poll_ends(self, votes: dict[str, int], **fields: Any) -> None:
        body = {"kind": "single", "duration": 600, "grace": 0, **fields}
        poll = (await self.server.produce("POST", f"{self.path}/polls", body))["id"]
        for name, choice in votes.items():
            async with viewing(self.server.url, self.room, self.server.token(name)) as viewer:
                await viewer.knows(poll)
                assert (await viewer.vote(poll, choice))["type"] == "ack"
        await self.server.produce("POST", f"{self.path}/polls/{poll}/close")

    async def test(self) -> None:
        answer = await self.server.ask(
            "POST", f"{self.path}/effects/encore/test", {}, self.server.producer_token
        )
        assert answer.status == 202

    async def comes_to(self, status: str, answer: str) -> None:
        """Wait until the newest firing has come to this."""

        async def has() -> bool:
            found = (await self.server.produce("GET", f"{self.path}/firings"))["firings"]
            return bool(found) and (found[0]["status"], found[0]["answer"]) == (status, answer)

        await until(has)


@pytest.fixture
def show(server: ServerProcess, room: str, studio: ObsStudio) -> Show:
    return Show(server, room, studio)


def switch_to(scene: str) -> dict[str, Any]:
    return {"type": "SetCurrentProgramScene", "data": {"sceneName": scene}}


def write(text: str) -> dict[str, Any]:
    data = {"inputName": "song", "inputSettings": {"text": text}}
    return {"type": "SetInputSettings", "data": data}


async def test_a_poll_s_end_switches_the_scene_and_writes_what_won(
    show: Show, mixer: Session
) -> None:
    await mixer.ask("SetCurrentProgramScene", sceneName="waiting")
    await show.effect(
        write("{winner}: {winner.percent} %"), switch_to("encore"), tag="song", winner=1
    )
    assert not (await mixer.picture("encore") > WHITE).all(axis=2).any()
    options = ["Slow", 'Loud & "fast" <3']
    await show.poll_ends(
        {"ann": 1, "bo": 1, "cy": 0}, question="Next?", options=options, tag="song"
    )
    await show.comes_to("done", "OBS 100")
    assert await mixer.scene() == "encore"
    assert await mixer.text_of("song") == 'Loud & "fast" <3: 67 %'

    async def is_drawn() -> bool:
        picture = await mixer.picture("encore")
        share = (picture > WHITE).all(axis=2).mean()  # of the picture that letters cover
        return tuple(picture[-1, -1]) == SCENES["encore"] and 0.001 < share < 0.1

    await until(is_drawn)


async def test_another_winner_leaves_the_picture_alone(show: Show, mixer: Session) -> None:
    await mixer.ask("SetCurrentProgramScene", sceneName="waiting")
    await show.effect(switch_to("encore"), tag="song", winner=1)
    await show.poll_ends({"ann": 0}, question="Next?", options=["Slow", "Loud"], tag="song")
    await show.test()  # comes after
    await show.comes_to("done", "OBS 100")
    found = await show.server.produce("GET", f"{show.path}/firings")
    assert [each["event"] for each in found["firings"]] == ["test"]


async def test_what_obs_refuses_is_told_and_ends_the_batch(show: Show, mixer: Session) -> None:
    await mixer.ask("SetInputSettings", inputName="song", inputSettings={"text": "before"})
    await show.effect(switch_to("waiting"), switch_to("nowhere"), write("after"))
    await show.test()
    words = "request 2, SetCurrentProgramScene: OBS 600, nothing there is called so"
    await show.comes_to("retrying", words)
    assert await mixer.scene() == "waiting"
    assert await mixer.text_of("song") == "before"


async def test_a_wrong_password_is_told_and_never_repeated(show: Show, mixer: Session) -> None:
    await show.effect(switch_to("waiting"), password="not its password")
    await show.test()
    await show.comes_to("retrying", "wants another password (4009)")
    assert "not its password" not in show.server.log
    assert "authentication" not in show.server.log
