"""facts of shops, links, merges and splits, places of operators; registers of enterprises"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)
TABLES = (
    "registry_result", "registry_entry", "registry_file", "operator_place", "operator_change", "operator_head",
    "link_verdict", "shop_link", "unsettled_shop", "name_key", "shop_fact",
)  # fmt: skip


def _id() -> sa.Column:
    return sa.Column("id", ID, primary_key=True)


def _number(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, ID, nullable=nullable)


def _text(name: str, length: int = 0) -> sa.Column:
    return sa.Column(name, sa.String(length) if length else sa.Text(), nullable=False)


def _json(name: str) -> sa.Column:
    return sa.Column(name, JSON, nullable=False)


def _time(name: str) -> sa.Column:
    return sa.Column(name, TIME, nullable=False)


def _float(name: str) -> sa.Column:
    return sa.Column(name, sa.Float(), nullable=False)


def _refers(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([c], [f"{to}.id"], name=f"fk_{table}_{c}")
        for c, to in columns.items()
    ]


def upgrade() -> None:
    op.create_table(
        "shop_fact", _id(), _number("shop_id"), _text("kind", 16), _text("value", 255), _text("shown"),
        _number("observation_id"), _number("evidence_id", nullable=True), _time("first_seen"),
        *_refers("shop_fact", shop_id="shop", observation_id="observation", evidence_id="evidence"),
        sa.UniqueConstraint("shop_id", "kind", "value", name="uq_shop_fact_shop_id_kind_value"),
    )  # fmt: skip
    op.create_index("ix_shop_fact_kind_value", "shop_fact", ["kind", "value"])
    op.create_table(
        "name_key", _text("key", 64), _text("value", 255),
        sa.PrimaryKeyConstraint("key", "value", name="pk_name_key"),
    )  # fmt: skip
    op.create_table(
        "unsettled_shop", _number("shop_id"), *_refers("unsettled_shop", shop_id="shop"),
        sa.PrimaryKeyConstraint("shop_id", name="pk_unsettled_shop"),
    )  # fmt: skip
    op.create_table(
        "shop_link", _id(), _number("one_id"), _number("other_id"), _text("kind", 16), _text("value", 255),
        _float("strength"), _json("detail"), _text("state", 16), _time("found_at"),
        *_refers("shop_link", one_id="shop", other_id="shop"),
        sa.UniqueConstraint("one_id", "other_id", "kind", "value", name="uq_shop_link_one_id_other_id_kind_value"),
    )  # fmt: skip
    op.create_index("ix_shop_link_other", "shop_link", ["other_id"])
    op.create_index("ix_shop_link_kind_value", "shop_link", ["kind", "value"])
    op.create_table(
        "link_verdict", _id(), _number("link_id"), _text("verdict", 16), _text("officer"), _text("reason"),
        _time("at"), *_refers("link_verdict", link_id="shop_link"),
    )  # fmt: skip
    op.create_index("ix_link_verdict_link_id", "link_verdict", ["link_id"])
    op.create_table(
        "operator_head", _number("operator_id"), _number("head_id"),
        *_refers("operator_head", operator_id="operator", head_id="operator"),
        sa.PrimaryKeyConstraint("operator_id", name="pk_operator_head"),
    )  # fmt: skip
    op.create_index("ix_operator_head_head_id", "operator_head", ["head_id"])
    op.create_table(
        "operator_change", _id(), _text("kind", 16), _number("operator_id"), _number("other_id", nullable=True),
        _json("shops"), _json("clues"), _json("links"), _text("officer"), _text("reason"), _time("at"),
        _number("undoes_id", nullable=True), sa.Column("automatic", sa.Boolean(), nullable=False),
        *_refers("operator_change", operator_id="operator", other_id="operator", undoes_id="operator_change"),
        sa.UniqueConstraint("undoes_id", name="uq_operator_change_undoes_id"),
    )  # fmt: skip
    op.create_index("ix_operator_change_operator_id", "operator_change", ["operator_id"])
    op.create_index("ix_operator_change_other_id", "operator_change", ["other_id"])
    op.create_table(
        "operator_place", _number("operator_id"), _text("code", 12), _float("confidence"),
        _json("reasons"), _json("contradictions"), _time("settled_at"),
        *_refers("operator_place", operator_id="operator"),
        sa.PrimaryKeyConstraint("operator_id", name="pk_operator_place"),
    )  # fmt: skip
    op.create_index("ix_operator_place_code", "operator_place", ["code"])
    op.create_table(
        "registry_file", _id(), _text("name"), _text("sha256", 64), _text("covers", 12), _number("rows"),
        _number("rejected"), _json("columns"), _time("loaded_at"),
    )  # fmt: skip
    op.create_table(
        "registry_entry", _text("code", 18), _text("name"), _text("title"), _text("status", 32),
        _text("address"), _text("district", 12), _number("file_id"),
        *_refers("registry_entry", file_id="registry_file"),
        sa.PrimaryKeyConstraint("code", name="pk_registry_entry"),
    )  # fmt: skip
    op.create_index("ix_registry_entry_name", "registry_entry", ["name"])
    op.create_table(
        "registry_result", _number("shop_id"), _number("fact_id"), _text("result", 16), _text("code", 18),
        _number("file_id", nullable=True), _text("says"), _time("checked_at"),
        *_refers("registry_result", shop_id="shop", fact_id="shop_fact", file_id="registry_file"),
        sa.PrimaryKeyConstraint("shop_id", "fact_id", name="pk_registry_result"),
    )  # fmt: skip
    op.create_index("ix_registry_result_result", "registry_result", ["result"])


def downgrade() -> None:
    for name in TABLES:
        op.drop_table(name)
