"""Search engines whose real pages were never seen here: the shapes that others document."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator

import pytest

from crawler.addresses import PrivateAddress
from crawler.page import Page, ReadError
from listing import SearchResult
from practice import Town
from practice.data import offers
from practice.visit import visit
from spiders import READERS, Blocked, reader
from spiders.engine import target_of
from spiders.trail import Trail, place_of

SOGOU = """<div id="main"><div class="sponsored"><div class="biz_sponsor">
  <div class="biz_rb"><h3 class="biz_title"><a href="/bill_cpc?v=1&p=WJ80">古树<em>普洱茶</em> 特价</a></h3>
    <div class="biz_ft">限时</div><div class="biz_fb"><cite>www.xu-tea.example</cite></div></div></div></div>
<div class="results">
  <div class="vrwrap"><h3 class="vr-title"><a href="/link?url=hedJjaC291">某某茶业_官网</a></h3>
    <div class="fz-mid space-txt">茶山直供</div></div>
  <div class="rb"><h3 class="pt"><a href="/link?url=abc">普洱茶价格</a></h3><div class="ft">行情</div>
    <a data-url="http://price.example/puer">快照</a></div>
  <div class="vrwrap"><h3 class="vr-title"><a href="http://baike.sogou.com/v1.htm">普洱茶</a></h3></div>
  <div class="vrwrap"><div class="special-wrap"><h3><a href="/web?query=x">大家还在搜</a></h3></div></div>
</div><div id="pagebar_container"><a id="sogou_next" href="?page=2">下一页</a></div></div>"""

SO360 = """<ul id="e_idea_pp">
  <li><a href="http://e.so.com/search/eclk?p=1" e-landurl="http://www.ad-one.example/l"><h3>普洱茶批发</h3></a></li>
  <li><h3><a href="http://e.so.com/search/eclk?p=2">熟茶直销</a></h3><span>广告</span></li></ul>
<ul class="result">
  <li class="res-list"><h3 class="res-title "><a href="https://www.so.com/link?m=aK" data-mdurl="http://www.xu-tea.example/">某某茶业</a></h3>
    <p class="res-desc">茶山<em>直供</em></p></li>
  <li class="res-list"><h3 class="res-title"><a href="https://www.so.com/link?m=bK">三七粉</a></h3>
    <div class="res-rich"><span class="res-list-summary">文山</span></div></li>
  <li class="res-list"><div>没有标题的盒子</div></li>
