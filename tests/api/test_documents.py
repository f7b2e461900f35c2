from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import jsonschema
import msgspec
import pytest
from grandstand.api.problems import Problem
from grandstand.api.routes import OPERATIONS
from grandstand.wire.codes import CloseCode
from grandstand.wire.messages import ClientMessage, ServerMessage

from tests.api.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="session")

SPECS = Path(__file__).parents[2] / "client_demo/node_modules/@asyncapi/specs/schemas/3.0.0.json"


def schemas(kinds: Any) -> dict[str, Any]:
    _, found = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    return dict(found)


async def document(harness: Harness, name: str) -> dict[str, Any]:
    answer = await harness.call("GET", f"/{name}.json", role=None)
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    return told


async def test_openapi_has_every_call_and_no_other(on_stage: Harness) -> None:
    told = await document(on_stage, "openapi")
    assert told["openapi"] == "3.1.0"
    described = {
        (method.upper(), path) for path, methods in told["paths"].items() for method in methods
    }
    assert described == {(operation.method, operation.path) for operation in OPERATIONS}
    names = [call["operationId"] for path in told["paths"].values() for call in path.values()]
    assert len(set(names)) == len(names)
    assert all(call["summary"] for path in told["paths"].values() for call in path.values())


async def test_openapi_has_the_structs_that_the_code_checks_by(on_stage: Harness) -> None:
    kinds: set[Any] = {Problem}
    for operation in OPERATIONS:
        kinds |= {*operation.answers.values(), operation.body, operation.recording} - {None}
        kinds |= {*operation.events.values()} - {str}
    told = await document(on_stage, "openapi")
    assert told["components"]["schemas"] == schemas(sorted(kinds, key=lambda kind: kind.__name__))
    for schema in told["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


async def test_every_reference_in_a_document_leads_somewhere(on_stage: Harness) -> None:
    for name in ("openapi", "asyncapi"):
        told = await document(on_stage, name)

        def follow(part: Any, whole: dict[str, Any] = told) -> None:
            if isinstance(part, dict):
                if "$ref" in part:
                    found: Any = whole
                    for step in part["$ref"].removeprefix("#/").split("/"):
                        found = found[step]
                for value in part.values():
                    follow(value)
            elif isinstance(part, list):
                for value in part:
                    follow(value)

        follow(told)


async def test_asyncapi_is_valid_by_its_own_schema(on_stage: Harness) -> None:
    assert SPECS.exists(), "the AsyncAPI schema isn't installed: run `make setup-test`"
    schema = json.loads(SPECS.read_text())
    jsonschema.Draft7Validator(schema).validate(await document(on_stage, "asyncapi"))


async def test_asyncapi_says_what_a_client_does_after_each_close(on_stage: Harness) -> None:
    told = (await document(on_stage, "asyncapi"))["channels"]["live"]["x-close-codes"]
    assert [each["code"] for each in told["codes"]] == list(CloseCode)
    assert {each["code"]: each["client"] for each in told["codes"]} == {
        code: code.client for code in CloseCode
    }
    assert {each["client"] for each in told["codes"]} | {told["others"]} == set(told["clients"])
    assert all([each["meaning"] for each in told["codes"]] + [*told["clients"].values()])


async def test_asyncapi_has_every_message_of_the_socket(on_stage: Harness) -> None:
    told = await document(on_stage, "asyncapi")
    client, server = get_args(ClientMessage), get_args(ServerMessage)
    assert told["components"]["schemas"] == schemas([*client, *server])
    for flow, kinds in (("fromClients", client), ("fromServer", server)):
        named = [part["$ref"].rpartition("/")[2] for part in told["operations"][flow]["messages"]]
        assert named == [kind.__name__ for kind in kinds]
