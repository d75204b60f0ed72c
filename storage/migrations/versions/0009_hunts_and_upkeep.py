"""retro-hunts, editions of the rules, records of what was pruned"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.models import Json, UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id(name: str = "id", refers: str = "", table: str = "") -> sa.Column:
    if not refers:
        return sa.Column(name, ID, nullable=False)
    key = sa.ForeignKey(f"{refers}.id", name=f"fk_{table}_{name}")
    return sa.Column(name, ID, key, nullable=False)


def upgrade() -> None:
    op.add_column(
        "signal", sa.Column("rule_digest", sa.String(16), nullable=False, server_default="")
    )
    # From a signal or a record to its clue: hunts and pruning ask this of every page.
    op.create_index("ix_clue_signal_signal_id", "clue_signal", ["signal_id"])
    op.create_index("ix_clue_evidence_evidence_id", "clue_evidence", ["evidence_id"])
    op.create_index("ix_clue_score_grown_at", "clue", ["score", "grown_at"])
    op.create_table(
        "rule_edition",
        _id(),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("rules", Json, nullable=False),
        sa.Column("first_used", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rule_edition"),
        sa.UniqueConstraint("digest", name="uq_rule_edition_digest"),
    )
    op.create_table(
        "sweep_edition",
        _id("sweep_id", "sweep", "sweep_edition"),
        _id("edition_id", "rule_edition", "sweep_edition"),
        sa.PrimaryKeyConstraint("sweep_id", "edition_id", name="pk_sweep_edition"),
    )
    op.create_table(
        "hunt",
        _id(),
        _id("edition_id", "rule_edition", "hunt"),
        sa.Column("rules", Json, nullable=False),
        sa.Column("scope", Json, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        *(sa.Column(n, ID, nullable=False) for n in ("last_id", "looked_to", "applied_to", "seen")),
        sa.Column("problems", Json, nullable=False),
        sa.Column("preview", Json, nullable=True),
        sa.Column("result", Json, nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_hunt"),
    )
    op.create_table(
        "hunt_find",
        _id("hunt_id", "hunt", "hunt_find"),
        _id("observation_id"),
        *(sa.Column(n, Json, nullable=False) for n in ("comes", "goes", "keeps", "scores")),
        sa.Column("region", sa.String(12), nullable=False),
        sa.Column("pictures", Json, nullable=False),
        sa.PrimaryKeyConstraint("hunt_id", "observation_id", name="pk_hunt_find"),
    )
    op.create_table(
        "hunt_clue",
        _id("hunt_id", "hunt", "hunt_clue"),
        _id("clue_id"),
        sa.Column("violation", sa.String(64), nullable=False),
        sa.Column("opened", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("hunt_id", "clue_id", name="pk_hunt_clue"),
    )
    op.create_table(
        "superseded",
        _id("signal_id", "signal", "superseded"),
        _id("hunt_id", "hunt", "superseded"),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("signal_id", name="pk_superseded"),
    )
    op.create_index("ix_superseded_hunt_id", "superseded", ["hunt_id"])
    op.create_table(
        "pruning",
        _id(),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("before", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("removed", Json, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pruning"),
    )


def downgrade() -> None:
    for table in (
        "pruning", "superseded", "hunt_clue", "hunt_find", "hunt", "sweep_edition", "rule_edition",
    ):  # fmt: skip
        op.drop_table(table)
    op.drop_index("ix_clue_score_grown_at", table_name="clue")
    op.drop_index("ix_clue_evidence_evidence_id", table_name="clue_evidence")
    op.drop_index("ix_clue_signal_signal_id", table_name="clue_signal")
    op.drop_column("signal", "rule_digest")
