"""What the measure of synchrony says of what was seen."""

from typing import Any

from loadtest.pages.synchrony import FRAME_MS, brought, differences, future

AT = 1_790_000_000_000


def seen(playhead: float, picture: float | None) -> dict[str, Any]:
    return {
        "at": AT,
        "playhead": AT + playhead,
        "picture": None if picture is None else AT + picture,
    }


def test_a_moment_within_the_time_of_its_frame_is_not_beyond_it() -> None:
    rows = [seen(5, picture) for picture in (0, -FRAME_MS / 2, -FRAME_MS)]
    assert differences(rows)["picture_beyond_frame"]["max"] == 0
    assert differences(rows)["picture"]["max"] == FRAME_MS


def test_what_is_late_or_early_is_beyond_its_frame() -> None:
    assert differences([seen(90, 80)])["picture_beyond_frame"]["max"] == 80
    assert differences([seen(0, -FRAME_MS - 30)])["picture_beyond_frame"]["max"] == 30


def test_a_picture_without_a_readable_code_is_counted_and_not_guessed() -> None:
    found = differences([seen(10, None), seen(20, 20)])
    assert found["unreadable"] == 1
    assert (found["playhead"]["count"], found["picture"]["count"]) == (2, 1)


def test_what_is_shown_before_its_moment_is_in_the_viewers_future() -> None:
    rows = [seen(0, 0), seen(-0.4, -FRAME_MS), seen(-1, -FRAME_MS - 1), seen(5, -FRAME_MS - 17)]
    assert future([*rows, seen(3, None)]) == {
        "shown": 5,
        "without_picture": 1,
        "by_playhead": 1,
        "by_picture": 2,
        "by_picture_and_screen": 1,
    }


def test_comments_of_a_welcome_are_old_and_those_of_frames_are_not() -> None:
    comments = [{"id": "a", "at": AT}, {"id": "b", "at": AT + 1}]
    poll = {"id": "p", "opens_at": AT + 2}
    moments, came, old = brought(
        [
            {"type": "welcome", "now": AT + 5, "recent": comments[:1]},
            {"type": "frame", "now": AT + 9, "comments": comments[1:], "polls": [poll]},
            {"type": "frame", "now": AT + 10, "comments": comments[1:]},
        ]
    )
    assert moments == {"a": AT, "b": AT + 1, "p": AT + 2}
    assert came == {"a": AT + 5, "b": AT + 9}
    assert old == {"a"}
