"""slices of hunts that are left to workers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.models import Json, UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("hunt", sa.Column("workers", sa.String(8), nullable=False, server_default=""))
    op.create_table(
        "hunt_slice",
        sa.Column("hunt_id", ID, nullable=False),
        *(sa.Column(n, ID, nullable=False) for n in ("after", "to", "looked_to", "seen")),
        sa.Column("problems", Json, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("tries", ID, nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("rests_until", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["hunt_id"], ["hunt.id"], name="fk_hunt_slice_hunt_id"),
        sa.PrimaryKeyConstraint("hunt_id", "after", name="pk_hunt_slice"),
    )


def downgrade() -> None:
    op.drop_table("hunt_slice")
    op.drop_column("hunt", "workers")
