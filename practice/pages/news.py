"""Pages that sell nothing: news and an encyclopaedia, so that a search finds more than shops."""

from __future__ import annotations

from dataclasses import dataclass

from practice.pages.html import Answer, Query, Town, document, e, not_found

__all__ = ["ARTICLES", "answer", "url"]


@dataclass(frozen=True, slots=True)
class Article:
    """One page: `goods` is the group that a search finds it for."""

    key: str
    goods: str
    title: str
    text: str
    suffix: str = "_云岫虚构日报"


ARTICLES = (
    Article("baike-puer", "tea", "普洱茶", "普洱茶是以云南大叶种晒青茶为原料的茶，按加工工艺分为生茶和熟茶。本词条由虚构百科编写，用于练习。", "_虚构百科"),
    Article("spring-tea", "tea", "春茶开采，茶农忙采摘", "本报讯 清明前后，茶山迎来春茶采摘季。记者在茶山看到，茶农们清晨就背着竹篓上山。合作社负责人介绍，今年鲜叶价格与去年持平。"),
    Article("tea-case", "tea", "茶叶网店宣称“治疗高血压”被罚", "市场监管部门近日公布一起案例：某网店在普通茶叶商品页写“降三高、治疗高血压”，违反广告法第十七条，被责令改正并处罚款。执法人员提醒，茶叶不是药品。"),
    Article("baike-sanqi", "sanqi", "三七", "三七是五加科植物，主要栽培于云南文山等地，根和根茎可入药。本词条由虚构百科编写，用于练习，不作为用药依据。", "_虚构百科"),
    Article("sanqi-harvest", "sanqi", "三七采收季，产地价格平稳", "本报讯 进入采收季，种植户忙着挖三七。收购商说，今年价格平稳。"),
    Article("food-check", "food-drug", "节前食品抽检结果公布", "节前，市场监管部门抽检食品二百批次，不合格三批次，均已下架召回。"),
    Article("cosmetic-tips", "cosmetics", "化妆品没有“药妆”，选购看备案", "监管人员提醒：化妆品不得宣称医疗作用，可在备案平台查询。"),
    Article("device-tips", "medical-device", "购买家用医疗器械三看", "一看注册证或备案号，二看说明书，三看销售者的资质。"),
    Article("double11", "appliance", "双十一价格监管提示", "执法人员提示商家：不得先提价后打折，不得虚构原价。"),
    Article("phone-tips", "electronics", "翻新手机怎么认", "消费者购买手机时可查询序列号与保修日期。"),
    Article("farm-tips", "farm-supply", "春耕买种子化肥要留票", "农业执法人员提醒农户：看标签、看登记证、留票据。"),
    Article("toy-tips", "child-elderly", "儿童玩具认准3C标志", "部分儿童玩具实行强制性产品认证。"),
    Article("wear-tips", "apparel", "民族服装节开幕", "本报讯 民族服装展演在古城举行。"),
    Article("car-tips", "auto-parts", "刹车片多久换一次", "维修师傅介绍，刹车片厚度低于规定值应当更换。"),
    Article("paint-tips", "building-material", "乳胶漆看检测报告", "选购装修材料时可要求商家出示检测报告。"),
)  # fmt: skip


def url(town: Town, article: Article) -> str:
    """The address of an article."""
    return f"{town.base('news')}/a/{article.key}.html"


def answer(town: Town, path: str, query: Query) -> Answer:
    """The front page of the paper, or an article."""
    if path == "/":
        links = "".join(f'<li><a href="{url(town, a)}">{e(a.title)}</a></li>' for a in ARTICLES)
        return Answer.page(document("云岫虚构日报", f"<h1>云岫虚构日报</h1><ul>{links}</ul>"))
    for article in ARTICLES:
        if path == f"/a/{article.key}.html":
            body = f'<article><h1>{e(article.title)}</h1><p class="lead">{e(article.text)}</p></article>'
            return Answer.page(document(article.title + article.suffix, body))
    return not_found()
