"""Effects whose target, text or cue is there to harm: the server, its log, or other sites."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest
from grandstand.domain import effects
from grandstand.domain.addresses import Addresses
from grandstand.domain.effects import Effect, HttpCall, On
from grandstand.effects import registry
from grandstand.effects.outbound import Outbound
from grandstand.wire.messages import Cue

from tests.effects.receiver import Receiver, answer, receiver

HERE = "127.0.0.1"


@pytest.fixture
async def there() -> AsyncIterator[Receiver]:
    async with receiver() as made:
        yield made


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    made = Outbound(Addresses([HERE]))
    yield made
    await made.close()


async def fired(outbound: Outbound, action: HttpCall, text: str = "") -> tuple[bool, str]:
    """What comes of an action whose secrets are its headers, for a cue with a text."""
    effect = Effect("e", On("cue"), [action])
    happened = effects.of_cue(Cue("c", "n", 0, {"x": text}))
    (firing,) = effects.firings_of_effect("r", effect, happened)
    secrets = registry.kind_of(action).secrets(action)
    found = await registry.attempt(outbound, action, secrets, firing)
    return found.is_done, found.words


@pytest.mark.parametrize(
    "location", ["http://[bad", "http://x.example:99999/", "http://h\xe9.example/", "http://x:y/"]
)
async def test_a_redirect_to_what_is_no_url_is_no_fault_of_ours(
    there: Receiver, outbound: Outbound, location: str
) -> None:
    there.answers = [f"HTTP/1.1 302 Said\r\nLocation: {location}\r\n\r\n".encode("latin-1")]
    is_done, words = await fired(outbound, HttpCall("GET", there.url))
    assert (is_done, "doesn't answer as HTTP" in words) == (False, True)


@pytest.mark.parametrize("name", ["Webhook-Token", "Content-Key", "X-Key", "Authorization"])
async def test_no_secret_header_goes_along_to_another_origin(
    there: Receiver, outbound: Outbound, name: str
) -> None:
    async with receiver() as elsewhere:
        there.answers = [answer(307, f"Location: {elsewhere.url}/")]
        assert await fired(outbound, HttpCall("GET", there.url, {name: "sesame"})) == (
            True,
            "HTTP 204",
        )
    assert there.got[0].headers[name.lower()] == "sesame"
    assert "sesame" not in elsewhere.got[0].headers.values()


@pytest.mark.parametrize("text", [" One", "One\t", "\r\n", "", " \x00One\x7f "])
async def test_blanks_around_a_header_s_text_stop_no_call(
    there: Receiver, outbound: Outbound, text: str
) -> None:
    action = HttpCall("GET", there.url, {"X-Won": " {cue.data.x}"})
    assert await fired(outbound, action, text) == (True, "HTTP 204")
    assert there.got[0].headers["x-won"] in ("One", "")


def test_a_cue_of_four_kilobytes_makes_no_firing_of_a_megabyte() -> None:
    data = {"a" * 1000: [0] * 1450}
    assert len(msgspec.json.encode(data)) < 4096
    happened = effects.of_cue(Cue("c", "n", 0, data))
    assert len(msgspec.msgpack.encode(happened)) < 30_000
    assert happened.facts["cue.data." + "a" * 1000 + ".0"] == "0"
