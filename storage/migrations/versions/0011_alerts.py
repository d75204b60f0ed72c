"""alerts; indexes for what is asked every minute"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.models import Json, UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _partial(name: str, table: str, column: str, where: str) -> None:
    said = sa.text(where)
    op.create_index(name, table, [column], sqlite_where=said, postgresql_where=said)


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("tries", ID, nullable=False),
        sa.Column("reached", Json, nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alert"),
    )
    op.create_index("ix_alert_key_made", "alert", ["key", "made_at"])
    _partial("ix_alert_pending", "alert", "next_at", "state = 'pending'")
    op.create_index("ix_sweep_mode_state_ended", "sweep", ["mode", "state", "ended_at"])
    op.create_index("ix_clue_state_violation", "clue", ["state", "violation"])
    _partial("ix_task_pending", "task", "sweep_id", "state = 'pending'")
    _partial("ix_incident_drift", "incident", "at", "kind = 'drift'")


def downgrade() -> None:
    op.drop_index("ix_incident_drift", "incident")
    op.drop_index("ix_task_pending", "task")
    op.drop_index("ix_clue_state_violation", "clue")
    op.drop_index("ix_sweep_mode_state_ended", "sweep")
    op.drop_table("alert")
