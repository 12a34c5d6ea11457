"""What a terminal's settings say, and when they have changed.

A terminal takes only settings with a higher version than it holds. Versions are therefore Unix times, raised by one where two
fall into the same second: they go on rising even for a centre whose database was made anew.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import sqlalchemy as sa

from central import schema
from central.directory import Directory, Terminal
from protocol import cashiers, list_key, messages, pin, topics


def body(directory: Directory, terminal: Terminal, list_keys: dict[int, bytes]) -> dict[str, Any]:
    """The fields of the settings of ``terminal``, without their version. ``list_keys``: 32-byte keys by list id."""
    merchant = terminal.merchant
    sign_in = {number: pin.proof(terminal.keys.key, digest) for number, digest in merchant.cashiers.items()}
    return {
        "terminal": ({"epoch_from": terminal.epoch_from} if terminal.epoch_from else {})
        | ({"cashiers": cashiers.text_of(sign_in)} if sign_in else {})
        | {
            "suspended": terminal.state == "fenced" or _suspended(terminal),
            "pin": pin.proof(terminal.keys.key, merchant.pin) if merchant.pin else "",
        },
        # The display cannot draw Chinese: the terminal shows `name`, whatever can shows `label`.
        "merchant": {"id": merchant.id, "name": merchant.name.get("en", merchant.id), "label": merchant.name},
        "offers": [merchant.terms[offer] for offer in sorted(merchant.terms)],
        "grace_hours": directory.grace_hours,
        "list_age": directory.properties["list_age"],
        "list_keys": {str(number): list_key.wrap(terminal.keys.key, key) for number, key in sorted(list_keys.items())},
        "tiers": list(directory.tiers.values()),
    }


def _suspended(terminal: Terminal) -> bool:
    return terminal.suspended_at is not None or terminal.merchant.suspended_at is not None


def digest(fields: dict[str, Any]) -> str:
    """What two settings of the same content have in common."""
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def payload(terminal: Terminal, version: int, fields: dict[str, Any]) -> bytes:
    """The tagged message; `MessageError` when the offers are too much for one message."""
    topic = topics.down(terminal.id, "settings")
    tagged: bytes = messages.tagged(terminal.keys.message, topic, messages.encode("settings", version=version, **fields))
    return tagged


def renewed(
    connection: sa.Connection, directory: Directory, list_keys: dict[int, bytes], moment: int, only: str | None = None
) -> list[tuple[Terminal, int, dict[str, Any], bool]]:
    """(terminal, version, fields, changed) for every terminal, or for one; new versions are written down."""
    result = []
    updates = []
    terminals = directory.terminals.values() if only is None else [directory.terminals[only]]
    table = schema.terminals
    held = {
        row.id: (row.settings_version, row.settings_digest)
        for row in connection.execute(sa.select(table.c.id, table.c.settings_version, table.c.settings_digest))
    }
    for terminal in terminals:
        fields = body(directory, terminal, list_keys)
        version, known = held.get(terminal.id, (0, ""))
        new = digest(fields)
        changed = new != known
        if changed:
            # Not before it changed hands: records under older settings are another merchant's (`registry.move`).
            version = max(version + 1, moment, terminal.postings[-1][0] if terminal.postings else 0)
            updates.append({"of": terminal.id, "version": version, "digest": new})
        result.append((terminal, version, fields, changed))
    if updates:
        connection.execute(
            table.update()
            .where(table.c.id == sa.bindparam("of"))
            .values(settings_version=sa.bindparam("version"), settings_digest=sa.bindparam("digest")),
            updates,
        )
    return result
