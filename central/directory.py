"""A snapshot of what checks and ingest need to know about terminals, merchants, offers, tiers and the operator's settings.

Nothing in it changes: when the registry does, a new snapshot is read and put in its place. That keeps the path of a check
free of queries that would always give the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from central import schema
from central.slots import Opener
from protocol.keys import derive
from protocol.offers import Offer

# What the operator may set, and what holds until then.
PROPERTY_DEFAULTS: dict[str, Any] = {
    "grace_hours": 0,
    "prefixes": [],  # number prefixes that count; empty: every 1[3-9]
    "list_age": {"warn_hours": 36, "refuse_hours": 168},
    # By kind of reminder (central/reminders.py), the categories of merchants that are told of it.
    "reminder_categories": {
        "insurance": ["maintenance", "repair"],
        "inspection": ["maintenance", "repair"],
        "maintenance": ["maintenance"],
        "seasonal": ["maintenance"],
    },
}


class Keys:
    """The keys derived from a terminal's own, each made when it is first needed."""

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.openers: dict[str, Opener] = {}

    @cached_property
    def message(self) -> bytes:
        """The key that tags messages."""
        value: bytes = derive(self.key, b"message")
        return value

    def opener(self, stream: str) -> Opener:
        """The opener of ``records`` or ``refusals``."""
        if stream not in self.openers:
            self.openers[stream] = Opener(self.key, stream)
        return self.openers[stream]


@dataclass(frozen=True)
class Merchant:
    """A partner merchant; ``offers`` by id, with the version each has."""

    id: str
    name: dict[str, str]
    category: str
    suspended_at: int | None
    pin: bytes | None = field(default=None, repr=False)
    cashiers: dict[int, bytes] = field(default_factory=dict, repr=False)  # digests of their PINs, by number
    offers: dict[int, Offer] = field(default_factory=dict)
    terms: dict[int, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Terminal:
    """A registered terminal."""

    id: str
    merchant: Merchant
    state: str
    suspended_at: int | None
    settings_version: int
    settings_digest: str
    keys: Keys
    epoch_from: int = 0  # epochs below are of hardware it no longer lives on …
    fenced_since: int = 0  # … since then
    postings: tuple[tuple[int, Merchant], ...] = ()  # if it has changed hands: from which settings on it was whose, ascending

    def fenced(self, epoch: int, moment: int) -> bool:
        """Whether what was made at ``moment`` in ``epoch`` comes from hardware it no longer lived on."""
        return epoch < self.epoch_from and moment >= self.fenced_since

    def merchant_under(self, settings: int) -> Merchant:
        """Whose it was while it worked under settings of that version: late records go where they were made."""
        for since, merchant in reversed(self.postings):
            if since <= settings:
                return merchant
        return self.postings[0][1] if self.postings else self.merchant

    def suspended_by(self, moment: int, merchant: Merchant | None = None) -> bool:
        """Whether it, or its merchant (then), was suspended at ``moment`` (Unix seconds), as far as the registry knows."""
        if self.state == "fenced":
            return True
        return any(at is not None and at <= moment for at in (self.suspended_at, (merchant or self.merchant).suspended_at))


@dataclass(frozen=True)
class Directory:
    """The snapshot."""

    revision: int
    terminals: dict[str, Terminal]
    merchants: dict[str, Merchant]
    tiers: dict[int, dict[str, Any]]
    properties: dict[str, Any]

    @property
    def grace_hours(self) -> int:
        """Hours into a month in which last month's claim is still accepted."""
        value: int = self.properties["grace_hours"]
        return value

    def tier_name(self, code: int | None) -> str | None:
        """The name of a tier code; None for blocked, unknown or no tier."""
        tier = self.tiers.get(code) if code is not None else None
        return tier["name"] if tier else None

    def offer(self, terminal: Terminal, offer: int) -> Offer | None:
        """The offer of that id at the terminal's merchant."""
        return terminal.merchant.offers.get(offer)


EMPTY = Directory(-1, {}, {}, {}, dict(PROPERTY_DEFAULTS))


def revision(connection: sa.Connection, name: str) -> int:
    """The current value of a revision counter; 0 before anything has changed."""
    table = schema.revisions
    return connection.scalar(sa.select(table.c.value).where(table.c.name == name)) or 0


def load(connection: sa.Connection, before: Directory = EMPTY) -> Directory:
    """Read a snapshot; derived keys of terminals that ``before`` had are kept, they cost more than the reading."""
    # The counter first: a change that lands while the rest is read shows as a newer revision at the next look.
    current = revision(connection, "registry")
    tiers = {row.code: {"code": row.code, "name": row.name, "label": row.label} for row in connection.execute(_TIERS)}
    merchants = {
        row.id: Merchant(row.id, row.name, row.category, row.suspended_at, row.pin) for row in connection.execute(_MERCHANTS)
    }
    for row in connection.execute(_OFFERS):
        merchants[row.merchant].offers[row.id] = Offer(row.terms)
        merchants[row.merchant].terms[row.id] = row.terms
    for row in connection.execute(sa.select(schema.cashiers)):
        merchants[row.merchant].cashiers[row.number] = row.pin
    postings: dict[str, list[tuple[int, Merchant]]] = {}
    for row in connection.execute(_POSTINGS):
        postings.setdefault(row.terminal, []).append((row.settings_from, merchants[row.merchant]))
    terminals = {}
    for row in connection.execute(_TERMINALS):
        known = before.terminals.get(row.id)
        keys = known.keys if known and known.keys.key == row.key else Keys(bytes(row.key))
        terminals[row.id] = Terminal(
            row.id, merchants[row.merchant], row.state, row.suspended_at, row.settings_version, row.settings_digest, keys,
            row.epoch_from or 0, row.since or 0, tuple(postings.get(row.id, ())),
        )  # fmt: skip
    return Directory(current, terminals, merchants, tiers, load_properties(connection))


def load_properties(connection: sa.Connection) -> dict[str, Any]:
    """The operator's settings, with what holds where nothing was set."""
    properties = dict(PROPERTY_DEFAULTS)
    properties.update((row.name, row.value) for row in connection.execute(sa.select(schema.properties)))
    return properties


_TIERS = sa.select(schema.tiers).order_by(schema.tiers.c.code)
_MERCHANTS = sa.select(schema.merchants)
_OFFERS = (
    sa.select(schema.offers).where(schema.offers.c.withdrawn_at.is_(None)).order_by(schema.offers.c.merchant, schema.offers.c.id)
)
_POSTINGS = sa.select(schema.postings).order_by(schema.postings.c.terminal, schema.postings.c.settings_from)
_TERMINALS = sa.select(
    schema.terminals.c.id,
    schema.terminals.c.merchant,
    schema.terminals.c.key,
    schema.terminals.c.state,
    schema.terminals.c.suspended_at,
    schema.terminals.c.settings_version,
    schema.terminals.c.settings_digest,
    schema.fences.c.epoch_from,
    schema.fences.c.since,
).join_from(schema.terminals, schema.fences, isouter=True)
