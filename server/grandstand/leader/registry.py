"""The jobs that every room has."""

from __future__ import annotations

from collections.abc import Sequence

from grandstand.leader.erasing import Erasing
from grandstand.leader.gauges import Gauges
from grandstand.leader.job import Job
from grandstand.leader.poll_closing import PollClosing
from grandstand.leader.record_trimming import RecordTrimming

ROOM_JOBS: Sequence[Job] = (PollClosing(), Gauges(), RecordTrimming(), Erasing())
