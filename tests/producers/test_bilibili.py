from __future__ import annotations

from collections.abc import AsyncIterator
from xml.etree import ElementTree

import pytest
from grandstand.producers import bilibili
from grandstand.rules.record import Row
from hypothesis import given
from hypothesis import strategies as st

from tests.producers.stage import USER, Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_bilibilis_xml_counts_from_the_start_of_the_span(on_stage: Stage) -> None:
    room = await on_stage.room()
    now = (await on_stage.live(room)).now()
    comment = await on_stage.say(
        room, "<b>&\u0007\U0001f600", mode="bottom", size="small", color=0xFF, at=now
    )
    await on_stage.say(room, "plain", at=now + 1000)
    path = f"/v1/rooms/{room}/comments?from={now - 1500}&format=bilibili-xml"
    answer = await on_stage.call("GET", path, role=None)
    assert answer.headers["content-type"].startswith("application/xml")
    root = ElementTree.fromstring(answer.text)
    assert root.tag == "i"
    first, second = root.findall("d")
    assert first.text == "<b>&\U0001f600"
    assert first.get("p") == f"1.500,4,18,255,{now // 1000},0,{USER},{comment}"
    assert second.attrib["p"].startswith("2.500,1,25,16777215,")


@given(st.lists(st.text(max_size=20), max_size=3))
async def test_any_text_makes_a_document_that_can_be_read(texts: list[str]) -> None:
    async def chunks() -> AsyncIterator[list[Row]]:
        yield [Row(str(n), n, USER, "Ada", text, 5, True) for n, text in enumerate(texts)]

    parts = [part async for part in bilibili.document("gala", 0, chunks())]
    assert len(ElementTree.fromstring(b"".join(parts)).findall("d")) == len(texts)
