"""Picture secrets of name cards; pacing, pause and showing of a class.

Classes that are there already go on without secrets until their teacher wants them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ADDED = (
    ("school_class", "secrets", sa.Boolean(), sa.false()),
    ("name_card", "secret", sa.String(length=200), ""),
    ("name_card", "tries", sa.Integer(), "0"),
    ("name_card", "round", sa.Integer(), "0"),
    ("class_session", "upto", sa.String(length=64), ""),
    ("class_session", "paused", sa.Boolean(), sa.false()),
    ("class_session", "show", sa.String(length=64), ""),
    ("class_session", "shown", sa.Integer(), "0"),
)


# Not in batches: these make SQLite's tables anew, which others point to.
def upgrade() -> None:
    """Add the columns."""
    for table, name, kind, before in ADDED:
        op.add_column(table, sa.Column(name, kind, nullable=False, server_default=before))


def downgrade() -> None:
    """Take them away."""
    for table, name, _kind, _before in ADDED:
        op.drop_column(table, name)
