"""The table of closes, held against the contract's own words."""

from __future__ import annotations

import ast
from pathlib import Path

import grandstand
import pytest
from grandstand.wire import codes
from grandstand.wire.codes import AfterClose, CloseCode, after_close, after_status

import loadtest

CONTRACT = {
    1006: "reconnect",
    1011: "reconnect",
    1012: "reconnect",
    1013: "reconnect",
    3000: "new token",
    3003: "final",
    3008: "reconnect",
    3009: "final",
    3503: "final",
    4000: "final",
    4004: "final",
}
"""What the contract names."""

LEFT_OPEN = {1001: "reconnect", 1007: "final", 1009: "final", 4001: "reconnect"}
"""What it leaves to us."""


def test_every_code_asks_of_the_client_what_the_contract_says() -> None:
    assert {int(code): code.client for code in CloseCode} == CONTRACT | LEFT_OPEN


@pytest.mark.parametrize("code", CloseCode)
def test_a_code_is_a_number_that_leads_to_what_its_row_says(code: CloseCode) -> None:
    assert after_close(int(code)) is code.client


@pytest.mark.parametrize("code", [1000, 1005, 1014, 3999, 4999])
def test_a_client_comes_back_after_a_code_that_it_does_not_know(code: int) -> None:
    assert after_close(code) is AfterClose.RECONNECT


@pytest.mark.parametrize(
    ("status", "does"),
    [
        *((status, "reconnect") for status in (200, 408, 425, 429, 500, 502, 503, 504)),
        (401, "new token"),
        *((status, "final") for status in (301, 308, 400, 403, 404, 405, 409, 426, 431)),
    ],
)
def test_an_http_status_asks_what_the_contract_says_or_leaves_open(status: int, does: str) -> None:
    assert after_status(status) == does


def test_no_other_module_has_a_table_of_its_own() -> None:
    copies = [
        path
        for package in (grandstand, loadtest)
        for path in Path(package.__path__[0]).rglob("*.py")
        if len(numbers_in(path) & {int(code) for code in CloseCode}) > 1
    ]
    assert copies == [Path(codes.__file__)]


def numbers_in(path: Path) -> set[int]:
    return {
        node.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and type(node.value) is int
    }
