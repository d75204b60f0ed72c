"""Small rules of politeness and honesty, without a network."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from crawler.absent import gone_of
from crawler.blocks import block_of
from crawler.page import Page
from crawler.waiting import seconds_asked
from policies import RobotsException, SourcePolicy

NOON = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0), (" 0 ", 0.0), ("Tue, 10 Nov 2026 12:01:30 GMT", 90.0),
        ("Tue, 10 Nov 2026 11:00:00 GMT", 0.0), ("Tuesday, 10-Nov-26 12:00:10 GMT", 10.0),
        ("soon", None), ("", None), ("-5", None), ("1.5", None), ("１２", None),
        ("9" * 40, 999999999.0),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert seconds_asked(value, NOON) == seconds


@pytest.mark.parametrize(
    ("window", "at", "is_open", "opens"),
    [
        ("01:00-06:00", "2026-11-10T17:00", True, "2026-11-11T01:00"),
        ("01:00-06:00", "2026-11-10T22:00", False, "2026-11-12T01:00"),
        ("01:00-06:00", "2026-11-10T16:59", False, "2026-11-11T01:00"),
        ("23:00-06:00", "2026-11-10T15:30", True, "2026-11-10T23:30"),
        ("23:00-06:00", "2026-11-10T21:59", True, "2026-11-11T05:59"),
        ("23:00-06:00", "2026-11-10T22:00", False, "2026-11-11T23:00"),
        ("", "2026-11-10T22:00", True, "2026-11-11T06:00"),
    ],
)
def test_a_window_is_in_the_hours_of_china(window: str, at: str, is_open: bool, opens: str) -> None:
    policy, moment = SourcePolicy(window=window), datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert policy.open_at(moment) is is_open
    assert policy.opens_at(moment).isoformat() == opens + ":00+08:00"


@pytest.mark.parametrize(
    ("window", "at", "closes"),
    [
        ("01:00-06:00", "2026-11-10T17:00", "2026-11-11T06:00:00+08:00"),
        ("23:00-06:00", "2026-11-10T15:30", "2026-11-11T06:00:00+08:00"),
        ("23:00-06:00", "2026-11-10T21:59", "2026-11-11T06:00:00+08:00"),
        ("01:00-06:00", "2026-11-10T22:00", None),
        ("", "2026-11-10T22:00", None),
    ],
)
def test_a_window_closes_at_its_end(window: str, at: str, closes: str | None) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    found = SourcePolicy(window=window).closes_at(moment)
    assert (found.isoformat() if found else None) == closes


@pytest.mark.parametrize("window", ["1-6", "01:00", "25:00-03:00", "03:00-03:00", "a-b-c"])
def test_a_window_that_is_none_is_refused(window: str) -> None:
    with pytest.raises(ValidationError, match="window"):
        SourcePolicy(window=window)


def test_an_exception_names_officer_order_and_date_and_covers_what_it_names() -> None:
    order = RobotsException(officer="李某", order="7号", date=date(2026, 11, 1))
    assert order.covers("www.baidu.com", "www.baidu.com", date(2026, 11, 1))
    assert not order.covers("www.baidu.com", "www.baidu.com", date(2026, 10, 31))
    assert not order.covers("other.example", "www.baidu.com", date(2026, 11, 2))
    wide = order.model_copy(update={"hosts": ("*.taobao.com",), "until": date(2026, 11, 30)})
    assert wide.covers("item.taobao.com", "s.taobao.com", date(2026, 11, 30))
    assert not wide.covers("item.taobao.com", "s.taobao.com", date(2026, 12, 1))
    assert not wide.covers("eviltaobao.com", "s.taobao.com", date(2026, 11, 30))
    for lacking in ({"order": "7号"}, {"officer": "李某"}):
        with pytest.raises(ValidationError):
            RobotsException(date=date(2026, 11, 1), **lacking)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("html", "sign"),
    [
        ("<title>宝贝不存在</title><p>看看别的</p>" + "<p>普洱茶推荐</p>" * 200, "宝贝不存在"),
        ("<h2>很抱歉，您查看的商品找不到了！</h2>", "商品找不到了"),
        ("<p>您访问的页面不存在或已下架</p>", "页面不存在"),
        ("<div>该商品已下架</div>", "商品已下架"),
        ("<title>404 Not Found</title>", "404"),
        ("<title>普洱茶饼</title><h1>普洱茶饼</h1><p>该商品已下架</p>" + "<p>参数说明文字</p>" * 80, ""),
        ("<h1>普洱茶</h1><h2>本店商品不存在质量问题，放心购买</h2>", ""),
        ("<title>普洱茶 404克</title><h1>普洱茶 404克</h1>", ""),
        ("<p>抱歉，没有找到与“普洱”相关的商品</p>", ""),
    ],
)  # fmt: skip
def test_a_page_that_is_gone_with_status_200(html: str, sign: str) -> None:
    page = Page("http://x.example/item/1", f"<html><body>{html}</body></html>".encode())
    if html.startswith("<title>"):
        head, _, body = html.partition("</title>")
        page = Page(page.url, f"<head>{head}</title></head><body>{body}</body>".encode())
    assert gone_of(page) == sign
    assert gone_of(Page(page.url, page.body, status=404)) == "", "that says so itself"


def test_a_login_wall_is_told_by_title_and_password() -> None:
    wall = "<head><title>用户登录 - 某商城</title></head><input type='password'>".encode()
    assert block_of(Page("http://x.example/item/1", wall), "http://x.example/item/1") == (
        "login", "titled 用户登录 - 某商城",
    )  # fmt: skip
    assert block_of(Page("http://x.example/login", wall), "http://x.example/login") is None
    box = "<head><title>普洱茶</title></head><input type='password'><h1>普洱茶</h1>".encode()
    assert block_of(Page("http://x.example/item/1", box), "http://x.example/item/1") is None
