"""Which kind does which action."""

from __future__ import annotations

from collections.abc import Mapping

from grandstand.domain.effects import Action, Caspar, HttpCall, Obs, Vmix, Webhook
from grandstand.effects.kinds.caspar import CasparKind
from grandstand.effects.kinds.http_call import HttpCallKind
from grandstand.effects.kinds.kind import Kind
from grandstand.effects.kinds.obs import ObsKind
from grandstand.effects.kinds.vmix import VmixKind
from grandstand.effects.kinds.webhook import WebhookKind

KINDS: Mapping[type, Kind] = {
    Webhook: WebhookKind(),
    HttpCall: HttpCallKind(),
    Vmix: VmixKind(),
    Caspar: CasparKind(),
    Obs: ObsKind(),
}


def kind_of(action: Action) -> Kind:
    """Return what does it."""
    return KINDS[type(action)]
