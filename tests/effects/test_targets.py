from __future__ import annotations

import pytest
from grandstand.effects import targets


@pytest.mark.parametrize(
    "url",
    [
        "https://studio.example/hook?x={winner}",
        "http://127.0.0.1:8088/api/?Function=Cut&Value={options.0.percent}",
        "http://[::1]:1/",
    ],
)
def test_a_target_is_well(url: str) -> None:
    assert not list(targets.flaws_of_url(url))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://studio.example", "http or https"),
        ("https://", "http or https"),
        ("studio.example", "http or https"),
        ("http://[::1", "no URL"),
        ("http://a:99999", "no URL"),
        ("http://a:0/", "http or https"),
        ("https://user:pass@studio.example", "user or password"),
        ("https://{winner}.example/", "path and query"),
        ("https://studio.example/ä", "percent-encoded"),
        ("https://studio.example/a b", "percent-encoded"),
        ("https://studio.example/{loser}", "nothing is called {loser}"),
    ],
)
def test_a_target_has_a_flaw(url: str, words: str) -> None:
    (flaw,) = targets.flaws_of_url(url)
    assert words in flaw


@pytest.mark.parametrize(
    ("status", "done", "final"),
    [
        (200, True, False),
        (299, True, False),
        (301, False, False),
        (410, False, True),
        (500, False, False),
        (0, False, False),
    ],
)
def test_what_an_answer_means(status: int, done: bool, final: bool) -> None:
    answer = targets.judged(status, "can't be reached")
    assert (answer.is_done, answer.is_final) == (done, final)
    assert answer.words == (f"HTTP {status}" if status else "can't be reached")
