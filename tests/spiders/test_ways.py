"""The way through a shop that nobody described: cards, lists, its own pages, its search."""

from __future__ import annotations

import time

import pytest

from crawler.extract import marked_by
from crawler.extract.shop_facts import facts_of, licence_picture_facts, record_numbers
from crawler.page import Page, ReadError
from crawler.tasks import Fetched, Task
from listing import Listing
from spiders.shop import Shop
from spiders.visit import Visit
from spiders.ways import cards_of, links_of, search_address, sorted_addresses

SHOP = Shop()


def page(body: str, url: str = "http://shop.test/") -> Page:
    return Page(
        url, f"<html><head><title>页 - 店</title></head><body>{body}</body></html>".encode()
    )


def card(n: int) -> str:
    return f'<div class="box"><a href="/x/y/z/{n}"><img src="/{n}.jpg"></a><h4><a href="/x/y/z/{n}">普洱 {n}</a></h4><span>¥{n}.00</span><button>加入购物车</button></div>'


FOOT = '<div class="foot"><ul><li>企业名称：昆明虚构商贸有限公司</li><li>联系电话：0871-00000001</li><li>经营地址：虚构街1号</li></ul></div>'


def test_items_are_known_by_their_cards_whatever_their_addresses() -> None:
    found = links_of(page(card(1) + card(2) + card(3)), None)
    assert found.items == tuple(f"http://shop.test/x/y/z/{n}" for n in (1, 2, 3))
    assert cards_of(page(card(1))).urls == (), "one box alone is no list"


def test_a_list_with_a_heading_prices_and_a_foot_is_no_item() -> None:
    listed = "<h1>普洱茶</h1>" + card(1) + card(2) + FOOT
    with pytest.raises(ReadError):
        SHOP.read_item(page(listed))
    small_basket = '<div class="basket-mini">购物车 ¥0.00</div>'
    with pytest.raises(ReadError):
        SHOP.read_item(page(small_basket + listed))


def test_an_item_keeps_its_own_price_beside_the_cards_of_others() -> None:
    item = f'<header>购物车 ¥0.00</header><div class="like">{card(1)}{card(2)}</div><h1>生茶砖</h1><p>售价：¥88.00</p><a>立即购买</a>{FOOT}'
    listing = SHOP.read_item(page(item))
    assert str(listing.price) == "88.00" and listing.operator_name == "昆明虚构商贸有限公司"


def test_its_own_pages_and_the_ways_that_lead_round_in_circles() -> None:
    body = (
        '<a href="/pages/zz">营业执照</a><a href="/return-policy">7天</a><a href="/a/b/c/help-x">退换货说明</a>'
        '<a href="/list?page=2">2</a><a href="/list?selected_facets=a%3Ab">筛选</a><a href="/list?orderby=price">排序</a>'
        '<a href="/list?min_price=3">价格</a><a href="http://other.test/about">关于</a><a href="/basket/">购物车</a>'
    )
    found = links_of(page(body), None)
    assert found.own == tuple(f"http://shop.test/{x}" for x in ("pages/zz", "return-policy", "a/b/c/help-x"))  # fmt: skip
    assert found.pages == ("http://shop.test/list?page=2",)


def test_addresses_of_a_sitemap_are_sorted_and_stay_on_the_host() -> None:
    urls = ["http://shop.test/product/1", "http://shop.test/about-tea", "http://other.test/product/2", "http://shop.test/cart"]  # fmt: skip
    found = sorted_addresses(page(""), urls, None)
    assert found.items == (urls[0],) and found.pages == (urls[1],)


@pytest.mark.parametrize(
    ("form", "address"),
    [
        ('<form action="/search/"><input name="q"></form>', "http://shop.test/search/?q=%E8%8C%B6"),
        ('<form action="search.php" method="get"><input type="hidden" name="c" value="1"><input type="text" name="keywords"></form>', "http://shop.test/search.php?c=1&keywords=%E8%8C%B6"),
        ('<form action="index.php?route=product/search"><input type="search" name="find"></form>', "http://shop.test/index.php?route=product/search&find=%E8%8C%B6"),
        ('<form action="/search" method="post"><input name="q"></form>', ""),
        ('<form action="/login"><input name="q"></form>', ""),
        ('<form action="http://other.test/s"><input name="q"></form>', ""),
        ('<form action="/subscribe"><input name="mail" type="text"></form>', ""),
    ],
)  # fmt: skip
def test_the_shops_own_search(form: str, address: str) -> None:
    assert search_address(page(form), "茶") == address


def test_numbers_in_the_foot() -> None:
    foot = "© 2026 滇ICP备2099000017号-1 滇公网安备 53010202000123号 增值电信业务经营许可证：滇B2-20990001"
    assert record_numbers(foot) == {
        "ICP备案": "滇ICP备2099000017号-1",
        "公安备案": "滇公网安备53010202000123号",
        "增值电信业务经营许可证": "滇B2-20990001",
    }


