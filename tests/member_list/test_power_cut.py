"""A sample of `make powercut` for the member list: the old list or the new one, complete, and then the new one."""

from __future__ import annotations

import pytest

from tests.powercut.engine import campaign
from tests.powercut.list_scenarios import SCENARIOS
from tests.powercut.scenario import Scenario


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_sample_of_power_cuts(scenario: Scenario) -> None:
    tally = campaign(scenario, every=11 if scenario.pairs else 5)
    assert tally.points > 20
    assert not tally.faults, tally.failures[0]
