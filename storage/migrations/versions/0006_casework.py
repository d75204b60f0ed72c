"""what officers do with clues: the log, hand-overs, joint cases, verdicts, penalties

A clue gets a version (of its steps) and a docket (by which its log is kept).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)


def _postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _text(name: str, length: int = 0, default: str | None = None) -> sa.Column:
    kind = sa.String(length=length) if length else sa.Text()
    return sa.Column(name, kind, nullable=False, server_default=default)


def _refer(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))


def _key(table: str, column: str = "id") -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(column, name=op.f(f"pk_{table}"))


def upgrade() -> None:
    op.add_column("clue", sa.Column("version", ID, nullable=False, server_default="0"))
    op.add_column("clue", _text("docket", 32, ""))
    op.execute(
        "UPDATE clue SET docket = md5(random()::text || id::text || clock_timestamp()::text)"
        if _postgresql()
        else "UPDATE clue SET docket = lower(hex(randomblob(16)))"
    )
    op.create_index("ix_clue_docket", "clue", ["docket"], unique=True)
    op.create_table(
        "clue_event",
        sa.Column("id", ID, nullable=False),
        _text("docket", 32),
        sa.Column("number", ID, nullable=False),
        sa.Column("clue_id", ID, nullable=False),
        _text("action", 16),
        _text("from_state", 16),
        _text("to_state", 16),
        _text("by", 255),
        _text("why"),
        sa.Column("at", TIME, nullable=False),
        sa.Column("clock_back", ID, nullable=False),
        sa.Column("detail", JSON, nullable=False),
        _text("former", 64),
        _text("hash", 64),
        _key("clue_event"),
        sa.UniqueConstraint("docket", "number", name=op.f("uq_clue_event_docket_number")),
    )
    op.create_index("ix_clue_event_clue_id", "clue_event", ["clue_id"])
    _append_only("clue_event")
    op.create_table(
        "joint_case",
        sa.Column("id", ID, nullable=False),
        _text("opened_by", 255),
        sa.Column("opened_at", TIME, nullable=False),
        _text("why"),
        _key("joint_case"),
    )
    op.create_table(
        "transfer",
        sa.Column("id", ID, nullable=False),
        sa.Column("clue_id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=True),
        _text("department", 32),
        _text("role", 8),
        sa.Column("grounds", JSON, nullable=False),
        _text("sent_by", 255),
        sa.Column("sent_at", TIME, nullable=False),
        _text("why"),
        _text("result", 16),
        _text("answer"),
        _text("answered_by", 255),
        sa.Column("answered_at", TIME, nullable=True),
        _key("transfer"),
        _refer("transfer", "clue_id", "clue"),
        _refer("transfer", "case_id", "joint_case"),
    )
    op.create_index("ix_transfer_clue_id", "transfer", ["clue_id"])
    op.create_index("ix_transfer_case_id", "transfer", ["case_id"])
    op.create_table(
        "verdict",
        sa.Column("clue_id", ID, nullable=False),
        sa.Column("right", sa.Boolean(), nullable=False),
        _text("by", 255),
        sa.Column("at", TIME, nullable=False),
        _key("verdict", "clue_id"),
        _refer("verdict", "clue_id", "clue"),
    )
    op.create_table(
        "penalty",
        sa.Column("id", ID, nullable=False),
        _text("decision_no", 128),
        sa.Column("operator_id", ID, nullable=False),
        sa.Column("clue_id", ID, nullable=True),
        _text("violation", 64),
        _text("content"),
        _text("authority"),
        sa.Column("decided_on", sa.Date(), nullable=False),
        _text("kind", 16),
        _text("recorded_by", 255),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("published_on", sa.Date(), nullable=True),
        _text("published_by", 255),
        _key("penalty"),
        sa.UniqueConstraint("decision_no", name=op.f("uq_penalty_decision_no")),
        _refer("penalty", "operator_id", "operator"),
        _refer("penalty", "clue_id", "clue"),
    )
    op.create_index("ix_penalty_operator_id", "penalty", ["operator_id"])
    op.create_index("ix_penalty_clue_id", "penalty", ["clue_id"])
    op.create_table(
        "faith_watch",
        sa.Column("id", ID, nullable=False),
        sa.Column("operator_id", ID, nullable=False),
        _text("why"),
        _text("added_by", 255),
        sa.Column("added_at", TIME, nullable=False),
        _text("dropped_by", 255),
        _text("dropped_why"),
        sa.Column("dropped_at", TIME, nullable=True),
        _key("faith_watch"),
        _refer("faith_watch", "operator_id", "operator"),
    )
    op.create_index("ix_faith_watch_operator_id", "faith_watch", ["operator_id"])


def _append_only(table: str) -> None:
    """Let the database itself refuse to change or remove a row."""
    if _postgresql():
        op.execute(
            f"CREATE OR REPLACE FUNCTION {table}_stays() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_stays()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_is_not_emptied BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_stays()"
        )
        return
    for what in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def downgrade() -> None:
    for table in ("faith_watch", "penalty", "verdict", "transfer", "joint_case", "clue_event"):
        op.drop_table(table)
    if _postgresql():
        op.execute("DROP FUNCTION clue_event_stays()")
    op.drop_index("ix_clue_docket", table_name="clue")
    op.drop_column("clue", "docket")
    op.drop_column("clue", "version")
