"""Sample files of every kind of intake, about the town's shops: `python -m practice.intakes FOLDER`.

Everything in them is fictional: the shops are the town's, consumers are called 虚某, their numbers
belong to nobody. `complaints` also gives, for each row, whom it is about, so that matching can be
measured.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

from openpyxl import Workbook

from listing import is_uscc
from practice.data import Offer, Seller, offers, sellers, truth

__all__ = ["COMPLAINT_COLUMNS", "Complaint", "complaints", "write_samples"]

DAY = date(2026, 11, 12)
COMPLAINT_COLUMNS = (
    "登记编号", "登记时间", "购物平台", "店铺名称", "商品链接", "商品名称", "被投诉主体", "统一社会信用代码", "问题类别",
    "投诉内容", "诉求", "涉及金额", "订单号", "投诉人姓名", "联系电话", "身份证号", "收货地址",
)  # fmt: skip
CATEGORIES = {
    "counterfeit": "假冒", "gi_misuse": "地理标志侵权", "fake_origin": "虚假产地", "absolute_claim": "广告/绝对化用语",
    "medical_claim": "普通食品宣称疗效", "price_fraud": "价格", "return_refusal": "售后服务/七日无理由退货",
    "brushing_offer": "好评返现", "unfair_terms": "霸王条款", "brushed_reviews": "虚假评价", "false_claim": "虚假宣传",
}  # fmt: skip
PLATFORMS = {"taoji": "淘宝网", "jingdian": "京东商城", "shop": "其他"}


@dataclass(frozen=True, slots=True)
class Complaint:
    """A row of a complaint file and the shop that it is about ("" if it says too little)."""

    cells: dict[str, str]
    shop: str
    way: str
    """By what it can be matched: link, shop, code, goods, new or nobody."""


def _accused() -> list[tuple[Offer, str]]:
    """Offers with an offence that consumers complain of, those of all shops by turns."""
    by_shop: dict[str, list[tuple[Offer, str]]] = {}
    for one in offers().values():
        label = next((v for v in truth()[one.id].labels if v in CATEGORIES), "")
        if label:
            by_shop.setdefault(one.seller.key, []).append((one, label))
    turns: list[tuple[Offer, str]] = []
    for place in range(max(map(len, by_shop.values()))):
        turns += [found[place] for found in by_shop.values() if place < len(found)]
    return turns


def _miswritten(name: str) -> str:
    """A shop's name as somebody remembers it."""
    return f"{name[:-1]}" if len(name) > 6 else f"{name}（网店）"


def _link(offer: Offer, port: int) -> str:
    mark = "&" if "?" in offer.path else "?"
    return f"http://{offer.seller.host}:{port}{offer.path}{mark}spm=a1.b2&utm_source=share"


def complaints(port: int, count: int = 60) -> Iterator[Complaint]:
    """Rows as a 12315 export has them; the ways in which they tell whom they are about take turns."""
    turns = _accused()
    for number in range(count):
        offer, label = turns[number % len(turns)]
        way = ("link", "shop", "code", "goods", "link", "shop", "new", "nobody")[number % 8]
        seller = offer.seller
        if way == "code" and not is_uscc(seller.uscc):
            way = "link"
        cells = dict.fromkeys(COMPLAINT_COLUMNS, "")
        cells |= {
            "登记编号": f"虚构2026{number:07}",
            "登记时间": f"{DAY - timedelta(days=number % 9)} {9 + number % 8:02}:15:00",
            "问题类别": CATEGORIES[label],
            "投诉内容": f"本人于11月在该店购买商品，页面写“{offer.listing.title[:60]}”，收到后发现问题，订单号88{number:016}，"
            f"电话1990000{number:04}，请处理。",
            "诉求": "退货退款",
            "涉及金额": offer.price_text or "0",
            "订单号": f"88{number:016}",
            "投诉人姓名": f"虚某{'甲乙丙丁戊己庚辛'[number % 8]}",
            "联系电话": f"1990000{number:04}",
            "身份证号": f"53010219900101{number:04}"[:18],
            "收货地址": f"云南省昆明市官渡区虚构小区{number}栋1单元",
        }
        match way:
            case "link":
                cells["商品链接"] = _link(offer, port)
            case "shop":
                cells |= {"店铺名称": _miswritten(seller.name), "购物平台": PLATFORMS[seller.site]}
            case "code":
                cells |= {"统一社会信用代码": seller.uscc, "被投诉主体": seller.operator_name}
            case "goods":
                cells["商品名称"] = offer.listing.title
            case "new":
                cells |= {
                    "店铺名称": f"未巡虚构小店{number}号",
                    "商品链接": f"http://weixun{number}.town.localhost:{port}/item/1.html",
                }
        yield Complaint(cells, seller.key if way not in ("new", "nobody") else "", way)


