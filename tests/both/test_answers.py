"""Answers to checks: each is for one check, of one start."""

from firmware.terminal.answers import Answers


def answer(number, reason="valid"):
    return {"check": number, "reason": reason, "tier": 2, "used": 0, "time": 0}


def test_an_answer_is_for_one_check():
    made = Answers(None)
    number = made.begin()
    made.hear(answer(number - 1))
    assert made._answer is None
    made.hear(answer(number))
    made.hear(answer(number, "blocked"))
    assert made._answer["reason"] == "valid", "the first one counts"
    assert made.begin() == number + 1 and made._answer is None


def test_what_was_answered_before_a_restart_answers_nothing_now():
    """Whoever has listened could play a "valid" back to another member's check, had it the same number."""
    starts = [Answers(None).begin() for _ in range(20)]
    assert len(set(starts)) == 20
    assert max(starts) < 1 << 30, "thousands of checks later it is still a number of the message"
