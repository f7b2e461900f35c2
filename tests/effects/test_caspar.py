"""CasparCG against a small server that speaks its protocol byte by byte, its errors included."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from xml.etree import ElementTree as ET

import msgspec
import pytest
from grandstand.domain import effects
from grandstand.domain.addresses import Addresses
from grandstand.domain.effects import Caspar, Effect, Firing, On
from grandstand.effects.answer import Answer
from grandstand.effects.kinds import caspar as module
from grandstand.effects.kinds.caspar import CasparKind, filled
from grandstand.effects.network import ForbiddenAddressError
from grandstand.effects.outbound import Outbound
from hypothesis import given
from hypothesis import strategies as st

KIND = CasparKind()


class Playout:
    """The server: notes each command, and answers with what a test gives it."""

    def __init__(self) -> None:
        self.port = 0
        self.commands: list[str] = []
        self.answers: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            self.commands.append(line.decode().removesuffix("\r\n"))
            name = self.commands[-1].split(" ")[0]
            answer = self.answers.pop(0) if self.answers else f"202 {name} OK\r\n".encode()
            if not answer:
                break
            writer.write(answer)
        writer.close()


@pytest.fixture
async def playout() -> AsyncIterator[Playout]:
    made = Playout()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()


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


async def attempt(outbound: Outbound, playout: Playout, *commands: str) -> Answer:
    action = Caspar(f"127.0.0.1:{playout.port}", list(commands))
    assert KIND.flaws(action) == []
    return await KIND.attempt(outbound, action, {}, firing(action))


async def test_commands_come_in_their_order(playout: Playout, outbound: Outbound) -> None:
    playout.answers = [
        b"201 VERSION OK\r\n2.4.0 Stable\r\n",
        b"200 CLS OK\r\nA MOVIE\r\nB MOVIE\r\n\r\n",
        b"101 STATE\r\nof something else\r\n202 PLAY OK\r\n",
    ]
    done = await attempt(outbound, playout, "VERSION", "CLS", "PLAY 1-10 {winner}", "CLEAR 1")
    assert done == Answer(True, "AMCP 202")
    assert playout.commands == ["VERSION", "CLS", 'PLAY 1-10 "One"', "CLEAR 1"]


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
    playout: Playout, outbound: Outbound, answer: bytes, words: str
) -> None:
    playout.answers = [b"202 LOADBG OK\r\n", answer]
    failed = await attempt(outbound, playout, "LOADBG 1-1 A", "PLAY 1-1", "CLEAR 1")
    assert failed == Answer(False, words)
    assert playout.commands == ["LOADBG 1-1 A", "PLAY 1-1"]


async def test_what_says_nothing_is_given_up(
    playout: Playout, outbound: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ATTEMPT_S", 0.05)
    playout.answers = [b"202 "]
    assert "no answer" in (await attempt(outbound, playout, "PLAY 1-1")).words


async def test_nobody_there_is_told_as_such(outbound: Outbound) -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    action = Caspar(f"127.0.0.1:{port}", ["CLEAR 1"])
    failed = await KIND.attempt(outbound, action, {}, firing(action))
    assert "reached" in failed.words


async def test_an_address_that_is_not_allowed_is_never_connected_to(playout: Playout) -> None:
    outbound = Outbound(Addresses())
    with pytest.raises(ForbiddenAddressError):
        await attempt(outbound, playout, "CLEAR 1")
    assert not playout.commands
    await outbound.close()


def parameters(command: str) -> list[str]:
    """Split a command as the server does."""
    found, word, is_quoted, escaped = list[str](), "", False, False
    for letter in command:
        if escaped:
            word += "\n" if letter == "n" else letter
            escaped = False
        elif letter == "\\":
            escaped = True
        elif letter == '"':
            is_quoted = not is_quoted
        elif letter == " " and not is_quoted:
            found.append(word)
            word = ""
        else:
            word += letter
    assert not is_quoted
    return [*found, word]


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
