"""Real pages, recorded by others; counts and rows were checked by eye against the pages."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from listing import Listing, SearchResult
from spiders import reader
from spiders.recorded import Problem, read_recorded


def read(shared: Path, name: str, source: str, kind: str = "search") -> list[object]:
    found = list(read_recorded(shared / "pages" / name, reader(source), kind))  # type: ignore[arg-type]
    assert not [f for f in found if isinstance(f, Problem)]
    return found  # type: ignore[return-value]


def listings(shared: Path, name: str, source: str) -> list[Listing]:
    return [found for found in read(shared, name, source) if isinstance(found, Listing)]


@pytest.mark.parametrize(
    "name", ["taobao-search-shoes.html.gz", "taobao-search-sesame.g_page_config.js.gz"]
)
def test_all_36_offers_of_a_taobao_search_have_title_price_shop_place_and_sales(
    shared: Path, name: str
) -> None:
    offers = listings(shared, name, "taobao")
    assert len(offers) == 36
    assert all(
        o.title and o.price and o.shop_name and o.ship_from and o.sales is not None for o in offers
    )


def test_the_rows_of_the_taobao_search_are_the_pages(shared: Path) -> None:
    first, second, *_ = listings(shared, "taobao-search-shoes.html.gz", "taobao")
    assert (first.price, first.shop_name, first.ship_from, first.sales) == (
        Decimal("115.00"), "回力老字号", "广东 深圳", 8,
    )  # fmt: skip
    assert second.model_dump(include={"title", "price", "shop_name", "ship_from", "sales", "id"}) == {
        "title": "回力男鞋帆布鞋低帮休闲鞋女鞋布鞋板鞋运动", "price": Decimal("59.00"), "id": "2246625565",
        "shop_name": "盛世游泳衣专营店", "ship_from": "湖北 武汉", "sales": 3850,
    }  # fmt: skip


def test_the_food_search_reads_the_same(shared: Path) -> None:
    offer = listings(shared, "taobao-search-sesame.g_page_config.js.gz", "taobao")[1]
    assert (offer.title, offer.price, offer.sales, offer.ship_from) == (
        "南方黑芝麻糊原味720g*2袋 黑芝麻糊营养早餐冲饮冲调芝麻糊包邮", Decimal("59.90"), 16199, "广西 南宁",
    )  # fmt: skip


def test_all_60_offers_of_a_jd_search(shared: Path) -> None:
    offers = listings(shared, "jd-search-phones.html.gz", "jd")
    assert len(offers) == 60
    assert all(o.title and o.price and o.shop_name and o.sales and o.url for o in offers)
    assert (offers[6].id, offers[6].price, offers[6].shop_name, offers[6].sales) == (
        "100076666016", Decimal("2999.00"), "魅族京东自营旗舰店", 50_000,
    )  # fmt: skip
    assert offers[0].title.startswith("vivoiQOO Z9 Turbo 12GB+256GB 星芒白第三代骁龙8s")
    assert (
        offers[-1].price == Decimal("199.00") and offers[-1].shop_name == "诺基亚手机京东自营旗舰店"
    )


@pytest.mark.parametrize(
    ("name", "count", "first", "last"),
    [
        (
            "baidu-normal.html.gz",
            10,
            "Python(计算机程序设计语言)_百度百科",
            "Python_视频大全_高清在线观看",
        ),
        ("baidu-total.html.gz", 10, "Welcome to Python.org", "Python_视频大全_高清在线观看"),
        ("baidu-news.html.gz", 9, "新冠的最新相关信息", "新冠投资集团有限公司"),
        ("baidu-calc.html.gz", 9, "107乘13简便计算_百度知道", "少爷的乐高系列"),
    ],
)
def test_the_results_of_a_baidu_page_in_rank_order(
    shared: Path, name: str, count: int, first: str, last: str
) -> None:
    results = [r for r in read(shared, name, "baidu") if isinstance(r, SearchResult)]
    assert [r.rank for r in results] == list(range(1, count + 1))
    assert results[0].title.startswith(first) and results[-1].title.startswith(last)
    assert all(r.url.startswith("http") for r in results)
    assert not any(r.ad for r in results), "none of these pages carries an advertisement"


def test_a_baidu_result_has_its_redirect_link_and_snippet(shared: Path) -> None:
    result = read(shared, "baidu-normal.html.gz", "baidu")[2]
    assert isinstance(result, SearchResult)
    assert result.title == "下载和安装 python - Download Python | Python.org"
    assert result.url.startswith("http://www.baidu.com/link?url=mEwnYt3OdA6zvWeqczLM")
    assert result.snippet == "The official home of the Python Programming Language"


def test_item_pages_give_title_parameters_and_shop(shared: Path) -> None:
    (pine,) = read(shared, "jd-item.html.gz", "jd", "item")
    assert isinstance(pine, Listing)
    assert pine.title == "良品铺子 手剥东北红松218g*2袋 特产东北松子 坚果炒货零食"
    assert (pine.brand, pine.shop_name, pine.licence_no) == (
        "良品铺子",
        "良品铺子官方旗舰店",
        "SC11842011202060",
    )
    assert pine.attributes["国产/进口"] == "国产" and pine.price is None, (
        "its price comes by script"
    )

    (keyboard,) = read(shared, "taobao-item-keyboard.html.gz", "taobao", "item")
    assert isinstance(keyboard, Listing)
    assert (keyboard.price, keyboard.brand, keyboard.shop_name) == (
        Decimal("149.00"),
        "KBDfans",
        "怡科外设KBDfans",
    )
    assert keyboard.text == "", "a placeholder for a text still to be loaded is no text"

    (phone,) = read(shared, "tmall-item-phone.html.gz", "tmall", "item")
    assert isinstance(phone, Listing)
    assert (phone.price, phone.shop_name) == (Decimal("5499.00"), "苏宁易购官方旗舰店")
    assert phone.title.startswith("【官网价直降】Apple/苹果 iPhone 11"), "GBK read as GBK"


@pytest.mark.parametrize(("share", "least", "most"), [(0.1, 1, 15), (0.3, 10, 35), (0.9, 36, 36)])
def test_of_half_a_page_the_whole_offers_are_read_and_the_cut_is_named(
    shared: Path, tmp_path: Path, share: float, least: int, most: int
) -> None:
    import gzip

    whole = gzip.decompress(
        (shared / "pages" / "taobao-search-sesame.g_page_config.js.gz").read_bytes()
    )
    path = tmp_path / "half.js"
    path.write_bytes(whole[: int(len(whole) * share)])
    found = list(read_recorded(path, reader("taobao"), "search"))
    offers = [f for f in found if isinstance(f, Listing)]
    (problem,) = [f for f in found if isinstance(f, Problem)]
    assert least <= len(offers) <= most
    assert f"cut off after offer {len(offers)}" in problem.error
