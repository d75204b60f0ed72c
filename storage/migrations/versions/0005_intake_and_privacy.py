"""intake files and records, ways of arrival, who opened what, purges"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)


def _id() -> sa.Column:
    return sa.Column("id", ID, nullable=False)


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))


def _key(table: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))


def _need(name: str, kind: sa.types.TypeEngine) -> sa.Column:
    return sa.Column(name, kind, nullable=False)


def upgrade() -> None:
    _intake()
    _privacy()
    # What was found before came by its sweep.
    op.execute(
        "INSERT INTO clue_arrival (clue_id, way, origin, sweep_id, at) "
        "SELECT id, intake, 'sweep:' || coalesce(sweep_id, 0), sweep_id, opened_at FROM clue"
    )


def _intake() -> None:
    op.create_table(
        "intake_file",
        _id(),
        _need("kind", sa.String(16)),
        _need("profile", sa.String(64)),
        _need("name", sa.Text()),
        _need("sha256", sa.String(64)),
        _need("evidence_id", ID),
        _need("officer", sa.Text()),
        _need("at", TIME),
        _refers("intake_file", "evidence_id", "evidence"),
        _key("intake_file"),
        sa.UniqueConstraint("kind", "sha256", name=op.f("uq_intake_file_kind_sha256")),
    )
    op.create_table(
        "intake_record",
        _id(),
        _need("file_id", ID),
        _need("kind", sa.String(16)),
        _need("key", sa.String(255)),
        _need("revision", ID),
        _need("digest", sa.String(64)),
        _need("line", ID),
        sa.Column("received_at", TIME, nullable=True),
        _need("content", JSON),
        _need("violations", JSON),
        _need("signals", JSON),
        _need("match", JSON),
        _need("findings", JSON),
        _need("state", sa.String(16)),
        sa.Column("shop_id", ID, nullable=True),
        sa.Column("listing_id", ID, nullable=True),
        sa.Column("operator_id", ID, nullable=True),
        _need("settled_by", sa.Text()),
        _need("at", TIME),
        _refers("intake_record", "file_id", "intake_file"),
        _refers("intake_record", "shop_id", "shop"),
        _refers("intake_record", "listing_id", "listing"),
        _refers("intake_record", "operator_id", "operator"),
        _key("intake_record"),
        sa.UniqueConstraint(
            "kind", "key", "revision", name=op.f("uq_intake_record_kind_key_revision")
        ),
    )
    op.create_index(op.f("ix_intake_record_file_id"), "intake_record", ["file_id"])
    op.create_index("ix_intake_record_state", "intake_record", ["state", "kind"])
    op.create_table(
        "clue_arrival",
        _id(),
        _need("clue_id", ID),
        _need("way", sa.String(16)),
        _need("origin", sa.String(64)),
        sa.Column("sweep_id", ID, nullable=True),
        sa.Column("record_id", ID, nullable=True),
        _need("at", TIME),
        _refers("clue_arrival", "clue_id", "clue"),
        _refers("clue_arrival", "sweep_id", "sweep"),
        _refers("clue_arrival", "record_id", "intake_record"),
        _key("clue_arrival"),
        sa.UniqueConstraint("clue_id", "origin", name=op.f("uq_clue_arrival_clue_id_origin")),
    )
    op.create_index(op.f("ix_clue_arrival_way"), "clue_arrival", ["way"])
    op.create_index(op.f("ix_clue_arrival_record_id"), "clue_arrival", ["record_id"])


def _privacy() -> None:
    op.create_table(
        "access",
        _id(),
        _need("officer", sa.String(255)),
        _need("what", sa.String(16)),
        _need("target", sa.String(255)),
        _need("via", sa.String(64)),
        _need("at", TIME),
        _key("access"),
    )
    op.create_index(op.f("ix_access_officer"), "access", ["officer"])
    op.create_index("ix_access_what", "access", ["what", "target"])
    op.create_table(
        "purge",
        _id(),
        _need("officer", sa.Text()),
        _need("periods", JSON),
        _need("at", TIME),
        _key("purge"),
    )
    op.create_table(
        "purge_item",
        _id(),
        _need("purge_id", ID),
        _need("kind", sa.String(32)),
        _need("what", sa.Text()),
        _need("sha256", sa.Text()),
        _need("count", ID),
        sa.Column("done_at", TIME, nullable=True),
        _refers("purge_item", "purge_id", "purge"),
        _key("purge_item"),
    )
    op.create_index(op.f("ix_purge_item_purge_id"), "purge_item", ["purge_id"])


def downgrade() -> None:
    for table in ("purge_item", "purge", "access", "clue_arrival", "intake_record", "intake_file"):
        op.drop_table(table)
