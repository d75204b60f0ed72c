"""leases, units of work and leads, for several workers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.models import Json, UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("holder", sa.String(120), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )
    op.create_table(
        "unit",
        sa.Column("id", ID, nullable=False),
        sa.Column("sweep_id", ID, nullable=False),
        sa.Column("source", sa.String(255), nullable=False),
        sa.Column("worker", sa.String(120), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("summary", Json, nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweep.id"], name="fk_unit_sweep_id"),
        sa.PrimaryKeyConstraint("id", name="pk_unit"),
    )
    op.create_index("ix_unit_sweep_source", "unit", ["sweep_id", "source"])
    op.create_table(
        "lead",
        sa.Column("task_id", ID, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name="fk_lead_task_id"),
        sa.PrimaryKeyConstraint("task_id", "key", name="pk_lead"),
    )
    op.create_index("ix_lead_state", "lead", ["state"])


def downgrade() -> None:
    for table in ("lead", "unit", "lease"):
        op.drop_table(table)
