"""Listings in the search index: as they come, and anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from listing import Listing
from storage.models import ListingRow, Observation
from storage.search import ListingText, words_of
from storage.store import Store
from storage.words import Document, document

__all__ = ["keep_texts", "listing_document", "reindex_listings"]

BATCH = 500
"""Listings per transaction."""


def listing_document(said: Listing) -> Document:
    """What is searched of a listing."""
    names = (said.title, said.shop_name, said.operator_name)
    return document([name for name in names if name], [said.text] if said.text else [])


def keep_texts(session: Session, listings: Mapping[int, Listing]) -> None:
    """Listings say something new: by id, what they say now."""
    rows = [
        {"listing_id": id_, "words": words_of(session, listing_document(said))}
        for id_, said in listings.items()
    ]
    if rows:
        on_postgresql = session.get_bind().dialect.name == "postgresql"
        insert: Any = postgresql.insert if on_postgresql else sqlite.insert
        made = insert(ListingText)
        session.execute(
            made.on_conflict_do_update(
                index_elements=["listing_id"], set_={"words": made.excluded.words}
            ),
            rows,
        )


def reindex_listings(store: Store) -> Iterator[int]:
    """Write the search index of all listings anew, some in a transaction; yields how many are
    done. Sweeps may go on meanwhile."""
    after = done = 0
    while True:
        with store.writing() as session:
            ids = session.scalars(
                select(ListingRow.id)
                .where(ListingRow.id > after)
                .order_by(ListingRow.id)
                .limit(BATCH)
            ).all()
            if not ids:
                return
            newest = (
                select(
                    Observation.id,
                    func.row_number()
                    .over(
                        partition_by=Observation.listing_id,
                        order_by=(Observation.seen_at.desc(), Observation.id.desc()),
                    )
                    .label("place"),
                )
                .where(Observation.listing_id.in_(ids))
                .subquery()
            )
            rows = session.execute(
                select(Observation.listing_id, Observation.content)
                .join(newest, newest.c.id == Observation.id)
                .where(newest.c.place == 1)
            )
            session.execute(
                delete(ListingText)
                .where(ListingText.listing_id.in_(ids))
                .execution_options(synchronize_session=False)
            )
            keep_texts(session, {id_: Listing.from_dict(content) for id_, content in rows})
        after = ids[-1]
        done += len(ids)
        yield done
