"""The course a model has to run, read from a file like `course.toml`, which says what each entry means."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from host_tools.errors import CheYouError

COURSE = Path(__file__).with_name("course.toml")


@dataclass(frozen=True)
class Leg:
    """One part of the course; `limits` are complete."""

    name: str
    title: str
    customers: int
    waiting: int = 0
    delay_ms: float = 0.0
    loss: float = 0.0
    flap_s: tuple[float, float] | None = None
    key_ms: tuple[float, float] = (80.0, 60.0)
    limits: dict[str, float] = field(default_factory=dict)


def read(path: Path = COURSE) -> list[Leg]:
    """The legs in their order; `CheYouError` when the file is none."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return [_leg(leg, data["limits"]) for leg in data["leg"]]
    except OSError as error:
        raise CheYouError(f"{path}: {error.strerror}", "name a course file, or leave --course out") from None
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise CheYouError(f"{path} is no course: {error}", f"see {COURSE}") from None


def _leg(entry: dict[str, Any], limits: dict[str, float]) -> Leg:
    own = entry.get("limits", {})
    unknown = sorted(set(own) - set(limits))
    if unknown:
        raise ValueError(f"{entry['name']} limits {unknown[0]}, which [limits] does not have")
    pairs: dict[str, Any] = {name: tuple(entry[name]) for name in ("flap_s", "key_ms") if name in entry}
    return Leg(**(entry | pairs | {"limits": limits | own}))
