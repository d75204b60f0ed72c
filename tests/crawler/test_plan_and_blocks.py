from __future__ import annotations

from pathlib import Path

import pytest

from crawler.blocks import block_of
from crawler.page import Page
from crawler.plan import PlanError, goods_of, load_goods, queries


def test_the_watch_list_has_the_twelve_groups_of_the_plan(house: Path) -> None:
    goods = load_goods(house / "rules")
    assert len(goods) == 12 and {"茶叶", "三七", "农资"} <= {one.title for one in goods}
    assert all(one.search for one in goods)


def test_a_plan_is_each_search_term_at_each_source(house: Path) -> None:
    goods = load_goods(house / "rules")
    plan = queries(goods, ["taobao", "jd", "taobao"], ["茶叶", "tea", "sanqi"])
    wanted = sum(len(one.search) for one in goods if one.id in ("tea", "sanqi"))
    assert len(plan) == 2 * wanted == len(set(plan))


def test_unknown_goods_are_named_with_the_known(house: Path) -> None:
    with pytest.raises(PlanError, match=r"coffee.*tea"):
        queries(load_goods(house / "rules"), ["jd"], ["coffee"])


def test_a_missing_watch_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"goods\.yaml"):
        load_goods(tmp_path)


def test_the_title_tells_the_goods(house: Path) -> None:
    goods = load_goods(house / "rules")
    assert goods_of(goods, "文山三七粉 250g", "tea") == "sanqi"
    assert goods_of(goods, "勐海普洱熟茶饼", "tea") == "tea"
    assert goods_of(goods, "XY-1", "tea") == "tea"
    assert goods_of(goods, "XY-1") == ""


@pytest.mark.parametrize(
    ("status", "html", "kind"),
    [
        (403, "", "blocked"), (429, "", "blocked"), (401, "", "login"), (200, "请拖动滑块完成验证", "captcha"),
        (200, "您的访问过于频繁，请稍后再试", "blocked"), (200, "<title>Access Denied</title>", "blocked"),
    ],
)  # fmt: skip
def test_blocks_are_told_by_status_and_words(status: int, html: str, kind: str) -> None:
    block = block_of(Page("http://x.example/a", html.encode(), status=status), "http://x.example/a")
    assert block is not None and block[0] == kind


def test_a_redirect_to_a_login_is_a_block_and_a_login_page_asked_for_is_not() -> None:
    page = Page("http://x.example/login?next=/item", b"<form>")
    assert block_of(page, "http://x.example/item") == (
        "login",
        "redirected to http://x.example/login?next=/item",
    )
    assert block_of(page, "http://x.example/login") is None


def test_the_words_in_a_long_pages_reviews_are_no_block() -> None:
    html = "普洱茶" * 10_000 + "安全验证"
    assert block_of(Page("http://x.example/", html.encode()), "http://x.example/") is None
