"""Reviews that speak of other goods than those on the page: bought together with the shop.

By kind of goods a few words that hardly stand in a review of anything else.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from listing import Listing

__all__ = ["about_other_goods"]

_KINDS = {
    "茶": r"茶汤|茶叶|回甘|耐泡|汤色|出汤|茶饼|叶底|泡茶|普洱|滇红|绿茶|红茶|熟茶|生茶|茶香|茶味|头泡",
    "三七药材": r"三七|田七|打粉|头数|药材|药味|天麻|石斛|枸杞|人参",
    "服装": r"尺码|显瘦|显胖|版型|面料|衣服|裤子|裙子|外套|羽绒服|毛衣|T恤|t恤|衬衫|起球|腰围|裤腿|袖子|袖口|穿着|穿上|上身效果|连衣裙|保暖内衣",
    "鞋": r"鞋子|鞋底|鞋带|鞋码|磨脚|捂脚|跑鞋|拖鞋|靴子|合脚|脚感|平时38|平时穿[34]\d",
    "手机电子": r"手机壳|手机膜|贴膜|充电|续航|音质|耳机|屏幕|像素|开机|蓝牙|数据线|充电宝|平板|电脑|键盘|鼠标|内存|信号好",
    "家电": r"制热|制冷|噪音|插电|洗衣机|冰箱|空调|热水器|电饭煲|吸尘器|空气炸锅|吹风机|功率|风力",
    "护肤洗护": r"敷脸|上脸|面膜|保湿|皮肤|护肤|洗发水|洗头|头皮|发质|头屑|吸收快|搓泥|洗面奶|起泡|口红|粉底|控油|沐浴露",
    "食品水果": r"果肉|水分足|多汁|酸甜|坏果|个头均匀|苹果|橙子|芒果|饼干|坚果|零食|牛奶|肉质|火腿|月饼|蜂蜜|口感酥|好吃|下饭|脆甜",
    "书": r"这本书|纸质|印刷|字迹|书籍|作者|情节|绘本|正版书|装订|读完|看完这本",
    "汽车用品": r"座套|脚垫|雨刮|机油|刹车|车载|轮胎|行车记录|车内|方向盘|车膜",
    "家居建材": r"窗帘|地板|瓷砖|墙面|水龙头|花洒|床单|被套|被子|枕头|沙发|柜子|刷墙|安装师傅",
    "母婴玩具": r"玩具|积木|奶瓶|纸尿裤|尿不湿|宝宝穿|红屁股|奶粉|拼图|娃娃",
    "农资": r"种子|出苗|发芽率|化肥|农药|打药|叶面肥|苗子|花苗",
    "宠物": r"猫粮|狗粮|猫砂|毛孩子|主子|狗狗|铲屎",
    "鲜花": r"花束|鲜花|花瓣|插花",
    "酒店旅游": r"房间|前台|早餐|酒店|入住|导游",
}  # fmt: skip
_LIKELY = {
    "food-drug": {"食品水果", "茶", "三七药材"},
    "tea": {"茶", "食品水果", "三七药材", "家居建材"},
    "sanqi": {"三七药材", "食品水果", "茶"},
    "cosmetics": {"护肤洗护", "鲜花", "服装"},
    "farm-supply": {"农资", "食品水果", "鲜花"},
    "building-material": {"家居建材", "家电"},
    "auto-parts": {"汽车用品", "手机电子", "家居建材"},
    "electronics": {"手机电子", "家电", "汽车用品"},
    "appliance": {"家电", "手机电子", "家居建材", "食品水果", "护肤洗护"},
    "apparel": {"服装", "鞋", "母婴玩具", "家居建材"},
}  # child-elderly and medical devices may be anything
_WORDS = {kind: re.compile(words) for kind, words in _KINDS.items()}
_BY_THE_WAY = re.compile(
    r"送的|赠的|赠品|一起买|顺便|之前买|还买|上次买|也买|配|搭|像(?![头素])|比"
)
LEAST, SHARE = 3, 0.3


def about_other_goods(listing: Listing, texts: Sequence[str]) -> Iterator[tuple[float, str]]:
    """Strength and reason where several reviews praise one other kind of goods."""
    if len(texts) < LEAST:
        return
    said = Counter(kind for text in texts for kind in _told(text))
    if not said or said.most_common(1)[0][1] < LEAST:
        return
    page = f"{listing.title} {listing.text[:600]} {' '.join(listing.attributes.values())[:300]}"
    own = {kind for kind, words in _WORDS.items() if words.search(page.lower())}
    if not own:
        # The page is of a kind that has no words here: its group says what can't be meant.
        own = _LIKELY.get(listing.goods, set())
        if not own or said.most_common(1)[0][1] < 0.5 * len(texts):
            return
    strange: Counter[str] = Counter()
    for text in texts:
        kinds = _told(text)
        if kinds and not kinds & own and not _BY_THE_WAY.search(text):
            strange.update(kinds)
    kind, most = strange.most_common(1)[0] if strange else ("", 0)
    if most >= LEAST and most >= SHARE * len(texts):
        yield 0.65, f"{len(texts)}条评价中有{most}条说的是{kind}类商品，与本商品不符，涉嫌套用评价"


def _told(text: str) -> set[str]:
    return {kind for kind, words in _WORDS.items() if words.search(text)}
