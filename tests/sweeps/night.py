"""A sweep without a network: pages and listings straight into the sink."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from clues import Jurisdiction
from crawler.plan import Goods
from crawler.tasks import Capture, Fetched, Task
from detectors import Detector
from listing import Listing
from storage import Store, Vault
from storage import models as m
from sweeps import Summary
from sweeps.sink import StoreSink

NOW = datetime(2026, 11, 11, 2, tzinfo=UTC)


def night(
    store: Store, vault_dir: Path, detector: Detector, listings: Iterable[Listing], day: int = 0
) -> int:
    """Sweep these listings so many days after 11 November 2026; returns the sweep's id."""
    at = NOW + timedelta(days=day)
    with store.session() as session:
        sweep = m.Sweep(
            mode="nightly", state="running", plan={}, summary=None, started_at=at, ended_at=None
        )
        session.add(sweep)
    goods = Goods("tea", "茶", ("茶",))
    sink = StoreSink(
        store, Vault(vault_dir), detector, Jurisdiction(detector.knowledge.places),
        Summary(sweep.id, "nightly"), [goods],
    )  # fmt: skip
    task = Task(1, "taobao", "taobao", "tea")
    for number, listing in enumerate(listings):
        page = f"<title>{listing.title}</title>".encode()
        record = sink.captured(
            Capture(listing.url, 200, (("Content-Type", "text/html"),), page, at,
                    f"{sweep.id}-{number}", "page", "taobao")
        )  # fmt: skip
        sink.listing(Fetched(task, listing.model_copy(update={"seen_at": at}), record))
    sink.close()
    with store.session() as session:
        row = session.get_one(m.Sweep, sweep.id)
        row.state, row.ended_at = "done", at + timedelta(hours=1)
    return sweep.id


def offer(title: str, number: int, shop: str = "虚构茶行", **more: str) -> Listing:
    """A listing of a shop of 淘宝."""
    return Listing.from_dict(
        {"title": title, "source": "taobao", "url": f"http://x.example/{number}",
         "shop_name": shop, **more}
    )  # fmt: skip
