"""Item pages in the shape of the standard templates of common shop software."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest

from crawler.page import Page
from listing import Listing
from spiders import reader
from spiders.shop import Shop
from spiders.software import software_of


@dataclass(frozen=True)
class Sample:
    """A page, and what stands only on some kinds of it."""

    path: str
    html: str
    old: str = ""
    review: str = ""


WOO = Sample(
    "/product/puer/",
    """<link href="/wp-content/plugins/woocommerce/x.css"><nav class="woocommerce-breadcrumb"><a href="/">首页</a> / <a href="/product-category/tea/">茶叶</a> / 普洱茶饼</nav>
<div class="woocommerce-product-gallery"><div class="woocommerce-product-gallery__image"><a href="/big.jpg"><img src="/small.jpg"></a></div></div>
<div class="summary entry-summary"><h1 class="product_title entry-title">普洱茶饼</h1><p class="price"><del><span class="amount">¥128.00</span></del> <ins><span class="amount">¥99.00</span></ins></p>
<p class="stock in-stock">有货</p></div><div id="tab-description"><h2>描述</h2><p>来自勐海。</p></div>
<table class="woocommerce-product-attributes shop_attributes"><tr><th>产地</th><td><p>云南勐海</p></td></tr></table>
<div id="comments"><ol class="commentlist"><li class="review"><div class="comment_container"><div class="star-rating"><strong class="rating">5</strong></div><p class="meta"><strong class="woocommerce-review__author">林先生</strong>
<time class="woocommerce-review__published-date" datetime="2026-03-05T10:00:00+08:00">2026年3月5日</time></p><div class="description"><p>好喝</p></div></div></li></ol></div>
<ul class="products"><li class="product"><a href="/product/a/"><img src="/a.jpg"><span class="price">¥10.00</span></a></li><li class="product"><a href="/product/b/"><img src="/b.jpg"><span class="price">¥20.00</span></a></li></ul>""",
    old="128.00",
    review="2026-03-05T10:00:00",
)
SHOPIFY = Sample(
    "/products/puer",
    """<script src="https://cdn.shopify.com/x.js"></script><div class="product__media"><img src="/big.jpg"></div><div class="product__info-container"><div class="product__title"><h1>普洱茶饼</h1></div>
<div class="price price--on-sale"><div class="price__regular"><span class="price-item price-item--regular">¥128.00 CNY</span></div><div class="price__sale"><s class="price-item price-item--regular">¥128.00 CNY</s><span class="price-item price-item--sale">¥99.00 CNY</span></div></div>
<div class="product__description rte"><p>来自勐海。</p><table><tr><td>产地</td><td>云南勐海</td></tr></table></div></div>
<div class="jdgm-rev"><span class="jdgm-rev__timestamp">2026-03-05</span><span class="jdgm-rev__author">林先生</span><div class="jdgm-rev__body"><p>好喝</p></div></div>""",
    old="128.00",
    review="2026-03-05",
)
MAGENTO = Sample(
    "/puer.html",
    """<script type="text/x-magento-init">{"*":{"Magento_Ui/js/core/app":{}}}</script><div class="breadcrumbs"><ul><li><a href="/">首页</a></li><li><a href="/tea.html">茶叶</a></li><li>普洱茶饼</li></ul></div>
<div class="product-info-main"><h1 class="page-title"><span class="base">普洱茶饼</span></h1><div class="product-info-price"><div class="price-box"><span class="special-price"><span data-price-type="finalPrice"><span class="price">¥99.00</span></span></span><span class="old-price"><span data-price-type="oldPrice"><span class="price">¥128.00</span></span></span></div></div>
<div class="stock available"><span>有货</span></div></div><div class="gallery-placeholder"><img src="/big.jpg"></div><div class="product attribute description"><div class="value"><p>来自勐海。</p></div></div>
<table id="product-attribute-specs-table"><tr><th>产地</th><td>云南勐海</td></tr></table>
<ol class="items review-items"><li class="item review-item"><div class="review-content">好喝</div><div class="review-details"><strong class="review-details-value">林先生</strong><time class="review-details-value" datetime="2026-03-05">26/3/5</time></div></li></ol>""",
    old="128.00",
    review="2026-03-05",
)
OPENCART = Sample(
    "/index.php?route=product/product&product_id=40",
    """<script src="catalog/view/javascript/common.js"></script><ul class="breadcrumb"><li><a href="index.php?route=common/home">首页</a></li><li><a href="index.php?route=product/category&path=20">茶叶</a></li><li><a href="#">普洱茶饼</a></li></ul>
