from __future__ import annotations

import re
import tomllib
from pathlib import Path

import httpx2
import pytest
from grandstand import resources
from grandstand.pages import LIBRARIES, modules, pages, policy
from starlette.applications import Starlette


@pytest.fixture
def browser(tmp_path: Path) -> httpx2.AsyncClient:
    folder = tmp_path / "client"
    (folder / "sdk").mkdir(parents=True)
    for name in ("viewer.html", "producer.html", "overlay.html", "sdk/clock.js", "base.css"):
        (folder / name).write_text(name)
    (tmp_path / "secret.txt").write_text("not for browsers")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    for name in ("htm/dist/htm.mjs", "htm/package.json", "other/dist/index.js"):
        library = folder / "node_modules" / name
        library.parent.mkdir(parents=True, exist_ok=True)
        library.write_text(name)
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
        ("/library/htm/dist/htm.mjs", "htm/dist/htm.mjs", "text/javascript"),
    ],
)
async def test_each_page_and_what_it_loads_is_served(
    browser: httpx2.AsyncClient, path: str, file: str, kind: str
) -> None:
    async with browser:
        answer = await browser.get(path)
        assert (answer.status_code, answer.text) == (200, file)
        assert answer.headers["content-type"].startswith(kind)
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
        "/client/node_modules/htm/dist/htm.mjs",
        "/library/htm/package.json",
        "/library/other/dist/index.js",
        "/library/htm/dist/../package.json",
        "/library/",
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


async def test_scripts_are_sent_small_to_those_who_can_read_it(
    browser: httpx2.AsyncClient, tmp_path: Path
) -> None:
    script = tmp_path / "client" / "sdk" / "clock.js"
    script.write_text("// the same line again\n" * 1000)
    async with browser:
        small = await browser.get("/client/sdk/clock.js", headers={"Accept-Encoding": "gzip"})
        assert small.headers["content-encoding"] == "gzip"
        assert small.text == script.read_text()
        script.write_text("// another line\n" * 1000)
        changed = await browser.get("/client/sdk/clock.js", headers={"Accept-Encoding": "gzip"})
        assert changed.text == script.read_text()
        assert changed.headers["etag"] != small.headers["etag"]
        assert changed.headers["vary"] == "Accept-Encoding"
        plain = await browser.get("/client/sdk/clock.js", headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers


async def test_a_page_comes_with_a_policy_that_lets_no_strangers_script_in(
    browser: httpx2.AsyncClient,
) -> None:
    async with browser:
        for path in ("/", "/producer", "/overlay/gala"):
            told = (await browser.get(path)).headers["content-security-policy"]
            assert "default-src 'self'" in told
            assert "unsafe" not in told.replace("style-src 'self' 'unsafe-inline'", "")
            assert ("style-src" in told) == (path == "/overlay/gala")
            assert "frame-ancestors 'self'" in told


def test_a_pages_import_map_is_let_in_by_its_hash() -> None:
    told = policy('<script type="importmap">{"imports": {}}</script>')
    # echo -n '{"imports": {}}' | openssl dgst -sha256 -binary | base64
    assert "script-src 'self' 'sha256-CJt/FpW3RQlGvqBeO/YK74xrTm1ctS6rLMJu1bV4fMc=';" in told
    assert "sha256" not in policy('<script type="module" src="/client/main.js"></script>')


def test_a_pages_modules_are_all_that_it_imports_and_no_more(tmp_path: Path) -> None:
    files = {
        "main.js": 'import { a } from "./sdk/a.js";\nimport {\n  b,\n} from "lib";\nconst later = '
        'await import("late");\nexport const word = "./word.js";\n',
        "sdk/a.js": '/** @import {T} from "./types.js" */\nexport { c } from "../c.js";\n'
        '/** @param {import("./types.js").T} t */\n',
        "c.js": 'import { a } from "./sdk/a.js";\n',
        "sdk/types.js": "",
        "word.js": "",
        "node_modules/lib/index.mjs": 'import { d } from "./d.mjs";',
        "node_modules/lib/d.mjs": 'import { gone } from "./gone.mjs";',
        "node_modules/late/late.mjs": "",
    }
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    html = """<script type="importmap">{"imports": {
        "lib": "/library/lib/index.mjs", "late": "/library/late/late.mjs"}}</script>
        <script type="module" src="/client/main.js"></script>"""
    assert modules(tmp_path, html) == [
        "/client/main.js",
        "/client/sdk/a.js",
        "/library/lib/index.mjs",
        "/library/late/late.mjs",
        "/client/c.js",
        "/library/lib/d.mjs",
    ]


async def test_a_page_names_its_modules_behind_its_import_map() -> None:
    folder = resources.pages()
    transport = httpx2.ASGITransport(app=Starlette(routes=pages(folder)))
    async with httpx2.AsyncClient(transport=transport, base_url="http://grandstand.test") as asks:
        html = (await asks.get("/")).text
        linked = re.findall(r'<link rel="modulepreload" href="([^"]+)" />', html)
        assert "/client/sdk/live.js" in linked
        assert linked == modules(folder, html)
        places = [html.index(one) for one in ("importmap", "modulepreload", 'type="module"')]
        assert places == sorted(places)
        for path in linked:
            assert (await asks.get(path)).status_code == 200


def test_an_installed_copy_carries_the_libraries_that_are_served() -> None:
    project = tomllib.loads(Path(__file__).parents[1].joinpath("pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert tuple(wheel["hooks"]["custom"]["libraries"]) == LIBRARIES
    for name in LIBRARIES:
        assert (resources.pages() / "node_modules" / name).exists()
