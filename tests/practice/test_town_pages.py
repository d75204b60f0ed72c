"""The town over HTTP: every listing is reachable, every page has the hooks of its kind."""

from __future__ import annotations

import json
import re
from urllib.parse import quote, urljoin, urlsplit

import pytest
from parsel import Selector

from practice import Town, listings
from practice.data import Offer, goods, offers, sellers
from practice.visit import visit


def of_site(name: str) -> list[Offer]:
    return [o for o in offers().values() if name in (o.seller.site, o.seller.template)]


def at(town: Town, offer: Offer) -> str:
    return f"http://{offer.seller.host}:{town.port}{offer.path}"


def linked(url: str, text: str) -> set[str]:
    found = Selector(text).css("a::attr(href)").getall()
    return {urljoin(url, link).split("#")[0] for link in found if not link.startswith("javascript")}


def test_every_listing_is_reached_from_the_front_by_links_alone(town: Town) -> None:
    waiting, seen = [town.url()], {town.url()}
    while waiting:
        url = waiting.pop()
        reply = visit(url)
        if reply.status != 200 or "html" not in reply.headers["content-type"]:
            continue
        further = linked(url, reply.body.decode("utf-8", "replace"))
        if urlsplit(url).hostname == "jingxiang.town.localhost":
            data = json.loads(visit(town.url("jingxiang", "/api/items?page=1")).body)
            while data["next"]:
                further |= {town.url("jingxiang", f"/item/{i['id']}.html") for i in data["items"]}
                data = json.loads(
                    visit(town.url("jingxiang", f"/api/items?page={data['next']}")).body
                )
            further |= {town.url("jingxiang", f"/item/{i['id']}.html") for i in data["items"]}
        waiting += further - seen
        seen |= further
    assert [o.id for o in offers().values() if at(town, o) not in seen] == []


@pytest.mark.parametrize("group", list(goods()))
def test_a_sweep_by_the_search_terms_of_a_group_finds_all_its_market_offers(
    town: Town, group: str
) -> None:
    found: set[str] = set()
    for term in goods()[group]["search"]:
        for page in range(5):
            text = visit(town.url("taoji", f"/search?q={quote(term)}&s={44 * page}")).text
            found |= set(re.findall(r'"nid": "(\d+)"', text))
            text = visit(
                town.url("jingdian", f"/Search?keyword={quote(term)}&page={2 * page + 1}")
            ).text
            found |= set(re.findall(r'data-sku="(\d+)"', text))
    wanted = {
        o.id for o in offers().values() if o.listing.goods == group and o.seller.site != "shop"
    }
    assert wanted - found == set()


@pytest.mark.parametrize("group", list(goods()))
def test_the_engine_shows_each_shop_that_sells_the_group_on_its_first_pages(
    town: Town, group: str
) -> None:
    term = goods()[group]["search"][0]
    shown = ""
    for page in range(2):
        shown += visit(town.url("search", f"/s?wd={quote(term)}&pn={10 * page}")).text
    shops = {o.seller.host for o in of_site("shop") if o.listing.goods == group}
    assert [host for host in shops if f">{host}/</a>" not in shown] == []


def test_an_engine_page_has_ten_results_marked_ads_and_a_next_page(town: Town) -> None:
    html = Selector(visit(town.url("search", f"/s?wd={quote('普洱茶')}&pn=0")).text)
    results = html.css("#content_left > div.c-container:not(.ec_ad_results)")
    ads = html.css("#content_left > div").xpath("self::*[.//@data-tuiguang]")
    assert len(results) == 10
    assert results[0].attrib["tpl"] == "se_com_default"
    assert all(r.css("h3.t a::attr(href)").get("").startswith("/link?url=") for r in results)
    assert all(r.css(".c-abstract").get() and r.css(".c-showurl").get() for r in results)
    assert len(ads) == 2
    assert all(ad.css("[data-tuiguang]::text").get() == "广告" for ad in ads)
    assert "pn=10" in html.css("#page a.n::attr(href)").get("")
    assert html.css("h3.t em::text").get() == "普洱茶"


def test_a_redirect_link_of_the_engine_leads_to_the_page_itself(town: Town) -> None:
    html = Selector(visit(town.url("search", f"/s?wd={quote('三七粉')}")).text)
    link = html.css("#content_left h3.t a::attr(href)").getall()[-1]
    reply = visit(town.url("search", link))
    assert reply.status == 302
    assert ".town.localhost" in reply.headers["location"]
    assert visit(reply.headers["location"]).status == 200
    assert visit(town.url("search", "/link?url=nobody")).status == 404


def test_a_query_that_nobody_serves_finds_nothing(town: Town) -> None:
    assert 'class="nors"' in visit(town.url("search", "/s?wd=xyzzyqq")).text
    text = visit(town.url("taoji", "/search?q=xyzzyqq")).text
    assert '"noresult": {"status": "show"}' in text
    assert "notice-search" in visit(town.url("jingdian", "/Search?keyword=xyzzyqq")).text


