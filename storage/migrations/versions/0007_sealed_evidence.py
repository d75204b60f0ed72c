"""the chain over all evidence, its seals, and who had evidence in hand"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.models import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    head = op.create_table(
        "chain_head",
        sa.Column("id", ID, primary_key=True),
        sa.Column("sequence", ID, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.bulk_insert(head, [{"id": 1, "sequence": 0, "hash": "0" * 64}])
    op.create_table(
        "evidence_link",
        sa.Column("sequence", ID, primary_key=True, autoincrement=False),
        sa.Column("evidence_id", ID, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("about", sa.String(64), nullable=False),
        sa.Column("former", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("clock_back", ID, nullable=False),
        sa.UniqueConstraint("evidence_id", name="uq_evidence_link_evidence_id"),
    )
    op.create_table(
        "evidence_seal",
        sa.Column("id", ID, primary_key=True, autoincrement=False),
        sa.Column("sequence", ID, nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("statement", "signature", "key", "stamp", "no_stamp")
        ),
        sa.Column("sealed_at", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "custody",
        sa.Column("id", ID, primary_key=True),
        sa.Column("clue_id", ID, nullable=False),
        sa.Column("act", sa.String(16), nullable=False),
        sa.Column("by", sa.String(255), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
    )
    op.create_index("ix_custody_clue_id", "custody", ["clue_id"])


def downgrade() -> None:
    for name in ("custody", "evidence_seal", "evidence_link", "chain_head"):
        op.drop_table(name)
