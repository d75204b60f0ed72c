"""The marketplaces beside 淘宝 and 京东: recorded pages, and documented shapes where we have none."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from html import escape
from pathlib import Path

import pytest

from crawler.page import Page, ReadError
from spiders import READERS, Blocked, reader

UNPROVEN = {"pdd", "suning", "douyin", "weidian", "xianyu"}


@pytest.fixture(scope="session")
def cables(shared: Path) -> Page:
    body = gzip.decompress((shared / "pages" / "1688-search-cables.html.gz").read_bytes())
    return Page("https://p4psearch.1688.com/page.html", body)


def test_what_nobody_has_seen_says_so_and_claims_no_proof() -> None:
    assert {name for name, one in READERS.items() if one.source.unproven} >= UNPROVEN
    assert not any(READERS[name].source.proven for name in UNPROVEN)
    assert all(READERS[name].source.limits for name in READERS)


# 1688, recorded -------------------------------------------------------------------------


def test_all_20_offers_of_a_1688_search_with_the_prices_that_the_page_shows(cables: Page) -> None:
    found = reader("1688").read_search(cables)
    assert len(found.listings) == 20 and found.problems == () and found.has_next
    # By eye, from the top to the bottom of the rendered page.
    shown = "1.74 1.45 1.00 0.53 2.60 1.90 0.42 1.50 1.00 3.50 0.98 0.65 0.88 0.91 3.20 3.58 9.80 1.40 7.80 1.20"
    assert [o.price for o in found.listings] == [Decimal(price) for price in shown.split()]
    assert all(o.operator_name and o.shop_url and o.address and o.images for o in found.listings)
    assert all(o.url == f"https://detail.1688.com/offer/{o.id}.html" for o in found.listings), (
        "not through the counter of clicks"
    )


def test_rows_of_the_1688_search_are_the_pages(cables: Page) -> None:
    listings = reader("1688").read_search(cables).listings
    assert listings[0].model_dump(include={"title", "shop_name", "ship_from", "address", "attributes"}) == {
        "title": "双Type-c头PD数据传输公对公适用华为小米三星笔记本快充数据线", "shop_name": "深圳市荣亮达科技有限公司",
        "ship_from": "广东 汕头", "address": "广东汕头市潮南区",
        "attributes": {"分线接头数量": "单头", "接口": "TYPE-C", "特性": "快充"},
    }  # fmt: skip
    assert (listings[4].sales, listings[12].sales) == (30, 1000), "«销30+件», «销1000+件»"
    assert (listings[18].id, listings[18].operator_name) == ("546639475124", "广州汇好科技有限公司")


def test_without_its_script_the_rendered_1688_list_is_read(cables: Page) -> None:
    bare = Page(cables.url, cables.body.replace(b"pageConfig", b"somethingElse"))
    found = reader("1688").read_search(bare).listings
    assert [o.price for o in found] == [
        o.price for o in reader("1688").read_search(cables).listings
    ]
    assert found[4].shop_name == "信恒泰科技" and found[4].sales == 30
    assert found[0].sales is None, "a turnover (成交2.4万+元) is no number of pieces"
    assert found[0].url == "" and found[18].id == "546639475124"


def test_of_half_a_1688_page_the_whole_offers_are_read_and_the_cut_is_named(cables: Page) -> None:
    fifth = cables.body.index(b'"id":"670508742452"')
    found = reader("1688").read_search(Page(cables.url, cables.body[:fifth]))
    assert len(found.listings) == 4
    assert found.problems == ("the page is cut off after offer 4",)


def test_a_1688_item_of_the_documented_shape() -> None:
    data = {
        "globalData": {
            "tempModel": {"offerId": 7, "offerTitle": "普洱茶 357克", "companyName": "虚构茶厂", "saledCount": 12},
            "orderParamModel": {"orderParam": {"skuParam": {"skuRangePrices": [{"beginAmount": 2, "price": "18.50"}]}}},
            "offerBaseInfo": {"sellerWinportUrl": "https://xugou.1688.com"},
            "images": [{"fullPathImageURI": "//cbu01.alicdn.com/1.jpg"}],
        },
        "data": {"1": {"data": {"propsList": [{"name": "产地", "value": "云南"}]}}, "2": {"data": None}},
    }  # fmt: skip
    html = f"<script>window.__INIT_DATA={json.dumps(data)}</script>"
    item = reader("1688").read_item(Page("https://detail.1688.com/offer/7.html", html.encode()))
    assert (item.title, item.price, item.origin, item.sales) == ("普洱茶 357克", Decimal("18.50"), "云南", 12)  # fmt: skip
    assert item.shop_url == "https://xugou.1688.com" and item.images == [
        "https://cbu01.alicdn.com/1.jpg"
    ]


# 天猫, recorded -------------------------------------------------------------------------


def test_a_tmall_item_knows_its_address_and_its_late_pictures(shared: Path) -> None:
    body = gzip.decompress((shared / "pages" / "tmall-item-phone.html.gz").read_bytes())
    phone = reader("tmall").read_item(Page("https://detail.tmall.com/", body))
    assert (phone.id, phone.url) == ("605258110430", "https://detail.tmall.com/item.htm?id=605258110430")  # fmt: skip
    assert phone.shop_url == "https://suning.tmall.com" and phone.price == Decimal("5499.00")
    assert phone.attributes["存储容量"] == "64GB 128GB 256GB" and len(phone.attributes) == 4
    assert phone.images[0].endswith("O1CN01Zp75Vq1IOugGap1ID_!!2616970884.jpg")
    assert not any("T1BYd_XwFcXXb9RTPq-90-90" in image for image in phone.images), "a placeholder"
    assert phone.text == "", "its detail is pictures; a heading is no text"


def test_tmall_asks_the_search_of_taobao_for_its_own() -> None:
    assert (
        reader("tmall").search_url("三七", 2)
        == "https://s.taobao.com/search?q=%E4%B8%89%E4%B8%83&tab=mall&s=44"
    )


# Documented shapes ----------------------------------------------------------------------


def script(name: str, data: object, url: str) -> Page:
    return Page(url, f"<script>window.{name}={json.dumps(data)};</script>".encode())


def test_pdd_search_and_item() -> None:
    rows = [
        {"goodsID": 1, "goodsName": "三七粉", "priceInfo": "19.9", "salesTip": "已拼1.2万+件"},
        {"goodsID": 2, "goodsName": "", "priceInfo": "1"},
        {"goodsID": 3, "goodsName": "三七片", "price": 2590},
    ]
    page = {"stores": {"store": {"data": {"ssrListData": {"list": rows}}}}}
    found = reader("pdd").read_search(
        script("rawData", page, "https://mobile.yangkeduo.com/search_result.html")
    )
    one, three = found.listings
    assert (one.price, one.sales, one.url) == (
        Decimal("19.9"), 12_000, "https://mobile.yangkeduo.com/goods.html?goods_id=1",
    )  # fmt: skip
    assert three.price == Decimal("25.9"), "numbers are cents"
    assert len(found.problems) == 1 and found.problems[0].startswith("offer 2: title")

    goods = {"goodsID": 1, "goodsName": "三七粉", "minGroupPrice": 1990, "sideSalesTip": "已拼5895件",
             "goodsProperty": [{"key": "产地", "values": ["云南省"]}], "detailGallery": [{"url": "//x.example/1.jpg"}]}  # fmt: skip
    item = reader("pdd").read_item(
        script("rawData", {"store": {"initDataObj": {"goods": goods, "mall": {"mallName": "虚构店", "mallID": 9}}}},
               "https://mobile.yangkeduo.com/goods.html?goods_id=1")
    )  # fmt: skip
    assert (item.price, item.sales, item.origin, item.shop_name) == (Decimal("19.90"), 5895, "云南省", "虚构店")  # fmt: skip


def test_suning_search_and_item() -> None:
    html = """<div id="product-list"><ul><li class="item-wrap" doctype="1"><div class="title-selling-point">
      <a href="//product.suning.com/0070088010/10750373914.html">普洱茶饼 <em>促销语</em></a></div>
      <div class="price-box"><span class="def-price"></span></div><div class="info-evaluate"><a><i>3000+</i>评价</a></div>
      <div class="store-stock"><a href="//shop.suning.com/70088010/index.html">虚构茶叶店</a></div></li></ul></div>
      <a id="nextPage" href="#">下一页</a>"""
    found = reader("suning").read_search(Page("https://search.suning.com/x/", html.encode()))
    (offer,) = found.listings
    assert (offer.title, offer.id, offer.price, offer.shop_name, found.has_next) == (
        "普洱茶饼", "10750373914", None, "虚构茶叶店", True,
    )  # fmt: skip
    assert offer.sales is None, "what 苏宁 counts are reviews"
    html = """<h1 id="itemDisplayName">普洱茶饼</h1><div id="priceDom"><span class="mainprice">¥128.00</span></div>
      <table id="itemParameter"><tr><td>产地</td><td>云南</td></tr></table>"""
    item = reader("suning").read_item(
        Page("https://product.suning.com/0070088010/1.html", html.encode())
    )
    assert (item.id, item.price, item.origin) == ("1", Decimal("128.00"), "云南")


def test_douyin_goods_as_json() -> None:
    body = {"data": {"total": 1, "products": [{"product_id": 8, "title": "玛咖片", "price": 9900, "sales": 7}]}}  # fmt: skip
    found = reader("douyin").read_search(
        Page("https://www.douyin.com/search/x", json.dumps(body).encode())
    )
    assert [(o.title, o.price, o.sales) for o in found.listings] == [("玛咖片", Decimal("99"), 7)]
    body = {"data": {"name": "玛咖片", "discount_price": 9900, "shop_tel": "0876-0000000", "product_format": {"产地": "云南"}}}  # fmt: skip
    item = reader("douyin").read_item(
        Page("https://haohuo.jinritemai.com/x", json.dumps(body).encode())
    )
    assert (item.price, item.phone, item.origin) == (Decimal("99"), "0876-0000000", "云南")


def test_weidian_item_in_an_attribute() -> None:
    data = {"result": {"default_model": {
        "item_info": {"item_id": "5", "item_name": "古树茶", "origin_price": "410.00", "soldText": "已售 12"},
        "shop_info": {"shopName": "虚构小店", "shop_url": "//weidian.com/?userid=1"}}}}  # fmt: skip
    html = f'<script id="__rocker-render-inject__" data-obj="{escape(json.dumps(data))}"></script>'
    item = reader("weidian").read_item(
        Page("https://weidian.com/item.html?itemID=5", html.encode())
    )
    assert (item.title, item.price, item.sales, item.shop_url) == (
        "古树茶", Decimal("410.00"), 12, "https://weidian.com/?userid=1",
    )  # fmt: skip


def test_xianyu_answer_cards_and_item() -> None:
    url = "https://www.goofish.com/search?q=x"
    main = {"exContent": {"itemId": "4", "title": "老茶饼 转让", "area": "云南", "userNickName": "某人", "oriPrice": "¥1099",
                          "price": [{"text": "¥"}, {"text": "38"}], "detailParams": {"soldPrice": "38", "title": "老茶饼\n转让"}}}  # fmt: skip
    answer = {"ret": ["SUCCESS::调用成功"], "data": {"resultInfo": {"hasNextPage": True}, "resultList": [{"data": {"item": {"main": main}}}]}}  # fmt: skip
    for body in (json.dumps(answer), f"mtopjsonp3({json.dumps(answer)})"):
        found = reader("xianyu").read_search(Page(url, body.encode()))
        (offer,) = found.listings
        assert (offer.price, offer.original_price, offer.ship_from, found.has_next) == (Decimal(38), Decimal(1099), "云南", True)  # fmt: skip
        assert offer.sales is None and offer.text == "老茶饼\n转让"
    card = """<a class="feeds-item-wrap--rGdH" href="/item?id=9"><span class="main-title--sM">老茶饼</span>
      <span class="number--NK">4255</span><span class="decimal--lS">.50</span><p class="seller-text--Rr">河南</p></a>"""
    (offer,) = reader("xianyu").read_search(Page(url, card.encode())).listings
    assert (offer.id, offer.price, offer.ship_from) == ("9", Decimal("4255.50"), "河南")
    nothing = '<div class="empty-text-notfound--x">没有找到</div>' + card
    assert reader("xianyu").read_search(Page(url, nothing.encode())).listings == (), (
        "guesses are no results"
    )
    detail = {"data": {"itemDO": {"itemId": 4, "title": "老茶饼", "soldPrice": "99999999", "desc": "自用"}, "sellerDO": {"nick": "某人"}}}  # fmt: skip
    item = reader("xianyu").read_item(Page(url, json.dumps(detail).encode()))
    assert item.price is None and item.text == "自用", "99999999 means a price by chat"


@pytest.mark.parametrize(
    ("source", "url", "body", "kind"),
    [
        ("1688", "https://login.1688.com/member/signin.htm", "<p>", "login"),
        ("1688", "https://s.1688.com/_____tmd_____/punish?x5secdata=1", "<p>", "captcha"),
        ("tmall", "https://login.tmall.com/", "<p>", "login"),
        ("pdd", "https://mobile.yangkeduo.com/login.html?from=x", "<p>", "login"),
        ("pdd", "https://mobile.yangkeduo.com/psnl_verification.html", "<p>", "captcha"),
        ("douyin", "https://sso.douyin.com/", "<p>", "login"),
        ("weidian", "https://sso.weidian.com/login/index.php", "<p>", "login"),
        (
            "xianyu",
            "https://h5api.m.goofish.com/x",
            '{"ret": ["FAIL_SYS_SESSION_EXPIRED::"]}',
            "login",
        ),
        ("xianyu", "https://h5api.m.goofish.com/x", '{"ret": ["RGV587_ERROR::SM"]}', "captcha"),
    ],
)
def test_a_wall_is_a_block(source: str, url: str, body: str, kind: str) -> None:
    with pytest.raises(Blocked) as block:
        reader(source).read_search(Page(url, body.encode()))
    assert block.value.kind == kind


@pytest.mark.parametrize("source", sorted(UNPROVEN | {"1688", "tmall"}))
@pytest.mark.parametrize("html", ["", "<h1>维护中</h1>", "{}", "[]", '{"data": [1]}', "<a>" * 5000])
def test_another_page_is_named_as_such(source: str, html: str) -> None:
    for read in (reader(source).read_search, reader(source).read_item):
        with pytest.raises(ReadError):
            read(Page("https://x.example/", html.encode()))


@pytest.mark.parametrize("source", sorted(UNPROVEN | {"1688", "tmall"}))
def test_addresses_stay_on_the_site(source: str) -> None:
    one = reader(source)
    url = one.search_url("三七/粉 &x=1", 1)
    assert url.startswith(one.base + "/") and " " not in url and "&x=1" not in url
