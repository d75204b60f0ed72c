"""What the shop sells: sixty products, plainly fictional, made the same each time."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

__all__ = ["PAGES", "SHOP", "Good", "catalogue"]

SHOP = {
    "name": "假想云货铺",
    "operator_name": "昆明假想云货虚构商贸有限公司",
    "uscc": "91530102MA0000000N",
    "licence_no": "JY15301020000017",
    "phone": "0871-00000017",
    "address": "云南省昆明市五华区虚构街17号",
    "icp": "滇ICP备2099000017号-1",
}
"""Nobody: the number is not registered to anyone, only its check digit is right."""

PAGES = {
    "/about/": ("关于我们", [
        f"企业名称：{SHOP['operator_name']}", f"统一社会信用代码：{SHOP['uscc']}",
        f"食品经营许可证编号：{SHOP['licence_no']}", f"联系电话：{SHOP['phone']}", f"经营地址：{SHOP['address']}",
    ]),
    "/returns/": ("退换货说明", ["收到货后七日内可以无理由退货，商品应当完好。", "退货运费由买家承担，质量问题由本店承担。"]),
    "/notice/": ("店铺公告", ["国庆期间照常发货，十月三日起按下单顺序寄出。"]),
}  # fmt: skip
"""Flat pages by address: title and paragraphs."""

_GROUPS = (
    ("茶叶>普洱茶", "茶叶", "克", ("古树普洱熟茶饼", "大叶种生茶砖", "小青柑普洱", "陈年熟茶散装", "宫廷普洱", "春尖生茶饼", "糯香小沱茶", "月光熟普礼盒", "老茶头", "龙珠普洱")),
    ("茶叶>滇红", "茶叶", "克", ("凤庆工夫滇红", "蜜香金针", "经典滇红罐装", "野生红茶", "滇红碎茶包", "松针滇红", "金丝滇红", "古树晒红", "花香滇红", "滇红袋泡")),
    ("特产食品>菌类", "食品", "克", ("干巴菌", "羊肚菌干货", "牛肝菌片", "鸡枞油", "松茸切片", "竹荪", "茶树菇", "虎掌菌", "菌汤包", "黑虎掌")),
    ("特产食品>糕点", "食品", "克", ("玫瑰鲜花饼", "火腿小饼", "荞酥", "回饼", "绿豆糕", "核桃酥", "米花糖", "乳扇沙琪玛", "鲜花饼礼盒", "椒盐饼")),
    ("日用百货>家居", "日用", "件", ("扎染桌布", "竹编收纳筐", "陶土茶罐", "手工木勺", "粗布抱枕", "藤编坐垫", "紫陶花器", "铜锅小号", "棉麻围裙", "草编拖鞋")),
    ("日用百货>文具", "日用", "件", ("东巴纸笔记本", "木质书签", "陶瓷笔筒", "手账贴纸", "毛边纸信笺", "竹节钢笔", "布面文件夹", "铜镇纸", "彩铅套装", "印章石料")),
)  # fmt: skip
_BRANDS = ("云虚", "假想山", "乌有记", "镜中")
_PLACES = ("云南勐海", "云南凤庆", "云南大理", "云南昆明", "云南建水")
_BUYERS = ("林先生", "小周", "茶客甲", "阿敏")
_SAYINGS = (
    "包装完整，三天就到了。",
    "味道比上次淡一点，还可以。",
    "送给长辈的，他们喜欢。",
    "颜色和图片一样。",
)


@dataclass(frozen=True, slots=True)
class Good:
    """One product as the shop was told of it; `price` None is one without a price."""

    upc: str
    title: str
    kind: str
    category: str
    price: Decimal | None
    paragraphs: tuple[str, ...]
    attributes: dict[str, str]
    images: int
    stock: int
    reviews: tuple[tuple[str, str, str, int], ...] = field(default=())
    """Text, day, buyer, stars."""
    variants: tuple[str, ...] = ()


def catalogue() -> list[Good]:
    """All products, in the order in which they are put into the shop."""
    found: list[Good] = []
    for category, kind, unit, names in _GROUPS:
        for name in names:
            n = len(found)
            amount = f"{(n % 7 + 1) * 50}{unit}" if unit == "克" else f"{n % 3 + 1}{unit}"
            brand, place = _BRANDS[n % len(_BRANDS)], _PLACES[n % len(_PLACES)]
            found.append(
                Good(
                    upc=f"YJ{n:04}",
                    title=f"{brand} {name} {amount}",
                    kind=kind,
                    category=category,
                    price=None if n == 37 else Decimal(990 + n * 1373) / 100,
                    paragraphs=(
                        f"{name}，来自{place}，{amount}一份。",
                        f"第{n + 1}号货，由本店自行分装，开封后请密封存放。",
                    ),
                    attributes={"品牌": brand, "产地": place, "规格": amount},
                    images=n % 3 + 1,
                    stock=0 if n % 17 == 5 else 20,
                    reviews=tuple(
                        (_SAYINGS[(n + k) % 4], f"2026-0{k + 3}-1{n % 9}", _BUYERS[(n + k) % 4], 5 - k)
                        for k in range(n % 3)
                    ),
                    variants=("大份", "小份") if n in (11, 44) else (),
                )
            )  # fmt: skip
    return found
