"""What actions have in common: the form of a target, the meaning of an HTTP answer. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from urllib.parse import urlsplit

from grandstand.effects.answer import Answer
from grandstand.effects.templates import unknown

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")


def flaws_of_template(template: str) -> Iterator[str]:
    """Yield what is wrong with the names in a template."""
    for name in unknown(template):
        yield f"nothing is called {{{name}}}"


HTTP = ("http", "https")


def flaws_of_url(
    url: str, schemes: Collection[str] = HTTP, example: str = "https://studio.example/hook"
) -> Iterator[str]:
    """Yield what is wrong with a target."""
    yield from flaws_of_template(url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        yield "is no URL"
        return
    if parts.scheme not in schemes or not parts.hostname or port == 0:
        yield f"must be a URL of {' or '.join(schemes)}, such as {example}"
    elif parts.username is not None or parts.password is not None:
        yield "may hold no user or password: they would be shown; secrets have fields of their own"
    elif "{" in parts.netloc:
        yield "may have templates in its path and query alone"
    elif not url.isascii() or not url.isprintable() or " " in url:
        yield "must be percent-encoded"


def is_header_name(name: str) -> bool:
    """Return whether HTTP takes it as a header's name."""
    return _HEADER_NAME.fullmatch(name) is not None


def judged(status: int, why: str) -> Answer:
    """Return what a status means; 0 is no answer, for the reason ``why``."""
    if not status:
        return Answer(False, why)
    return Answer(200 <= status < 300, f"HTTP {status}", is_final=status == 410)
