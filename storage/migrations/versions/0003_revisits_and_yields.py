"""how to ask whether a page changed; what a task gave

The columns of revisits stand on `evidence`, those of yields and priority on `task`.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _refer_to_evidence(table: str, column: str) -> None:
    # Written inline: SQLite takes no constraint afterwards, and to copy a table that others
    # refer to would break their references.
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE {table} ADD COLUMN {column} {kind} "
        f"CONSTRAINT fk_{table}_{column} REFERENCES evidence (id)"
    )


def upgrade() -> None:
    for name in ("etag", "last_modified"):
        op.add_column("evidence", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    _refer_to_evidence("evidence", "original_id")
    op.create_index("ix_evidence_fingerprint", "evidence", ["fingerprint"])
    for name in ("priority", "answers", "items"):
        op.add_column("task", sa.Column(name, ID, nullable=False, server_default="0"))
    op.add_column(
        "task", sa.Column("whole", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    op.add_column("task", sa.Column("poorest_url", sa.Text(), nullable=False, server_default=""))
    _refer_to_evidence("task", "poorest_id")


def downgrade() -> None:
    for name in ("poorest_id", "poorest_url", "whole", "items", "answers", "priority"):
        op.drop_column("task", name)
    op.drop_index("ix_evidence_fingerprint", table_name="evidence")
    for name in ("original_id", "last_modified", "etag"):
        op.drop_column("evidence", name)
