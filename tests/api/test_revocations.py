from __future__ import annotations

import time
from typing import Any

import pytest
from grandstand.domain.revocations import Revocation

from tests.api.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATH = "/v1/revocations"


async def revoke(harness: Harness, **body: Any) -> tuple[int, Any]:
    answer = await harness.call("POST", PATH, json=body)
    return answer.status_code, answer.json()


async def test_a_revoked_token_is_401_until_it_is_lifted(on_stage: Harness) -> None:
    room = await on_stage.house()
    token = on_stage.tokens.issue("thief", "T", "moderator", ["*"], 60)
    token_id = on_stage.tokens.identify(token).token_id
    path = f"/v1/rooms/{room}/held"
    assert (await on_stage.call("GET", path, token=token)).status_code == 200
    for body in ({"jti": token_id}, {"sub": "thief"}):
        status, told = await revoke(on_stage, **body)
        assert status == 200
        assert told.items() >= body.items()
        assert abs(told["until"] / 1000 - time.time() - 31_536_000) < 60
        answer = await on_stage.call("GET", path, token=token)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
        assert "revoked" in answer.json()["detail"]
        listed = (await on_stage.call("GET", PATH)).json()["revocations"]
        assert [each for each in listed if each.items() >= body.items()]
        await revoke(on_stage, **body, until=0)
        assert (await on_stage.call("GET", path, token=token)).status_code == 200


async def test_what_is_over_is_not_listed(on_stage: Harness) -> None:
    known = on_stage.api.rooms.revocations.known
    known.jtis["over"] = Revocation("jti", "over", 0, int(on_stage.store.now_ms()) - 1)
    listed = (await on_stage.call("GET", PATH)).json()["revocations"]
    assert "over" not in [each.get("jti") for each in listed]


@pytest.mark.parametrize(
    "body",
    [{}, {"jti": "a", "sub": "b"}, {"jti": ""}, {"sub": "x" * 201}, {"sub": "a", "until": 1.5}],
)
async def test_a_body_that_names_neither_or_both_is_refused(
    on_stage: Harness, body: dict[str, Any]
) -> None:
    assert (await revoke(on_stage, **body))[0] == 422


async def test_it_takes_a_producer_of_all_rooms(on_stage: Harness) -> None:
    room = await on_stage.house()
    for method, json in (("GET", None), ("POST", {"sub": "ada"})):
        for role, where, status in (
            ("producer", room, 403),
            ("moderator", "*", 403),
            ("viewer", "*", 403),
        ):
            token = on_stage.token(role, where)  # type: ignore[arg-type]
            answer = await on_stage.call(method, PATH, token=token, json=json)
            assert answer.status_code == status
        assert (await on_stage.call(method, PATH, role=None, json=json)).status_code == 401
