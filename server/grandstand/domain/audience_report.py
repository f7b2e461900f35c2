"""Where a room's viewers are in the programme: each node's report, and the gauge for staff. Pure.

Theory of operation: a picture that plays stays as far behind live as it is. So each node only
counts how far behind its viewers are, and their playheads at any later moment follow from that: a
viewer who is 8 s behind has passed ``closes_at`` when the programme clock is 8 s past it.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from grandstand.domain.latency_histogram import Histogram, merged, quantile_ms, share_up_to
from grandstand.domain.polls.record import PollRecord
from grandstand.wire.gauges import Audience, AudiencePoll, Behind, Sync

MAX_POLLS = 100
"""Polls of which staff are told, those that end last: 9 KB."""

LAST = 0.99
"""A poll's last viewers have seen its end when this share has."""


class AudienceReport(Struct, frozen=True, array_like=True):
    """What one node knows of a room's viewers: histograms of how far behind live they are, and of
    how well items met their picture; of those without a socket how many said lately that they are
    present; how many comments it has refused so far because they were too many; and the languages
    (BCP 47) that somebody gets there."""

    behind: dict[int, int] = {}
    sync: dict[int, int] = {}
    present: int = 0
    refused: int = 0
    languages: list[str] = []


def gauge(reports: Iterable[AudienceReport], polls: Iterable[PollRecord], now: int) -> Audience:
    """Return what staff are told at programme time ``now``. With ``told`` 0 all else is 0."""
    reports = list(reports)
    behind = merged(report.behind for report in reports)
    sync = merged(report.sync for report in reports)
    begun = [poll for poll in polls if poll.status == "open" and poll.opens_at <= now]
    begun.sort(key=lambda poll: poll.closes_at)
    return Audience(
        told=sum(behind.values()),
        behind=Behind(*(quantile_ms(behind, share) for share in (0.1, 0.5, 0.9, 0.99))),
        sync=Sync(quantile_ms(sync, 0.5), quantile_ms(sync, 0.99)),
        polls=[_progress(poll, behind, now) for poll in begun[-MAX_POLLS:]],
    )


def _progress(poll: PollRecord, behind: Histogram, now: int) -> AudiencePoll:
    return AudiencePoll(
        poll=poll.id,
        seen=round(share_up_to(behind, now - poll.opens_at), 4),
        ended=round(share_up_to(behind, now - poll.closes_at), 4),
        last_in=max(0, poll.closes_at + quantile_ms(behind, LAST) - now),
        in_time=round(share_up_to(behind, poll.grace), 4),
    )
