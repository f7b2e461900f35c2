from __future__ import annotations

from pathlib import Path

from tests.soak.rolling import endure


async def test_servers_are_replaced_with_viewers_on_and_nothing_acknowledged_is_lost(
    tmp_path: Path,
) -> None:
    report = await endure(
        tmp_path, servers=2, viewers=60, admits_per_s=30, is_cluster=False, successors=1
    )
    assert report.replaced == 2
    assert report.comments > 0
    assert report.moved >= 60  # each was on one of the two at first
