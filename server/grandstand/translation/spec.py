"""How an operator names an engine: ``kind``, ``kind:url`` or ``kind:url#model``. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from urllib.parse import urldefrag

from grandstand.assistant.addresses import fault_of_url

FORMS = {
    "openai": "openai:http://host:8000/v1#model",
    "libretranslate": "libretranslate:http://host:5000",
    "deepl": "deepl, or deepl:https://api-free.deepl.com",
    "apertium": "apertium",
}
"""Every kind with an example of its form."""


@dataclass(frozen=True, slots=True)
class Spec:
    """One engine."""

    kind: str
    url: str = ""
    model: str = ""


def parse(text: str) -> Spec:
    """Read an engine's name. Raises ValueError, which doesn't repeat an address: it may have a
    key."""
    kind, _, rest = text.strip().partition(":")
    if kind not in FORMS:
        close = get_close_matches(kind, FORMS, n=1)
        hint = f"is it {close[0]}?" if close else f"there are {', '.join(FORMS)}"
        raise ValueError(f"{kind[:40]!r} is no translator: {hint}")
    url, model = urldefrag(rest)
    form = f"write it as {FORMS[kind]}"
    if kind == "apertium":
        if rest:
            raise ValueError(f"apertium runs here and has no address: {form}")
    elif (url or kind != "deepl") and (fault := fault_of_url(url)):
        raise ValueError(f"{kind}: {fault}; {form}")
    if (kind == "openai") != bool(model):
        raise ValueError(f"{kind}: {'a model is missing' if not model else 'has no model'}; {form}")
    return Spec(kind, url.rstrip("/"), model)


def parse_all(texts: tuple[str, ...]) -> tuple[Spec, ...]:
    """Read several; each kind at most once, since it has one key. Raises ValueError."""
    specs = tuple(parse(each) for each in texts)
    kinds = [spec.kind for spec in specs]
    if twice := [kind for kind in kinds if kinds.count(kind) > 1]:
        raise ValueError(f"{twice[0]} is named twice: it has one key, for one address")
    return specs
