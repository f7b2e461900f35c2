"""Standard Webhooks: a signed POST that tells what happened."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Mapping
from datetime import UTC, datetime

import msgspec
from msgspec import UNSET
from msgspec.structs import replace
from standardwebhooks import Webhook as Signer

from grandstand.domain.effects import Firing, Webhook
from grandstand.effects import targets, templates
from grandstand.effects.answer import Answer
from grandstand.effects.kinds.kind import MASK
from grandstand.effects.outbound import Outbound

PREFIX = "whsec_"


class WebhookKind:
    """``webhook-id`` is the firing's id: a receiver that remembers ids does everything once."""

    optional: Collection[str] = ()

    def flaws(self, action: Webhook) -> list[tuple[str, str]]:
        """Return what is wrong with its URL or secret."""
        found = [("url", words) for words in targets.flaws_of_url(action.url)]
        if action.secret is not UNSET and not _is_key(action.secret):
            found.append(("secret", f"must be {PREFIX} and 24 to 64 bytes in base64"))
        return found

    def target(self, action: Webhook) -> str:
        """Return its URL."""
        return action.url

    def secrets(self, action: Webhook) -> Mapping[str, str]:
        """Return the secret."""
        return {"secret": MASK if action.secret is UNSET else action.secret}

    def without_secrets(self, action: Webhook) -> Webhook:
        """Return it without its secret."""
        return replace(action, secret=UNSET)

    async def attempt(
        self, outbound: Outbound, action: Webhook, secrets: Mapping[str, str], firing: Firing
    ) -> Answer:
        """Sign and send it once."""
        happened, now = firing.occurrence, datetime.now(UTC)
        told = {"type": happened.event, "timestamp": now.isoformat(), "data": happened.data}
        body = msgspec.json.encode(told)
        headers = {
            "content-type": "application/json",
            "webhook-id": firing.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Signer(secrets["secret"]).sign(firing.id, now, body.decode()),
        }
        url = templates.fill(action.url, happened.facts, templates.for_url)
        return targets.judged(*await outbound.http.call("POST", url, headers, body))


def _is_key(secret: str) -> bool:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return False
    return secret.startswith(PREFIX) and 24 <= len(key) <= 64
