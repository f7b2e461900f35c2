"""Names and addresses: what is looked up delays nothing else, and each answer is judged."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from grandstand.domain.addresses import Addresses
from grandstand.effects import network as module
from grandstand.effects.network import ForbiddenAddressError, Resolver

from tests.waiting import until


class SilentNames:
    """Name servers that say nothing about names of ``.example``; of others the real ones do."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.over = threading.Event()
        self._real = socket.getaddrinfo

    def __call__(self, host: Any, *arguments: Any, **named: Any) -> Any:
        if str(host).endswith(".example"):
            self.asked.append(host)
            self.over.wait()
            raise socket.gaierror("no answer")
        return self._real(host, *arguments, **named)


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[SilentNames]:
    made = SilentNames()
    monkeypatch.setattr(socket, "getaddrinfo", made)
    yield made
    made.over.set()


async def test_names_whose_servers_are_silent_delay_no_other_name(silent: SilentNames) -> None:
    resolver = Resolver(Addresses(["127.0.0.1", "::1"]))
    hanging = [
        asyncio.create_task(resolver.resolve(f"n{number % 50}.example", 80))
        for number in range(200)
    ]
    await until(lambda: len(silent.asked) == 50)
    assert await resolver.resolve("localhost", 80) in ("127.0.0.1", "::1")
    assert await resolver.resolve("127.0.0.1", 80) == "127.0.0.1"
    assert len(silent.asked) == 50  # each once
    hanging[0].cancel()  # one who waits for n0 no longer; the others do
    silent.over.set()
    answers = await asyncio.gather(*hanging, return_exceptions=True)
    assert {type(each) for each in answers[1:]} == {socket.gaierror}


async def test_only_so_many_names_are_looked_up_at_a_time(
    silent: SilentNames, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_UPS", 1)
    resolver = Resolver(Addresses())
    hanging = asyncio.create_task(resolver.resolve("a.example", 80))
    await until(lambda: silent.asked)
    with pytest.raises(OSError, match="too many"):
        await resolver.resolve("b.example", 80)
    silent.over.set()
    with pytest.raises(socket.gaierror):
        await hanging
    with pytest.raises(socket.gaierror):
        await resolver.resolve("b.example", 80)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "::1", "fe80::1", "localhost", "2130706433", "0x7f.1"]
)
async def test_an_address_that_is_not_public_is_refused(host: str) -> None:
    with pytest.raises(ForbiddenAddressError, match="GRANDSTAND_EFFECTS_ALLOW"):
        await Resolver(Addresses()).resolve(host, 80)


@pytest.mark.parametrize("host", ["x" * 64 + ".example", "a..example"])
async def test_what_is_no_name_has_no_address(host: str) -> None:
    with pytest.raises(OSError, match=r"no name|not known|No address"):
        await Resolver(Addresses()).resolve(host, 80)
