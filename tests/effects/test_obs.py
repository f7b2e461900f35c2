"""OBS' own faults, against a small server that speaks its protocol.

``system/test_obs.py`` has a real one.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from grandstand.domain import effects
from grandstand.domain.addresses import Addresses
from grandstand.domain.effects import Effect, Firing, Obs, ObsRequest, On
from grandstand.effects.answer import Answer
from grandstand.effects.kinds import obs as module
from grandstand.effects.kinds.obs import ObsKind, filled
from grandstand.effects.network import ForbiddenAddressError
from grandstand.effects.outbound import Outbound
from grandstand.tasks import PATIENTLY_S, cancel_all
from hypothesis import given
from hypothesis import strategies as st
from simpleobsws import RequestBatchExecutionType

from tests.effects.mixer import PASSWORD, Mixer, message, mixer, results
from tests.effects.receiver import answer, receiver
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

KIND = ObsKind()
SCENE = ObsRequest("SetCurrentProgramScene", {"sceneName": "{winner}"})
TEXT = ObsRequest("SetInputSettings", {"inputName": "name", "inputSettings": {"text": "{winner}"}})


@pytest_asyncio.fixture(loop_scope="module")
async def there() -> AsyncIterator[Mixer]:
    async with mixer() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outbound() -> AsyncIterator[Outbound]:
    made = Outbound(Addresses(["127.0.0.1"]))
    yield made
    await made.close()


def firing(action: Obs, **facts: str) -> Firing:
    happened = effects.made_up("poll.closed", "t", 0)
    happened = msgspec.structs.replace(happened, facts={"winner": "One", **facts})
    (made,) = effects.firings_of_effect("room", Effect("e", On("poll.closed"), [action]), happened)
    return made


async def attempt(
    outbound: Outbound, there: Mixer, *requests: ObsRequest, password: str = PASSWORD, **facts: str
) -> Answer:
    action = Obs(f"ws://127.0.0.1:{there.port}", list(requests))
    assert KIND.flaws(action) == []
    return await KIND.attempt(outbound, action, {"password": password}, firing(action, **facts))


async def test_all_requests_are_one_batch_of_one_frame(there: Mixer, outbound: Outbound) -> None:
    done = await attempt(outbound, there, SCENE, TEXT, ObsRequest("StartRecord"))
    assert done == Answer(True, "OBS 100")
    (batch,) = there.got
    assert batch["executionType"] == RequestBatchExecutionType.SerialFrame.value
    assert batch["haltOnFailure"] is True
    assert batch["requests"] == [
        {"requestType": "SetCurrentProgramScene", "requestData": {"sceneName": "One"}},
        {
            "requestType": "SetInputSettings",
            "requestData": {"inputName": "name", "inputSettings": {"text": "One"}},
        },
        {"requestType": "StartRecord"},
    ]


async def test_a_request_that_fails_is_named(there: Mixer, outbound: Outbound) -> None:
    there.answers = [[100, 604]]
    failed = await attempt(outbound, there, SCENE, TEXT, SCENE)
    assert failed == Answer(False, "request 2, SetInputSettings: OBS 604")


@pytest.mark.parametrize("password", ["", "another"])
async def test_a_wrong_password_is_told_as_such(
    there: Mixer, outbound: Outbound, password: str
) -> None:
    failed = await attempt(outbound, there, SCENE, password=password)
    assert failed == Answer(False, "wants another password (4009)")
    assert not there.got


@pytest.mark.parametrize(
    "greeting",
    [
        b"hello",
        message(0, {}),  # no password is asked for: then none is said, which this server wants
        message(2, {"negotiatedRpcVersion": 1}),
        message(0, {"authentication": {"salt": 1}}),
        message(0, {"authentication": "x"}),
        message(9, {"requestId": 7}),
        *(b"\x93\x01\x02\x03", b"\x81\xa2op\x00", b"\xc4\x01x", b"\xd9", b"\x91" * 2000),
    ],
)
async def test_an_odd_greeting_is_told_as_such(
    there: Mixer, outbound: Outbound, greeting: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ATTEMPT_S", 0.3)
    there.greetings = [greeting]
    failed = await attempt(outbound, there, SCENE)
    assert not failed.is_done
    assert not failed.is_final
    assert "fault" not in failed.words


@pytest.mark.parametrize(
    "result",
    [
        None,
        [],
        [{"requestType": "x"}],
        [{"requestType": "x", "requestStatus": {"result": True, "code": "a secret word"}}],
        [{"requestType": "x", "requestStatus": {"result": True, "code": 100}}] * 2,
        ["x"],
        7,
    ],
)
async def test_odd_results_are_told_as_such(there: Mixer, outbound: Outbound, result: Any) -> None:
    there.answers = [
        lambda batch: [message(9, {"requestId": batch["requestId"], "results": result})]
    ]
    assert await attempt(outbound, there, SCENE) == Answer(False, "doesn't answer as OBS")


async def test_what_was_not_asked_for_is_passed_over(there: Mixer, outbound: Outbound) -> None:
    event = message(5, {"eventType": "x", "eventIntent": 1})
    there.answers = [lambda batch: ["a text", event, message(77, {}), results(batch, [])]]
    assert (await attempt(outbound, there, SCENE)).is_done


@pytest.mark.parametrize(
    "flood", [message(5, {"eventType": "x"}), "a text", b"\x9a" + b"\xc0" * 9], ids=str
)
async def test_messages_without_end_are_not_read_to_it(
    there: Mixer, outbound: Outbound, flood: bytes | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CLOSING_S", 0.05)
    there.answers = [lambda batch: [flood] * 1000]
    assert await attempt(outbound, there, SCENE) == Answer(False, "doesn't answer as OBS")


async def test_an_attempt_that_is_cancelled_ends_its_connection(
    there: Mixer, outbound: Outbound
) -> None:
    there.answers = [None]
    going = asyncio.create_task(attempt(outbound, there, SCENE))
    await until(lambda: there.got)
    await cancel_all([going], PATIENTLY_S)
    assert going.cancelled()
    await until(lambda: not there.connections)


async def test_a_redirect_is_not_followed(there: Mixer, outbound: Outbound) -> None:
    async with receiver() as web:
        web.answers = [answer(301, f"Location: ws://127.0.0.1:{there.port}/")]
        action = Obs(web.url.replace("http", "ws"), [SCENE])
        failed = await KIND.attempt(outbound, action, {"password": PASSWORD}, firing(action))
    assert failed == Answer(False, "doesn't answer as OBS (HTTP 301)")


async def test_a_name_is_held_against_the_certificate(
    outbound: Outbound, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also over a socket that was connected to an address."""
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate(tmp_path, "localhost"))
    async with mixer(serving) as there:
        found = {}
        for trusted, host in ((False, "localhost"), (True, "localhost"), (True, "127.0.0.1")):
            if trusted:
                monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "both.pem"))
            action = Obs(f"wss://{host}:{there.port}", [SCENE])
            done = await KIND.attempt(outbound, action, {"password": PASSWORD}, firing(action))
            found[trusted, host] = done.words
    refused = "can't be reached (SSLCertVerificationError)"
    assert found == {
        (False, "localhost"): refused,
        (True, "localhost"): "OBS 100",
        (True, "127.0.0.1"): refused,
    }


