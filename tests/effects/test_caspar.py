"""CasparCG against a small server that speaks its protocol byte by byte, its errors included."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from xml.etree import ElementTree as ET

import msgspec
import pytest
from grandstand.domain import effects
from grandstand.domain.addresses import Addresses
from grandstand.domain.effects import Caspar, Effect, Firing, On
from grandstand.effects.answer import Answer
from grandstand.effects.kinds.caspar import CasparKind, filled
from grandstand.effects.outbound import Outbound
from hypothesis import given
from hypothesis import strategies as st

from tests.effects.playout import Playout, parameters, playout

KIND = CasparKind()


@pytest.fixture
async def there() -> AsyncIterator[Playout]:
    async with playout() as made:
        yield made


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    made = Outbound(Addresses(["127.0.0.1"]))
    yield made
    await made.close()


def firing(action: Caspar, winner: str = "One") -> Firing:
    happened = effects.made_up("poll.closed", "t", 0)
    happened = msgspec.structs.replace(happened, facts={**happened.facts, "winner": winner})
    (made,) = effects.firings_of_effect("room", Effect("e", On("poll.closed"), [action]), happened)
    return made


async def attempt(outbound: Outbound, there: Playout, *commands: str) -> Answer:
    action = Caspar(f"127.0.0.1:{there.port}", list(commands))
    assert KIND.flaws(action) == []
    return await KIND.attempt(outbound, action, {}, firing(action))


async def test_commands_come_in_their_order(there: Playout, outbound: Outbound) -> None:
    there.answers = [
        b"201 VERSION OK\r\n2.4.0 Stable\r\n",
        b"200 CLS OK\r\nA MOVIE\r\nB MOVIE\r\n\r\n",
        b"101 STATE\r\nof something else\r\n202 PLAY OK\r\n",
    ]
    done = await attempt(outbound, there, "VERSION", "CLS", "PLAY 1-10 {winner}", "CLEAR 1")
    assert done == Answer(True, "AMCP 202")
    assert there.got == ["VERSION", "CLS", 'PLAY 1-10 "One"', "CLEAR 1"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"400 ERROR\r\nPLAY 1\r\n", "command 2: AMCP 400"),
        (b"404 PLAY FAILED\r\n", "command 2: AMCP 404"),
        (b"501 PLAY FAILED\r\n", "command 2: AMCP 501"),
        (b"hello\r\n", "doesn't answer as CasparCG"),
        (b"x" * 100_000, "doesn't answer as CasparCG"),
        (b"200 PLAY OK\r\n" + b"and on\r\n" * 2000, "doesn't answer as CasparCG"),
        (b"100 INFO\r\n" * 2000, "doesn't answer as CasparCG"),
        (b"", "can't be reached (IncompleteReadError)"),
    ],
)
async def test_a_failure_ends_the_attempt(
    there: Playout, outbound: Outbound, answer: bytes, words: str
) -> None:
    there.answers = [b"202 LOADBG OK\r\n", answer]
    failed = await attempt(outbound, there, "LOADBG 1-1 A", "PLAY 1-1", "CLEAR 1")
    assert failed == Answer(False, words)
    assert there.got == ["LOADBG 1-1 A", "PLAY 1-1"]


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Co", "Cn"]))


@given(texts)
def test_a_text_stays_one_parameter(text: str) -> None:
    for template in ("PLAY 1-1 {winner} LOOP", 'PLAY 1-1 "{winner}" LOOP'):
        command = filled(template, {"winner": text})
        assert parameters(command) == ["PLAY", "1-1", text, "LOOP"]
        assert "\r" not in command
        assert "\n" not in command


@given(texts)
def test_a_text_in_json_or_xml_for_a_template_stays_a_text(text: str) -> None:
    template = r'CG 1-1 UPDATE 1 "{\"f0\": \"{winner}\"}" "<a b=\"{winner}\">{winner}</a>"'
    *_, as_json, as_xml = parameters(filled(template, {"winner": text}))
    assert json.loads(as_json) == {"f0": text}
    root = ET.fromstring(as_xml)
    assert (root.text or "") == text


def test_line_breaks_are_no_second_command() -> None:
    command = filled('CG 1-1 INVOKE 1 "{winner}"', {"winner": "a\r\nCLEAR 1\x00"})
    assert command == 'CG 1-1 INVOKE 1 "a\\nCLEAR 1 "'


@pytest.mark.parametrize(
    ("action", "field"),
    [
        (Caspar("a b", ["CLEAR 1"]), "address"),
        (Caspar("host:0", ["CLEAR 1"]), "address"),
        (Caspar("host:99999", ["CLEAR 1"]), "address"),
        (Caspar("http://host", ["CLEAR 1"]), "address"),
        (Caspar("host", [" "]), "commands.0"),
        (Caspar("host", ["CLEAR 1", "PLAY 1\r\nCLEAR 1"]), "commands.1"),
        (Caspar("host", ['PLAY "1']), "commands.0"),
        (Caspar("host", ["PLAY {loser}"]), "commands.0"),
    ],
)
def test_a_flaw_names_its_field(action: Caspar, field: str) -> None:
    assert [name for name, _ in KIND.flaws(action)] == [field]


@pytest.mark.parametrize("address", ["caspar.lan", "10.0.0.5:5250", "[fd00::5]:5251", "[::1]"])
def test_an_address_is_a_host_and_perhaps_a_port(address: str) -> None:
    assert KIND.flaws(Caspar(address, ["CLEAR 1"])) == []
