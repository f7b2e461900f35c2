"""Which kind carries out which action, and one attempt of whatever kind."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import to_builtins

from grandstand.domain.effects import Action, Caspar, Firing, HttpCall, Obs, Vmix, Webhook
from grandstand.effects import templates
from grandstand.effects.answer import Answer
from grandstand.effects.kinds.caspar import CasparKind
from grandstand.effects.kinds.http_call import HttpCallKind
from grandstand.effects.kinds.kind import Kind
from grandstand.effects.kinds.obs import ObsKind
from grandstand.effects.kinds.vmix import VmixKind
from grandstand.effects.kinds.webhook import WebhookKind
from grandstand.effects.outbound import Outbound

FILLED_MAX_CHARS = 65536
"""Of all templates of an action: escaping so many takes 45 ms at worst."""

KINDS: Mapping[type, Kind] = {
    Webhook: WebhookKind(),
    HttpCall: HttpCallKind(),
    Vmix: VmixKind(),
    Caspar: CasparKind(),
    Obs: ObsKind(),
}


def kind_of(action: Action) -> Kind:
    """Return the kind that carries an action out."""
    return KINDS[type(action)]


async def attempt(
    outbound: Outbound, action: Action, secrets: Mapping[str, str], firing: Firing
) -> Answer:
    """Carry an action out once. Raises ForbiddenAddressError; any other failure is an answer."""
    size = templates.filled_chars([to_builtins(action), secrets], firing.occurrence.facts)
    if size > FILLED_MAX_CHARS:
        words = f"filled in it would have {size} characters; {FILLED_MAX_CHARS} may be"
        return Answer(False, words, is_final=True)
    return await kind_of(action).attempt(outbound, action, secrets, firing)
