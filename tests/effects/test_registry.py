"""One behaviour suite for all kinds: what each must do, whatever it speaks."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
import pytest
import pytest_asyncio
from grandstand.domain import effects
from grandstand.domain.addresses import Addresses
from grandstand.domain.effects import (
    Action,
    Caspar,
    Effect,
    Firing,
    HttpCall,
    Obs,
    ObsRequest,
    On,
    Vmix,
    Webhook,
)
from grandstand.effects import http_client, registry
from grandstand.effects.kinds import caspar, obs
from grandstand.effects.network import ForbiddenAddressError
from grandstand.effects.outbound import Outbound
from grandstand.effects.registry import KINDS, kind_of

from tests.effects.mixer import PASSWORD, mixer
from tests.effects.playout import parameters, playout
from tests.effects.receiver import Receiver, answer, receiver

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()
HOSTILE = "\"}<b>&'\r\nX: 1\x00{voters}☃"


class OtherEnd(Protocol):
    """A server that keeps what it got, and answers as it is told to."""

    port: int

    @property
    def got(self) -> list[Any]: ...

    @property
    def answers(self) -> list[Any]: ...


@dataclass(repr=False)  # pytest would write 10 MB for each test
class Case:
    """A kind's action towards a server, as a producer gives it, and what that server says.

    ``text`` takes the winner's text out of what the server got, as its protocol reads it.
    """

    end: Callable[[], AbstractAsyncContextManager[OtherEnd]]
    action: Callable[[int], Action]
    text: Callable[[Any], str]
    refusal: Any
    nonsense: Any
    endless: Any
    words: tuple[str, str]
    """For a success and a refusal."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    written: Callable[[str], str] = str
    """What the protocol can carry of a text."""


def for_http(
    action: Callable[[str], Action],
    text: Callable[[Any], str],
    secrets: Mapping[str, str],
    before: str = "",
) -> Case:
    return Case(
        end=receiver,
        action=lambda port: action(f"http://127.0.0.1:{port}"),
        text=text,
        refusal=answer(500, *(f"X-Echo: {secret}" for secret in secrets.values())),
        nonsense=b"220 mail.example ESMTP\r\n\r\n",
        endless=b"HTTP/1.1 200 OK\r\nX: " + b"x" * 10_000_000,
        words=("HTTP 204", f"{before}HTTP 500"),
        secrets=secrets,
    )


CASES: Mapping[type, Case] = {
    Webhook: for_http(
        lambda url: Webhook(url + "/{winner}", SECRET),
        lambda got: unquote(got.path[1:]),
        {"secret": SECRET},
    ),
    HttpCall: for_http(
        lambda url: HttpCall(
            "POST",
            url + "/{winner}",
            {"Content-Type": "application/json", "X-Key": "a secret word {winner}"},
            '{"won": "{winner}"}',
        ),
        lambda got: str(json.loads(got.body)["won"]),
        {"headers.Content-Type": "application/json", "headers.X-Key": "a secret word {winner}"},
    ),
    Vmix: for_http(
        lambda url: Vmix(
            url + "/API/", [{"Function": "SetText", "Input": "1", "Value": "{winner}"}]
        ),
        lambda got: parse_qs(urlsplit(got.path).query)["Value"][0],
        {},
        "function 1: ",
    ),
    Caspar: Case(
        end=playout,
        action=lambda port: Caspar(f"127.0.0.1:{port}", ["CG 1-1 INVOKE 1 {winner}"]),
        text=lambda got: parameters(got)[-1],
        refusal=b"404 CG FAILED\r\n",
        nonsense=b"hello\r\n",
        endless=b"200 CG OK\r\n" + b"and on\r\n" * 1_000_000,
        words=("AMCP 202", "command 1: AMCP 404"),
        written=lambda text: text.replace("\r\n", "\n").replace("\x00", " "),
    ),
    Obs: Case(
        end=mixer,
        action=lambda port: Obs(
            f"ws://127.0.0.1:{port}",
            [ObsRequest("SetInputSettings", {"inputSettings": {"text": "{winner}"}})],
            PASSWORD,
        ),
        text=lambda got: str(got["requests"][0]["requestData"]["inputSettings"]["text"]),
        refusal=[600],
        nonsense=b"\x81\xa2op\x07",
        endless=b"x" * 10_000_000,
        words=("OBS 100", "request 1, SetInputSettings: OBS 600, nothing there is called so"),
        secrets={"password": PASSWORD},
    ),
}


@dataclass
class Attempts:
    """Attempts of one kind at one server."""

    case: Case
    there: OtherEnd
    client: Outbound

    @property
    def action(self) -> Action:
        return self.case.action(self.there.port)

    async def attempt(self, winner: str = "One", *, answered: Any = ()) -> tuple[bool, str, bool]:
        """What one comes to: whether it is done, the words, and whether that is final."""
        if answered != ():
            self.there.answers.append(answered)
        action = self.action
        assert kind_of(action).flaws(action) == []
        fired = firing(action, winner)
        found = await registry.attempt(self.client, action, self.case.secrets, fired)
        return found.is_done, found.words, found.is_final


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client() -> AsyncIterator[Outbound]:
    made = Outbound(Addresses(["127.0.0.1"]))
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="module", params=CASES, ids=lambda kind: str(kind.__name__))
async def attempts(request: pytest.FixtureRequest, client: Outbound) -> AsyncIterator[Attempts]:
    case = CASES[request.param]
    async with case.end() as there:
        yield Attempts(case, there, client)