<div id="cart"><button>0 件商品 - ￥0.00</button></div><div id="content"><ul class="thumbnails"><li><a href="/big.jpg"><img src="/small.jpg"></a></li></ul><div id="tab-description"><p>来自勐海。</p></div>
<div id="tab-specification"><table><thead><tr><td colspan="2">规格</td></tr></thead><tbody><tr><td>产地</td><td>云南勐海</td></tr></tbody></table></div>
<div id="tab-review"><div id="review"><table><tr><td><strong>林先生</strong></td><td class="text-right">2026/03/05</td></tr><tr><td colspan="2"><p>好喝</p></td></tr></table></div></div>
<div class="col-sm-4"><h1>普洱茶饼</h1><ul class="list-unstyled"><li>品牌: 云虚</li></ul><ul class="list-unstyled"><li><span style="text-decoration: line-through;">￥128.00</span></li><li><h2>￥99.00</h2></li></ul></div></div>""",
    old="128.00",
    review="2026-03-05",
)
ECSHOP = Sample(
    "/goods.php?id=24",
    """<div id="ur_here">当前位置: <a href=".">首页</a> <code>&gt;</code> <a href="category.php?id=3">茶叶</a> <code>&gt;</code> 普洱茶饼</div>
<div class="boxCenterList"><ul class="clearfix"><li class="goodsimg"><a href="goods.php?id=7"><img src="/7.jpg"></a></li><li><a href="goods.php?id=7">滇红</a><br>本店售价：<font class="f1">￥7.00元</font></li></ul></div>
<div id="goodsInfo"><div class="imgInfo"><img src="/big.jpg"></div><div class="textInfo"><form action="javascript:addToCart(24)" id="ECS_FORMBUY"><div class="clearfix"><p class="f_l">普洱茶饼</p></div>
<ul><li><dd><strong>商品货号：</strong>ECS000024</dd></li><li><dd><strong>市场价格：</strong><font class="market">￥128.00元</font><br><strong>本店售价：</strong><font class="shop" id="ECS_SHOPPRICE">￥99.00元</font></dd></li></ul></form></div></div>
<div id="com_v"></div><div id="com_h"><blockquote><p>来自勐海。</p></blockquote><blockquote><table><tr><th colspan="2">商品属性</th></tr><tr><td class="f1">[产地]</td><td>云南勐海</td></tr></table></blockquote></div>
<div id="ECS_COMMENT"><ul class="comments"><li class="word"><font class="f2">林先生</font> <font class="f3">( 2026-03-05 10:00:00 )</font><br><p>好喝</p></li></ul></div>""",
    old="128.00",
    review="2026-03-05T10:00:00",
)
SHOPXO = Sample(
    "/goods-24.html",
    """<script>var __my_url__ = '/';</script><div class="tb-thumb"><img src="/big.jpg"></div><h1 class="detail-title">普洱茶饼</h1><div class="tb-detail-panel-base"><div class="items goods-price goods-original-price"><dt>原价</dt><dd><em class="symbol">￥</em><b class="goods-original-price-value">128.00</b></dd></div>
