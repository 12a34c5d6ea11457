"""The bench of the centre still fits what it measures: a few rounds of it, whose figures nobody reads."""

from __future__ import annotations

import pytest

from host_tools.bench import central, check_online


def test_a_small_run(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, value in (
        (central, "TERMINALS", 3),
        (central, "RECORDS", 40),
        (central, "MEMBERS", 200),
        (central, "CHECKS", 50),
        (check_online, "ROUNDS", 1),
        (check_online, "CHECKS", 3),
    ):
        monkeypatch.setattr(module, name, value)
    figures = central.run()
    assert {"centre_ingest_per_s", "centre_check_p99_ms", "check_online_p99_ms", "check_online_p99_ratio"} <= set(figures)
    assert all(entry["value"] > 0 for entry in figures.values())
