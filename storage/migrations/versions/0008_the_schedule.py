"""runs of the schedule, the schedulers' lease, sampled prices; tasks of one item page"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "task", sa.Column("item", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "run",
        sa.Column("id", ID, nullable=False),
        sa.Column("entry", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("planned_at", TIME, nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("decided_at", TIME, nullable=False),
        sa.Column("begun_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("sweep_id", ID),
        sa.Column("tries", ID, nullable=False),
        sa.Column("tried_at", TIME),
        sa.Column("host", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweep.id"], name="fk_run_sweep_id"),
        sa.UniqueConstraint("entry", "planned_at", name="uq_run_entry_planned_at"),
        sa.UniqueConstraint("sweep_id", name="uq_run_sweep_id"),
    )
    op.create_index("ix_run_outcome", "run", ["outcome"])
    op.create_table(
        "schedule_lease",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("holder", sa.String(255), nullable=False),
        sa.Column("beat", ID, nullable=False),
        sa.Column("watermark", TIME, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_schedule_lease"),
    )
    op.create_table(
        "price_sample",
        sa.Column("listing_id", ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("price_fen", ID, nullable=False),
        sa.Column("evidence_id", ID),
        sa.Column("seen_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("listing_id", "day", name="pk_price_sample"),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name="fk_price_sample_listing_id"),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["evidence.id"], name="fk_price_sample_evidence_id"
        ),
    )


def downgrade() -> None:
    for table in ("price_sample", "schedule_lease", "run"):
        op.drop_table(table)
    op.drop_column("task", "item")
