"""Small shows made of large ones: as many people come and go one by one as the curve says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from grandstand.crowd import series

from models.audience.sets import Edition

STAY = 30
"""Minutes for which a made-up viewer stays."""

COMMENTS = 5.0
"""Times as many comments a viewer as in the marathons, whose rooms are in slow mode."""


def thinned(edition: Edition, viewers: float, seed: int = 1) -> Edition:
    """Return an edition with about so many viewers, by a birth and death process."""
    chance = np.random.default_rng(seed)
    counted = edition.show.viewers
    share = viewers / float(np.nanmedian(counted))
    wanted = np.nan_to_num(series.held(counted, 60)) * share
    people = np.full(len(counted), np.nan)
    now, before = 0, 0.0
    for minute, want in enumerate(wanted.tolist()):
        stay = before * (1 - 1 / STAY)
        if want >= stay:
            now = int(chance.binomial(now, 1 - 1 / STAY) + chance.poisson(want - stay))
        else:
            now = int(chance.binomial(now, want / before))
        people[minute], before = now, want
    people[~np.isfinite(counted)] = np.nan
    comments = chance.poisson(np.nan_to_num(edition.show.comments) * share * COMMENTS)
    return replace(
        edition,
        show=replace(edition.show, viewers=people, comments=comments.astype(np.float64)),
    )