def firing(action: Action, winner: str = "One") -> Firing:
    happened = effects.made_up("poll.closed", "t", 0)
    happened = msgspec.structs.replace(happened, facts={**happened.facts, "winner": winner})
    effect = Effect("e", On("poll.closed"), [action])
    (made,) = effects.firings_of_effect("room", effect, happened)
    return made


async def test_every_kind_has_a_case() -> None:
    assert CASES.keys() == KINDS.keys()


async def test_an_attempt_that_is_answered_is_done_and_was_made_once(attempts: Attempts) -> None:
    assert await attempts.attempt() == (True, attempts.case.words[0], False)
    assert [attempts.case.text(got) for got in attempts.there.got] == ["One"]


async def test_a_refusal_is_told_and_quotes_nothing(attempts: Attempts) -> None:
    failed = await attempts.attempt(answered=attempts.case.refusal)
    assert failed == (False, attempts.case.words[1], False)
    assert len(attempts.there.got) == 1


async def test_secrets_are_kept_apart(attempts: Attempts) -> None:
    kind, secrets = kind_of(attempts.action), attempts.case.secrets
    assert kind.secrets(attempts.action) == secrets
    shown = msgspec.json.encode(kind.without_secrets(attempts.action)).decode()
    assert not any(secret in shown for secret in secrets.values())
    assert set(kind.secrets(kind.without_secrets(attempts.action)).values()) <= {""}


async def test_what_viewers_wrote_changes_nothing_but_the_text(attempts: Attempts) -> None:
    assert (await attempts.attempt(HOSTILE))[0]
    (got,) = attempts.there.got
    assert attempts.case.text(got) == attempts.case.written(HOSTILE)


async def test_what_would_become_huge_is_not_made(attempts: Attempts) -> None:
    most = registry.FILLED_MAX_CHARS
    is_done, words, is_final = await attempts.attempt("x" * (most + 1))
    assert (is_done, "characters" in words, is_final) == (False, True, True)
    assert not attempts.there.got


async def test_what_says_nothing_is_given_up(
    attempts: Attempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (http_client, caspar, obs):
        monkeypatch.setattr(module, "ATTEMPT_S", 0.2)
    is_done, words, is_final = await attempts.attempt(answered=None)
    assert (is_done, "no answer" in words, is_final) == (False, True, False)


async def test_nonsense_is_told_as_such(attempts: Attempts) -> None:
    is_done, words, is_final = await attempts.attempt(answered=attempts.case.nonsense)
    assert (is_done, "doesn't answer as" in words, is_final) == (False, True, False)


async def test_an_answer_without_end_is_not_read_to_it(attempts: Attempts) -> None:
    is_done, words, is_final = await attempts.attempt(answered=attempts.case.endless)
    assert (is_done, is_final) == (False, False)
    assert "no answer" not in words


async def test_a_connection_that_is_cut_is_told_as_such(attempts: Attempts) -> None:
    is_done, words, is_final = await attempts.attempt(answered=b"")
    assert (is_done, is_final) == (False, False)
    assert "no answer" not in words
    assert "fault" not in words


async def test_nobody_there_is_told_as_such(attempts: Attempts) -> None:
    async with receiver() as gone:
        pass
    attempts.there.port = gone.port
    is_done, words, is_final = await attempts.attempt()
    assert (is_done, "can't be reached" in words, is_final) == (False, True, False)


async def test_a_forbidden_address_is_never_connected_to(attempts: Attempts) -> None:
    attempts.client = outbound = Outbound(Addresses())
    with pytest.raises(ForbiddenAddressError):
        await attempts.attempt()
    await outbound.close()
    assert not attempts.there.got


@pytest_asyncio.fixture(loop_scope="module")
async def there() -> AsyncIterator[Receiver]:
    async with receiver() as made:
        yield made


@pytest.mark.parametrize("kind", [Webhook, HttpCall, Vmix])
async def test_an_http_attempt_says_which_firing_it_is(
    kind: type, there: Receiver, client: Outbound
) -> None:
    action = CASES[kind].action(there.port)
    fired = firing(action)
    await kind_of(action).attempt(client, action, CASES[kind].secrets, fired)
    headers = there.got[0].headers
    assert fired.id in (headers.get("webhook-id"), headers.get("idempotency-key"))


async def test_a_hostile_text_makes_no_header(there: Receiver, client: Outbound) -> None:
    case = CASES[HttpCall]
    action = case.action(there.port)
    await kind_of(action).attempt(client, action, case.secrets, firing(action, HOSTILE))
    assert "x" not in there.got[0].headers
    assert there.got[0].path.count("/") == 1


def nested(levels: int) -> dict[str, Any]:
    return {"a": nested(levels - 1)} if levels else {}


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
        (Obs("http://x", [ObsRequest("StartStream")]), "url"),
        (Obs("ws://x", [ObsRequest("Start Stream")]), "requests.0"),
        (Obs("ws://x", [ObsRequest("A"), ObsRequest("A", {"a": ["{loser}"]})]), "requests.1"),
        (Obs("ws://x", [ObsRequest("A", {"a": [2**64]})]), "requests.0"),
        (Obs("ws://x", [ObsRequest("A", nested(11))]), "requests.0"),
    ],
)
async def test_a_flaw_names_its_field(action: Action, field: str) -> None:
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
