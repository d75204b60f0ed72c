"""pictures of listings, by perceptual hash"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "picture",
        sa.Column("listing_id", ID, nullable=False),
        sa.Column("phash", sa.String(length=64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("evidence_id", ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["evidence.id"], name=op.f("fk_picture_evidence_id")
        ),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name=op.f("fk_picture_listing_id")),
        sa.PrimaryKeyConstraint("listing_id", "phash", name=op.f("pk_picture")),
    )
    op.create_index(op.f("ix_picture_phash"), "picture", ["phash"])
    op.create_table(
        "picture_band",
        sa.Column("part", ID, autoincrement=False, nullable=False),
        sa.Column("phash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("part", "phash", name=op.f("pk_picture_band")),
    )


def downgrade() -> None:
    op.drop_table("picture_band")
    op.drop_index(op.f("ix_picture_phash"), table_name="picture")
    op.drop_table("picture")