def test_the_first_market_carries_its_offers_in_g_page_config(town: Town) -> None:
    text = visit(town.url("taoji", f"/search?q={quote('普洱茶')}&s=44")).text
    found = re.search(r"g_page_config = (\{.*\});\n", text)
    assert found
    mods = json.loads(found.group(1))["mods"]
    pager = mods["pager"]["data"]
    assert (pager["pageSize"], pager["currentPage"]) == (44, 2)
    assert pager["totalCount"] == sum(o.listing.goods == "tea" for o in of_site("taoji"))
    offer = mods["itemlist"]["data"]["auctions"][0]
    assert {
        "nid",
        "raw_title",
        "view_price",
        "view_sales",
        "item_loc",
        "nick",
        "detail_url",
        "p4p",
    } <= set(offer)
    assert offer["view_sales"].endswith("人付款")


def test_the_second_market_lists_thirty_items_and_counts_in_odd_pages(town: Town) -> None:
    html = Selector(visit(town.url("jingdian", f"/Search?keyword={quote('普洱茶')}&page=1")).text)
    items = html.css("#J_goodsList ul.gl-warp > li.gl-item")
    assert len(items) == 30
    assert items[0].css(".p-price strong i::text").get()
    assert items[0].css(".p-name a em::text").get()
    assert items[0].css(".p-shop a.curr-shop::attr(title)").get()
    assert items[0].css(".p-commit strong a::text").get()
    assert len(html.css(".p-promo-flag")) == 1
    assert "SEARCH.page(3, true)" in html.css("#J_bottomPage a.pn-next::attr(onclick)").get("")


@pytest.mark.parametrize(
    ("site", "hooks"),
    [
        ("taoji", ["h3.tb-main-title[data-title]", "#J_StrPrice .tb-rmb-num", ".tb-shop-name a",
                   ".attributes-list li", "#description", "#J_SellCounter"]),
        ("jingdian", [".sku-name", ".p-price .price", ".parameter2 li", ".Ptable dt",
                      "#detail .tab-con", ".J-hove-wrap .name a", "#comment"]),
        ("json-ld", ['script[type="application/ld+json"]', "h1", ".footer li"]),
        ("microdata", ['[itemtype="https://schema.org/Product"]', '[itemprop="price"]']),
        ("og", ['meta[property="og:type"][content="product"]', ".product_title", ".summary .price"]),
        ("table", ["table td", "h1", ".footer li"]),
    ],
)  # fmt: skip
def test_item_pages_have_the_hooks_of_their_kind_and_the_words_of_the_listing(
    town: Town, site: str, hooks: list[str]
) -> None:
    for offer in of_site(site)[::5]:
        text = visit(at(town, offer)).text
        html, said = Selector(text), Selector(text).xpath("string()").get("")
        assert [hook for hook in hooks if not html.css(hook)] == []
        assert offer.listing.title in said
        for stated in (
            offer.listing.operator_name,
            offer.listing.uscc,
            *offer.listing.text.splitlines(),
        ):
            assert stated in said, (offer.id, stated)


def test_the_script_shop_says_nothing_before_its_script_has_run(town: Town) -> None:
    offer = of_site("spa")[0]
    text = visit(at(town, offer)).text
    assert offer.listing.title not in text
    assert Selector(text).css("#app").xpath("string()").get() == ""
    assert Selector(text).css("script::attr(src)").get() == "/app.js"
    data = json.loads(visit(town.url(offer.seller.key, f"/api/items/{offer.id}")).body)
    assert data["title"] == offer.listing.title
    assert dict(data["seller"])["统一社会信用代码"] == offer.listing.uscc


def test_the_old_shop_sends_gbk_bytes_and_declares_at_most_gb2312(town: Town) -> None:
    offer = of_site("gbk")[0]
    reply = visit(at(town, offer))
    assert reply.headers["content-type"] == "text/html"
    assert b'charset="gb2312"' in reply.body
    assert offer.listing.title.encode("gbk") in reply.body
    with pytest.raises(UnicodeDecodeError):
        reply.body.decode("utf-8")
    front = visit(town.url(offer.seller.key))
    assert b"charset" not in front.body
    assert offer.seller.name.encode("gbk") in front.body


def test_robots_txt_stands_on_every_host_and_forbids_carts_or_orders(town: Town) -> None:
    shops = [s.key for s in sellers().values() if s.site == "shop"]
    for name in ("", "search", "taoji", "jingdian", "news", *shops):
        reply = visit(town.url(name, "/robots.txt"))
        assert reply.status == 200
        assert reply.text.startswith("User-agent: *\nDisallow: /"), name


def test_an_unknown_host_and_an_unknown_page_are_404(town: Town) -> None:
    assert visit(town.url("nobody")).status == 404
    assert visit(town.url("taoji", "/item.htm?id=1")).status == 404
    assert visit(town.url("yunxiu", "/item/1.html")).status == 404


def test_lawful_quirks_of_prices_and_sales_are_shown_as_shops_write_them(town: Town) -> None:
    quirks = {o.shown.get("price") for o in offers().values()}
    assert {"面议", "39.00 - 128.00", "４９．００"} <= quirks
    assert any(o.sales_text.endswith("万+") for o in offers().values())
    negotiable = next(o for o in offers().values() if o.shown.get("price") == "面议")
    assert "面议" in visit(at(town, negotiable)).body.decode("utf-8", "replace")


def test_the_public_list_of_listings_is_the_whole_town() -> None:
    assert len(listings()) == len(offers())
