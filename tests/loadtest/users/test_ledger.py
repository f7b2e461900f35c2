from loadtest.users.ledger import MOST, Ledger


def test_a_comment_is_followed_from_its_sender_to_the_screens_of_others() -> None:
    ledger = Ledger()
    ledger.sent("mine", "comment", 10.0)
    assert ledger.answered("mine", 10.25) == ("comment", 250)
    assert ledger.named("mine", "a7") == []
    assert list(ledger.shown(["a6", "a7"], 10.5)) == [("comment", 500)]
    assert list(ledger.shown(["a7"], 11.0)) == [("comment", 1000)]


def test_a_screen_may_show_it_before_its_sender_has_the_ack() -> None:
    ledger = Ledger()
    ledger.sent("mine", "comment", 10.0)
    assert list(ledger.shown(["a7"], 10.25)) == []
    assert list(ledger.shown(["a7"], 10.5)) == []
    assert ledger.named("mine", "a7") == [250, 500]


def test_what_others_sent_is_not_ours() -> None:
    ledger = Ledger()
    assert ledger.answered("theirs", 1.0) is None
    assert ledger.named("theirs", "a1") == []
    assert list(ledger.shown(["a1"], 2.0)) == []


def test_what_was_refused_is_not_looked_for() -> None:
    ledger = Ledger()
    ledger.sent("mine", "comment", 1.0)
    ledger.dropped("mine")
    assert ledger.named("mine", "a1") == []


def test_of_what_never_comes_only_the_latest_is_remembered() -> None:
    ledger = Ledger()
    for number in range(MOST + 1):
        ledger.sent(f"m{number}", "comment", float(number))
    assert ledger.answered("m0", 9e3) is None
    assert ledger.answered("m1", 2.0) == ("comment", 1000)


def test_what_waits_too_long_for_its_answer_is_known() -> None:
    ledger = Ledger()
    for own_id, what, at_s in (("a", "comment", 1.0), ("b", "vote", 2.0), ("c", "vote", 6.0)):
        ledger.sent(own_id, what, at_s)
    ledger.named("a", "a1")
    assert ledger.unanswered(8.0, after_s=5) == ["vote"]
