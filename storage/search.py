"""What stands beneath the lists of the desk: the search index, and what of each clue is kept at
hand so that a row of a list costs one look. All of it can be made anew (`yunjian db reindex`).

On PostgreSQL `words` is a tsvector with a GIN index; on SQLite it is text beside an FTS5 table
that triggers keep (`FTS`).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    cast,
    column,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.orm import Mapped, Session, mapped_column

from storage.models import Base, Clue
from storage.words import (
    Document,
    Term,
    postgresql_query,
    postgresql_words,
    sqlite_query,
    sqlite_words,
)

__all__ = [
    "FTS",
    "ClueFacet",
    "ClueListing",
    "ClueSummary",
    "ClueText",
    "ClueWord",
    "ListingText",
    "is_ours",
    "matching",
    "words_of",
]

WORDS = Text().with_variant(TSVECTOR(), "postgresql")


class ListingText(Base):
    """What is searched of a listing: its title, the names of its shop and operator, its text."""

    __tablename__ = "listing_text"

    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id"), primary_key=True, autoincrement=False)  # fmt: skip
    words: Mapped[str] = mapped_column(WORDS)


class ClueText(Base):
    """What is searched of a clue beside its listings: names of shop and operator, matched words."""

    __tablename__ = "clue_text"

    clue_id: Mapped[int] = mapped_column(ForeignKey("clue.id"), primary_key=True, autoincrement=False)  # fmt: skip
    words: Mapped[str] = mapped_column(WORDS)


class ClueListing(Base):
    """On which listings a clue rests."""

    __tablename__ = "clue_listing"
    __table_args__ = (Index("ix_clue_listing_listing", "listing_id", "clue_id"),)

    clue_id: Mapped[int] = mapped_column(ForeignKey("clue.id"), primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id"), primary_key=True)


class ClueFacet(Base):
    """A goods group or a source of a clue, one a row."""

    __tablename__ = "clue_facet"
    __table_args__ = (Index("ix_clue_facet_kind_value", "kind", "value", "clue_id"),)

    clue_id: Mapped[int] = mapped_column(ForeignKey("clue.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    """goods or source."""
    value: Mapped[str] = mapped_column(String(255), primary_key=True)


class ClueWord(Base):
    """A word that gave a clue away."""

    __tablename__ = "clue_word"

    clue_id: Mapped[int] = mapped_column(ForeignKey("clue.id"), primary_key=True)
    word: Mapped[str] = mapped_column(String(255), primary_key=True)


class ClueSummary(Base):
    """What a row of the list shows of a clue that would have to be counted."""

    __tablename__ = "clue_summary"
    __table_args__ = (Index("ix_clue_summary_due", "due", "clue_id"),)

    clue_id: Mapped[int] = mapped_column(ForeignKey("clue.id"), primary_key=True, autoincrement=False)  # fmt: skip
    signals: Mapped[int]
    evidence: Mapped[int]
    listing_id: Mapped[int | None]
    """Of the strongest signal."""
    words: Mapped[list[Any]]
    """Of the five strongest: `[word, strength, signal id]`; first of all the strongest signal's."""
    top: Mapped[list[Any]]
    """`[strength, id]` of the strongest signal, empty if there is none."""
    due: Mapped[date | None] = mapped_column(Date())
    """When the next thing is due (`clues.dues`)."""
    due_for: Mapped[str] = mapped_column(String(64), default="")
    """For what `due` was reckoned; where it is another by now, it is reckoned anew."""


STANDING = text("subject NOT LIKE 'folded:%'")
"""As `clues.standing.standing` says it, word for word."""


def _order(name: str, *columns: Any) -> Index:
    """An index of the clues that stand for themselves."""
    return Index(
        f"ix_clue_standing_{name}", *columns, sqlite_where=STANDING, postgresql_where=STANDING
    )


_WORST = (Clue.score.desc(), Clue.grown_at.desc(), Clue.id)
ORDERS = (
    _order("score", *_WORST),
    _order("grown", Clue.grown_at.desc(), Clue.id),
    _order("opened", Clue.opened_at.desc(), Clue.id),
    _order("violation", Clue.violation, *_WORST),
    _order("region", Clue.region, *_WORST),
    _order("shop", Clue.shop_id, *_WORST),
    _order("operator", Clue.operator_id, *_WORST),
    # What is counted every morning is read from this alone.
    _order("morning", Clue.violation, Clue.region, Clue.state, Clue.opened_at),
)
"""The orders of lists: their first pages are read without looking at every clue."""

INDEXED = {"listing_text": "listing_id", "clue_text": "clue_id"}
"""The tables with words, and their keys."""


def _fts(name: str, key: str) -> list[str]:
    index = f"{name}_index"
    gone = f"INSERT INTO {index}({index}, rowid, words) VALUES ('delete', old.{key}, old.words);"
    come = f"INSERT INTO {index}(rowid, words) VALUES (new.{key}, new.words);"
    return [
        f"CREATE VIRTUAL TABLE {index} USING fts5(words, content='{name}', content_rowid='{key}', "
        "columnsize=0, tokenize=\"unicode61 remove_diacritics 0 categories 'L* M* N* P* S* C*'\")",
        f"CREATE TRIGGER {index}_come AFTER INSERT ON {name} BEGIN {come} END",
        f"CREATE TRIGGER {index}_gone AFTER DELETE ON {name} BEGIN {gone} END",
        f"CREATE TRIGGER {index}_other AFTER UPDATE ON {name} BEGIN {gone} {come} END",
    ]


FTS = [statement for name, key in INDEXED.items() for statement in _fts(name, key)]
"""Makes the index of SQLite, which knows no tsvector."""


def is_ours(name: str | None) -> bool:
    """Whether a table or index is the models' own, not a part of the search index, which each
    database has in its own way."""
    ways = [way for one in INDEXED for way in (f"{one}_index", f"ix_{one}_words")]
    return not (name or "").startswith(tuple(ways))


def words_of(session: Session, told: Document) -> str:
    """A document as the column `words` of this database takes it."""
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    return postgresql_words(told) if on_postgresql else sqlite_words(told)


def matching(
    session: Session, of: type[ListingText] | type[ClueText], term: Term, one: Any = None
) -> Select[int]:
    """Ids of the listings or clues in whose words a term stands; of `one` alone, where it is given
    (a column of a query around this)."""
    name = of.__tablename__
    key: Any = of.__table__.c[INDEXED[name]]
    if session.get_bind().dialect.name == "postgresql":
        asked: ColumnElement[bool] = of.words.op("@@")(cast(postgresql_query(term), TSQUERY))
        found = select(key).where(asked)
    else:
        index = table(f"{name}_index", column("rowid"), column(f"{name}_index"))
        key = index.c.rowid
        asked = index.c[f"{name}_index"].op("MATCH")(sqlite_query(term))
        found = select(key).where(asked)
    return found if one is None else found.where(key == one)
