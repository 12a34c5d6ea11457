"""What to do about what a terminal's diagnosis says: cause and next step for each state, in English and Chinese.

`texts.toml` holds them: a table a field, an entry a state that needs something done. States without an entry are well.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "zh")
# The order in which a person should take them up: what stops everything else first.
ORDER = ("flash", "journal", "fault", "wifi", "broker", "clock", "list")


@dataclass(frozen=True)
class Advice:
    """One thing that is not well. `urgent` is whether records or service are at stake."""

    field: str
    state: str
    cause: str
    next_step: str
    urgent: bool


def advice(facts: dict[str, Any], language: str = "en") -> list[Advice]:
    """What is not well in `facts` (as `protocol.diagnosis.facts_of` gives them), the most pressing first."""
    found = []
    for field in ORDER:
        entry = _texts().get(field, {}).get(str(facts.get(field)))
        if entry:
            cause, next_step = entry[language]
            found.append(Advice(field, str(facts[field]), cause, next_step, bool(entry.get("urgent"))))
    # Nothing beyond a missing Wi-Fi can be told from its consequences.
    if any(item.field == "wifi" and item.state != "weak" for item in found):
        found = [item for item in found if item.field != "broker"]
    return sorted(found, key=lambda item: (not item.urgent, ORDER.index(item.field)))


@cache
def _texts() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("texts.toml").read_text(encoding="utf-8"))
