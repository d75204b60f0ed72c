"""What a page says of its product to machines, in every syntax, whatever the nesting."""

from __future__ import annotations

import json
import time

import extruct
import pytest
from parsel import Selector

from crawler.extract import day_of, product_of
from practice.data import offers
from practice.pages import shapes


def page(*data: object, body: str = "", head: str = "") -> Selector:
    scripts = "".join(
        f'<script type="application/ld+json">{d if isinstance(d, str) else json.dumps(d)}</script>'
        for d in data
    )
    return Selector(text=f"<html><head>{head}{scripts}</head><body>{body}</body></html>")


OFFERS = [
    {"@type": "Offer", "price": "128.00", "priceCurrency": "CNY", "availability": "https://schema.org/OutOfStock"},
    {"@type": "Offer", "price": 99, "priceCurrency": "CNY", "availability": "http://schema.org/InStock"},
]  # fmt: skip
TEA = {
    "@type": "Product",
    "name": "普洱茶饼",
    "brand": {"@type": "Brand", "name": "云虚"},
    "image": ["/a.jpg", {"@type": "ImageObject", "contentUrl": "/b.jpg"}],
    "offers": OFFERS,
    "aggregateRating": {"@type": "AggregateRating", "ratingValue": "4.6", "reviewCount": 21},
    "review": [
        {
            "@type": "Review",
            "reviewBody": "好喝",
            "datePublished": "2026-03-05",
            "author": "林先生",
            "reviewRating": {"ratingValue": 5},
        }
    ],
    "additionalProperty": [{"@type": "PropertyValue", "name": "净含量", "value": 357, "unitText": "克"}],
}  # fmt: skip


def test_offers_ratings_reviews_and_properties_of_json_ld() -> None:
    found = product_of(page(TEA))
    assert found is not None
    assert (found.name, found.brand, found.price, found.high_price) == ("普洱茶饼", "云虚", "99", "128.00")  # fmt: skip
    assert (found.currency, found.availability) == ("CNY", "有货")
    assert (found.rating, found.rating_count) == ("4.6", "21")
    assert found.images == ["/a.jpg", "/b.jpg"] and found.attributes == {"净含量": "357克"}
    assert found.reviews == [{"text": "好喝", "date": "2026-03-05", "user": "林先生", "rating": 5.0}]  # fmt: skip


def test_a_graph_names_its_parts_by_id_and_holds_the_way_to_the_product() -> None:
    graph = [
        {"@type": "WebPage", "mainEntity": {"@id": "#tea"}, "breadcrumb": {"@id": "#way"}},
        {"@id": "#shop", "@type": "Organization", "name": "云虚茶行"},
        {"@id": "#tea", "@type": ["Product", "Thing"], "name": "普洱茶饼", "offers": {"@id": "#offer"}},
        {"@id": "#offer", "@type": "AggregateOffer", "lowPrice": "88", "highPrice": "368", "seller": {"@id": "#shop"}},
        {
            "@id": "#way",
            "@type": "BreadcrumbList",
            "itemListElement": [
                {"@type": "ListItem", "position": 2, "name": "茶叶"},
                {"@type": "ListItem", "position": 1, "name": "首页"},
                {"@type": "ListItem", "position": 3, "item": {"name": "普洱"}},
            ],
        },
    ]  # fmt: skip
    found = product_of(page({"@context": "https://schema.org", "@graph": graph}))
    assert found is not None
    assert (found.price, found.high_price, found.seller) == ("88", "368", "云虚茶行")
    assert found.category == "茶叶>普洱"


def test_nested_lists_comments_and_a_comma_too_many_are_read() -> None:
    assert product_of(page([[TEA]])) is not None
    wrapped = "<!-- " + json.dumps(TEA)[:-1] + ",} -->"
    found = product_of(page(wrapped))
    assert found is not None and found.price == "99"


def test_related_products_do_not_hide_the_pages_own_and_a_list_has_none() -> None:
    other = TEA | {"name": "滇红"}
    own = TEA | {"isRelatedTo": [other], "isSimilarTo": other}
    found = product_of(page(own))
    assert found is not None and found.name == "普洱茶饼"
    assert product_of(page(TEA, other)) is None, "none of two is told to be the page's own"
    told = product_of(page(TEA, other, body="<h1>滇红</h1>"))
    assert told is not None and told.name == "滇红"
    listed = {"@type": "ItemList", "itemListElement": [{"item": TEA}, {"item": other}]}
    assert product_of(page(listed)) is None


