"""What comes instead of a page, and pages that are wrong in part."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from crawler.page import Page, ReadError
from listing import Listing
from spiders import READERS, Blocked, reader
from spiders.classify import result_class
from spiders.recorded import Problem, RecordedError, read_recorded


def taobao_page(*offers: object) -> Page:
    config = {"mods": {"itemlist": {"data": {"auctions": list(offers)}}}}
    html = f"<script>\n  g_page_config = {json.dumps(config)};\n  g_srp_loadCss();</script>"
    return Page("http://s.taobao.com/search?q=x", html.encode())


def offer(**more: object) -> dict[str, object]:
    return {"nid": "1", "raw_title": "普洱茶", "view_price": "99.00", "nick": "店", **more}


def test_one_bad_offer_is_named_and_the_others_are_kept() -> None:
    page = taobao_page(
        offer(), offer(raw_title=""), offer(view_price="abc"), "text", offer(nid="5")
    )
    found = reader("taobao").read_search(page)
    assert [o.id for o in found.listings] == ["1", "5"]
    assert [p.split(":")[0] for p in found.problems] == ["offer 2", "offer 3", "offer 4"]
    assert "title" in found.problems[0] and "price" in found.problems[1]


def test_prices_as_sellers_write_them() -> None:
    page = taobao_page(
        offer(view_price="面议"), offer(view_price="￥１２８．００"), offer(view_price="99.00-199.00", view_sales="1.2万+人付款")
    )  # fmt: skip
    one, two, three = reader("taobao").read_search(page).listings
    assert (one.price, two.price, three.price, three.sales) == (
        None,
        Decimal("128.00"),
        Decimal("99.00"),
        12_000,
    )


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("taobao", '<script>g_page_config = {"mods": {"itemlist": {"status": "hide"}}};</script>'),
        ("jd", '<div id="J_goodsList"></div>'),
        ("baidu", '<div id="content_left"></div>'),
    ],
)
def test_an_empty_result_page_is_empty_and_no_error(source: str, html: str) -> None:
    found = reader(source).read_search(Page("http://x.example/", html.encode()))
    assert (found.listings, found.results, found.has_next) == ((), (), False)


@pytest.mark.parametrize("source", ["taobao", "jd", "baidu"])
def test_a_page_that_is_something_else_says_what_is_missing(source: str) -> None:
    with pytest.raises(ReadError, match=r"http://x\.example/: no "):
        reader(source).read_search(Page("http://x.example/", "<h1>维护中</h1>".encode()))


@pytest.mark.parametrize(
    ("source", "url", "html", "kind"),
    [
        ("taobao", "https://login.taobao.com/member/login.jhtml", "<p>", "login"),
        (
            "taobao",
            "https://s.taobao.com/search/_____tmd_____/punish?x5secdata=1",
            "<p>",
            "captcha",
        ),
        ("jd", "https://passport.jd.com/new/login.aspx", "<p>", "login"),
        (
            "baidu",
            "https://wappass.baidu.com/static/captcha/tuxing.html",
            "<title>百度安全验证</title>",
            "captcha",
        ),
    ],
)
def test_a_login_or_captcha_is_a_block_not_an_empty_page(
    source: str, url: str, html: str, kind: str
) -> None:
    with pytest.raises(Blocked) as block:
        reader(source).read_search(Page(url, html.encode()))
    assert block.value.kind == kind and block.value.sign


def test_an_advertisement_is_told_from_a_result() -> None:
    html = """<div id="content_left">
      <div class="result c-container" id="1"><h3 class="t"><a href="/link?url=a">自然结果</a></h3></div>
      <div class="c-container" id="3001"><h3><a href="/baidu.php?url=b">推广结果</a></h3><span>广告</span></div>
    </div>"""
    one, two = reader("baidu").read_search(Page("http://www.baidu.com/s", html.encode())).results
    assert (one.ad, two.ad, two.rank) == (False, True, 2)
    assert two.url == "http://www.baidu.com/baidu.php?url=b"


def test_gbk_declared_as_utf_8_is_read_as_what_it_is() -> None:
    body = '<meta charset="utf-8"><h1>普洱茶</h1>'.encode("gbk")
    assert "普洱茶" in Page("http://x.example/", body, charset="utf-8").text


def test_a_page_in_no_charset_at_all_is_still_a_text() -> None:
    assert "tea" in Page("http://x.example/", b"\xfd\xff tea \x81").text


def test_a_file_that_is_missing_or_no_archive_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordedError, match="gone"):
        list(read_recorded(tmp_path / "gone.html", reader("jd")))
    (tmp_path / "x.warc.gz").write_bytes(b"no archive at all")
    (problem,) = read_recorded(tmp_path / "x.warc.gz", reader("shop"))
    assert isinstance(problem, Problem) and "archive" in problem.error


def test_an_unknown_source_names_the_known_ones() -> None:
    with pytest.raises(KeyError, match="taobao"):
        reader("amazon")
    assert {"baidu", "taobao", "tmall", "jd", "1688", "pdd", "shop", "file"} <= set(READERS)


@pytest.mark.parametrize(
    ("url", "title", "kind"),
    [
        ("https://item.taobao.com/item.htm?id=1", "普洱茶", "marketplace"),
        ("https://baike.baidu.com/item/x", "三七", "other"),
        ("http://www.yn.gov.cn/x", "公告", "other"),
        ("https://news.sina.com.cn/x", "茶", "news"),
        ("http://www.xutea.example/", "某某茶业 官网", "shop"),
        ("http://x.example/", "三七价格新闻", "news"),
    ],
)
def test_where_a_result_leads(url: str, title: str, kind: str) -> None:
    assert result_class(url, title) == kind


def test_the_product_of_a_shop_page_is_read_whatever_its_shape() -> None:
    ld = '<script type="application/ld+json">{"@type": "Product", "name": "普洱茶", "offers": {"price": "88"}}</script>'
    micro = '<div itemscope itemtype="http://schema.org/Product"><b itemprop="name">普洱茶</b><i itemprop="price" content="88">¥88</i></div>'
    graph = '<meta property="og:type" content="product"><meta property="og:title" content="普洱茶"><meta property="product:price:amount" content="88">'
    plain = "<h1>普洱茶</h1><p>价格：¥88</p><button>加入购物车</button>"
    for html in (ld, micro, graph, plain):
        item = reader("shop").read_item(
            Page("http://x.example/item/1", f"<body>{html}</body>".encode())
        )
        assert (item.title, item.price) == ("普洱茶", Decimal(88)), html


def test_a_page_that_is_no_item_says_why() -> None:
    shop = reader("shop")
    for html in ("<h1>关于我们</h1><p>我们是一家茶店</p>", "<p>无标题</p>", ""):
        with pytest.raises(ReadError, match="no product"):
            shop.read_item(Page("http://x.example/about", html.encode()))


def test_a_shop_page_states_its_seller() -> None:
    html = """<h1>三七粉</h1><p>售价：￥１２８</p><a>立即购买</a><footer>企业名称：文山虚构三七有限公司
      统一社会信用代码：91350100M000100Y43 <br>电话：0876-0000000<br>地址：云南省文山市虚构路1号
      <br>许可证编号：SC10653260100001</footer>"""
    item = reader("shop").read_item(Page("http://x.example/1", html.encode()))
    assert isinstance(item, Listing)
    assert (item.operator_name, item.uscc, item.phone) == (
        "文山虚构三七有限公司",
        "91350100M000100Y43",
        "0876-0000000",
    )
    assert item.address == "云南省文山市虚构路1号" and item.price == Decimal(128)


def test_links_stay_on_the_host_and_out_of_carts_and_calendars() -> None:
    from spiders.shop import Shop

    html = "".join(
        f'<a href="{link}">x</a>'
        for link in ("/item/1.html", "/category/tea?page=2", "/cart", "/calendar/2026/12", "/events?month=13",
                     "http://other.example/item/2", "javascript:x()", "/photo.jpg", "mailto:a@b", "/login", "http://[bad/")
    )  # fmt: skip
    links = Shop().links(Page("http://x.example/", html.encode()))
    assert links.items == ("http://x.example/item/1.html",)
    assert links.pages == ("http://x.example/category/tea?page=2",)


def test_a_page_that_is_empty_before_scripts_needs_a_browser() -> None:
    from spiders.shop import Shop

    app = Page(
        "http://x.example/", b'<body><div id="app"></div><script src="a.js"></script></body>'
    )
    full = Page(
        "http://x.example/",
        "<body><div id='app'><h1>茶</h1></div><a href='/a'>茶叶列表在这里</a><script>1</script></body>".encode(),
    )
    assert Shop().needs_browser(app) and not Shop().needs_browser(full)


def test_a_page_nested_without_end_is_read() -> None:
    html = "<h1>普洱茶</h1><p>价格：¥9</p><button>加入购物车</button>" + "<div>" * 20_000 + "深"
    assert reader("shop").read_item(Page("http://x.example/", html.encode())).title == "普洱茶"


def test_a_price_to_be_agreed_with_a_sign_before_it_is_no_price_but_an_item() -> None:
    html = "<h1>普洱茶</h1><p>价格：¥面议</p><button>加入购物车</button>"
    assert reader("shop").read_item(Page("http://x.example/1", html.encode())).price is None


def test_each_marked_review_is_one_review_also_in_a_marked_list() -> None:
    html = """<h1>普洱茶</h1><p>价格：¥9</p><button>加入购物车</button><div class="comment">
      <div class="comment-item"><p>好喝</p><span class="user">甲</span></div>
      <div class="comment-item"><p>一般</p></div></div><div class="review"><p>再来</p></div>"""
    item = reader("shop").read_item(Page("http://x.example/1", html.encode()))
    assert [review.text for review in item.reviews] == ["好喝", "一般", "再来"]
    assert item.reviews[0].user == "甲"
