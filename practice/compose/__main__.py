"""Composes sellers, lawful offers and written cases, and writes the three data files."""

from __future__ import annotations

import argparse
import io
import json
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from ruamel.yaml import YAML

from practice.compose.numbers import food_licence, phone, spoiled, uscc
from practice.data import DOMAIN, HERE, ITEM_PATHS

SEED = 20170608
"""The day the action plan was published."""
TODAY = date(2026, 11, 11)
ORDINARY_TIMES = 3
FIRST_ID = {"taoji": 620_000_000_000, "jingdian": 100_000_000, "shop": 1000}
SELLER_FIELDS = ("operator_name", "uscc", "licence_no", "phone", "address")

Data = dict[str, Any]
_TAILS = (
    "",
    " 包邮",
    " 产地直发",
    " 实惠装",
    " 顺丰可选",
    " 送礼自用",
    " 新货",
    " 量大可议",
    " 会员优惠",
    " 店主推荐",
)


def load(name: str) -> Any:
    """A YAML file beside this one."""
    path = Path(__file__).parent / name
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


class Composer:
    """Makes offers one after another; ids and chance go with the order."""

    def __init__(self) -> None:
        self.chance = Random(SEED)
        self.book = load("catalogue.yaml")
        self.sellers = {raw["key"]: self._seller(raw) for raw in load("sellers.yaml")["shops"]}
        self.goods_of = {raw["key"]: raw["goods"] for raw in load("sellers.yaml")["shops"]}
        self.turn: dict[str, int] = {}
        self.used: dict[str, int] = dict.fromkeys(FIRST_ID, 0)
        self.listings: list[Data] = []
        self.truths: list[Data] = []

    def _seller(self, raw: Data) -> Data:
        area, bare = raw["area"], raw.get("bare", False)
        licence = raw.get("licence", "")
        number = {
            "JY": lambda: food_licence(f"JY{raw['form']}", area, self.chance),
            "XB": lambda: f"滇昆食药监械经营备2023{self.chance.randrange(10_000):04d}号",
            "滇DA": lambda: f"滇DA871{self.chance.randrange(10_000):04d}",
        }.get(licence, lambda: "")()
        return {
            "key": raw["key"],
            "name": raw["name"],
            "site": raw["site"],
            "template": raw.get("template", ""),
            "operator_name": raw["operator"],
            "uscc": "" if bare else uscc(area, raw["form"], self.chance),
            "licence_no": number,
            "phone": phone(area, self.chance),
            "address": raw["place"],
            "icp": "" if bare or raw["site"] != "shop" else f"滇ICP备2099{len(raw['key']):02d}{area % 10_000:04d}号",
            "about": raw.get("about", f"{raw['name']}（虚构商家）"),
        }  # fmt: skip

    def seller_for(self, goods: str) -> Data:
        """The next shop in turn that sells these goods."""
        fit = [k for k in self.sellers if goods in self.goods_of.get(k, [])]
        turn = self.turn[goods] = self.turn.get(goods, -1) + 1
        return self.sellers[fit[turn % len(fit)]]

    def ordinary(self) -> None:
        """Lawful offers from the catalogue, each title a few times with other words."""
        for round_ in range(ORDINARY_TIMES):
            for goods, group in self.book["groups"].items():
                for product in group["products"]:
                    titles = product["titles"]
                    for title in titles if round_ < 2 else titles[::2]:
                        tail = self.chance.choice(_TAILS) if round_ else ""
                        row = self.base(goods, product) | {"title": title + tail}
                        self.add(row, self.seller_for(goods), [], "寻常合法商品", "")

    def base(self, goods: str, product: Data) -> Data:
        """What a lawful offer of `product` says, but for its title."""
        group, chance = self.book["groups"][goods], self.chance
        maker = self.book["makers"][chance.choice(product["makers"])]
        brand = chance.choice(group["brands"])
        price = chance.randint(*product["price"])
        made = TODAY - timedelta(days=chance.randint(20, 400))
        attributes = {
            "品牌": brand,
            "产地": maker["origin"],
            "厂名": maker["name"],
            "厂址": maker["address"],
        }
        if "sc" in group and goods != "sanqi":
            attributes["生产许可证编号"] = food_licence(f"SC{group['sc']}", maker["area"], chance)
        if goods in ("tea", "food-drug", "cosmetics"):
            attributes["生产日期"] = made.isoformat()
        said = [
            *chance.sample(product["say"], 1),
            *chance.sample(group["sentences"], chance.randint(2, 4)),
        ]
        return {
            "goods": goods,
            "text": "\n".join(said),
            "brand": brand,
            "origin": maker["origin"],
            "ship_from": maker["ship"],
            "price": f"{price}.{chance.choice(('00', '00', '80', '90'))}",
            "original_price": f"{price + chance.randint(5, 40)}.00" if chance.random() < 0.3 else None,
            "sales": int(10 ** chance.uniform(0.5, 4.3)),
            "attributes": attributes | product["more"],
            "terms": chance.choice(self.book["terms"]),
            "reviews": self.reviews(chance.choice((0, 0, 1, 2, 3, 5, 6))),
        }  # fmt: skip

    def reviews(self, count: int) -> list[Data]:
        """Different reviews on scattered days."""
        chance = self.chance
        texts, users = chance.sample(self.book["reviews"], count), self.book["users"]
        days = sorted(chance.sample(range(1, 300), count), reverse=True)
        return [
            {
                "text": text,
                "date": (TODAY - timedelta(days=day)).isoformat(),
                "user": chance.choice(users),
                "rating": chance.choice((5, 5, 5, 4, 4, 3)),
            }
            for text, day in zip(texts, days, strict=True)
        ]

    def case(self, case: Data) -> None:
        """An offer written by hand, over a lawful one of the same goods."""
        goods = case["goods"]
        products = self.book["groups"][goods]["products"]
        row = self.base(goods, products[case.get("like", self.chance.randrange(len(products)))])
        kept = row["text"].splitlines()
        if case.get("alone"):
            kept = []
        text = [*kept[1:2], *str(case.get("text", "")).strip().splitlines(), *kept[2:4]]
        row |= {"title": case["title"], "text": "\n".join(line.strip() for line in text if line)}
        row["attributes"] |= {k: str(v) for k, v in case.get("attributes", {}).items()}
        row["attributes"] = {k: v for k, v in row["attributes"].items() if v}
        row["origin"] = row["attributes"].get("产地", "")
        row["brand"] = row["attributes"].get("品牌", "")
        for name in (
            "terms",
            "price",
            "original_price",
            "sales",
            "ship_from",
            "image_text",
            "shown",
            *SELLER_FIELDS,
        ):
            if name in case:
                row[name] = case[name]
        if "burst" in case:
            row["reviews"] = self.burst(case["burst"])
        elif "reviews" in case:
            row["reviews"] = [
                *(dict(zip(("user", "date", "text"), r, strict=True)) for r in case["reviews"]),
                *row["reviews"],
            ]
        if "prices" in case:
            row["price_history"] = [
                {"date": str(day), "price": str(price)} for day, price in case["prices"]
            ]
        seller = self._own_seller(case) if "seller" in case else self._named(case, goods)
        self.add(row, seller, case.get("labels", []), case["note"], case.get("where", ""))

    def _named(self, case: Data, goods: str) -> Data:
        return self.sellers[case["shop"]] if "shop" in case else self.seller_for(goods)

    def _own_seller(self, case: Data) -> Data:
        """A shop of the case's own on a marketplace, complete but for what the case changes."""
        said = dict(case["seller"])
        key = f"own-{sum(k.startswith('own-') for k in self.sellers) + 1:02d}"
        raw = {
            "key": key,
            "name": said["name"],
            "site": said.pop("site", "taoji"),
            "operator": said.get("operator_name", f"{said['name']}（个体工商户）"),
            "area": said.pop("area", 530102),
            "form": said.pop("form", 2),
            "place": said.get("address", "云南省昆明市五华区虚构路9号"),
            "licence": said.pop("licence", "JY" if case["goods"] in ("tea", "sanqi", "food-drug") else ""),
        }  # fmt: skip
        seller = self._seller(raw)
        if said.get("uscc") == "spoiled":
            said["uscc"] = spoiled(seller["uscc"])
        self.sellers[key] = seller | said
        return self.sellers[key]

    def burst(self, burst: Data) -> list[Data]:
        """Reviews that are near copies of a few texts within two days."""
        start = date.fromisoformat(str(burst["from"]))
        return [
            {
                "text": text,
                "date": (start + timedelta(days=n % burst.get("days", 2))).isoformat(),
                "user": f"t***{self.chance.randrange(10_000)}",
                "rating": 5,
            }
            for n, text in enumerate(burst["texts"])
        ]

    def add(self, row: Data, seller: Data, labels: list[str], note: str, where: str) -> None:
        """Gives the offer its id, address and seller, and writes down the truth."""
        site = seller["site"]
        self.used[site] += 1
        identity = str(FIRST_ID[site] + self.used[site] * (37 if site != "shop" else 1))
        host = seller["key"] if site == "shop" else site
        stated = {name: row.get(name, seller[name]) for name in SELLER_FIELDS}
        head = {"id": identity, "site": site, "shop": seller["key"], "shop_name": seller["name"]}
        url = f"http://{host}.{DOMAIN}{ITEM_PATHS[site].format(id=identity)}"
        whole = (
            head
            | row
            | stated
            | {"url": url, "source": "practice", "seen_at": "2026-11-11T02:00:00Z"}
        )
        self.listings.append({k: v for k, v in whole.items() if v not in (None, "", [], {})})
        self.truths.append({"id": identity, "labels": labels, "note": note, "where": where})