def certificate(folder: Path, name: str) -> Path:
    """A key and a certificate that vouches for itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    both = folder / "both.pem"
    both.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return both


@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
async def test_an_address_is_judged_when_it_is_connected_to(there: Mixer, host: str) -> None:
    outbound = Outbound(Addresses(["elsewhere.example"]))
    action = Obs(f"ws://{host}:{there.port}", [SCENE])
    with pytest.raises(ForbiddenAddressError):
        await KIND.attempt(outbound, action, {"password": PASSWORD}, firing(action))
    assert not there.connections
    await outbound.close()


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]))


@given(texts)
async def test_a_text_stays_a_text_wherever_it_stands(text: str) -> None:
    data: dict[str, Any] = {
        "plain": "[Live] {winner} <3",
        "list": [{"json": '{"a": "{winner}"}', "number": 1, "flag": True, "nothing": None}],
        "url": "https://studio.example/?a={winner}&b=1",
        "xml": "<a>{winner}</a>",
        "file": "/graphics/{winner}.png",
        "{winner}": "",
    }
    found = filled(data, {"winner": text})
    assert found["plain"] == f"[Live] {text} <3"
    assert json.loads(found["list"][0]["json"]) == {"a": text}
    assert found["list"][0] | {"json": ""} == data["list"][0] | {"json": ""}
    assert parse_qs(urlsplit(found["url"]).query, keep_blank_values=True) == {
        "a": [text],
        "b": ["1"],
    }
    assert "<" not in found["xml"][3:-4]
    assert found["file"].count("/") == 2
    assert found.keys() == data.keys()


@pytest.mark.parametrize("text", ["..", "../../etc/passwd", "a/b", "a\\b", "C:x", "."])
@pytest.mark.parametrize("path", ["/graphics/{winner}/a.png", "C:\\graphics\\{winner}\\a.png"])
async def test_a_text_names_no_other_folder(path: str, text: str) -> None:
    found = filled(path, {"winner": text})
    parts = re.split(r"[/\\]", found)
    assert len(parts) == 4
    assert not {".", ".."} & set(parts)
