"""Which column of a handed-over file means which field of a listing.

A profile is a YAML file beside the data (`NAME.profile.yaml`), all of it optional:

    source: taobao             # whose goods they are, where the rows do not say
    rows: data.items           # where the rows stand in a JSON file
    encoding: gb18030          # where it is not UTF-8 and can't be told
    columns: {title: 商品名称, price: 成交价}
    attributes: [规格, 保质期]   # columns that become parameters
    cents: [price]             # fields that are stated in 分

Columns named like a field, or by one of the Chinese names below, need no profile.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from crawler.extract import at
from listing import Listing, ListingError

__all__ = ["Profile", "ProfileError", "load_profile"]

COLUMNS = {
    "title": ("商品名称", "商品标题", "标题", "宝贝标题", "品名"),
    "id": ("商品ID", "商品编号", "商品id", "货号", "SKU"),
    "url": ("商品链接", "商品地址", "链接", "网址", "URL"),
    "source": ("平台", "平台名称", "来源"),
    "text": ("商品描述", "商品详情", "描述", "详情"),
    "brand": ("品牌",),
    "origin": ("产地", "原产地"),
    "ship_from": ("发货地", "发货地址", "所在地"),
    "shop_name": ("店铺名称", "网店名称", "店铺", "商家名称"),
    "shop_url": ("店铺链接", "店铺地址", "网店网址"),
    "operator_name": ("经营主体", "经营者名称", "企业名称", "主体名称", "经营者"),
    "uscc": ("统一社会信用代码", "信用代码"),
    "licence_no": ("许可证号", "许可证编号", "食品经营许可证编号", "食品生产许可证编号"),
    "phone": ("联系电话", "电话", "联系方式"),
    "address": ("经营地址", "住所", "注册地址", "地址"),
    "price": ("价格", "售价", "单价", "成交价"),
    "original_price": ("原价", "划线价", "市场价"),
    "sales": ("销量", "月销量", "成交量"),
    "terms": ("售后条款", "服务承诺"),
    "images": ("图片", "商品图片", "主图"),
    "seen_at": ("采集时间", "抓取时间"),
}
"""Names of columns in Chinese tables, by field."""
_FIELD_OF = {name: one for one, names in COLUMNS.items() for name in names}


class ProfileError(ValueError):
    """A profile that can't be used: names the file and what is wrong."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How one kind of file is laid out; see the module."""

    source: str = ""
    rows: str = ""
    encoding: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    attributes: tuple[str, ...] = ()
    cents: tuple[str, ...] = ()

    def knows_title(self, columns: list[str]) -> bool:
        """Whether one of a table's columns is the title."""
        named = self.columns.get("title", "title")
        return named in columns or any(_FIELD_OF.get(name) == "title" for name in columns)

    def listing(self, row: Any) -> Listing:
        """The listing that a row states. Raises `ListingError`, `MoneyError`."""
        if not isinstance(row, dict):
            raise ListingError(f"a row is an object, not {type(row).__name__}")
        data: dict[str, Any] = {}
        for name, value in row.items():
            known = name if name in Listing.model_fields else _FIELD_OF.get(str(name).strip())
            if known and value not in ("", None):
                data.setdefault(known, value)
        for known, path in self.columns.items():
            value = row.get(path, at(row, path))
            if value not in ("", None):
                data[known] = value
        parameters = {name: str(row[name]) for name in self.attributes if row.get(name)}
        if parameters and isinstance(data.get("attributes") or {}, dict):
            data["attributes"] = (data.get("attributes") or {}) | parameters
        for name in self.cents:
            data[name] = _yuan(data.get(name), name)
        if self.source:
            data.setdefault("source", self.source)
        return Listing.from_dict(data)


def _yuan(cents: Any, name: str) -> Decimal | None:
    try:
        return None if cents in ("", None) else Decimal(str(cents)) / 100
    except InvalidOperation:
        raise ListingError(f"{name}: not a number of cents: {cents!r}") from None


def load_profile(path: Path) -> Profile:
    """The profile in a file; raises `ProfileError`."""
    try:
        data = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(f"{path}: can't be read: {error}") from None
    except YAMLError as error:
        raise ProfileError(f"{path}: not YAML: {error}") from None
    if not isinstance(data, dict):
        raise ProfileError(f"{path}: a profile is a table of settings")
    if unknown := data.keys() - set(Profile.__slots__):
        raise ProfileError(
            f"{path}: no such entry: {', '.join(sorted(map(str, unknown)))} "
            f"(known: {', '.join(Profile.__slots__)})"
        )
    columns = data.get("columns") or {}
    if not isinstance(columns, dict):
        raise ProfileError(f"{path}: columns is a table: field of a listing: column")
    wrong = (columns.keys() | set(data.get("cents") or ())) - set(Listing.model_fields)
    if wrong:
        raise ProfileError(f"{path}: a listing has no field {', '.join(sorted(map(str, wrong)))}")
    return Profile(
        source=str(data.get("source") or ""),
        rows=str(data.get("rows") or ""),
        encoding=str(data.get("encoding") or ""),
        columns={str(name): str(column) for name, column in columns.items()},
        attributes=tuple(map(str, data.get("attributes") or ())),
        cents=tuple(map(str, data.get("cents") or ())),
    )
