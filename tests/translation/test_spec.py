from __future__ import annotations

import pytest
from grandstand.translation.spec import FORMS, Spec, parse, parse_all


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("openai:http://gpu:8000/v1#qwen3-14b", Spec("openai", "http://gpu:8000/v1", "qwen3-14b")),
        (" openai:https://x.example/v1/#a/b:c ", Spec("openai", "https://x.example/v1", "a/b:c")),
        ("libretranslate:http://[::1]:5000", Spec("libretranslate", "http://[::1]:5000")),
        ("deepl", Spec("deepl")),
        ("apertium", Spec("apertium")),
        ("deepl:https://api.deepl.com", Spec("deepl", "https://api.deepl.com")),
    ],
)
def test_an_engine_is_read(text: str, spec: Spec) -> None:
    assert parse(text) == spec


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no translator: there are openai"),
        ("libretranslat:http://a", "is it libretranslate?"),
        ("openai:http://gpu/v1", "a model is missing; write it as openai:http"),
        ("openai#model", "no translator"),
        ("openai:#model", "must begin with http"),
        ("openai:ftp://gpu/v1#m", "must begin with http"),
        ("openai:http://#m", "must begin with http"),
        ("openai:http://gpu:0/v1#m", "must begin with http"),
        ("openai:http://gpu:99999/v1#m", "can't be read"),
        ("libretranslate:http://a/?api_key=hush", "without a query"),
        ("libretranslate:http://me:hush@a/", "keys belong into a variable"),
        ("libretranslate:http://a#model", "has no model"),
        ("apertium:eng-spa", "has no address"),
        ("deepl:file:///etc/passwd", "must begin with http"),
    ],
)
def test_what_is_none_is_refused_with_what_to_do_and_without_its_address(
    text: str, words: str
) -> None:
    with pytest.raises(ValueError, match=r"translat|address|model") as caught:
        parse(text)
    assert words in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_kind_stands_once() -> None:
    kinds = [spec.kind for spec in parse_all(("libretranslate:http://a", "deepl"))]
    assert kinds == ["libretranslate", "deepl"]
    with pytest.raises(ValueError, match="openai is named twice"):
        parse_all(("openai:http://a/v1#m", "openai:http://b/v1#m"))


def test_every_form_that_help_shows_is_read() -> None:
    for kind, form in FORMS.items():
        assert parse(form.rpartition(", or ")[2]).kind == kind