def write(composer: Composer, folder: Path) -> None:
    """The three files of the town's data, into `folder`."""
    for name, rows in (("listings.jsonl", composer.listings), ("truth.jsonl", composer.truths)):
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / name).write_text("".join(lines), encoding="utf-8")
    out = io.StringIO()
    yaml = YAML()
    yaml.allow_unicode, yaml.width = True, 1000
    yaml.dump({"shops": list(composer.sellers.values())}, out)
    head = "# Written by `python -m practice.compose`. All fictional.\n"
    (folder / "shops.yaml").write_text(head + out.getvalue(), encoding="utf-8")


def main() -> None:
    """Composes everything and says how much it is."""
    parser = argparse.ArgumentParser(prog="python -m practice.compose", description=__doc__)
    parser.add_argument("--into", type=Path, default=HERE, help="folder of the data files")
    folder = parser.parse_args().into
    composer = Composer()
    composer.ordinary()
    for path in sorted((Path(__file__).parent / "cases").glob("*.yaml")):
        for case in load(f"cases/{path.name}") or []:
            try:
                for round_ in range(case.get("times", 1)):
                    composer.case(case | {"title": case["title"] + " 二号链接" * round_})
            except (KeyError, ValueError) as error:
                raise SystemExit(f"{path.name}: {case.get('title')!r}: {error!r}") from error
    write(composer, folder)
    planted = sum(bool(truth["labels"]) for truth in composer.truths)
    print(f"{len(composer.listings)} listings, {planted} of them unlawful")


if __name__ == "__main__":
    main()
