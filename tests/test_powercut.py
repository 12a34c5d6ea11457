"""A sample of `make powercut`, and the proof that its engine finds what it looks for."""

from __future__ import annotations

import pytest

from firmware.terminal.journal import Journal
from tests.both.nor_flash import SECTOR, NorFlash
from tests.powercut import __main__ as command
from tests.powercut import catalogue
from tests.powercut.cuts import ERASE, PROGRAM, Cut, apply, cuts_of
from tests.powercut.engine import campaign, replay
from tests.powercut.journal_scenarios import NearlyFull, Redeem
from tests.powercut.ledger import Ledger

# Those of the member list are sampled in tests/member_list/test_power_cut.py.
FAST = [scenario for scenario in catalogue.SCENARIOS if scenario.fast and not scenario.name.startswith("list-")]


@pytest.mark.parametrize("scenario", FAST, ids=lambda scenario: scenario.name)
def test_nothing_is_lost_doubled_or_unbootable(scenario: catalogue.Scenario) -> None:
    operations = campaign(scenario, shares=10**6).operations
    tally = campaign(scenario, every=max(5 if scenario.pairs else 1, operations // 8))
    assert tally.points > 2
    assert not tally.faults, "\n".join(map(str, tally.failures))


def test_each_variant_leaves_what_it_says() -> None:
    flash = NorFlash(2)
    flash.memory[:SECTOR] = bytes(SECTOR)
    flash.memory[100:164] = b"\xff" * 64
    for operation, variants in (((100, bytes(64)), PROGRAM), ((0, None), ERASE)):
        found = {str(cut).partition("/")[2] for cut in cuts_of(flash, operation, 7, "seed")}
        assert found >= set(variants) - {"zeroed", "one_bit", "all_but_one", "some"} | {"clean"}
        for cut in cuts_of(flash, operation, 7, "seed"):
            one, two = flash.copy(), flash.copy()
            apply(one, operation, cut, "seed")
            apply(two, operation, cut, "seed")
            assert one.memory == two.memory, "a replay leaves the same image"
            assert one.memory[SECTOR:] == flash.memory[SECTOR:], "only the operation's own bytes are touched"
            changed = sum((a ^ b).bit_count() for a, b in zip(one.memory, flash.memory, strict=True))
            if cut.how.startswith("one_bit"):
                assert changed == 1
            if cut.how.startswith("all_but_one") and operation[1] is not None:
                assert changed == 64 * 8 - 1


def test_weak_bits_change_until_they_are_programmed_or_erased() -> None:
    flash = NorFlash(1)
    apply(flash, (0, bytes(16)), Cut(0, "weak"), "seed")
    seen = set()
    for _ in range(8):
        flash.power_on()
        seen.add(bytes(flash.memory[:16]))
    assert len(seen) == 8
    flash.program(0, bytes(8))
    flash.power_on()
    assert bytes(flash.memory[:8]) == bytes(8)
    assert sorted(flash.weak) == list(range(8, 16))
    flash.erase(0)
    flash.power_on()
    assert not flash.weak
    assert bytes(flash.memory[:16]) == b"\xff" * 16


def test_a_ledger_forgets_what_came_after_the_cut() -> None:
    flash, ledger = NorFlash(1), Ledger()
    ledger.note("saved", 1)
    ledger.follow(flash)
    flash.program(0, b"\0")
    ledger.note("saved", 2)
    flash.program(1, b"\0")
    ledger.note("saved", 3)
    assert [list(ledger.of(operations).all("saved")) for operations in (0, 1, 2)] == [[1], [1, 2], [1, 2, 3]]


class Careless(Redeem):
    """Calls a redemption saved before it is written: what the engine is there to find."""

    name = "careless"

    def run(self, flash: NorFlash, ledger: Ledger) -> None:
        terminal = self.start(flash, ledger)
        number = terminal.serial()
        ledger.note("saved", number)
        record = next(iter(terminal.journal.last(1)))
        terminal.journal.append(record._replace(link=number))


def test_the_engine_finds_a_broken_promise_and_replays_it() -> None:
    tally = campaign(Careless())
    assert tally.faults["lost"] > 5
    failure = tally.failures[0]
    assert failure.replay.startswith("make powercut REPLAY=careless:")
    again = replay(Careless(), failure.cuts)
    assert again is not None
    assert (again.kind, again.text) == (failure.kind, failure.text)
    assert replay(Careless(), (Cut(tally.operations),)) is None, "without a cut it is kept"


def test_the_engine_finds_a_journal_that_overwrites(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Journal, "_room", lambda self, ahead: True)
    assert campaign(NearlyFull(), every=50).faults["lost"]


def test_the_command_lists_replays_and_explains(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--list"]) == 0
    assert "receipt-pairs" in capsys.readouterr().out
    assert command.main(["--replay", "redeem:3/half"]) == 0
    assert "kept" in capsys.readouterr().out
    assert command.main(["--replay", "redeem:9999/half"]) == 2
    assert command.main(["nonsense"]) == 2
    assert "LIST=1" in capsys.readouterr().err
