"""The centre's tables: one description for SQLite and PostgreSQL. docs/central.md says what each is for.

Times are Unix seconds UTC, money is whole fen, months are YYYYMM. Tables that grow without bound (`records`, `refusals`,
`checks`, `audit`) are only ever appended to, but for the marks the centre itself sets.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    false,
)

# The steps in central/migrations, oldest first; these tables are what the last one makes.
REVISIONS = ("0001", "0002", "0003", "0004")

# Constraints that carry a law need a name that a migration, and the test that drops them, can call.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts up only a column declared INTEGER; PostgreSQL's INTEGER would end at 2^31.
_Id = BigInteger().with_variant(Integer, "sqlite")


def _identity() -> Column[int]:
    return Column("id", _Id, primary_key=True, autoincrement=True)


# Alembic's own table, which says what step a database has reached. Not among the others: Alembic compares those alone.
revision = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))

properties = Table(
    "properties",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", JSON, nullable=False),
)

# Counters that tell a running centre, and other processes, what has changed since they last looked.
revisions = Table(
    "revisions",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

tiers = Table(
    "tiers",
    metadata,
    Column("code", SmallInteger, primary_key=True, autoincrement=False),
    Column("name", String(20), nullable=False, unique=True),
    Column("label", JSON, nullable=False),
)

merchants = Table(
    "merchants",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("name", JSON, nullable=False),  # {"zh": …, "en": …}
    Column("category", String(20), nullable=False),
    Column("pin", LargeBinary(32)),  # protocol.pin.digest of the supervisor's PIN
    Column("suspended_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
)

# Who signs in at a merchant's terminals. The PIN says who it is: no two have the same.
cashiers = Table(
    "cashiers",
    metadata,
    Column("merchant", String(20), ForeignKey("merchants.id"), nullable=False),
    Column("number", SmallInteger, autoincrement=False, nullable=False),  # 1 to 255
    Column("pin", LargeBinary(32), nullable=False),  # protocol.pin.digest
    Column("changed_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("merchant", "number"),
    UniqueConstraint("merchant", "pin"),
)

offers = Table(
    "offers",
    metadata,
    Column("merchant", String(20), ForeignKey("merchants.id"), nullable=False),
    Column("id", Integer, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("terms", JSON, nullable=False),  # as protocol/offers.py has it
    Column("withdrawn_at", BigInteger),
    PrimaryKeyConstraint("merchant", "id"),
)

terminals = Table(
    "terminals",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("merchant", String(20), ForeignKey("merchants.id"), nullable=False),
    Column("key", LargeBinary(32), nullable=False),
    Column("state", String(10), nullable=False),  # pending, issued, fenced
    Column("epoch", Integer, nullable=False, server_default="0"),  # the latest it has spoken of
    Column("suspended_at", BigInteger),
    Column("firmware", String(40), nullable=False, server_default=""),
    Column("board", String(40), nullable=False, server_default=""),
    Column("settings_held", BigInteger, nullable=False, server_default="0"),
    Column("list_held", BigInteger, nullable=False, server_default="0"),
    # Its name in the database is of a time when it was thought to count starts.
    Column("boots", BigInteger, key="reset_cause", nullable=False, server_default="0"),
    Column("last_seen", BigInteger),
    Column("status", JSON, nullable=False, default=dict),
    Column("settings_version", BigInteger, nullable=False, server_default="0"),
    Column("settings_digest", String(64), nullable=False, server_default=""),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "merchant"),
)

# Terminals that live on other hardware now: only epochs from `epoch_from` on may serve. What older hardware still sends is
# taken in, and marked if it was made after `since`.
fences = Table(
    "fences",
    metadata,
    Column("terminal", String(16), ForeignKey("terminals.id"), primary_key=True),
    Column("epoch_from", Integer, nullable=False),
    Column("since", BigInteger, nullable=False),
)

# Terminals that have changed hands: whose they were by the settings they worked under. A record names the version of its
# settings, so that it goes to the merchant whose offer it was, however late it comes.
postings = Table(
    "postings",
    metadata,
    Column("terminal", String(16), ForeignKey("terminals.id"), nullable=False),
    Column("settings_from", BigInteger, autoincrement=False, nullable=False),
    Column("merchant", String(20), ForeignKey("merchants.id"), nullable=False),
    PrimaryKeyConstraint("terminal", "settings_from"),
)

# What holds of a member from `active_from` until its next row (central/timeline.py): drawn from `member_events`, for checks and
# lists to read.
members = Table(
    "members",
    metadata,
    Column("member", BigInteger, autoincrement=False, nullable=False),
    Column("active_from", BigInteger, autoincrement=False, nullable=False),
    Column("tier", SmallInteger, nullable=False),
    Column("active_until", BigInteger),  # None: until unsubscribed
    Column("blocked", Boolean, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("member", "active_from"),
)

# Every event of the feed, and what the operator put in by hand. Only ever appended to.
member_events = Table(
    "member_events",
    metadata,
    _identity(),
    Column("source", String(20), nullable=False),  # whose feed
    Column("event", String(40)),  # its name for the event; None for what was put in by hand
    Column("member", BigInteger, nullable=False),
    Column("kind", SmallInteger, nullable=False),  # central/timeline.py
    Column("at", BigInteger, nullable=False),  # when it takes effect
    Column("tier", SmallInteger),
    Column("until", BigInteger),
    Column("received_at", BigInteger, nullable=False),
    UniqueConstraint("source", "event"),
    Index(None, "member"),
)

# What members have booked ahead, to be redeemed on an offer that asks for it.
bookings = Table(
    "bookings",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("merchant", String(20), nullable=False),
    Column("offer", Integer, nullable=False),
    Column("member", BigInteger, nullable=False),
    Column("units", Integer, nullable=False),  # 0: cancelled
    Column("valid_from", BigInteger, nullable=False),
    Column("valid_until", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["merchant", "offer"], ["offers.merchant", "offers.id"]),
    Index(None, "member", "merchant", "offer"),
)

# Days a member is to be reminded of, as whole numbers YYYYMMDD.
reminders = Table(
    "reminders",
    metadata,
    Column("member", BigInteger, autoincrement=False, nullable=False),
    Column("kind", String(20), nullable=False),  # central/reminders.py
    Column("due", Integer, nullable=False),
    PrimaryKeyConstraint("member", "kind"),
)

# Days that terminals have closed: what they counted (`told`) and what we then held of it. The latest close of a day.
day_closes = Table(
    "day_closes",
    metadata,
    Column("terminal", String(16), ForeignKey("terminals.id"), nullable=False),
    Column("day", Integer, autoincrement=False, nullable=False),  # YYYYMMDD
    Column("merchant", String(20), nullable=False),
    Column("cashier", SmallInteger, nullable=False),
    Column("closed_at", BigInteger, nullable=False),
    Column("agrees", Boolean, nullable=False),
    Column("told", JSON, nullable=False),
    Column("held", JSON, nullable=False),
    PrimaryKeyConstraint("terminal", "day"),
)

# How far the centre holds each chain: what receipts say.
chains = Table(
    "chains",
    metadata,
    Column("terminal", String(16), ForeignKey("terminals.id"), nullable=False),
    Column("stream", String(8), nullable=False),  # records, refusals
    Column("epoch", Integer, nullable=False),
    Column("upto", BigInteger, nullable=False),
    Column("chain", LargeBinary(16), nullable=False),
    PrimaryKeyConstraint("terminal", "stream", "epoch"),
)


def _stored(name: str, *indexes: Index) -> Table:
    """Records and refusals: the slot as it came, and what it says. Each chain has a uniqueness of its own (law 2)."""
    return Table(
        name,
        metadata,
        _identity(),
        Column("terminal", String(16), ForeignKey("terminals.id"), nullable=False),
        Column("epoch", Integer, nullable=False),
        Column("sequence", BigInteger, nullable=False),
        Column("merchant", String(20), ForeignKey("merchants.id"), nullable=False),
        Column("kind", SmallInteger, nullable=False),  # protocol/record.py; 0: could not be read, see quarantine
        Column("time", BigInteger, nullable=False),
        Column("clock", SmallInteger, nullable=False),
        Column("flags", SmallInteger, nullable=False),
        Column("month", Integer, nullable=False),
        Column("member", BigInteger, nullable=False),
        Column("tier", SmallInteger, nullable=False),
        Column("offer", Integer, nullable=False),
        Column("offer_version", BigInteger, nullable=False),
        Column("list_version", BigInteger, nullable=False),
        Column("amount", BigInteger, nullable=False),
        Column("price", BigInteger, nullable=False),
        Column("link", BigInteger, nullable=False),
        Column("link_epoch", Integer, nullable=False),
        Column("reason", SmallInteger, nullable=False),
        Column("cashier", SmallInteger, nullable=False),
        Column("slot", LargeBinary(64), nullable=False),
        Column("received_at", BigInteger, nullable=False),
        Column("marks", Integer, nullable=False),  # central/marks.py
        Column("would_have", SmallInteger),  # reason code: taken in, would have been refused
        Column("voided", Boolean, nullable=False, server_default=false()),
        UniqueConstraint("terminal", "epoch", "sequence"),
        *indexes,
    )


records = _stored(
    "records",
    # All four, or the planner may count a member's uses by walking all that a busy merchant redeemed today.
    Index(None, "member", "merchant", "offer", "time"),
    Index(None, "merchant", "time"),
    Index(None, "received_at"),
)
refusals = _stored("refusals", Index("ix_refusals_member_time", "member", "time"))

checks = Table(
    "checks",
    metadata,
    _identity(),
    Column("time", BigInteger, nullable=False),
    Column("terminal", String(16), nullable=False),
    Column("merchant", String(20), nullable=False),
    Column("member", BigInteger),  # None when what was keyed is no number
    Column("month", Integer, nullable=False),
    Column("offer", Integer, nullable=False),
    Column("reason", SmallInteger, nullable=False),
    Column("tier", SmallInteger, nullable=False),
    Index(None, "member", "time"),
    Index(None, "merchant", "time"),
)

incidents = Table(
    "incidents",
    metadata,
    _identity(),
    Column("time", BigInteger, nullable=False),
    Column("terminal", String(16), nullable=False),
    Column("stream", String(8), nullable=False),
    Column("kind", String(12), nullable=False),  # fork, gap, unreadable
    Column("epoch", Integer, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("upto", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),  # of what was offered: the same offer again is counted, not added
    Column("chain_before", LargeBinary(16), nullable=False),
    Column("offered", LargeBinary, nullable=False),  # the slots as they came
    Column("held", LargeBinary, nullable=False),  # the slots we hold under the same numbers
    Column("offers", Integer, nullable=False),
    Column("last_offer", BigInteger, nullable=False),
    Column("state", String(10), nullable=False),  # open, taken, closed
    UniqueConstraint("terminal", "stream", "epoch", "first", "digest"),
)

quarantine = Table(
    "quarantine",
    metadata,
    _identity(),
    Column("time", BigInteger, nullable=False),
    Column("source", String(80), nullable=False),  # the topic, cut to what the column holds
    Column("terminal", String(16)),  # None when it is not known or not proved
    Column("reason", String(80), nullable=False),
    Column("bytes", LargeBinary, nullable=False),  # at most quarantine.KEEP_BYTES
    Column("length", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
    Column("state", String(10), nullable=False),  # held, retried, closed
    UniqueConstraint("source", "digest"),
    Index(None, "state", "time"),
)

# What was too much to keep: still counted, so that a flood is seen.
quarantine_overflow = Table(
    "quarantine_overflow",
    metadata,
    Column("source", String(80), nullable=False),
    Column("day", BigInteger, nullable=False),  # days since 1970, UTC
    Column("messages", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    PrimaryKeyConstraint("source", "day"),
)

list_keys = Table(
    "list_keys",
    metadata,
    Column("list", BigInteger, primary_key=True, autoincrement=False),
    Column("key", LargeBinary(32), nullable=False),
    Column("month", Integer, nullable=False),
)

lists = Table(
    "lists",
    metadata,
    Column("list", BigInteger, ForeignKey("list_keys.list"), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("kind", String(6), nullable=False),  # base, delta
    Column("base", BigInteger, nullable=False),  # the version a delta starts from
    Column("month", Integer, nullable=False),
    Column("members", BigInteger, nullable=False),
    Column("source", String(64), nullable=False),  # digest of who is in it: the same members are not published again
    Column("created_at", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("list", "version"),
)

audit = Table(
    "audit",
    metadata,
    _identity(),
    Column("time", BigInteger, nullable=False),
    Column("who", String(60), nullable=False),
    Column("action", String(40), nullable=False),
    Column("subject", String(60), nullable=False),
    Column("detail", JSON, nullable=False),
    Index(None, "time"),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    _identity(),
    Column("name", String(60), nullable=False, unique=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)
