"""All scenarios by name. A new one goes into its part's own module and into this list."""

from __future__ import annotations

from tests.powercut import journal_scenarios as journal
from tests.powercut import list_scenarios as lists
from tests.powercut import settings_scenarios as settings
from tests.powercut.scenario import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    journal.FirstBoot(),
    journal.FirstBootOverGarbage(),
    journal.Redeem(),
    journal.RedeemPairs(),
    journal.Void(),
    journal.Receipt(),
    journal.ReceiptPairs(),
    journal.Reuse(),
    journal.NearlyFull(),
    journal.Restarts(),
    journal.NewKey(),
    journal.Month(),
    journal.RefusalRing(),
    *journal.mixed(4),
    *lists.SCENARIOS,
    settings.SettingsUpdate(),
)


def find(name: str) -> Scenario:
    """The scenario of that name; KeyError tells the names there are."""
    for scenario in SCENARIOS:
        if scenario.name == name:
            return scenario
    raise KeyError(f"no scenario {name!r}; there are: {', '.join(scenario.name for scenario in SCENARIOS)}")
