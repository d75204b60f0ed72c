"""A store that a sweep has filled with three shops, and files to take in."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from clues.intake import Taken, take_in
from detectors import Detector
from listing import Listing
from storage import Store, Vault
from storage import models as m
from storage.observations import Found, record

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
SEEN = datetime(2026, 11, 15, 2, tzinfo=UTC)
USCC = "91532822MA1GK6YX58"
SHOPS: tuple[dict[str, str], ...] = (
    {
        "title": "勐海普洱茶生茶饼357g 2022年春料", "url": "http://yunxiu.example/item/1.html", "source": "yunxiu.example",
        "shop_name": "云岫虚构茶行", "operator_name": "勐海云岫虚构茶业有限公司", "uscc": USCC, "goods": "tea",
    },
    {
        "title": "文山三七粉250克 春七", "url": "https://item.taobao.com/item.htm?id=620000000037", "source": "taobao",
        "shop_name": "乌有三七铺旗舰店", "goods": "sanqi",
    },
    {
        "title": "儿童保温杯316不锈钢", "url": "http://yunxiu.example/item/2.html", "source": "yunxiu.example",
        "shop_name": "云岫虚构茶行", "operator_name": "勐海云岫虚构茶业有限公司", "uscc": USCC, "goods": "child-elderly",
    },
)  # fmt: skip
HEADS = (
    "登记编号", "登记时间", "购物平台", "店铺名称", "商品链接", "商品名称", "被投诉主体", "统一社会信用代码", "问题类别",
    "投诉内容", "订单号", "投诉人姓名", "联系电话", "收货地址",
)  # fmt: skip


@pytest.fixture
def swept(store: Store) -> Store:
    """The store after a sweep of `SHOPS`."""
    with store.session() as session:
        batch = []
        for number, said in enumerate(SHOPS):
            evidence = session.scalars(
                insert(m.Evidence)
                .values(
                    sweep_id=None, kind="page", url=said["url"], status=200, content_type="text/html",
                    sha256="0" * 64, size=1, warc_file="w", warc_offset=number, record_id=f"r{number}",
                    rendered=False, fingerprint="", fetched_at=SEEN,
                )
                .returning(m.Evidence.id)
            ).one()  # fmt: skip
            listing = Listing.from_dict(said)
            host = said["source"] if said["source"] == "yunxiu.example" else ""
            batch.append(Found(listing, said["url"], host, said["goods"], evidence, SEEN))
        record(session, None, batch)
    return store


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "evidence")


Take = Callable[..., Taken]


@pytest.fixture
def take(swept: Store, vault: Vault, detector: Detector, house: Path) -> Take:
    """Take a file in as 虚构员 at `NOW`."""

    def take_file(path: Path, kind: str = "complaint", now: datetime = NOW, **more: Any) -> Taken:
        return take_in(
            swept, vault, detector, house / "rules", kind, path, "虚构员", now=now, **more
        )

    return take_file


def complaint(number: str, **said: str) -> dict[str, str]:
    """A row of a complaint file."""
    row = dict.fromkeys(HEADS, "")
    row |= {"登记编号": number, "登记时间": "2026-11-18", "投诉内容": "买到的东西有问题"}
    return row | said


def write_csv(path: Path, rows: Sequence[dict[str, str]], encoding: str = "utf-8-sig") -> Path:
    """Rows of one shape as a CSV file."""
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def dump(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in the store, by table."""
    with store.session() as session:
        return {
            table.name: sorted((tuple(row) for row in session.execute(select(table))), key=str)
            for table in m.Base.metadata.sorted_tables
        }


def count(store: Store, table: type[m.Base]) -> int:
    """Rows of a table."""
    with store.session() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0
