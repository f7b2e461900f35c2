"""The pages that browsers load, as they lie in ``client_demo``."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; connect-src 'self' ws: wss:; style-src 'self'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


class _Modules(StaticFiles):
    """Scripts and styles, under the same headers as the pages."""

    def file_response(self, *arguments: object, **named: object) -> FileResponse:
        response = super().file_response(*arguments, **named)  # type: ignore[arg-type]
        response.headers.update(HEADERS)
        return response  # type: ignore[return-value]


def pages(folder: Path) -> list[BaseRoute]:
    """Routes of the viewer's page, the producer's, the overlay's, and of what they load."""

    def page(name: str, path: str) -> Route:
        async def respond(request: Request) -> FileResponse:
            return FileResponse(folder / name, headers=HEADERS)

        return Route(path, respond, methods=["GET"])

    return [
        page("viewer.html", "/"),
        page("producer.html", "/producer"),
        page("overlay.html", "/overlay/{room}"),
        Mount("/client", _Modules(directory=folder)),
    ]
