"""One behaviour suite for all kinds: what each must do, whatever it speaks."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import parse_qs

import msgspec
import pytest
from grandstand.domain import effects
from grandstand.domain.addresses import Addresses
from grandstand.domain.effects import Action, Caspar, Effect, Firing, HttpCall, On, Vmix, Webhook
from grandstand.effects.network import ForbiddenAddressError
from grandstand.effects.outbound import Outbound
from grandstand.effects.registry import KINDS, kind_of

from tests.effects.receiver import Receiver, answer, receiver

SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()
HOSTILE = "\"}<b>&'\r\nX: 1\x00{voters}☃"


@dataclass
class Case:
    """A kind's action towards a server, as a producer gives it."""

    action: Action
    secrets: dict[str, str]


def cases(url: str) -> list[Case]:
    return [
        Case(Webhook(url + "/{winner}", SECRET), {"secret": SECRET}),
        Case(
            HttpCall(
                "POST",
                url + "/{winner}",
                {"Content-Type": "application/json", "X-Key": "a secret word {winner}"},
                '{"won": "{winner}"}',
            ),
            {
                "headers.Content-Type": "application/json",
                "headers.X-Key": "a secret word {winner}",
            },
        ),
        Case(
            Vmix(url + "/API/", [{"Function": "SetText", "Input": "1", "Value": "{winner}"}]),
            {},
        ),
    ]


COUNT = len(cases(""))


@pytest.fixture
async def there() -> AsyncIterator[Receiver]:
    async with receiver() as made:
        yield made


@pytest.fixture
async def client() -> AsyncIterator[Outbound]:
    made = Outbound(Addresses(["127.0.0.1"]))
    yield made
    await made.close()


def firing(action: Action, winner: str = "One") -> Firing:
    happened = effects.made_up("poll.closed", "t", 0)
    happened = msgspec.structs.replace(happened, facts={**happened.facts, "winner": winner})
    effect = Effect("e", On("poll.closed"), [action])
    (made,) = effects.firings_of_effect("room", effect, happened)
    return made


def test_every_kind_has_a_case() -> None:
    """That which speaks no HTTP has a suite of its own, ``test_caspar``."""
    assert {type(case.action) for case in cases("http://x")} | {Caspar} == set(KINDS)


@pytest.mark.parametrize("number", range(COUNT))
async def test_an_attempt_that_is_answered_is_done(
    number: int, there: Receiver, client: Outbound
) -> None:
    case = cases(there.url)[number]
    kind = kind_of(case.action)
    assert kind.flaws(case.action) == []
    done = await kind.attempt(client, case.action, case.secrets, firing(case.action))
    assert (done.is_done, done.words, len(there.got)) == (True, "HTTP 204", 1)


@pytest.mark.parametrize("number", range(COUNT))
async def test_secrets_are_kept_apart_and_quoted_nowhere(
    number: int, there: Receiver, client: Outbound
) -> None:
    case = cases(there.url)[number]
    kind = kind_of(case.action)
    assert kind.secrets(case.action) == case.secrets
    shown = msgspec.json.encode(kind.without_secrets(case.action)).decode()
    assert not any(secret in shown for secret in case.secrets.values())
    there.answers = [answer(500, *(f"X-Echo: {secret}" for secret in case.secrets.values()))]
    failed = await kind.attempt(client, case.action, case.secrets, firing(case.action))
    assert failed.words in ("HTTP 500", "function 1: HTTP 500")


@pytest.mark.parametrize("number", range(COUNT))
async def test_what_viewers_wrote_changes_nothing_but_the_text(
    number: int, there: Receiver, client: Outbound
) -> None:
    case = cases(there.url)[number]
    fired = firing(case.action, HOSTILE)
    done = await kind_of(case.action).attempt(client, case.action, case.secrets, fired)
    assert done.is_done
    (got,) = there.got
    assert "x" not in got.headers
    path, _, query = got.path.partition("?")
    assert path.count("/") <= 2
    assert not query or parse_qs(query)["Value"] == [HOSTILE]
    json.loads(got.body or b"{}")


@pytest.mark.parametrize("number", range(COUNT))
async def test_an_attempt_says_which_firing_it_is(
    number: int, there: Receiver, client: Outbound
) -> None:
    case = cases(there.url)[number]
    fired = firing(case.action)
    await kind_of(case.action).attempt(client, case.action, case.secrets, fired)
    headers = there.got[0].headers
    assert fired.id in (headers.get("webhook-id"), headers.get("idempotency-key"))


@pytest.mark.parametrize("number", range(COUNT))
async def test_a_forbidden_address_is_no_failure_to_try_again(number: int, there: Receiver) -> None:
    case = cases(there.url)[number]
    client = Outbound(Addresses())
    with pytest.raises(ForbiddenAddressError):
        await kind_of(case.action).attempt(client, case.action, case.secrets, firing(case.action))
    assert not there.got
    await client.close()


@pytest.mark.parametrize(
    ("action", "field"),
    [
        (Webhook("https://x", "whsec_short-but-long-enough"), "secret"),
        (Webhook("https://x", "no prefix, yet long enough"), "secret"),
        (Webhook("nowhere", SECRET), "url"),
        (HttpCall("GET", "https://x/{loser}"), "url"),
        (HttpCall("GET", "https://x", {"Host": "y"}), "headers"),
        (HttpCall("GET", "https://x", {"a b": "y"}), "headers"),
        (HttpCall("GET", "https://x", {"x": "{loser}"}), "headers"),
        (HttpCall("GET", "https://x", {"x": "é"}), "headers"),
        (HttpCall("GET", "https://x", {"x": "a\r\nb"}), "headers"),
        (HttpCall("GET", "https://x", body="{loser}"), "body"),
        (Vmix("http://x/API/?Function=Cut", [{"Function": "Cut"}]), "url"),
        (Vmix("http://x", [{"Input": "1"}]), "functions.0"),
        (Vmix("http://x", [{"Function": "Cut"}, {"Function": "Cut&x"}]), "functions.1"),
        (Vmix("http://x", [{"Function": "Cut", "a b": "1"}]), "functions.0"),
        (Vmix("http://x", [{"Function": "Cut", "Value": "{loser}"}]), "functions.0"),
    ],
)
def test_a_flaw_names_its_field(action: Action, field: str) -> None:
    assert [name for name, _ in kind_of(action).flaws(action)] == [field]


async def test_functions_of_vmix_come_in_their_order_and_stop_at_the_first_that_fails(
    there: Receiver, client: Outbound
) -> None:
    functions = [{"Function": name, "Input": "1"} for name in ("Cut", "Fade", "FadeToBlack")]
    action = Vmix(there.url, functions)
    kind = kind_of(action)
    done = await kind.attempt(client, action, {}, firing(action))
    assert done.is_done
    paths = [f"/API/?Function={each['Function']}&Input=1" for each in functions]
    assert [(got.method, got.path) for got in there.got] == [("GET", path) for path in paths]
    there.answers = [answer(200), answer(500)]
    failed = await kind.attempt(client, action, {}, firing(action))
    assert (failed.is_done, failed.words) == (False, "function 2: HTTP 500")
    assert len(there.got) == 5
