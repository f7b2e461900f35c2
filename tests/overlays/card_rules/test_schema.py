from __future__ import annotations

from grandstand.domain.schemas import KindSchema, ValueSchema
from grandstand.overlays.card_rules.schema import with_records

TIME = ValueSchema("Marathon", unit="s", better="lower")
POINTS = ValueSchema("Points", better="higher")


def test_kinds_that_share_their_records_have_all_their_values_there() -> None:
    schemas = with_records(
        {
            "batter": KindSchema([POINTS], records="record"),
            "runner": KindSchema([TIME], records="record"),
        }
    )
    assert schemas["record"].schema.values == [POINTS, TIME]
    assert schemas["record"].holds_records
