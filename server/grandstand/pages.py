"""The pages that browsers load, from ``client_demo``, and the libraries that they import."""

from __future__ import annotations

import asyncio
import base64
import functools
import gzip
import hashlib
import json
import os
import posixpath
import re
from pathlib import Path

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

LIBRARIES = (
    "@msgpack/msgpack/dist.esm/",
    "hls.js/dist/hls.min.mjs",
    "htm/dist/htm.mjs",
    "preact/dist/preact.mjs",
    "preact/hooks/dist/hooks.mjs",
    "uplot/dist/uPlot.esm.js",
    "uplot/dist/uPlot.min.css",
)
"""What browsers may load of ``client_demo/node_modules``; the build hook packs the same."""

HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
    "Vary": "Accept-Encoding",
}

_IMPORT_MAP = re.compile(r'<script type="importmap">(.*?)</script>', re.DOTALL)
_SCRIPT = re.compile(r'<script type="module" src="([^"]+)"')
_IMPORT = re.compile(
    r'^(?:import|export)\b[^;"]*?\bfrom\s*"([^"]+)"|\bawait import\("([^"]+)"\)', re.MULTILINE
)


def policy(html: str, foreign_style: bool = False) -> str:
    """Return the Content-Security-Policy of a page.

    A room's stream may be on any host, and hls.js plays it through a ``blob:``. The import map is
    the one inline script, since browsers accept no other kind: its hash allows it. With
    ``foreign_style`` a studio's own CSS works, which OBS puts into the page as an element, with the
    fonts and logos that it names; scripts stay ours.
    """
    hashes = "".join(
        f" 'sha256-{base64.b64encode(hashlib.sha256(found.encode()).digest()).decode()}'"
        for found in _IMPORT_MAP.findall(html)
    )
    style, images = "", ""
    if foreign_style:
        style = " style-src 'self' 'unsafe-inline' https:; font-src 'self' data: https:;"
        images = " https:"
    return (
        f"default-src 'self'; script-src 'self'{hashes}; connect-src 'self' http: https: ws: wss:; "
        f"media-src 'self' blob: http: https:; img-src 'self' data: blob:{images};{style} "
        "worker-src 'self' blob:; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    )


def modules(folder: Path, html: str) -> list[str]:
    """Return the paths of a page's scripts and of all that they import, the nearest first.

    What is imported only when it is needed is among them; what JSDoc names for its types is not.
    """
    maps = _IMPORT_MAP.findall(html)
    bare: dict[str, str] = json.loads(maps[0])["imports"] if maps else {}
    found = _SCRIPT.findall(html)
    for path in found:  # it grows meanwhile
        source = _file(folder, path).read_text("utf-8")
        for name in filter(None, sum(_IMPORT.findall(source), ())):
            beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
            imported = bare.get(name, beside)
            if imported not in found and _file(folder, imported).is_file():
                found.append(imported)
    return found


def _file(folder: Path, path: str) -> Path:
    libraries = folder / "node_modules"
    _, place, rest = path.split("/", 2)
    return (libraries if place == "library" else folder) / rest


def _takes_gzip(headers: Headers) -> bool:
    return "gzip" in headers.get("accept-encoding", "")


@functools.lru_cache(maxsize=512)
def _packed(body: bytes) -> bytes:
    """Return the body compressed, once: the scripts of one page take 33 ms of a core."""
    return gzip.compress(body, mtime=0)


class _Modules(StaticFiles):
    """Scripts and styles; ``only`` names the files or folders (ending in /) that are served."""

    def __init__(self, directory: Path, only: tuple[str, ...] | None = None) -> None:
        super().__init__(directory=directory, check_dir=False)
        self._only = only

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Find only what may be served."""
        if (
            path.startswith("node_modules")
            if self._only is None
            else not path.startswith(self._only)
        ):
            return "", None
        return super().lookup_path(path)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file, compressed where it may be, with the pages' headers."""
        response = await super().get_response(path, scope)
        response.headers.update(HEADERS)
        if isinstance(response, FileResponse) and _takes_gzip(Headers(scope=scope)):
            packed = await asyncio.to_thread(lambda: _packed(Path(response.path).read_bytes()))
            kept = {name: response.headers[name] for name in ("content-type", "etag")}
            return Response(packed, headers={**HEADERS, **kept, "Content-Encoding": "gzip"})
        return response


def pages(folder: Path) -> list[BaseRoute]:
    """Return the routes of the viewer's page, the producer's, the overlay's, and of what they
    load."""

    def page(name: str, path: str, foreign_style: bool = False) -> Route:
        file = folder / name

        @functools.cache  # reads a hundred files, which a start needn't wait for
        def links() -> str:
            # All at once. The browser would find them level by level, each a round trip away.
            return "".join(
                f'<link rel="modulepreload" href="{path}" />\n    '
                for path in modules(folder, file.read_text("utf-8"))
            )

        async def respond(request: Request) -> Response:
            preloads = await asyncio.to_thread(links)
            html = file.read_text("utf-8")
            content_policy = policy(html, foreign_style)
            # Behind the import map: older browsers take none once a module was asked for.
            html = _SCRIPT.sub(lambda script: preloads + script[0], html, count=1)
            body = html.encode()
            tag = {"ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"'}
            headers = HEADERS | tag | {"Content-Security-Policy": content_policy}
            if _takes_gzip(request.headers):
                body = _packed(body)
                headers["Content-Encoding"] = "gzip"
            return Response(body, media_type="text/html", headers=headers)

        return Route(path, respond, methods=["GET"])

    return [
        page("viewer.html", "/"),
        page("producer.html", "/producer"),
        page("overlay.html", "/overlay/{room}", foreign_style=True),
        Mount("/client", _Modules(folder)),
        Mount("/library", _Modules(folder / "node_modules", LIBRARIES)),
    ]
