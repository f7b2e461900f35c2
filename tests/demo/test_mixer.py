"""The demonstration's vision mixer, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from grandstand.demo.mixer import BODY_MAX_BYTES, PORT_FILE, Mixer

NOW = 1_790_000_000_000
TRAM = {"song": "Midnight Tram", "votes": 3, "percent": 60}


@asynccontextmanager
async def at_work(folder: Path) -> AsyncIterator[Mixer]:
    mixer = Mixer(folder, lambda: NOW + 0.4)
    try:
        await mixer.start()
        yield mixer
    finally:
        await mixer.stop()


async def order(mixer: Mixer, path: str, body: Any, name: str = "one", **headers: str) -> int:
    sent = {"Authorization": f"Bearer {mixer.key}", "Idempotency-Key": name, **headers}
    async with httpx2.AsyncClient(trust_env=False) as client:
        url = f"http://{mixer.address}{path}"
        return (await client.post(url, json=body, headers=sent)).status_code


async def test_an_order_is_followed_once_and_kept(tmp_path: Path) -> None:
    async with at_work(tmp_path) as mixer:
        assert await order(mixer, "/call", {"songs": ["Midnight Tram", "Red Moon"]}) == 204
        assert mixer.stage.is_calling(NOW)
        assert await order(mixer, "/take", TRAM, "two") == 204
        assert await order(mixer, "/take", {**TRAM, "song": "Red Moon"}, "two") == 204
        assert (mixer.stage.song, mixer.stage.since) == ("Midnight Tram", NOW)
    async with at_work(tmp_path) as again:
        assert again.stage == mixer.stage
        assert await order(again, "/take", {**TRAM, "song": "Red Moon"}, "two") == 204
        assert (
            await order(again, "/draw", {"songs": ["Red Moon"], "cast": ["2"], "votes": 2}, "three")
            == 204
        )
        assert (again.stage.song, again.stage.before) == ("Red Moon", "Midnight Tram")


async def test_it_is_found_at_its_port_again_unless_somebody_has_it(tmp_path: Path) -> None:
    async with at_work(tmp_path) as mixer:
        address = mixer.address
    async with at_work(tmp_path) as again:
        assert again.address == address
        other = Mixer(tmp_path, lambda: NOW)
        assert other.address != address
        await other.stop()  # it never started
        assert (tmp_path / PORT_FILE).read_text() == address.rpartition(":")[2]


async def test_the_port_that_was_kept_may_be_nonsense(tmp_path: Path) -> None:
    for nonsense in ("", "x", "99999999", "-1"):
        (tmp_path / PORT_FILE).write_text(nonsense)
        await Mixer(tmp_path, lambda: NOW).stop()


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("/take", TRAM, {"Authorization": "Bearer x"}, 401),
        ("/take", TRAM, {"Idempotency-Key": ""}, 422),
        ("/take", {"song": "x"}, {}, 422),
        ("/take", {**TRAM, "other": 1}, {}, 422),
        ("/take", {**TRAM, "song": "x" * BODY_MAX_BYTES}, {}, 413),
        ("/other", TRAM, {}, 404),
    ],
)
async def test_what_is_no_order_changes_nothing(
    tmp_path: Path, path: str, body: Any, headers: dict[str, str], status: int
) -> None:
    async with at_work(tmp_path) as mixer:
        assert await order(mixer, path, body, **headers) == status
        assert mixer.stage.song == ""
