"""What a server is made of, and what is found to be wrong before anything is started."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from grandstand import resources
from grandstand.app.build import build, check, equip
from grandstand.edge.waiting_room import WaitingRoom
from grandstand.errors import OperatorError
from grandstand.moderation.moderator import Moderator
from grandstand.moderation.policy import Policy
from grandstand.settings import ServerSettings
from grandstand.translation.judging import RoomJudge

from tests.edge.harness import harness
from tests.moderation.rules import RULES

SECRET = "a secret of at least thirty-two bytes"


def test_settings_that_fit_are_let_pass(tmp_path: Path) -> None:
    check(ServerSettings.read(jwt_secret=SECRET, data_dir=tmp_path))


def test_a_model_that_is_not_there_is_found_before_the_start(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="GRANDSTAND_MODEL"):
        check(ServerSettings.read(jwt_secret=SECRET, model=tmp_path / "scorer.onnx"))


def test_a_forecast_model_is_not_taken_for_the_folder_of_models() -> None:
    (model, *_) = resources.forecast_models()
    with pytest.raises(OperatorError, match="name the folder that it is in"):
        check(ServerSettings.read(jwt_secret=SECRET, forecast_models=model))


def test_phrases_that_cannot_be_read_are_found_before_the_start(tmp_path: Path) -> None:
    (tmp_path / "phrases.toml").write_text("nonsense")
    with pytest.raises(OperatorError, match=r"phrases\.toml"):
        check(ServerSettings.read(jwt_secret=SECRET, phrases=tmp_path))


@pytest.mark.parametrize(("low", "high"), [(2000, 3000), (100, 1000), (0, 3000), (100, 0)])
def test_bounds_of_the_rate_have_the_usual_one_between_them(low: int, high: int) -> None:
    given = {"handshakes_min_per_s": low, "handshakes_max_per_s": high}
    with pytest.raises(OperatorError, match="GRANDSTAND_HANDSHAKES_PER_S"):
        check(ServerSettings.read(jwt_secret=SECRET, **given))


def test_without_a_way_to_check_tokens_nothing_is_made() -> None:
    with pytest.raises(OperatorError, match="GRANDSTAND_JWT_SECRET"):
        equip(ServerSettings.read())


async def test_the_edge_and_the_api_share_rooms_tokens_and_what_is_revoked(tmp_path: Path) -> None:
    equipment = equip(ServerSettings.read(jwt_secret=SECRET, data_dir=tmp_path))
    async with harness(tmp_path, sequenced=False) as made:
        assembly = build(equipment, made.store)
        assert assembly.node.rooms is assembly.api.rooms is assembly.rooms
        assert assembly.node.tokens is assembly.api.tokens is equipment.tokens
        assert equipment.tokens.revocations is assembly.rooms.revocations.known
        assert assembly.node.moderator is equipment.moderator
        assert "translators" in assembly.background_tasks()

        for given, runs in (
            ({}, set()),
            ({"viewers_max": 9}, {"crowd control"}),
            ({"prewarm_rooms": 1}, {"crowd control"}),
            ({"handshakes_min_per_s": 9, "handshakes_max_per_s": 9000}, {"crowd control"}),
            ({"waiting_max": 9}, {"crowd control", "waiting room"}),
        ):
            settings = ServerSettings.read(jwt_secret=SECRET, **given)
            room = WaitingRoom(assembly.node, settings.waiting_max, settings.viewers_max)
            wanted = replace(equipment, settings=settings)
            other = replace(assembly, equipment=wanted, waiting_room=room)
            tasks = other.background_tasks().keys()
            assert tasks & {"crowd control", "waiting room"} == runs, given
        await assembly.rooms.close()
        await equipment.moderator.close()


async def test_a_translation_is_judged_as_if_somebody_of_the_room_had_written_it() -> None:
    moderator = Moderator(None, RULES)
    strict, off = Policy(2), Policy(0)
    judge = RoomJudge(moderator, lambda room: off if room == "late night" else strict)
    texts = ["was für ein Tor", "you fucking idiot"]
    assert await judge("show", "de", texts) == [True, False]
    assert await judge("late night", "de", texts) == [True, True]
    await moderator.close()
