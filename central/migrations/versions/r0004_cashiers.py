"""Cashiers, with the digests of their PINs."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "cashiers",
        sa.Column("merchant", sa.String(20), nullable=False),
        sa.Column("number", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("pin", sa.LargeBinary(32), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("merchant", "number", name="pk_cashiers"),
        sa.UniqueConstraint("merchant", "pin", name="uq_cashiers_merchant_pin"),
        sa.ForeignKeyConstraint(["merchant"], ["merchants.id"], name="fk_cashiers_merchant"),
    )
