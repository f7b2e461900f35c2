"""Settings come from the environment, and a fault in them is told by the name of the variable."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from grandstand.errors import OperatorError
from grandstand.settings import ServerSettings, unknown_variables


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GRANDSTAND_")]:
        monkeypatch.delenv(name)


def test_nothing_need_be_set() -> None:
    settings = ServerSettings.read()
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.data_dir == Path(".grandstand")
    assert settings.redis_url is None
    assert settings.secret is None


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRANDSTAND_PORT", "9000")
    monkeypatch.setenv("GRANDSTAND_ORIGINS", "https://a.example, https://b.example:8443,")
    monkeypatch.setenv("GRANDSTAND_JWT_SECRET", "s")
    settings = ServerSettings.read()
    assert settings.port == 9000
    assert settings.origins == ("https://a.example", "https://b.example:8443")
    assert settings.secret == "s"


def test_an_option_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRANDSTAND_PORT", "9000")
    assert ServerSettings.read(port=9001, host=None).port == 9001
    assert ServerSettings.read(port=None).port == 9000


def test_a_blank_variable_is_one_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRANDSTAND_REDIS_URL", "")
    monkeypatch.setenv("GRANDSTAND_PORT", "")
    settings = ServerSettings.read()
    assert settings.redis_url is None
    assert settings.port == 8000


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GRANDSTAND_PORT", "tcp://10.0.0.1:80"),
        ("GRANDSTAND_PORT", "65536"),
        ("GRANDSTAND_ORIGINS", "show.example"),
        ("GRANDSTAND_ORIGINS", "https://show.example/"),
        ("GRANDSTAND_MODERATION_DEADLINE_MS", "0"),
        ("GRANDSTAND_DRAIN_S", "-1"),
        ("GRANDSTAND_LOG_LEVEL", "loud"),
        ("GRANDSTAND_TRANSLATORS", "openai:http://gpu/v1"),
        ("GRANDSTAND_TRANSLATION_PRICE", "-1"),
        ("GRANDSTAND_ASSISTANT", "openai:http://gpu/v1"),
        ("GRANDSTAND_ASSISTANT", "deepl"),
        ("GRANDSTAND_ASSISTANT", "foo"),
        ("GRANDSTAND_LOG_JSON", "perhaps"),
    ],
)
def test_a_fault_names_its_variable(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(OperatorError, match=f"^{variable}: "):
        ServerSettings.read()


def test_every_fault_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRANDSTAND_PORT", "no")
    monkeypatch.setenv("GRANDSTAND_LOG_LEVEL", "loud")
    with pytest.raises(OperatorError, match=r"GRANDSTAND_PORT.*GRANDSTAND_LOG_LEVEL"):
        ServerSettings.read()


def test_secrets_are_not_in_what_is_printed_of_the_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GRANDSTAND_JWT_SECRET", "secret-one")
    monkeypatch.setenv("GRANDSTAND_REDIS_URL", "redis://:secret-two@store")
    assert "secret-" not in repr(ServerSettings.read())


def test_a_variable_that_is_not_ours_is_told_with_the_closest_that_is() -> None:
    environment = {
        "GRANDSTAND_REDIS_URI": "redis://",
        "GRANDSTAND_PORT": "8000",
        "GRANDSTAND_TOKEN": "a command takes it",
        "GRANDSTAND_XYZZY": "",
        "PATH": "/bin",
    }
    assert unknown_variables(environment) == {
        "GRANDSTAND_REDIS_URI": "GRANDSTAND_REDIS_URL",
        "GRANDSTAND_XYZZY": "",
    }


def test_a_signing_key_of_another_form_is_told_and_never_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GRANDSTAND_SIGNING_KEY", "hush" * 5)
    with pytest.raises(OperatorError, match="GRANDSTAND_SIGNING_KEY: must be 32 random") as fault:
        ServerSettings.read()
    assert "hush" not in str(fault.value)
    monkeypatch.setenv("GRANDSTAND_SIGNING_KEY", "A" * 43)
    settings = ServerSettings.read()
    assert settings.signing_key is not None
    assert "AAA" not in repr(settings)


def test_translators_come_with_their_keys_and_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRANDSTAND_TRANSLATORS", "openai:http://gpu/v1#m, deepl")
    monkeypatch.setenv("GRANDSTAND_DEEPL_KEY", "hush:fx")
    monkeypatch.setenv("GRANDSTAND_TRANSLATION_PRICE", "20")
    settings = ServerSettings.read()
    terms = settings.translation_terms
    assert [spec.kind for spec in terms.specs] == ["openai", "deepl"]
    assert terms.keys == {"deepl": "hush:fx"}
    assert (terms.limits.minute, terms.limits.price) == (60_000, 20)
    assert "hush" not in f"{settings!r} {terms!r}"


def test_an_address_with_a_key_in_it_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GRANDSTAND_TRANSLATORS", "libretranslate:http://me:hush@gpu")
    with pytest.raises(OperatorError, match="GRANDSTAND_TRANSLATORS: libretranslate") as caught:
        ServerSettings.read()
    assert "hush" not in str(caught.value)
