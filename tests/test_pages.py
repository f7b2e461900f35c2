from __future__ import annotations

from pathlib import Path

import httpx2
import pytest
from grandstand.pages import pages
from starlette.applications import Starlette


@pytest.fixture
def browser(tmp_path: Path) -> httpx2.AsyncClient:
    folder = tmp_path / "client"
    (folder / "sdk").mkdir(parents=True)
    for name in ("viewer.html", "producer.html", "overlay.html", "sdk/clock.js", "base.css"):
        (folder / name).write_text(name)
    (tmp_path / "secret.txt").write_text("not for browsers")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    transport = httpx2.ASGITransport(app=Starlette(routes=pages(folder)))
    return httpx2.AsyncClient(transport=transport, base_url="http://grandstand.test")


@pytest.mark.parametrize(
    ("path", "file", "kind"),
    [
        ("/", "viewer.html", "text/html"),
        ("/producer", "producer.html", "text/html"),
        ("/overlay/gala", "overlay.html", "text/html"),
        ("/client/sdk/clock.js", "sdk/clock.js", "text/javascript"),
        ("/client/base.css", "base.css", "text/css"),
    ],
)
async def test_each_page_and_what_it_loads_comes_with_its_policy(
    browser: httpx2.AsyncClient, path: str, file: str, kind: str
) -> None:
    async with browser:
        answer = await browser.get(path)
        assert (answer.status_code, answer.text) == (200, file)
        assert answer.headers["content-type"].startswith(kind)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-cache"
        again = await browser.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code in (200, 304)


@pytest.mark.parametrize(
    "path",
    [
        "/client/../secret.txt",
        "/client/%2e%2e/secret.txt",
        "/client/link.txt",
        "/client/sdk",
        "/client/",
        "/overlay/a/b",
        "/viewer.html",
    ],
)
async def test_nothing_else_is_served(browser: httpx2.AsyncClient, path: str) -> None:
    async with browser:
        answer = await browser.get(path)
        assert answer.status_code == 404
        assert "not for browsers" not in answer.text


async def test_pages_are_only_read(browser: httpx2.AsyncClient) -> None:
    async with browser:
        assert (await browser.post("/")).status_code == 405
        assert (await browser.head("/")).status_code == 200