def _sampling(port: int) -> list[dict[str, str]]:
    rows = []
    for number, (offer, _) in enumerate(islice(_accused(), 24)):
        failed = number % 3 != 0
        rows.append(
            {
                "抽样编号": f"虚抽2026-{number:04}", "抽样日期": str(46000 + number % 330),
                "平台": PLATFORMS[offer.seller.site], "网店名称": offer.seller.name,
                "商品链接": _link(offer, port).split("spm=")[0].rstrip("?&"), "样品名称": offer.listing.title,
                "被抽样单位名称": offer.seller.operator_name,
                "不合格项目": ("标签", "水分", "掺杂掺假")[number % 3] if failed else "",
                "检验结论": "不合格" if failed else "合格", "承检机构": "虚构检验所",
            }
        )  # fmt: skip
    return rows


def _with_operator() -> list[Seller]:
    return [one for one in sellers().values() if one.operator_name and is_uscc(one.uscc)]


def _inspection() -> list[dict[str, str]]:
    rows = []
    for number, seller in enumerate(_with_operator()[:20]):
        own = [one for one in offers().values() if one.seller.key == seller.key]
        rows.append(
            {
                "检查编号": f"虚检2026-{number:04}", "检查日期": "2026年10月20日", "被检查单位": seller.operator_name,
                "统一社会信用代码": seller.uscc, "经营地址": seller.address,
                "申报网店": seller.name if number % 2 else "另一虚构网店",
                "申报经营商品": "茶叶、三七",
                "责令下架商品": own[0].listing.title if own and number % 2 else "",
                "问题类别": "虚假宣传" if number % 2 else "", "检查情况": "现场检查，逐项核对", "检查人员": "虚构检查员",
            }
        )  # fmt: skip
    return rows


def _handed(kind: str) -> list[dict[str, str]]:
    """Clues from above, or from another department."""
    above = kind == "assigned"
    rows = []
    for number, seller in enumerate(_with_operator()[3 if above else 9 :: 2][:12]):
        rows.append(
            {
                ("交办编号" if above else "移送编号"): f"虚{'交' if above else '移'}2026-{number:03}",
                "文号": f"虚构〔2026〕{number + 1}号",
                ("交办日期" if above else "移送日期"): "2026/11/1",
                ("交办单位" if above else "移送单位"): "虚构省局" if above else "虚构海关",
                "网店名称": seller.name, "平台": PLATFORMS[seller.site],
                ("经营主体" if above else "当事人"): seller.operator_name, "统一社会信用代码": seller.uscc,
                ("违法类型" if above else "案由"): ("虚假宣传", "绝对化用语", "无证经营")[number % 3] if above
                else ("走私", "假冒伪劣", "价格欺诈")[number % 3],
                ("线索内容" if above else "案情简介"): "请依法核查处理",
            }
        )  # fmt: skip
    return rows


def _csv(path: Path, columns: Sequence[str], rows: Sequence[dict[str, str]], encoding: str) -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)


def _xlsx(path: Path, title: str, rows: Sequence[dict[str, str]]) -> None:
    """With a merged title above the headings, as offices make them."""
    book = Workbook()
    sheet = book.active
    columns = list(rows[0])
    sheet.append([title])
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(columns))
    sheet.append(columns)
    for row in rows:
        # Days as Excel has them.
        sheet.append([int(v) if v.isdigit() and len(v) == 5 else v for v in row.values()])
    book.save(path)


def write_samples(folder: Path, port: int = 8800, count: int = 60) -> dict[str, Path]:
    """A file of each kind in `folder`, about the town at `port`; returns them by kind."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {
        "complaint": folder / "投诉举报.csv",
        "sampling": folder / "抽检结果.xlsx",
        "inspection": folder / "线下检查.csv",
        "assigned": folder / "上级交办.xlsx",
        "transferred": folder / "部门移送.csv",
    }
    rows = [one.cells for one in complaints(port, count)]
    _csv(paths["complaint"], COMPLAINT_COLUMNS, rows, "gb18030")
    _xlsx(paths["sampling"], "虚构市网络交易商品质量抽检结果", _sampling(port))
    inspected = _inspection()
    _csv(paths["inspection"], list(inspected[0]), inspected, "utf-8-sig")
    _xlsx(paths["assigned"], "虚构省局交办线索清单", _handed("assigned"))
    handed = _handed("transferred")
    _csv(paths["transferred"], list(handed[0]), handed, "utf-8")
    return paths


def main() -> None:
    """Reads the command line and writes."""
    parser = argparse.ArgumentParser(prog="python -m practice.intakes", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=8800, help="at which the town stands")
    parser.add_argument("--rows", type=int, default=60, help="complaints")
    asked = parser.parse_args()
    for kind, path in write_samples(asked.folder, asked.port, asked.rows).items():
        print(f"{kind}\t{path}")


if __name__ == "__main__":
    main()
