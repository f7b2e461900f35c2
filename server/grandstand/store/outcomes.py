"""How an outcome travels in a commit: in the form that servers of every version read.

While servers of two versions share a store, either may sequence for the other's callers. So the
form stays: a result is one string, whose meaning the event tells. A refusal is known by its
``code``; the number beside it is for the versions that answer with it as it is, and never read.
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
    Refusal.OVERLOADED: 503,
    Refusal.INTERNAL_ERROR: 500,
}

_NEW_EPOCH = "clock"

_FATES: Mapping[str, Fate] = {"t": "taken", "w": "waiting", "l": "late", "r": "repeated"}
_LETTERS: Mapping[Fate, str] = {fate: letter for letter, fate in _FATES.items()}


def record(outcome: Outcome) -> OutcomeRecord:
    """An outcome as a commit carries it."""
    match outcome.result:
        case Refused(code=code, message=message):
            return OutcomeRecord(outcome.event, _NUMBERS[code], code, message)
        case Effect(new_epoch=True):
            return OutcomeRecord(outcome.event, result=_NEW_EPOCH)
        case Effect(decided=decided, fates=fates):
            result = " ".join(decided) or "".join(_LETTERS[fate] for fate in fates)
            return OutcomeRecord(outcome.event, result=result)


def result_of(event: ControlEvent, told: OutcomeRecord) -> Result:
    """What became of ``event``, as a commit of this version or another tells it."""
    if told.code:
        return Refused(told.code, told.message)
    match event:
        case SettingsPut() | ClockReset():
            return Effect(new_epoch=told.result == _NEW_EPOCH)
        case HeldDecidedTogether():
            return Effect(decided=told.result.split())
        case StatsGiven():
            return Effect(fates=[_FATES[letter] for letter in told.result])
    return Effect()
