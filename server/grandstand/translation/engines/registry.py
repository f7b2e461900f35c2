"""Every kind of engine, by the name that operators give."""

from __future__ import annotations

from grandstand.translation.engines.apertium import Apertium
from grandstand.translation.engines.deepl import DeepL
from grandstand.translation.engines.engine import Engine
from grandstand.translation.engines.libretranslate import LibreTranslate
from grandstand.translation.engines.openai import OpenAI
from grandstand.translation.spec import Spec
from grandstand.translation.terms import Terms


def engines(terms: Terms) -> list[Engine]:
    """Return the engines in their order; none of them is asked yet.

    Raises OperatorError if one can't run here.
    """
    return [_engine(spec, terms.keys.get(spec.kind, "")) for spec in terms.specs]


def _engine(spec: Spec, key: str) -> Engine:
    match spec.kind:
        case "openai":
            return OpenAI(spec.url, spec.model, key)
        case "apertium":
            return Apertium()
        case "deepl":
            return DeepL(spec.url, key)
        case _:
            return LibreTranslate(spec.url, key)
