"""What the centre would have said to a redemption that has already happened.

A record is never refused for that: it is taken in, and marked with the reason the same chain gives on the centre's data
(law 6), counted by merchant afterwards.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import sqlalchemy as sa

from central import marks, members, schema, timeline
from central.bookings import booked
from central.directory import Directory, Terminal
from protocol import month as months
from protocol.offers import Offer
from protocol.reasons import CODES, VALID
from protocol.record import CLOCKS, REDEMPTION, TRAINING
from protocol.verdict import Facts, decide

_PROVED = {CLOCKS.index(name) for name in ("centre", "network", "chip")}
_Use = tuple[str, int, int]  # merchant, offer, member

Row = dict[str, Any]


def mark(row: Row, terminal: Terminal, received_at: int) -> None:
    """Set the marks that need nothing but the row itself."""
    if received_at - row["time"] > marks.LATE_AFTER_S:
        row["marks"] |= marks.LATE
    if row["time"] - received_at > marks.AHEAD_S:
        row["marks"] |= marks.AHEAD
    if row["clock"] not in _PROVED:
        row["marks"] |= marks.CLOCK_UNPROVED
    if terminal.suspended_by(row["time"], terminal.merchant_under(row["offer_version"])):
        row["marks"] |= marks.SUSPENDED
    if terminal.fenced(row["epoch"], row["time"]):
        row["marks"] |= marks.FENCED


class Judge:
    """Judges the redemptions of one group of batches: what it needs to know is read in two queries, not two a record."""

    def __init__(self, connection: sa.Connection, directory: Directory, rows: list[tuple[Row, Terminal]]) -> None:
        self._connection = connection
        self._directory = directory
        self._rows = [(row, terminal) for row, terminal in rows if row["kind"] == REDEMPTION and not row["flags"] & TRAINING]
        self._members = members.by_number(connection, (row["member"] for row, _ in self._rows))
        self._uses = self._read_uses(connection)

    def judge(self) -> None:
        """Set ``would_have`` on every redemption that the centre would have refused."""
        for row, terminal in self._rows:
            reason = self._reason(row, terminal)
            if reason != VALID:
                row["would_have"] = CODES[reason]

    def _reason(self, row: Row, terminal: Terminal) -> str:
        moment = row["time"]
        facts = Facts(f"{row['member']:011d}", True, row["month"], moment, self._directory.grace_hours)
        facts.online = True
        facts.suspended = bool(row["marks"] & marks.SUSPENDED)
        if members.accepted(facts.member, self._directory.properties["prefixes"]):
            judged_at = min(moment, months.starts(months.shifted(row["month"], 1)) - 1) if row["month"] else moment
            facts.tier, facts.ends = timeline.standing(self._members.get(row["member"], []), judged_at, moment)
        offer = _offer(row, terminal)
        if offer is None:
            row["marks"] |= marks.OFFER_UNKNOWN
        else:
            name = self._directory.tier_name(facts.tier)
            facts.served = name is None or offer.serves(name)
            since = offer.counts_since(moment)
            facts.limit = offer.limit_for(name)
            if offer.booked:
                found = self._connection.execute(booked(row["merchant"], offer.id, row["member"], moment)).one()
                facts.limit, since = found[0] or 0, found[1]
                facts.booked = facts.limit > 0
            if since is not None:
                times = self._uses[row["merchant"], row["offer"], row["member"]]
                facts.used = sum(since <= time <= moment for time in times)
                times.append(moment)
        reason: str = decide(facts)
        return reason

    def _read_uses(self, connection: sa.Connection) -> dict[_Use, list[int]]:
        """Times at which the members of limited offers have used them, as far back as any limit looks."""
        wanted: dict[tuple[str, int], set[int]] = defaultdict(set)
        earliest: dict[tuple[str, int], int] = {}
        for row, terminal in self._rows:
            offer = _offer(row, terminal)
            since = offer.counts_since(row["time"]) if offer else None
            if offer and offer.booked:
                since = 0  # a booking may be as old as it likes
            if since is not None:
                key = row["merchant"], row["offer"]
                wanted[key].add(row["member"])
                earliest[key] = min(since, earliest.get(key, since))
        uses: dict[_Use, list[int]] = defaultdict(list)
        table = schema.records
        for (merchant, offer_id), numbers in wanted.items():
            ordered = sorted(numbers)
            for at in range(0, len(ordered), 500):
                counted = sa.select(table.c.member, table.c.time).where(
                    table.c.member.in_(ordered[at : at + 500]),
                    table.c.time >= earliest[merchant, offer_id],
                    counting(merchant, offer_id),
                )
                for use in connection.execute(counted):
                    uses[merchant, offer_id, use.member].append(use.time)
        return uses


def _offer(row: Row, terminal: Terminal) -> Offer | None:
    """The offer that was redeemed, of the merchant that the terminal then worked for."""
    return terminal.merchant_under(row["offer_version"]).offers.get(row["offer"])


def counting(merchant: Any, offer: Any) -> sa.ColumnElement[bool]:
    """Which records count as a use of an offer: redemptions that were neither taken back nor training."""
    table = schema.records
    return sa.and_(
        table.c.merchant == merchant,
        table.c.offer == offer,
        table.c.kind == REDEMPTION,
        table.c.voided.is_(False),
        table.c.flags.op("&")(TRAINING) == 0,
    )
