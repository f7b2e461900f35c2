from __future__ import annotations

from grandstand.edge.forms import Forms
from grandstand.edge.hub import Audience
from grandstand.wire.codec import encode
from grandstand.wire.messages import Frame

from tests.edge.stage import Outlet

FORMS = Forms(encode(Frame(now=1, offset=1), "msgpack"))


class Broken(Outlet):
    def write(self, frame: bytes) -> None:
        raise RuntimeError("its transport is broken")


def test_members_get_the_same_bytes_each_in_its_form() -> None:
    audience = Audience()
    packed, also_packed, text = Outlet(), Outlet(), Outlet(is_text=True)
    for outlet in (packed, also_packed, text):
        audience.join(outlet)
    written = audience.broadcast(FORMS)
    assert written == sum(len(each.frames[0]) for each in (packed, also_packed, text))
    assert packed.frames[0] is also_packed.frames[0]
    assert text.frames == [FORMS.ready(True, False)]


def test_joining_again_and_leaving_twice_are_the_same_as_once() -> None:
    audience, outlet = Audience(), Outlet()
    audience.leave(outlet)
    audience.join(outlet)
    audience.join(outlet)
    assert (len(audience), list(audience)) == (1, [outlet])
    audience.broadcast(FORMS)
    assert len(outlet.frames) == 1
    audience.leave(outlet)
    audience.leave(outlet)
    assert (len(audience), audience.broadcast(FORMS)) == (0, 0)


def test_frames_pass_by_who_is_full() -> None:
    audience, full = Audience(), Outlet(paused=True)
    audience.join(full)
    assert audience.broadcast(FORMS) == 0
    assert full.frames == []


def test_one_that_fails_does_not_keep_the_frame_from_the_others() -> None:
    audience = Audience()
    before, broken, after = Outlet(), Broken(), Outlet()
    for outlet in (before, broken, after):
        audience.join(outlet)
    written = audience.broadcast(FORMS)
    assert len(before.frames) == len(after.frames) == 1
    assert written == 2 * len(before.frames[0])


def test_who_leaves_while_a_frame_is_written_ends_no_loop() -> None:
    audience = Audience()

    class Leaving(Outlet):
        def write(self, frame: bytes) -> None:
            super().write(frame)
            audience.leave(self)

    leaving, staying = Leaving(), Outlet()
    audience.join(leaving)
    audience.join(staying)
    audience.broadcast(FORMS)
    audience.broadcast(FORMS)
    assert (len(leaving.frames), len(staying.frames)) == (1, 2)
