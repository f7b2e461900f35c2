"""One browser for the tests of a process, and none of their pages and rooms beyond a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.pages.browsing import chromium, leave_all
from tests.server import ServerProcess


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chrome() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def browser(
    chrome: Browser, room: str, request: pytest.FixtureRequest
) -> AsyncIterator[Browser]:
    """The browser; what the pages of a test do ends with it.

    So does its room on the shared server: with an open poll it would tick until the last test.
    """
    yield chrome
    await leave_all(chrome)
    if "shared_server" in request.fixturenames:
        server: ServerProcess = request.getfixturevalue("shared_server")
        path = f"/v1/rooms/{room}?confirm={room}"
        await asyncio.to_thread(server.call, "DELETE", path, token=server.producer_token)
