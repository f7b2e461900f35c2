"""A plain HTTP call, for whatever speaks HTTP and nothing better."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import UNSET
from msgspec.structs import replace

from grandstand.domain.effects import Firing, HttpCall
from grandstand.effects import targets, templates
from grandstand.effects.answer import Answer
from grandstand.effects.kinds.kind import MASK
from grandstand.effects.outbound import Outbound
from grandstand.effects.templates import Escape

BODY_MAX_BYTES = 65536
HEADERS = "headers."
_ESCAPES: Mapping[str, Escape] = {
    "json": templates.for_json,
    "x-www-form-urlencoded": templates.for_url,
    "xml": templates.for_xml,
    "html": templates.for_xml,
}
"""By what the content type ends with."""

_RESERVED = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "idempotency-key"}
)


class HttpCallKind:
    """``Idempotency-Key`` is the firing's id."""

    optional: Collection[str] = ()

    def flaws(self, action: HttpCall) -> list[tuple[str, str]]:
        """Return what is wrong with its URL, headers or body."""
        found = [("url", words) for words in targets.flaws_of_url(action.url)]
        for name, value in ({} if action.headers is UNSET else action.headers).items():
            if not targets.is_header_name(name) or name.lower() in _RESERVED:
                found.append(("headers", f"{name!r} can't be set"))
            if not value.isascii() or not value.isprintable():
                found.append(("headers", f"{name!r} must be printable ASCII"))
            found += [("headers", words) for words in targets.flaws_of_template(value)]
        if action.body is not UNSET:
            found += [("body", words) for words in targets.flaws_of_template(action.body)]
        return found

    def target(self, action: HttpCall) -> str:
        """Return its URL."""
        return action.url

    def secrets(self, action: HttpCall) -> Mapping[str, str]:
        """Return the headers' values."""
        given = {} if action.headers is UNSET else action.headers
        return {f"{HEADERS}{name}": value for name, value in given.items()}

    def without_secrets(self, action: HttpCall) -> HttpCall:
        """Return it with the names of its headers alone."""
        if action.headers is UNSET:
            return action
        return replace(action, headers=dict.fromkeys(action.headers, MASK))

    async def attempt(
        self, outbound: Outbound, action: HttpCall, secrets: Mapping[str, str], firing: Firing
    ) -> Answer:
        """Make the call once."""
        facts = firing.occurrence.facts
        headers = {
            name.removeprefix(HEADERS).lower(): templates.fill(
                value, facts, templates.for_header
            ).strip()
            for name, value in secrets.items()
        }
        headers["idempotency-key"] = firing.id
        sort = headers.get("content-type", "").partition(";")[0].strip().lower()
        escape = next(
            (each for ending, each in _ESCAPES.items() if sort.endswith(ending)),
            templates.as_it_is,
        )
        template = "" if action.body is UNSET else action.body
        body = templates.fill(template, facts, escape).encode()
        if len(body) > BODY_MAX_BYTES:
            return Answer(False, f"its body would have {len(body)} bytes", is_final=True)
        url = templates.fill(action.url, facts, templates.for_url)
        return targets.judged(*await outbound.http.call(action.method, url, headers, body))
