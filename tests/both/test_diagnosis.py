"""The 12-digit code of the service menu."""

from raising import raises

from protocol import diagnosis
from protocol.diagnosis import CodeError, code, facts_of, journal_state, wifi_state

WELL = dict(wifi="ok", broker="ok", clock="centre", list="ok", journal="empty", flash="ok", version="0.1.0", fault="none")


def test_what_is_said_is_what_is_heard():
    for name, table in (
        ("wifi", diagnosis.WIFI), ("broker", diagnosis.BROKER), ("clock", diagnosis.CLOCK), ("list", diagnosis.LIST),
        ("journal", diagnosis.JOURNAL), ("flash", diagnosis.FLASH), ("fault", diagnosis.FAULT),
        ("version", ("0.0.0", "7.31.31", "1.4.2")),
    ):  # fmt: skip
        for value in table:
            facts = dict(WELL)
            facts[name] = value
            digits = code(**facts)
            assert len(digits) == 12 and digits.isdigit()
            heard = facts_of(digits[:4] + " " + digits[4:8] + "-" + digits[8:])
            for key in facts:
                assert heard[key] == facts[key], (name, value)


def test_every_single_wrong_digit_is_found():
    digits = code(**WELL)
    for at in range(12):
        for digit in "0123456789":
            if digit != digits[at]:
                assert raises(CodeError, facts_of, digits[:at] + digit + digits[at + 1 :])


def test_swapped_neighbours_are_nearly_all_found():
    missed = pairs = 0
    for fault in diagnosis.FAULT:
        digits = code(**dict(WELL, fault=fault, version="3.17.9"))
        for at in range(11):
            if digits[at] != digits[at + 1]:
                pairs += 1
                missed += not raises(CodeError, facts_of, digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :])
    assert missed * 20 < pairs


def test_the_check_digit_is_that_of_the_standard():
    # The worked example of the German tax number, which uses ISO/IEC 7064 MOD 11,10.
    assert diagnosis._check("8609574271") == "9"


def test_what_is_no_code():
    for text in ("", "12345", "abcdefghijkl", "9" * 12, "0" * 13):
        assert raises(CodeError, facts_of, text), text
    assert raises(CodeError, code, "fine", "ok", "centre", "ok", "empty", "ok", "0.1.0", "none")


def test_a_version_that_does_not_fit_is_cut_not_refused():
    assert facts_of(code(**dict(WELL, version="9.99.99")))["version"] == "7.31.31"
    assert facts_of(code(**dict(WELL, version="main")))["version"] == "0.0.0"
    assert facts_of(code(**dict(WELL, version="1.2-beta")))["version"] == "1.2.0"


def test_states_from_measurements():
    assert wifi_state(None, -60) == "ok"
    assert wifi_state(202, -85) == "weak"
    assert [wifi_state(cause, None) for cause in (None, 201, 202, 204, 1001, 1010, 0)] == [
        "not_joined", "no_network", "wrong_password", "wrong_password", "no_answer", "no_address", "ok",
    ]  # fmt: skip
    assert [journal_state(n, level, 0, 0) for n, level in ((0, 0), (3, 1), (9, 40), (9, 80), (9, 100))] == [
        "empty", "some", "half", "warning", "full",
    ]  # fmt: skip
    assert journal_state(5, 100, 2, 0) == "damaged"
    assert journal_state(5, 100, 2, 1) == "fork"


def test_what_only_looks_like_a_digit_is_none():
    digits = code(**WELL)
    assert raises(CodeError, facts_of, digits[:5] + "\u00b2" + digits[6:])
    assert raises(CodeError, facts_of, digits[:5] + "\uff11" + digits[6:])
