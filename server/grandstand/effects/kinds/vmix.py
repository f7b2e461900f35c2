"""vMix, by its web controller: functions, one after the other.

Each function is a call ``GET …/API/?Function=Name&Input=1&Value=…``. vMix answers 200 once a
function is carried out, and 500 if it can't be (vMix's reference, *Web Scripting* and *HTTP API*).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import quote, urlencode, urlsplit

from grandstand.domain.effects import Firing, Vmix
from grandstand.effects import targets, templates
from grandstand.effects.answer import Answer
from grandstand.effects.outbound import Outbound

NAME = "Function"
PATH = "/API/"


class VmixKind:
    """The first function that fails ends an attempt; the next attempt begins with the first."""

    optional: Collection[str] = ()

    def flaws(self, action: Vmix) -> list[tuple[str, str]]:
        """Return what is wrong with its URL or its functions."""
        found = [("url", words) for words in targets.flaws_of_url(action.url)]
        if not found and urlsplit(action.url).query:
            found.append(
                ("url", f"may have no query: functions make it; such as http://mixer{PATH}")
            )
        for index, function in enumerate(action.functions):
            where = f"functions.{index}"
            if not function.get(NAME, "").isalnum():
                found.append((where, f"needs a {NAME}, such as CutDirect"))
            for name, value in function.items():
                if not name.isalnum():
                    found.append((where, f"{name!r} is no parameter"))
                found += [(where, words) for words in targets.flaws_of_template(value)]
        return found

    def target(self, action: Vmix) -> str:
        """Return its URL."""
        return action.url

    def secrets(self, action: Vmix) -> Mapping[str, str]:
        """Return none: vMix has no password but a user's, which HTTP calls can give."""
        return {}

    def without_secrets(self, action: Vmix) -> Vmix:
        """Return it as it is."""
        return action

    async def attempt(
        self, outbound: Outbound, action: Vmix, secrets: Mapping[str, str], firing: Firing
    ) -> Answer:
        """Carry the functions out in their order."""
        facts = firing.occurrence.facts
        url = templates.fill(action.url, facts, templates.for_url)
        if not urlsplit(url).path.strip("/"):
            url = url.rstrip("/") + PATH
        answer = Answer(False, "nothing to do", is_final=True)
        for number, function in enumerate(action.functions, 1):
            filled = {
                name: templates.fill(value, facts, templates.as_it_is)
                for name, value in function.items()
            }
            query = urlencode(filled, quote_via=quote)
            headers = {"idempotency-key": firing.id}
            answer = targets.judged(
                *await outbound.http.call("GET", f"{url}?{query}", headers, b"")
            )
            if not answer.is_done:
                return Answer(False, f"function {number}: {answer.words}", answer.is_final)
        return answer
