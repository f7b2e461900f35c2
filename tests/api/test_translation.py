from __future__ import annotations

import pytest
from grandstand.assistant.budget import Limits

from tests.api.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_producers_see_what_a_show_has_sent_and_what_it_costs(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_stage.api, "translation_limits", Limits(show=5_000, price=20))
    room = await on_stage.room()
    path = f"/v1/rooms/{room}/translation"
    assert (await on_stage.call("GET", path)).json() == {"languages": [], "cost": 0.0}
    for lang, characters in (("fr", 1000), ("de", 500), ("fr", 2000)):
        await on_stage.store.translations.keep(room, lang, {}, characters, 0)
    assert (await on_stage.call("GET", path)).json() == {
        "languages": [
            {"lang": "de", "characters": 500, "limit": 5000, "cost": 0.01},
            {"lang": "fr", "characters": 3000, "limit": 5000, "cost": 0.06},
        ],
        "cost": 0.07,
    }
    assert (await on_stage.call("GET", path, role="viewer")).status_code == 403