<div class="items goods-price goods-sale-price"><dt>销售价</dt><dd><em class="symbol">￥</em><b class="goods-sale-price-value">99.00</b></dd></div><div class="sales-volume"><span class="tm-count">35</span><span class="tm-label">销量</span></div></div>
<ul class="parameters-content"><li><span>产地:</span><span>云南勐海</span></li></ul><div class="detail-content"><div class="content-web"><p>来自勐海。</p></div></div>
<article class="am-comment"><span class="am-comment-author">林先生</span><time>2026-03-05</time><div class="am-comment-bd"><p>好喝</p></div></article>""",
    old="128.00",
    review="2026-03-05",
)
OSCAR = Sample(
    "/catalogue/puer_7/",
    """<div class="basket-mini">¥0.00</div><ol class="breadcrumb"><li><a href="/catalogue/">首页</a></li><li><a href="/catalogue/category/tea_1/">茶叶</a></li><li>普洱茶饼</li></ol><article class="product_page">
<div id="product_gallery"><div class="carousel-inner"><img src="/big.jpg"></div></div><div class="product_main"><h1>普洱茶饼</h1><p class="price_color">¥99.00</p><p class="instock availability">有货</p></div>
<div id="product_description" class="sub-header"><h2>描述</h2></div><p><p>来自勐海。</p></p><div class="sub-header"><h2>信息</h2></div><table class="table table-striped"><tr><th>产地</th><td>云南勐海</td></tr></table>
<section><div id="reviews" class="sub-header"></div><ol class="review-list"><li><article class="review"><header><h3><a href="reviews/1/">评价</a></h3></header><p>好喝</p><p><small><strong>林先生</strong>评价于 2026年3月5日 10:00 | <a>链接</a></small></p></article></li></ol></section></article>""",
    review="2026-03-05T10:00:00",
)
SAMPLES = {
    "WooCommerce": WOO, "Shopify": SHOPIFY, "Magento": MAGENTO, "OpenCart": OPENCART, "ECShop": ECSHOP, "ShopXO": SHOPXO,
    "django-oscar": OSCAR,
}  # fmt: skip


def read(sample: Sample, html: str = "") -> Listing:
    text = f"<html><body>{html or sample.html}</body></html>"
    return reader("shop").read_item(Page(f"http://shop.test{sample.path}", text.encode()))


@pytest.mark.parametrize("name", SAMPLES)
def test_the_standard_item_page_of_each_software(name: str) -> None:
    sample = SAMPLES[name]
    page = Page(f"http://shop.test{sample.path}", sample.html.encode())
    software = software_of(page)
    assert software is not None and software.name == name
    assert software.item.search(sample.path) and not software.lists.search(sample.path)
    listing = read(sample)
    assert (listing.title, listing.price) == ("普洱茶饼", Decimal("99.00"))
    assert listing.original_price == (Decimal(sample.old) if sample.old else None)
    assert "来自勐海。" in listing.text and listing.origin == "云南勐海"
    assert listing.images == ["http://shop.test/big.jpg"]
    (review,) = listing.reviews
    assert (review.text, review.user, review.date) == ("好喝", "林先生", sample.review)


@pytest.mark.parametrize("name", ["WooCommerce", "Magento", "OpenCart", "ECShop", "django-oscar"])
def test_the_way_to_the_product_is_its_category(name: str) -> None:
    assert read(SAMPLES[name]).attributes["分类"] == "茶叶"


def test_structured_data_comes_first_and_hooks_fill_it_up() -> None:
    said = '<script type="application/ld+json">{"@type":"Product","name":"普洱茶饼 357克","offers":{"price":"95","availability":"InStock"}}</script>'
    listing = read(WOO, said + WOO.html)
    assert (listing.title, listing.price) == ("普洱茶饼 357克", Decimal(95))
    assert listing.origin == "云南勐海" and listing.attributes["库存状态"] == "有货"


def test_a_product_without_a_price_is_one_all_the_same() -> None:
    listing = read(OSCAR, OSCAR.html.replace('<p class="price_color">¥99.00</p>', ""))
    assert listing.price is None, "what the small basket says is no price of the product"


def test_the_reader_is_a_shop_reader() -> None:
    assert isinstance(reader("shop"), Shop)
