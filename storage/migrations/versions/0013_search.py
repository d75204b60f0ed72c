"""the search index, and what the lists of the desk show"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

from storage.models import Json
from storage.search import FTS, INDEXED

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WORDS = sa.Text().with_variant(TSVECTOR(), "postgresql")
STANDING = "subject NOT LIKE 'folded:%'"
ORDERS = {
    "ix_clue_standing_score": "score DESC, grown_at DESC, id",
    "ix_clue_standing_grown": "grown_at DESC, id",
    "ix_clue_standing_opened": "opened_at DESC, id",
    "ix_clue_standing_violation": "violation, score DESC, grown_at DESC, id",
    "ix_clue_standing_region": "region, score DESC, grown_at DESC, id",
    "ix_clue_standing_shop": "shop_id, score DESC, grown_at DESC, id",
    "ix_clue_standing_operator": "operator_id, score DESC, grown_at DESC, id",
    "ix_clue_standing_morning": "violation, region, state, opened_at",
}


def _table(name: str, *columns: sa.Column, refers: tuple[str, ...], key: tuple[str, ...]) -> None:
    op.create_table(
        name,
        *(sa.Column(f"{one}_id", ID, nullable=False) for one in refers),
        *columns,
        *(
            sa.ForeignKeyConstraint([f"{one}_id"], [f"{one}.id"], name=f"fk_{name}_{one}_id")
            for one in refers
        ),
        sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"),
    )


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for name, key in INDEXED.items():
        words = sa.Column("words", WORDS, nullable=False)
        _table(name, words, refers=(key.removesuffix("_id"),), key=(key,))
        if postgresql:
            op.create_index(f"ix_{name}_words", name, ["words"], postgresql_using="gin")
    if not postgresql:
        for statement in FTS:
            op.execute(sa.text(statement.replace(":", "\\:")))
    _table("clue_listing", refers=("clue", "listing"), key=("clue_id", "listing_id"))
    op.create_index("ix_clue_listing_listing", "clue_listing", ["listing_id", "clue_id"])
    _table(
        "clue_facet",
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("value", sa.String(255), nullable=False),
        refers=("clue",),
        key=("clue_id", "kind", "value"),
    )
    op.create_index("ix_clue_facet_kind_value", "clue_facet", ["kind", "value", "clue_id"])
    _table(
        "clue_word", sa.Column("word", sa.String(255), nullable=False), refers=("clue",), key=("clue_id", "word")
    )  # fmt: skip
    _table(
        "clue_summary",
        sa.Column("signals", ID, nullable=False),
        sa.Column("evidence", ID, nullable=False),
        sa.Column("listing_id", ID, nullable=True),
        sa.Column("words", Json, nullable=False),
        sa.Column("top", Json, nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("due_for", sa.String(64), nullable=False),
        refers=("clue",),
        key=("clue_id",),
    )
    op.create_index("ix_clue_summary_due", "clue_summary", ["due", "clue_id"])
    op.create_index("ix_transfer_department", "transfer", ["department", "clue_id"])
    for name, columns in ORDERS.items():
        op.execute(f"CREATE INDEX {name} ON clue ({columns}) WHERE {STANDING}")
    _fill(postgresql)


def _fill(postgresql: bool) -> None:
    """Of clues that are there already what filters ask for; the rest is `yunjian db reindex`."""
    op.execute(
        "INSERT INTO clue_listing (clue_id, listing_id) SELECT DISTINCT c.clue_id, o.listing_id "
        "FROM clue_signal c JOIN signal s ON s.id = c.signal_id "
        "JOIN observation o ON o.id = s.observation_id"
    )
    for kind, column in (("goods", "goods"), ("source", "sources")):
        each = f"jsonb_array_elements_text(c.{column})" if postgresql else f"json_each(c.{column})"
        op.execute(
            f"INSERT INTO clue_facet (clue_id, kind, value) SELECT DISTINCT c.id, '{kind}', e.value "
            f"FROM clue c, {each} e{'(value)' if postgresql else ''} WHERE c.{STANDING}"
        )


def downgrade() -> None:
    for name in ORDERS:
        op.drop_index(name, "clue")
    op.drop_index("ix_transfer_department", "transfer")
    for name in ("clue_summary", "clue_word", "clue_facet", "clue_listing"):
        op.drop_table(name)
    for name in INDEXED:
        if op.get_bind().dialect.name != "postgresql":
            op.execute(f"DROP TABLE {name}_index")
        op.drop_table(name)