def test_a_copyright_line_names_no_operator() -> None:
    assert facts_of(page("<p>版权所有：昆明虚构商贸有限公司</p>")).said == {}


def test_pictures_of_licences_and_the_words_in_them() -> None:
    body = '<div>营业执照<img src="/1.jpg"></div><img alt="食品经营许可证" src="/2.png"><img src="/tea.jpg">'
    assert facts_of(page(body)).pictures == ("http://shop.test/1.jpg", "http://shop.test/2.png")
    words = "营业执照\n统一社会信用代码\n91530102MA0000000N\n名  称 昆明虚构商贸有限公司\n类型 有限责任公司"
    assert licence_picture_facts(words) == {
        "uscc": "91530102MA0000000N",
        "operator_name": "昆明虚构商贸有限公司",
    }
    assert "uscc" not in licence_picture_facts("91530102MA0000000M"), "a misread code names nobody"


def test_what_the_shop_says_is_joined_in_the_order_of_addresses_and_overrules_nothing() -> None:
    front = page("<p>首页</p><p>联系电话：0871-00000001</p>")
    terms = page("<h1>退换货说明</h1><p>首页</p><p>概不退换</p><p>联系电话：0871-00000002</p>", "http://shop.test/b")  # fmt: skip
    about = page("<h1>关于</h1><p>企业名称：昆明虚构商贸有限公司</p>", "http://shop.test/a")
    listing = Listing(title="茶", phone="13800000000", terms="七日退货")
    joined = []
    for order in ((about, terms), (terms, about)):
        visit = Visit()
        for one in (front, *order):
            visit.read(one, f"record of {one.url}")
        joined.append(visit.joined(Fetched(Task(1, "s", "shop"), listing, "r")))
    assert joined[0] == joined[1]
    said = joined[0].listing
    assert (said.phone, said.operator_name) == ("13800000000", "昆明虚构商贸有限公司")
    assert said.terms.split("\n") == [
        "七日退货",
        "退换货说明",
        "概不退换",
        "联系电话：0871-00000002",
    ]
    assert dict(joined[0].pages)["terms"] == "record of http://shop.test/b"


def test_a_page_with_hundreds_of_thousands_of_links_is_walked_in_its_time() -> None:
    many = page("".join(f'<a href="/product/{n}">¥{n}</a>' for n in range(200_000)))
    assert len(many.selector.root) == 2, "parsed beforehand"
    began = time.monotonic()
    found = SHOP.links(many)
    assert time.monotonic() - began < 5
    assert 1_000 < len(found.items) <= 5_400


def test_a_page_whose_every_element_is_marked_and_priced_is_read_in_its_time() -> None:
    box = '<div class="review price" id="pl">¥1</div>'
    many = page("<h1>虚构茶</h1>" + box * 100_000)
    began = time.process_time()
    assert SHOP.links(many).items == ()
    assert len(marked_by(many.selector, {"review": "said", "pl": "said"})["said"]) == 100_000
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    "body",
    [
        "<div class='h'><h3>商品描述</h3></div><p>头春采摘，手工揉捻。</p><p>三年陈放，口感醇和。</p><div class='h'><h3>评价</h3></div><p>别的</p>",
        "<ul><li><a href='#d'>商品详情</a></li></ul><div id='d'><p>头春采摘，手工揉捻。</p><p>三年陈放，口感醇和。</p></div>",
        "<div>头春采摘，手工揉捻。</div><div>三年陈放，口感醇和。</div><p>产地：云南，虚构</p>",
    ],
    ids=["under a heading", "behind a tab", "no mark at all"],
)
def test_a_description_without_a_mark_is_found(body: str) -> None:
    item = f"<nav>全部商品，正品保证。</nav><h1>生茶砖</h1><p>售价：¥88.00</p><a>立即购买</a>{body}"
    found = SHOP.read_item(page(item)).text.split("\n")
    assert found == ["头春采摘，手工揉捻。", "三年陈放，口感醇和。"]


def test_the_items_pictures_are_those_its_title_names() -> None:
    shown = '<img src="/logo.png"><img src="/1.jpg" alt="虚构生茶砖 250克"><img src="/x.jpg" alt="扫码">'
    item = f"<h1>虚构生茶砖 250克</h1><p>售价：¥88.00</p><a>立即购买</a>{shown}"
    assert SHOP.read_item(page(item)).images == ["http://shop.test/1.jpg"]
    bare = item.replace(' alt="虚构生茶砖 250克"', "").replace(' alt="扫码"', "")
    assert SHOP.read_item(page(bare)).images == ["http://shop.test/1.jpg", "http://shop.test/x.jpg"]
