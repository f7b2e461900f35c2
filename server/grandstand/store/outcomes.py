"""How an outcome is stored in a commit: in the form that servers of every version read.

While servers of two versions share a store, either may sequence for the other's callers. So the
form stays the same: a result is one string, and the event says what it means. A refusal is
recognised by its ``code``. The number beside it is only for versions that answer with it unchanged;
this version never reads it.
"""

from __future__ import annotations

from collections.abc import Mapping

from grandstand.domain.events import (
    ClockReset,
    ControlEvent,
    HeldDecidedTogether,
    SettingsPut,
    StatsGiven,
)
from grandstand.domain.outcome import Effect, Fate, Outcome, Refusal, Refused, Result
from grandstand.domain.state import OutcomeRecord

_NUMBERS: Mapping[str, int] = {
    Refusal.BAD_MESSAGE: 422,
    Refusal.UNKNOWN_COMMENT: 404,
    Refusal.UNKNOWN_POLL: 404,
    Refusal.IMPOSSIBLE_STEP: 409,
    Refusal.OUTDATED: 409,
    Refusal.RATE_LIMITED: 429,
    Refusal.OVERLOADED: 503,
    Refusal.INTERNAL_ERROR: 500,
}

_NEW_EPOCH = "clock"

_FATES: Mapping[str, Fate] = {
    "t": "taken",
    "w": "waiting",
    "l": "late",
    "r": "repeated",
    "f": "full",
}
_LETTERS: Mapping[Fate, str] = {fate: letter for letter, fate in _FATES.items()}


def record(outcome: Outcome) -> OutcomeRecord:
    """Return an outcome as a commit carries it."""
    match outcome.result:
        case Refused(code=code, message=message):
            return OutcomeRecord(outcome.event, _NUMBERS[code], code, message)
        case Effect(new_epoch=True):
            return OutcomeRecord(outcome.event, result=_NEW_EPOCH)
        case Effect(decided=decided, fates=fates):
            result = " ".join(decided) or "".join(_LETTERS[fate] for fate in fates)
            return OutcomeRecord(outcome.event, result=result)


def result_of(event: ControlEvent, stored: OutcomeRecord) -> Result:
    """Return the result of ``event``, from a commit of this version or another."""
    if stored.code:
        return Refused(stored.code, stored.message)
    match event:
        case SettingsPut() | ClockReset():
            return Effect(new_epoch=stored.result == _NEW_EPOCH)
        case HeldDecidedTogether():
            return Effect(decided=stored.result.split())
        case StatsGiven():
            return Effect(fates=[_FATES[letter] for letter in stored.result])
    return Effect()