MICRODATA = """
<div itemscope itemtype="https://schema.org/Product" itemref="more"><h1 itemprop="name">普洱茶饼</h1>
<div itemprop="brand" itemscope itemtype="https://schema.org/Brand"><b itemprop="name">云虚</b></div>
<div itemprop="offers" itemscope itemtype="http://schema.org/AggregateOffer"><span itemprop="lowPrice">99.00</span>
<span itemprop="highPrice">128.00</span><meta itemprop="priceCurrency" content="CNY">
<link itemprop="availability" href="https://schema.org/SoldOut"></div>
<div itemprop="review" itemscope itemtype="https://schema.org/Review"><p itemprop="reviewBody">好喝</p>
<time itemprop="datePublished" datetime="2026-03-05">三月五日</time>
<span itemprop="author" itemscope itemtype="https://schema.org/Person"><i itemprop="name">林先生</i></span></div></div>
<p id="more">评分 <span itemprop="aggregateRating" itemscope itemtype="https://schema.org/AggregateRating">
<b itemprop="ratingValue">4.6</b> 共 <b itemprop="ratingCount">21</b></span></p>"""
RDFA = """
<div vocab="https://schema.org/" typeof="Product"><h1 property="name">普洱茶饼</h1>
<div property="brand" typeof="Brand"><b property="name">云虚</b></div>
<div property="offers" typeof="AggregateOffer"><span property="lowPrice">99.00</span>
<span property="schema:highPrice">128.00</span><meta property="priceCurrency" content="CNY">
<link property="availability" href="https://schema.org/SoldOut"></div>
<div property="aggregateRating" typeof="AggregateRating"><b property="ratingValue">4.6</b><b property="ratingCount">21</b></div>
<div property="review" typeof="Review"><p property="reviewBody">好喝</p><time property="datePublished" datetime="2026-03-05"></time>
<span property="author" typeof="Person"><i property="name">林先生</i></span></div></div>"""


@pytest.mark.parametrize("markup", [MICRODATA, RDFA], ids=["microdata", "RDFa"])
def test_the_same_product_in_markup(markup: str) -> None:
    found = product_of(page(body=markup))
    assert found is not None
    assert (found.name, found.brand, found.price, found.high_price) == ("普洱茶饼", "云虚", "99.00", "128.00")  # fmt: skip
    assert (found.currency, found.availability) == ("CNY", "售罄")
    assert (found.rating, found.rating_count) == ("4.6", "21")
    assert found.reviews == [{"text": "好喝", "date": "2026-03-05", "user": "林先生", "rating": None}]  # fmt: skip


def test_what_one_syntax_leaves_out_another_says() -> None:
    head = '<meta property="og:type" content="product"><meta property="og:title" content="普洱茶饼 - 云虚茶行"><meta property="og:image" content="/og.jpg"><meta property="product:price:amount" content="77">'
    bare = {"@type": "Product", "name": "普洱茶饼", "offers": {"price": "99"}}
    found = product_of(page(bare, head=head))
    assert found is not None and (found.price, found.images) == ("99", ["/og.jpg"])


@pytest.mark.parametrize(
    "hostile",
    [
        '<script type="application/ld+json">' + "[" * 100_000 + "</script>",
        '<script type="application/ld+json">' + '{"@graph":[' * 900 + "]}" * 900 + "</script>",
        '<script type="application/ld+json">{"@graph":[{"@id":"a","@type":"Product","name":"x","isRelatedTo":{"@id":"a"},"offers":{"@id":"a"}}]}</script>',
        '<div itemscope itemtype="https://schema.org/Product" itemprop="a">' * 5_000,
        '<div id="a" itemscope itemref="a b"><div id="b" itemscope itemref="a"><b itemprop="name">x</b>',
    ],
    ids=["open brackets", "deep graph", "points to itself", "deep markup", "refers in circles"],
)
def test_a_hostile_page_is_read_in_its_time(hostile: str) -> None:
    began = time.monotonic()
    product_of(Selector(text=f"<html><body>{hostile}</body></html>", huge_tree=True))
    assert time.monotonic() - began < 5


def test_it_finds_what_extruct_finds_on_every_shop_page_of_the_town() -> None:
    compared = 0
    for offer in offers().values():
        if offer.seller.template not in ("json-ld", "microdata"):
            continue
        html = shapes.item(offer)
        told = extruct.extract(html, syntaxes=["json-ld", "microdata"], uniform=True)
        (peer,) = [one for syntax in told.values() for one in syntax if one["@type"] == "Product"]
        found = product_of(Selector(text=html))
        assert found is not None
        assert found.name.split() == peer["name"].split()
        assert (found.price or "0") == str(peer["offers"].get("price") or "0")
        assert found.description.split() == peer["description"].split()
        assert len(found.reviews) == len(peer["review"] if isinstance(peer.get("review"), list) else [peer["review"]] if peer.get("review") else [])  # fmt: skip
        compared += 1
    assert compared > 80


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2026-03-05", "2026-03-05"),
        ("评价于 2026年3月5日", "2026-03-05"),
        ("2026/3/5 08:07", "2026-03-05T08:07:00"),
        ("2026年3月5日 下午3:07", "2026-03-05T15:07:00"),
        ("2026-03-05T10:11:12+08:00", "2026-03-05T10:11:12"),
        ("March 5, 2026", "2026-03-05"),
        ("由林先生评价于 5 Mar 2026 | 链接", "2026-03-05"),
        ("3天前", "3天前"),
        ("2026-13-40", "2026-13-40"),
        ("这是一段没有任何日期、比日期要长得多得多的买家文字", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_days_as_shops_write_them(said: str, day: str) -> None:
    assert day_of(said) == day