</ul><a id="snext" href="/s?pn=2">下一页</a>
<ul id="e_idea_pp_vip_bottom"><li><h3><a href="http://e.so.com/search/eclk?p=3">生茶</a></h3></li></ul>"""


def coded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


BING = f"""<ol id="b_results">
  <li class="b_ad"><ul><li><div class="sb_add"><h2><a href="https://www.bing.com/aclick?ld=e8&u={coded("https%3a%2f%2fwww.ad-one.example%2fl")}">普洱茶批发</a></h2></div></li>
    <li><h2><a href="https://www.bing.com/aclick?ld=e9">熟茶直销</a></h2></li></ul></li>
  <li class="b_ans"><h2><a href="/search?q=y">相关问题</a></h2></li>
  <li class="b_algo"><h2><a href="https://www.bing.com/ck/a?!&&p=08&u=a1{coded("http://www.xu-tea.example/茶")}&ntb=1">某某茶业</a></h2>
    <div class="b_caption"><p><span class="algoSlug_icon">网页</span>茶山直供</p></div></li>
  <li class="b_algo"><h2><a href="http://direct.example/">直接的链接</a></h2><p>无</p></li>
  <li class="b_algo"><h2><a href="https://www.bing.com/ck/a?p=1&u=a1%%%">坏的编码</a></h2></li>
  <li class="b_pag"><a class="sb_pagN" href="/search?first=11">下一页</a></li></ol>"""


def read(source: str, html: str) -> list[SearchResult]:
    page = Page(reader(source).search_url("普洱茶", 1), html.encode())
    found = reader(source).read_search(page)
    assert found.has_next and not found.problems
    return list(found.results)


def test_a_sogou_page_of_both_shapes() -> None:
    rows = [(r.rank, r.ad, r.title, r.url, r.snippet) for r in read("sogou", SOGOU)]
    assert rows == [
        (1, True, "古树普洱茶 特价", "https://www.sogou.com/bill_cpc?v=1&p=WJ80", "限时"),
        (2, False, "某某茶业_官网", "https://www.sogou.com/link?url=hedJjaC291", "茶山直供"),
        (3, False, "普洱茶价格", "http://price.example/puer", "行情"),
        (4, False, "普洱茶", "http://baike.sogou.com/v1.htm", ""),
    ]


def test_a_360_page_names_its_targets_and_has_two_lists_of_advertisements() -> None:
    rows = [(r.rank, r.ad, r.title, r.url, r.snippet) for r in read("so360", SO360)]
    assert rows == [
        (1, True, "普洱茶批发", "http://www.ad-one.example/l", ""),
        (2, True, "熟茶直销", "http://e.so.com/search/eclk?p=2", ""),
        (3, False, "某某茶业", "http://www.xu-tea.example/", "茶山直供"),
        (4, False, "三七粉", "https://www.so.com/link?m=bK", "文山"),
        (5, True, "生茶", "http://e.so.com/search/eclk?p=3", ""),
    ]


def test_a_bing_page_holds_its_targets_in_base64() -> None:
    rows = [(r.rank, r.ad, r.title, r.url, r.snippet) for r in read("bing", BING)]
    assert rows == [
        (1, True, "普洱茶批发", "https://www.ad-one.example/l", ""),
        (2, True, "熟茶直销", "https://www.bing.com/aclick?ld=e9", ""),
        (3, False, "某某茶业", "http://www.xu-tea.example/茶", "茶山直供"),
        (4, False, "直接的链接", "http://direct.example/", "无"),
        (5, False, "坏的编码", "https://www.bing.com/ck/a?p=1&u=a1%%%", ""),
    ]


@pytest.mark.parametrize(
    ("source", "page", "url"),
    [
        ("sogou", 2, "https://www.sogou.com/web?query=%E8%8C%B6&page=2"),
        ("so360", 2, "https://www.so.com/s?q=%E8%8C%B6&pn=2"),
        ("bing", 1, "https://cn.bing.com/search?q=%E8%8C%B6"),
        ("bing", 2, "https://cn.bing.com/search?q=%E8%8C%B6&first=11&FORM=PERE"),
        ("bing", 4, "https://cn.bing.com/search?q=%E8%8C%B6&first=31&FORM=PERE2"),
    ],
)
def test_how_a_result_page_is_asked_for(source: str, page: int, url: str) -> None:
    assert reader(source).search_url("茶", page) == url


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("sogou", '<div class="no-result">抱歉</div>'),
        ("sogou", '<div class="results"></div>'),
        ("so360", '<div id="no-result">抱歉</div>'),
        ("so360", '<ul class="result"></ul>'),
        ("bing", '<ol id="b_results"><li class="b_no"><h1>没有</h1></li></ol>'),
    ],
)
def test_no_results_are_an_empty_page_and_no_error(source: str, html: str) -> None:
    found = reader(source).read_search(Page("http://x.example/", html.encode()))
    assert (found.results, found.has_next, found.problems) == ((), False, ())


@pytest.mark.parametrize("source", ["sogou", "so360", "bing", "baidu_api"])
def test_a_page_that_is_something_else_is_not_taken_for_an_empty_one(source: str) -> None:
    with pytest.raises(ReadError, match=r"http://x\.example/: no "):
        reader(source).read_search(Page("http://x.example/", "<h1>维护中</h1>".encode()))


@pytest.mark.parametrize(
    ("source", "url", "html"),
    [
        ("sogou", "https://www.sogou.com/antispider/?from=%2fweb", "<p>"),
        ("sogou", "https://www.sogou.com/web?query=x", '<img id="seccodeImage">'),
        ("so360", "http://qcaptcha.so.com/?ret=x", "<p>"),
        ("so360", "https://www.so.com/s?q=x", "<title>360搜索_访问异常出错</title>"),
        ("bing", "https://www.bing.com/turing/captcha/challenge?q=x", "<p>"),
        ("bing", "https://cn.bing.com/search?q=x", '<div id="b_captcha"></div>'),
    ],
)
def test_a_captcha_is_a_block(source: str, url: str, html: str) -> None:
    with pytest.raises(Blocked) as block:
        reader(source).read_search(Page(url, html.encode()))
    assert block.value.kind == "captcha" and block.value.sign


def test_one_bad_address_is_named_and_the_others_are_kept() -> None:
    html = SO360.replace('data-mdurl="http://www.xu-tea.example/"', 'data-mdurl="http://[bad/"')
    found = reader("so360").read_search(Page("https://www.so.com/s", html.encode()))
    assert len(found.results) == 4 and found.problems == ("result 3: its address is none",)


@pytest.mark.parametrize(
    ("headers", "html", "target"),
    [
        ({"Location": "/next"}, "", "http://e.example/next"),
        ({"Location": "http://a.example/"}, "", "http://a.example/"),
        ({}, "<META http-equiv=\"Refresh\" content=\"0;URL='http://a.example/?x=1'\">", "http://a.example/?x=1"),
        ({}, '<script>window.location.replace("http://a.example/")</script>', "http://a.example/"),
        ({}, '<script>var u = "https:\\/\\/a.example\\/";</script>', "https://a.example/"),
        ({}, "<p>这个链接已失效</p>", ""),
    ],
)  # fmt: skip
def test_where_a_redirect_leads(headers: dict[str, str], html: str, target: str) -> None:
    assert target_of(Page("http://e.example/link?url=1", html.encode(), headers=headers)) == target


def test_only_an_engines_own_links_are_asked_where_they_lead() -> None:
    known = {
        "baidu": "http://www.baidu.com/link?url=a", "sogou": "https://www.sogou.com/bill_cpc?p=1",
        "so360": "http://e.so.com/search/eclk?p=1", "bing": "https://www.bing.com/ck/a?u=a1",
    }  # fmt: skip
    for source, url in known.items():
        assert reader(source).redirects(url)
        assert not reader(source).redirects("http://shop.example/link?url=a")
        assert not reader(source).redirects(reader(source).search_url("茶", 2))


def test_a_redirect_to_a_captcha_back_or_nowhere_gives_no_target() -> None:
    trail, sogou = Trail({"sogou": reader("sogou")}), reader("sogou")
    asked = "https://www.sogou.com/link?url=1"
    for location, error in (
        ("https://www.sogou.com/antispider/?from=x", Blocked),
        ("https://www.sogou.com/link?url=2", ReadError),
        ("", ReadError),
    ):
        with pytest.raises(error):
            trail.target(sogou, Page(asked, b"", headers={"Location": location}))


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "http://10.0.0.7/", "http://localhost/", "file:///etc/passwd"])  # fmt: skip
def test_a_private_address_is_not_even_a_shop(url: str) -> None:
    with pytest.raises(PrivateAddress):
        Trail({}).kind(url, "某某茶业")


def test_what_a_result_leads_to_knows_the_sources_that_are_swept() -> None:
    trail = Trail({"taobao": reader("taobao", "http://m.example"), "bing": reader("bing")})
    kinds = {
        "http://m.example/item?id=1": "marketplace", "https://item.jd.com/1.html": "marketplace",
        "https://cn.bing.com/images": "other", "http://news.example.cn/1": "news",
        "http://www.xu-tea.example/": "shop",
    }  # fmt: skip
    assert {url: trail.kind(url, "某某茶业") for url in kinds} == kinds
    assert place_of(SearchResult(title="t", url="u", rank=3)) == "result 3"
    assert place_of(SearchResult(title="t", url="u", rank=1, ad=True)) == "advertisement 1"


# The API ---------------------------------------------------------------------------------


def test_the_api_is_asked_by_json_without_the_key_in_the_question() -> None:
    ask = reader("baidu_api").ask("普洱茶", 1)
    assert ask.url == "https://qianfan.baidubce.com/v2/ai_search/web_search"
    assert json.loads(ask.body) == {
        "messages": [{"role": "user", "content": "普洱茶"}],
        "search_source": "baidu_search_v2",
        "resource_type_filter": [{"type": "web", "top_k": 50}],
    }


def test_the_references_of_an_api_answer() -> None:
    answer = {
        "request_id": "r",
        "references": [
            {"id": 1, "title": "某某茶业", "url": "http://www.xu-tea.example/", "content": "茶山\n直供", "type": "web"},
            {"id": 2, "title": "视频", "url": "http://v.example/", "type": "video"},
            {"id": 3, "title": "", "url": "http://x.example/", "type": "web"},
            {"id": 4, "title": "普洱茶", "url": "http://[bad/", "type": "web"},
            "text",
            {"id": 6, "title": "三七粉", "url": "https://sanqi.example/a", "snippet": "文山"},
        ],
    }  # fmt: skip
    found = reader("baidu_api").read_search(Page("http://q.example/", json.dumps(answer).encode()))
    assert [(r.rank, r.title, r.url, r.snippet, r.ad) for r in found.results] == [
        (1, "某某茶业", "http://www.xu-tea.example/", "茶山 直供", False),
        (2, "三七粉", "https://sanqi.example/a", "文山", False),
    ]
    assert [p.split(":")[0] for p in found.problems] == ["reference 3", "reference 4", "reference 5"]  # fmt: skip


def test_a_refusal_of_the_api_is_named_and_no_references_are_an_empty_page() -> None:
    api = reader("baidu_api")
    refused = b'{"code": 336501, "message": "quota used up", "request_id": "r"}'
    with pytest.raises(ReadError, match="336501 quota used up"):
        api.read_search(Page("http://q.example/", refused))
    assert api.read_search(Page("http://q.example/", b'{"references": []}')).results == ()


# What each states, and the town ----------------------------------------------------------


def test_an_engine_whose_real_page_was_never_read_says_so() -> None:
    unproven = {name for name, one in READERS.items() if one.source.unproven}
    assert unproven >= {"sogou", "so360", "bing", "baidu_api"} and "baidu" not in unproven
    assert all(READERS[name].source.limits for name in unproven)


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with Town() as raised:
        yield raised


HOSTS = {"baidu": "search", "sogou": "sogou", "so360": "so360", "bing": "bing"}


@pytest.mark.parametrize("source", HOSTS)
def test_a_page_of_the_town_gives_two_advertisements_and_ten_results(
    town: Town, source: str
) -> None:
    engine = reader(source, town.url(HOSTS[source], ""))
    every: list[SearchResult] = []
    for number in (1, 2):
        url = engine.search_url("普洱茶", number)
        found = engine.read_search(Page(url, visit(url).body))
        assert found.has_next and not found.problems
        assert [r.ad for r in found.results] == [True] * 2 + [False] * 10
        every += found.results
    assert all(r.title and r.snippet and r.url.startswith("http") for r in every)
    shown = {o.listing.title for o in offers().values()}
    assert any(r.title.split("_")[0] in shown for r in every)


@pytest.mark.parametrize("source", HOSTS)
def test_all_engines_of_the_town_lead_to_the_same_targets(town: Town, source: str) -> None:
    def targets(name: str) -> list[str]:
        engine = reader(name, town.url(HOSTS[name], ""))
        url = engine.search_url("三七粉", 1)
        led = []
        for result in engine.read_search(Page(url, visit(url).body)).results:
            if engine.redirects(result.url):
                reply = visit(result.url)
                headers = {"Location": reply.headers.get("location", "")}
                led.append(target_of(Page(result.url, reply.body, headers=headers)))
            else:
                led.append(result.url)
        return led

    assert targets(source) == targets("baidu") and len(targets(source)) == 12


@pytest.mark.parametrize("source", HOSTS)
def test_a_search_for_nothing_in_the_town_is_empty(town: Town, source: str) -> None:
    engine = reader(source, town.url(HOSTS[source], ""))
    url = engine.search_url("zzzz", 1)
    assert engine.read_search(Page(url, visit(url).body)).results == ()
