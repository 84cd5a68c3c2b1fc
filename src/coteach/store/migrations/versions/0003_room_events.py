"""What happens in a live room besides media."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "room_event",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("room", sa.String(length=80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seat", sa.String(length=12), nullable=False),
        sa.Column("verb", sa.String(length=24), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delete_after", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room_event")),
        sa.UniqueConstraint("room", "number", name=op.f("uq_room_event_room_number")))
    op.create_index("ix_room_event_delete_after", "room_event", ["delete_after"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("room_event")
