"""One browser for the tests of a module, and none of their pages beyond a test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser

from tests.pages.browsing import chromium


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chrome() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def browser(chrome: Browser) -> AsyncIterator[Browser]:
    """The module's browser; the pages of a test end with it, since they would go on playing."""
    yield chrome
    for context in chrome.contexts:
        for page in context.pages:
            await page.unroute_all(behavior="ignoreErrors")  # an answer may be on its way
        await context.close()
