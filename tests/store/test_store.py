from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from grandstand.errors import OperatorError
from grandstand.store import store as store_module
from grandstand.store.errors import StoreUnavailable
from grandstand.store.store import Store, open_store, retry_until

from tests.proxy import CuttingProxy


def failing(times: int) -> tuple[list[int], Callable[[], asyncio.Future[str]]]:
    """A write that is answered after ``times`` failures, and the list of its tries."""
    tries: list[int] = []

    def write() -> asyncio.Future[str]:
        tries.append(len(tries))
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        if len(tries) <= times:
            answer.set_exception(StoreUnavailable(f"try {len(tries)}"))
        else:
            answer.set_result("done")
        return answer

    return tries, write


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "RETRY_S", (0.0, 0.001))


async def test_it_opens_with_a_clock_and_a_promise(store: Store, topology: str) -> None:
    assert store.durability.promise == ("fsync" if topology == "single" else "replicated")
    assert abs(store.now_ms() - await store.rooms.clock_ms()) < 5_000
    assert len(store.node) == 8


async def test_nodes_have_names_of_their_own(store: Store, valkey_url: str) -> None:
    other = await open_store(valkey_url)
    assert other.node != store.node
    await other.close()


async def test_a_store_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        await open_store(f"unix://{tmp_path}/nobody.sock")


async def test_a_wrong_url_is_the_operators_fault() -> None:
    with pytest.raises(OperatorError, match="GRANDSTAND_REDIS_URL"):
        await open_store("http://localhost")


async def test_its_clock_cannot_be_set_by_a_store_that_is_away(
    store: Store, proxy: CuttingProxy
) -> None:
    proxy.cut_before("TIME")
    with pytest.raises(StoreUnavailable):
        await store.sample_clock()
    assert store.now_ms() > 0


@pytest.mark.usefixtures("quick")
async def test_who_insists_tries_until_there_is_an_answer() -> None:
    tries, write = failing(5)
    assert await retry_until(write, patience_s=60) == "done"
    assert len(tries) == 6


@pytest.mark.usefixtures("quick")
async def test_when_patience_ends_the_last_reason_is_told() -> None:
    tries, write = failing(10**9)
    with pytest.raises(StoreUnavailable) as away:
        await retry_until(write, patience_s=0.02)
    assert away.value.reason == f"try {len(tries)}"
    assert len(tries) > 2


async def test_without_patience_there_is_one_try() -> None:
    tries, write = failing(1)
    with pytest.raises(StoreUnavailable):
        await retry_until(write, patience_s=0)
    assert len(tries) == 1


async def test_only_an_absent_store_is_insisted_upon() -> None:
    async def wrong() -> None:
        raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        await retry_until(wrong, patience_s=60)


@pytest.mark.usefixtures("quick")
async def test_a_write_that_is_insisted_upon_through_cuts_is_done_once(
    store: Store, proxy: CuttingProxy
) -> None:
    await store.rooms.create("other", "made")
    proxy.cut_before("EVALSHA")
    proxy.cut_after("EVALSHA")  # of the next try
    assert await retry_until(lambda: store.rooms.create("r", "mine"), patience_s=60)
    assert await store.rooms.ids() == ["other", "r"]


async def test_it_tells_what_its_server_is(store: Store) -> None:
    about = await store.about()
    assert about.name.startswith("Valkey 9.")
    assert about.used > 0
    assert about.most == 0
