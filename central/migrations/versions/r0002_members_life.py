"""Members' life as spans and the events they come from; bookings, reminders, whose terminals were."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# What a row of the first release comes to, as central/timeline.py says it of state put in by hand.
_EVENTS = """
    INSERT INTO member_events (source, event, member, kind, at, tier, until, received_at)
    SELECT 'hand', NULL, member, CASE WHEN blocked THEN 17 ELSE 16 END, active_from, tier, active_until, changed_at FROM members
"""
_BLOCKS = """
    INSERT INTO members (member, active_from, tier, active_until, blocked, changed_at)
    SELECT member, 0, 0, 0, blocked, changed_at FROM members WHERE blocked AND active_from > 0
"""


def upgrade() -> None:
    """Make them, and carry members over."""
    op.create_table(
        "member_events",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("event", sa.String(40)),
        sa.Column("member", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("tier", sa.SmallInteger()),
        sa.Column("until", sa.BigInteger()),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_member_events"),
        sa.UniqueConstraint("source", "event", name="uq_member_events_source_event"),
    )
    op.create_index("ix_member_events_member", "member_events", ["member"])
    with op.batch_alter_table("members", recreate="auto") as members:
        members.drop_constraint("pk_members", type_="primary")
        members.create_primary_key("pk_members", ["member", "active_from"])
    op.execute(_EVENTS)
    op.execute(_BLOCKS)
    op.create_table(
        "bookings",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("merchant", sa.String(20), nullable=False),
        sa.Column("offer", sa.Integer(), nullable=False),
        sa.Column("member", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bookings"),
        sa.ForeignKeyConstraint(["merchant", "offer"], ["offers.merchant", "offers.id"], name="fk_bookings_merchant_offer"),
    )
    op.create_index("ix_bookings_member_merchant_offer", "bookings", ["member", "merchant", "offer"])
    op.create_table(
        "reminders",
        sa.Column("member", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("due", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("member", "kind", name="pk_reminders"),
    )
    op.create_table(
        "postings",
        sa.Column("terminal", sa.String(16), nullable=False),
        sa.Column("settings_from", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("merchant", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("terminal", "settings_from", name="pk_postings"),
        sa.ForeignKeyConstraint(["terminal"], ["terminals.id"], name="fk_postings_terminal"),
        sa.ForeignKeyConstraint(["merchant"], ["merchants.id"], name="fk_postings_merchant"),
    )
    op.execute("DELETE FROM properties WHERE name = 'schema'")
