"""Files that are handed over: every recorded one, tables with columns of their own, bad rows."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from crawler.page import Page, ReadError
from listing import Listing
from spiders import reader
from spiders.handover import Api, Handover
from spiders.profile import Profile, ProfileError, load_profile
from spiders.recorded import Problem, read_recorded

RECORDED = {
    "1688-search-cables.html.gz": ("1688", 20),
    "baidu-calc.html.gz": ("baidu", 9),
    "baidu-news.html.gz": ("baidu", 9),
    "baidu-normal.html.gz": ("baidu", 10),
    "baidu-total.html.gz": ("baidu", 10),
    "item-api-jd.json.gz": ("file", 1),
    "item-api-pdd.json.gz": ("file", 1),
    "item-api-sn.json.gz": ("file", 1),
    "item-api-tb.json.gz": ("file", 1),
    "jd-item.html.gz": ("jd", 1),
    "jd-search-phones.html.gz": ("jd", 60),
    "taobao-item-keyboard.html.gz": ("taobao", 1),
    "taobao-search-sesame.g_page_config.js.gz": ("taobao", 36),
    "taobao-search-shoes.html.gz": ("taobao", 36),
    "tmall-item-phone.html.gz": ("tmall", 1),
}


def read(text: str, profile: Profile | None = None, encoding: str = "utf-8") -> tuple[Listing, ...]:
    return Handover(profile=profile).read_search(Page("file:x", text.encode(encoding))).listings


def test_every_recorded_file_is_read_with_its_count(shared: Path) -> None:
    counts = {}
    for path in sorted((shared / "pages").glob("*.gz")):
        source, _ = RECORDED[path.name]
        found = list(read_recorded(path, reader(source)))
        assert not [one for one in found if isinstance(one, Problem)], path.name
        counts[path.name] = (source, len(found))
    assert counts == RECORDED


@pytest.mark.parametrize(
    ("name", "source", "id_", "price", "shop", "brand", "images"),
    [
        ("jd", "jd", "100000177760", "4899.00", "Apple产品京东自营旗舰店", "Apple", 14),
        ("pdd", "pdd", "5914165983", "2998", "vivo旗舰店", "vivo", 47),
        ("sn", "suning", "10750373914", None, "", "", 5),
        ("tb", "taobao", "16793826526", "1998", "MUMO木墨", "木墨", 27),
    ],
)
def test_the_answers_of_a_data_service(
    shared: Path, name: str, source: str, id_: str, price: str | None, shop: str, brand: str, images: int
) -> None:  # fmt: skip
    (item,) = read_recorded(shared / "pages" / f"item-api-{name}.json.gz", reader("file"))
    assert isinstance(item, Listing)
    assert (item.source, item.id, item.shop_name, item.brand) == (source, id_, shop, brand)
    assert item.price == (None if price is None else Decimal(price))
    assert len(item.images) == images and all(i.startswith("http") for i in item.images)


def test_more_of_what_they_say(shared: Path) -> None:
    pages = shared / "pages"
    jd, pdd, tb = (
        next(read_recorded(pages / f"item-api-{n}.json.gz", reader("file")))
        for n in ("jd", "pdd", "tb")
    )
    assert isinstance(jd, Listing) and isinstance(pdd, Listing) and isinstance(tb, Listing)
    assert (jd.origin, jd.attributes["机身存储"]) == ("中国", "128GB")
    assert (pdd.sales, pdd.original_price) == (5895, Decimal("4298.01"))
    assert pdd.text.startswith("【vivo旗舰店】") and "7天无理由退货" in pdd.terms
    assert (tb.ship_from, tb.sales, tb.original_price) == ("浙江温州", 63, Decimal("2498.00"))
    assert tb.attributes["型号"] == "SDC" and tb.terms.startswith("15天退货")


def test_a_chinese_table_needs_no_profile() -> None:
    table = "商品名称,售价,店铺名称,统一社会信用代码,销量\r\n三七粉,\"1,280.00\",虚构店,91350100M000100Y43,1.2万+\r\n"  # fmt: skip
    for encoding in ("utf-8", "utf-8-sig", "gb18030"):
        (row,) = read(table, encoding=encoding)
        assert (row.title, row.price, row.shop_name, row.sales) == ("三七粉", Decimal("1280.00"), "虚构店", 12_000)  # fmt: skip
        assert row.uscc == "91350100M000100Y43"
    (row,) = read(table.replace(",", "\t").replace('"1\t280.00"', "1280"))
    assert row.price == Decimal(1280)


def test_a_profile_names_columns_parameters_and_cents(tmp_path: Path) -> None:
    path = tmp_path / "x.profile.yaml"
    path.write_text(
        "source: taobao\nrows: result.goods\ncolumns: {title: name, price: fen, shop_name: seller.nick}\nattributes: [规格]\ncents: [price]\n",
        encoding="utf-8",
    )
    data = {"result": {"goods": [{"name": "滇红", "fen": 12850, "seller": {"nick": "虚构店"}, "规格": "250g"}]}}  # fmt: skip
    (row,) = read(json.dumps(data), load_profile(path))
    assert (row.title, row.price, row.shop_name, row.source) == ("滇红", Decimal("128.50"), "虚构店", "taobao")  # fmt: skip
    assert row.attributes == {"规格": "250g"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("columns: [a]", "columns is a table"),
        ("colums: {}", "no such entry: colums"),
        ("columns: {titel: x}", "no field titel"),
        ("- a", "a profile is a table"),
        ("a: [", "not YAML"),
    ],
)
def test_a_profile_that_cannot_be_used_says_why(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "x.profile.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProfileError, match=why):
        load_profile(path)


def test_bad_rows_are_named_and_the_others_are_read() -> None:
    lines = '{"title": "甲"}\nno json\n{"title": ""}\n[1]\n{"title": "乙", "price": "x"}\n{"title": "丙"}\n'  # fmt: skip
    found = Handover().read_search(Page("file:x", lines.encode()))
    assert [one.title for one in found.listings] == ["甲", "丙"]
    assert [p.split(":")[0] for p in found.problems] == [
        "offer 2", "offer 3", "offer 4", "offer 5",
    ]  # fmt: skip
    table = "title,price\n甲,1\n乙,2,3\n丙,3\n"
    found = Handover().read_search(Page("file:x", table.encode()))
    assert [one.title for one in found.listings] == ["甲", "丙"] and len(found.problems) == 1


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "{", '{"rows": 1', "\x00\x01\x02", "[" * 100_000])
def test_another_file_is_named_as_such(text: str) -> None:
    with pytest.raises(ReadError):
        Handover().read_search(Page("file:x", text.encode()))


def test_an_empty_file_is_empty() -> None:
    assert read("") == () and read("[]") == () and read("title\n") == ()


def test_an_api_is_asked_by_its_template() -> None:
    api = Api("https://api.example/goods?q={query}&p={page}")
    assert api.search_url("三七 粉&", 2) == "https://api.example/goods?q=%E4%B8%89%E4%B8%83%20%E7%B2%89%26&p=2"  # fmt: skip
    page = api.read_search(
        Page("https://api.example/goods", b'{"data": {"items": [{"title": "x"}]}}')
    )
    assert page.has_next and [one.title for one in page.listings] == ["x"]
    assert not api.read_search(Page("https://api.example/goods", b'{"items": []}')).has_next
