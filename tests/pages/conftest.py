"""One browser for all tests of pages in a process, and none of their pages beyond a test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser

from tests.pages.browsing import chromium


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chrome() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def browser(chrome: Browser) -> AsyncIterator[Browser]:
    """The browser; the pages of a test end with it, since they would go on playing."""
    yield chrome
    for context in chrome.contexts:
        for page in context.pages:
            await page.unroute_all(behavior="ignoreErrors")  # an answer may be on its way
        await context.close()
