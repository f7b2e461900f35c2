from __future__ import annotations

import httpx2
import pytest
from grandstand.api.origins import let_in
from starlette.applications import Starlette

OURS = "https://show.example"


async def preflight(origin: str, method: str, headers: str) -> httpx2.Response:
    app = Starlette(middleware=[let_in([OURS])])
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://grandstand.test") as client:
        asked = {
            "Origin": origin,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": headers,
        }
        return await client.request("OPTIONS", "/v1/rooms/gala", headers=asked)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_pages_that_are_let_in_may_make_every_call(method: str) -> None:
    answer = await preflight(OURS, method, "authorization, content-type")
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, OURS)


@pytest.mark.parametrize(
    ("origin", "method", "header", "told"),
    [
        ("https://evil.example", "GET", "authorization", "GRANDSTAND_ORIGINS"),
        ("null", "GET", "authorization", "GRANDSTAND_ORIGINS"),
        (OURS, "TRACE", "authorization", "method"),
        (OURS, "GET", "x-strange", "headers"),
    ],
)
async def test_others_are_refused_by_a_problem_document(
    origin: str, method: str, header: str, told: str
) -> None:
    answer = await preflight(origin, method, header)
    assert (answer.status_code, answer.json()["code"]) == (400, "forbidden")
    assert answer.headers["content-type"] == "application/problem+json"
    assert told in answer.json()["detail"]
    assert answer.headers["vary"] == "Origin"
