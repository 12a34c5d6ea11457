"""Another try for what lies in quarantine, after the cause was removed: a terminal registered, a release that reads more."""

from __future__ import annotations

import json
import re

import sqlalchemy as sa

from central import directory, feed, marks, quarantine
from central.database import Database, now
from central.directory import Directory
from central.errors import CentreError
from central.ingest import TABLES, Batch, Intake
from protocol import messages, topics
from protocol.messages import MessageError
from protocol.record import CHAIN_BYTES, SLOT_BYTES, Record

_PLACE = re.compile(r"(\d+)/(\d+): ")


def entry(connection: sa.Connection, database: Database, number: int) -> str:
    """Try entry ``number`` again inside the caller's transaction; returns what came of it, in words.

    `CentreError` when it is as unusable as before; nothing has changed then.
    """
    found = quarantine.entry(connection, number)
    if found["length"] > len(found["bytes"]):
        raise CentreError(f"only {len(found['bytes'])} of {found['length']} bytes were kept", "look at them with `show`")
    current = directory.load(connection)
    content = bytes(found["bytes"])
    place = _PLACE.match(found["reason"])
    if place and len(content) == SLOT_BYTES:
        outcome = _slot(connection, current, found["source"], content, int(place[1]), int(place[2]))
    elif found["source"].startswith(feed.ASIDE):
        outcome = _row(connection, database, found["source"].removeprefix(feed.ASIDE), content)
    else:
        outcome = _message(connection, database, current, found["source"], content)
    quarantine.set_state(connection, number, "retried")
    return outcome


def _row(connection: sa.Connection, database: Database, source: str, content: bytes) -> str:
    taken = feed.take_rows(connection, database, source, [json.loads(content)])
    if taken["bad"]:
        raise CentreError(f"still not usable: {taken['bad'][0]['reason']}", "mend the row and send it again, or close this one")
    return "the event is taken in"


def _message(connection: sa.Connection, database: Database, current: Directory, topic: str, payload: bytes) -> str:
    parsed = topics.parse(topic)
    terminal = current.terminals.get(parsed[0]) if parsed else None
    if parsed is None or terminal is None:
        raise CentreError("its terminal is not registered", "register it with `cheyou terminals add`, then retry")
    if parsed[2] == "fault":
        raise CentreError("that is the text of a failure", f"read it with `cheyou logs --terminal {terminal.id}`, then close it")
    try:
        body = messages.untagged(terminal.keys.message, topic, payload)
        if parsed[2] not in TABLES:
            messages.decode(parsed[2], body)
            after = "the terminal is sent it anew whenever it connects" if parsed[1] == "down" else "too late to act on it"
            return f"reads as a {parsed[2]} now; {after}"
        epoch, first, chain, slots = messages.decode_batch(body)
    except MessageError as error:
        raise CentreError(f"still not usable: {error}", "keep it, or close it with `cheyou quarantine close`") from None
    batch = Batch(terminal, parsed[2], epoch, first, chain, slots, now())
    receipt = Intake(connection, database, current).take([batch])[0]
    return f"{len(slots)} records taken in; {parsed[2]} of epoch {epoch} are held up to {receipt.position.upto}"


def _slot(connection: sa.Connection, current: Directory, topic: str, slot: bytes, epoch: int, sequence: int) -> str:
    parsed = topics.parse(topic)
    terminal = current.terminals.get(parsed[0]) if parsed else None
    if parsed is None or terminal is None or parsed[2] not in TABLES:
        raise CentreError("its terminal is not registered", "register it with `cheyou terminals add`, then retry")
    table, opener = TABLES[parsed[2]], terminal.keys.opener(parsed[2])
    at = sa.and_(table.c.terminal == terminal.id, table.c.epoch == epoch)
    before = connection.scalar(sa.select(table.c.slot).where(at, table.c.sequence == sequence - 1))
    chain = bytes(before)[:CHAIN_BYTES] if before is not None else opener.genesis(epoch)
    record = opener.open([slot], chain)[0]
    if not isinstance(record, Record) or (record.epoch, record.sequence) != (epoch, sequence):
        raise CentreError(f"still not readable: {record if isinstance(record, Exception) else 'another place'}", "keep it")
    row = at & (table.c.sequence == sequence) & (table.c.kind == 0)
    merchant = terminal.merchant_under(record.offer_version).id
    marks_left = table.c.marks.op("&")(~marks.UNREADABLE)
    connection.execute(table.update().where(row).values(**record._asdict(), merchant=merchant, marks=marks_left))
    return f"record {epoch}/{sequence} can be read now"
