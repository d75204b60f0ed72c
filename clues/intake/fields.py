"""What a row of an intake file can say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["FIELDS", "SELLER", "Field"]

Kind = Literal["text", "day", "due", "url", "uscc", "money", "many"]
Personal = Literal["", "name", "number", "address", "text"]


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a row says, in which form, and how what is personal in it is masked."""

    title: str
    kind: Kind = "text"
    personal: Personal = ""


FIELDS: dict[str, Field] = {
    "number": Field("编号"),
    "received_at": Field("日期", "day"),
    "due_at": Field("办理期限", "due"),
    "platform": Field("平台"),
    "shop_name": Field("网店名称", personal="text"),
    "shop_url": Field("网店链接", "url"),
    "url": Field("商品链接", "url"),
    "goods": Field("商品名称", personal="text"),
    "operator_name": Field("经营主体", personal="text"),
    "uscc": Field("统一社会信用代码", "uscc"),
    "operator_phone": Field("经营者电话"),
    "operator_address": Field("经营者地址"),
    "category": Field("问题类别"),
    "text": Field("内容", personal="text"),
    "demand": Field("诉求", personal="text"),
    "amount": Field("金额", "money"),
    "order_no": Field("订单号", personal="number"),
    "consumer_name": Field("消费者姓名", personal="name"),
    "consumer_phone": Field("消费者电话", personal="number"),
    "consumer_identity": Field("消费者证件号", personal="number"),
    "consumer_address": Field("消费者地址", personal="address"),
    "result": Field("结论"),
    "items": Field("不合格项目"),
    "batch": Field("批次"),
    "declared_shops": Field("申报网店", "many"),
    "declared_goods": Field("申报经营商品", "many"),
    "withdrawn_goods": Field("现场责令下架商品", "many"),
    "department": Field("来文单位"),
    "document_no": Field("文号"),
    "inspector": Field("经办人"),
}
"""Every field, by the name that profiles use."""

SELLER = ("url", "shop_url", "shop_name", "uscc", "operator_name", "goods")
"""By what a row tells whom it is about."""
