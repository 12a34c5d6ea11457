"""Which screens are photographed, and what stands in their fields: every text there is, with the examples of `fields.json`."""

from __future__ import annotations

from string import Formatter
from typing import Any

from host_tools.boards import Board
from host_tools.errors import CheYouError
from host_tools.texts import field_samples, read

Shot = tuple[str, str, dict[str, Any]]
"""Group, name, fields."""


def shots(board: Board) -> list[Shot]:
    """All texts of the board's language, in their order."""
    texts = read(board.display.language, board.display.kind)
    samples = field_samples()
    return [
        (*name.split("/"), {field: _example(samples, name, field) for field in _fields(rows)})  # type: ignore[misc]
        for name, rows in texts.rows.items()
    ]


def _fields(rows: list[str]) -> list[str]:
    return sorted({field for row in rows for _, field, _, _ in Formatter().parse(row) if field})


def _example(samples: dict[str, Any], name: str, field: str) -> Any:
    example = samples["in"].get(name, {}).get("examples", {}).get(field, samples["examples"].get(field))
    if example is None:
        raise CheYouError(f"fields.json has no example of {{{field}}} for {name}", "add one under examples")
    return example
