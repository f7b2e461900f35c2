"""What a server is made of, and what is found to be wrong before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest
from grandstand.app.build import build, check, equip
from grandstand.errors import OperatorError
from grandstand.settings import ServerSettings

from tests.edge.harness import harness

SECRET = "a secret of at least thirty-two bytes"


def test_settings_that_fit_are_let_pass(tmp_path: Path) -> None:
    check(ServerSettings.read(jwt_secret=SECRET, data_dir=tmp_path))


def test_a_model_that_is_not_there_is_found_before_the_start(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="GRANDSTAND_MODEL"):
        check(ServerSettings.read(jwt_secret=SECRET, model=tmp_path / "scorer.onnx"))


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
        await assembly.rooms.close()
        await equipment.moderator.close()
