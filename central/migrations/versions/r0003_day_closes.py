"""Days that terminals have closed, as they and the centre counted them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "day_closes",
        sa.Column("terminal", sa.String(16), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("merchant", sa.String(20), nullable=False),
        sa.Column("cashier", sa.SmallInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("held", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("terminal", "day", name="pk_day_closes"),
        sa.ForeignKeyConstraint(["terminal"], ["terminals.id"], name="fk_day_closes_terminal"),
    )
