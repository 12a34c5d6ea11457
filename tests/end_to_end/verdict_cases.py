"""The table of verdicts: what is keyed in, and what the display then says with the network and without."""

from __future__ import annotations

import time
from dataclasses import dataclass

from host_tools.stand import screens
from host_tools.stand.cashier import Cashier, Shown
from host_tools.stand.screens import Rows
from protocol import month as months
from tests.end_to_end.shop import BLOCKED, ELSEWHERE, ORDINARY, STRANGER, TRIAL, VIP


def _month(by: int) -> str:
    """The month `by` months from now, as the cashier keys it."""
    return f"{months.shifted(months.month_of(int(time.time())), by) % 100:02d}"


@dataclass(frozen=True)
class Case:
    """`keys` go from the month screen on; the last digit chooses the offer (see shop.OFFERS). `online`, `offline`: reasons."""

    name: str
    number: str
    keys: str
    online: str
    offline: str


def _same(name: str, number: str, keys: str, reason: str) -> Case:
    return Case(name, number, keys, reason, reason)


CASES = (
    _same("ten digits", VIP[:10], "", "malformed_number"),
    _same("twelve digits", VIP + "0", "", "malformed_number"),
    _same("prefix 12", "12800138000", "#1", "malformed_number"),
    _same("landline", "02800138000", "#1", "malformed_number"),
    _same("other sender", VIP, "21", "wrong_sender"),
    _same("month that is none", VIP, "113#", "month_unknown"),
    _same("last month", VIP, f"1{_month(-1)}#1", "month_past"),
    _same("next month", VIP, f"1{_month(1)}#1", "month_future"),
    _same("this month keyed", VIP, f"1{_month(0)}#1", "valid"),
    _same("blocked", BLOCKED, "#1", "blocked"),
    _same("no member", STRANGER, "#1", "not_member"),
    Case("outside the list", ELSEWHERE, "#1", "not_member", "outside_list"),
    Case("online only", VIP, "#3", "valid", "online_only"),
    _same("no discount for the tier", TRIAL, "#1", "not_for_tier"),
    _same("vip", VIP, "#1", "valid"),
    _same("ordinary", ORDINARY, "#1", "valid"),
)
_VALID = {VIP: ("VIP", 20), ORDINARY: ("MEMBER", 10)}


@dataclass(frozen=True)
class Outcome:
    """What one case brought: the verdict and the lamps, or the fault that kept it from coming."""

    shown: Shown | None = None
    leds: dict[str, bool] | None = None
    fault: Exception | None = None


def go_through(cashier: Cashier, cases: tuple[Case, ...]) -> dict[str, Outcome]:
    """Key in one case after the other. After a fault the terminal is no longer where the next case begins."""
    outcomes: dict[str, Outcome] = {}
    fault: Exception | None = None
    for case in cases:
        if fault is None:
            try:
                shown = cashier.check(case.number, case.keys)
                outcomes[case.name] = Outcome(shown, cashier.bench.leds)
                cashier.leave()
                continue
            except TimeoutError as error:
                fault = error
        outcomes.setdefault(case.name, Outcome(fault=fault))
    return outcomes


def expect(outcome: Outcome, number: str, reason: str, path: str) -> None:
    """The outcome names `reason` in the texts' words, in time, with the right lamp; `path` is the word for who answered."""
    if outcome.fault:
        raise outcome.fault
    assert outcome.shown is not None
    assert outcome.shown.reason == reason
    assert outcome.shown.rows == rows_of(reason, number, path)
    assert outcome.shown.ms <= 1000
    assert outcome.leds == {"green": reason == "valid", "red": reason != "valid"}


def rows_of(reason: str, number: str, path: str = "by_centre") -> Rows:
    """The rows with which the display names a reason for a number of these cases."""
    if reason == "valid":
        tier, percent = _VALID.get(number, _VALID[VIP])
        return screens.screen("valid", tier=tier, percent=percent, path=screens.TEXTS["words"][path])
    month = months.month_of(int(time.time()))
    return screens.refusal(reason, month=f"{month // 100}-{month % 100:02d}", tier="TRIAL", used=1, period="day")
