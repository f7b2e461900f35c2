"""The page that the SDK's documentation shows, on an origin of its own."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.conftest import MakeServer
from tests.pages.browsing import EXPECT_MS, look

DOCUMENT = Path(__file__).parents[2] / "docs" / "sdk.md"
QUESTION = {
    "kind": "single",
    "question": "Encore?",
    "options": [{"text": "Yes"}, {"text": "No"}],
    "duration": 60,
}


class Quiet(SimpleHTTPRequestHandler):
    """Files of a folder; its log is nobody's."""

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """The origin of somebody else's site, whose files are in ``tmp_path / "site"``."""
    folder = tmp_path / "site"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield f"http://localhost:{httpd.server_address[1]}"
        httpd.shutdown()
        thread.join()


@pytest.mark.asyncio(loop_scope="session")
async def test_the_documented_page_shows_says_and_votes_from_another_origin(
    browser: Browser, site: str, make_server: MakeServer, tmp_path: Path
) -> None:
    server = make_server(environment={"GRANDSTAND_ORIGINS": site}).start()
    server.make_room("gala")
    [page] = re.findall(
        r"^```html\n(.*?)^```$", DOCUMENT.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    assert "https://show.example" in page
    (tmp_path / "site" / "index.html").write_text(page.replace("https://show.example", server.url))
    ann, bo = [await look(browser, site, ready=False) for _ in range(2)]
    await ann.page.fill("#text", "hello from elsewhere")
    await ann.page.click("text=Send")
    for viewer in (ann, bo):
        bullet = viewer.page.locator(".bullet", has_text="hello from elsewhere")
        await expect(bullet).to_have_count(1, timeout=EXPECT_MS)
    await server.produce("POST", "/v1/rooms/gala/polls", QUESTION)
    await bo.page.locator("fieldset button").first.click(timeout=EXPECT_MS)
    for viewer in (ann, bo):
        yes = viewer.page.locator("fieldset button").first
        await expect(yes).to_have_text("Yes (1)", timeout=EXPECT_MS)
    assert ann.faults + bo.faults == []
