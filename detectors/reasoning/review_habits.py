"""Reviews that are not what buyers write: bursts, templates, praise by numbers, other goods.

Each sign looks at the reviews of one listing together; a single odd review accuses nobody.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from detectors.evaluate import Found
from detectors.fields import FieldText
from detectors.reasoning.other_goods import about_other_goods
from detectors.reasoning.review_dates import out_of_time
from detectors.reasoning.reviews import Read, buyers, whole
from listing import Listing, Review

__all__ = ["review_patterns"]

Sign = tuple[float, str]
"""Strength and reason."""

_COMPLAINS = re.compile(
    r"假货|骗|难喝|难吃|难闻|发霉|霉味|霉点|异味|破损|碎了|退货|差评|后悔|上当|垃圾|没用|没效果|没有效果|不值|坏了|漏|劣质|失望|太差|很差|好差|真差|质量差|烂|不新鲜|掺假|不推荐|别买|劝退|拉肚子|投诉"
    r"|不给退|不退|退不了|鼓包|没电|用不了|用不成|不能用|不好用|没反应|开不了|充不进|掉色|起球|开线|脱胶|断了|裂|掉漆|生锈|味道怪|刺鼻|臭|过敏|发红|烂脸|起痘|不一致|不符|货不对板|色差大|少发|缺斤|缺货|虫|不理人|态度差|态度恶劣|坑人|太坑|真坑|吓人|掉格|死机|卡顿|发热严重|不耐用|一次就|两天就|一个月就|一周就"
)
_FINE = re.compile(
    r"(?:没有?|未|无)(?:任何|什么|一点|出现|发现|闻到)?(?:异味|破损|碎|漏|发霉|霉味|坏|失望|上当|受骗|色差|掉色|起球|开线|裂|过敏|刺鼻|臭|虫|退货|后悔|差评|卡顿|死机)|不(?:漏|会坏|失望|后悔|掉色|起球|刺鼻|臭|坑|烂|裂|卡顿|过敏)|没让.{0,3}失望|从没失望|不会(?:掉色|起球|漏|坏|过敏|裂)|防漏|防裂|(?:以为|担心|害怕|怕)[^，。！]{0,6}(?:坏|烂|碎|漏|假|骗|裂)|坏[一两]?[个了][^，。]{0,6}(?:补|赔)|退货[^，。]{0,4}(?:方便|快)|防虫|七天不退|坏了[^。]{0,8}(?:换|修)"
)
_PRAISES = re.compile(
    r"不错|很好|挺好|喜欢|满意|值得|推荐|好喝|好吃|好用|喜爱|棒|赞|还可以|完美|划算|实惠|回购"
)
_LONG_USE = re.compile(
    r"用了?(?:快)?(?:\d{1,3}|[一二两三四五六七八九十半]{1,2})(?:个多?月|年|天|周|星期)|(?:\d{1,3}|[一二两三四五六七八九十半]{1,2})(?:个月|年|天|周)(?:后|之后)?(?:来)?追评|(?:一|两|半)年后"
)
_DEFAULT_NAMES = ("tb", "jd", "t", "u", "用户", "淘宝用户", "匿名用户", "匿名", "快手用户", "抖音用户", "买家", "会员", "user", "wx", "微信用户", "手机用户", "拼多多用户", "pdd", "m", "京东用户", "mt")  # fmt: skip
_NAMELESS = ("匿名", "匿名用户", "匿名买家", "匿名会员", "用户", "会员")
_SPLIT = re.compile(r"[，。！？,!?；;～~…\s\n]{1,5}")
_PLACEHOLDER = re.compile(
    r"[【\[{｛<《「#]\s{0,2}(?:产品名?称?|商品名?称?|宝贝名称?|品名|品牌名?|卖点\s?\d{0,2}|关键词\s?\d{0,2}|核心词|店名|店铺名|型号|颜色|尺码|口味|场景|人群|功效|姓名|此处|填写?|替换|自由发挥|换成|换自己|插入|补充|图\d|图片\d|xx{1,3})[^】\]}｝）)>》」#]{0,12}[】\]}｝>》」#]"
    r"|此处(?:换|填|写|替换|加|插入|可)|(?:换成?|改成?)自己的(?:话|语言)|请自行(?:修改|替换|发挥|润色)|(?:评价|好评)(?:模板|范文|文案|示例|话术|样本)\s?[\d一二三四五六七八九]{0,2}\s{0,2}[:：]|(?:以下|下面)(?:是|为)\S{0,8}条?(?:好评|评价)|作为(?:一个|一款)?(?:AI|人工智能|语言模型)|\{\{?\w{1,16}\}?\}|%s|\$\{"
)
_BLANKS = re.compile(
    r"(?<![A-Za-z])(?:[xX×＊*]{2,3}|[○〇_]{2,4})(?:茶叶?|产品|品牌|牌子|店铺|家的|宝贝|商品|三七|面霜|衣服)"
)


def review_patterns(
    listing: Listing, texts: Sequence[FieldText], options: Mapping[str, object]
) -> list[Found]:
    """Bursts, praise that complains, more reviews than sales, names by numbers, templates."""
    reviews = buyers(listing, texts)
    if not reviews:
        return []
    given = [listing.reviews[review.number] for review in reviews]
    signs = [
        *_more_than_sold(listing, given),
        *_in_time(given),
        *out_of_time(listing, given),
        *_wrongly_rated(reviews, given),
        *_by_names(given),
        *_templates(reviews),
        *about_other_goods(listing, [review.field.folded.tight for review in reviews]),
    ]
    return [whole(reviews[0], strength, why) for strength, why in signs]


def _more_than_sold(listing: Listing, given: Sequence[Review]) -> Iterator[Sign]:
    shown, total = listing.sales, len(listing.reviews)
    if shown is None:
        return
    why = f"页面显示销量{shown}，而评价已有{total}条，涉嫌虚构交易"
    if total >= 6 and total >= shown * 3:
        yield 0.7, why
        return
    days = sorted(review.date[:10] for review in given if review.date)
    # Sales are often shown for a month: only reviews of one month speak against them.
    if total >= 4 and total >= 2 * max(shown, 1) and (not days or days[0][:7] == days[-1][:7]):
        yield 0.6, why


def _when(shown: str) -> datetime | None:
    try:
        return datetime.fromisoformat(shown.strip().replace("/", "-").replace("Z", ""))
    except ValueError:
        return None


def _praises(review: Review) -> bool:
    return review.rating is None or review.rating >= 5


def _in_time(given: Sequence[Review]) -> Iterator[Sign]:
    total = len(given)
    dated = [review for review in given if review.date]
    days = Counter((review.date or "")[:10] for review in dated)
    if days:
        day, most = days.most_common(1)[0]
        praise = sum(_praises(review) for review in dated if (review.date or "")[:10] == day)
        crowded = (most >= 8 and most >= 0.6 * total) or (most >= 6 and most >= 0.8 * total)
        crowded = crowded or (most >= 5 and most == total)
        if crowded and praise >= 0.9 * most:
            yield 0.65, f"{total}条评价中有{most}条集中在{day}一天且几乎全为好评，涉嫌刷评"
        yield from _used_long(dated)
    timed = sorted(
        at for review in dated if len(review.date or "") > 10 and (at := _when(review.date or ""))
    )
    clocked = [at for at in timed if (at.hour, at.minute, at.second) != (0, 0, 0)]
    if len(clocked) < 5:
        return
    most = max(
        sum(1 for later in clocked[place:] if (later - at).total_seconds() <= 3600)
        for place, at in enumerate(clocked)
    )
    if most >= 5 and most >= 0.5 * total:
        yield 0.65, f"{total}条评价中有{most}条在一小时内发出，涉嫌刷评"
        return
    gaps = Counter(
        int((b - a).total_seconds()) // 2 for a, b in pairwise(clocked) if (b - a).days < 2
    )
    gap, same = gaps.most_common(1)[0] if gaps else (0, 0)
    if same >= 4 and same >= 0.5 * total and gap:
        yield 0.6, f"{same + 1}条评价的间隔都约为{gap * 2}秒，涉嫌程序刷评"
        return
    night = sum(1 for at in clocked if 1 <= at.hour <= 4)
    if night >= 5 and night >= 0.7 * total:
        yield 0.6, f"{total}条评价中有{night}条在凌晨一点至四点发出，涉嫌刷评"


def _used_long(dated: Sequence[Review]) -> Iterator[Sign]:
    """“用了三个月”, “一年后追评”, all of one day."""
    spans: defaultdict[str, set[str]] = defaultdict(set)
    for review in dated:
        if found := _LONG_USE.search(review.text):
            spans[(review.date or "")[:10]].add(found.group())
    for day, said in spans.items():
        if len(said) >= 3:
            yield 0.6, f"{day}一天内有“{'”“'.join(sorted(said)[:3])}”等不同使用时长的评价，涉嫌编造"
            return


def _wrongly_rated(reviews: Sequence[Read], given: Sequence[Review]) -> Iterator[Sign]:
    full = [
        _complains(review.field.folded.tight)
        for review, said in zip(reviews, given, strict=True)
        if said.rating is not None and said.rating >= 5
    ]
    low = [
        bool(_PRAISES.search(review.field.folded.tight))
        and not _complains(review.field.folded.tight)
        for review, said in zip(reviews, given, strict=True)
        if said.rating is not None and said.rating <= 2
    ]
    if sum(low) >= 3 and sum(low) >= 0.6 * len(low):
        yield 0.6, f"{sum(low)}条一二星评价的内容实为好评，评分与内容不符，涉嫌批量评价"
    wrong = sum(full)
    if wrong >= 3 and wrong >= 0.3 * len(full):
        yield 0.65, f"{wrong}条满分评价的内容实为抱怨，评分与内容不符，涉嫌刷分"


def _complains(text: str) -> bool:
    """Whether it only complains: buyers who are content name a flaw beside what they like."""
    return bool(_COMPLAINS.search(_FINE.sub("", text))) and not _PRAISES.search(text)


def _by_names(given: Sequence[Review]) -> Iterator[Sign]:
    total = len(given)
    numbered: defaultdict[str, list[int]] = defaultdict(list)
    for review in given:
        if found := re.fullmatch(r"(\D{0,20}|\w{1,12}_\D{0,6})(\d{1,9})", review.user):
            numbered[found.group(1).lower()].append(int(found.group(2)))
    for stem, numbers in numbered.items():
        many = len(set(numbers))
        if "*" in stem or many < 4 or many < 0.4 * total:
            continue
        close = max(numbers) - min(numbers) <= 4 * many
        default = stem.strip("_-") in _DEFAULT_NAMES or not stem
        if close or not default:
            yield 0.65 if close else 0.55, f"{many}个评价用户名为“{stem}”加编号，涉嫌批量账号"
            break
    users = Counter(review.user for review in given if review.user and "*" not in review.user)
    user, most = users.most_common(1)[0] if users else ("", 0)
    masked = Counter(r.user for r in given if "*" in r.user and not r.user.startswith("匿"))
    shown, alike = masked.most_common(1)[0] if masked else ("", 0)
    # Masks are short: two buyers may look alike, a whole page of them doesn't.
    if alike >= 5 and alike >= 0.6 * total:
        yield 0.6, f"{total}条评价中有{alike}条署名“{shown}”，涉嫌刷评"
    elif most >= 3 and most >= 0.3 * total and user not in _NAMELESS:
        yield 0.55, f"同一用户“{user}”发表{most}条评价，涉嫌刷评"


def _templates(reviews: Sequence[Read]) -> Iterator[Sign]:
    total = len(reviews)
    left = [m.group() for r in reviews if (m := _PLACEHOLDER.search(r.field.original))]
    blank = [m.group() for r in reviews if (m := _BLANKS.search(r.field.original))]
    if left or len(blank) >= 2:
        yield 0.7, f"评价里留着模板的空位“{(left or blank)[0]}”，涉嫌代写评价"
    long = [review for review in reviews if len(review.plain) >= 12]
    for end, cut in (("开头", slice(0, 8)), ("结尾", slice(-9, None))):
        same = Counter(review.plain[cut] for review in long)
        said, most = same.most_common(1)[0] if same else ("", 0)
        if most >= 4 and most >= 0.4 * total:
            yield 0.6, f"{most}条评价都以“{said}”{end}，涉嫌模板评价"
            return
    frames = Counter(
        (r.plain[:3], r.plain[-3:]) for r in reviews if 7 <= len(r.plain) < 24
    )  # “化肥很好，玉米绿油油”, “化肥很好，辣椒绿油油”
    frame, most = frames.most_common(1)[0] if frames else (("", ""), 0)
    if most >= 4 and most >= 0.5 * total:
        yield 0.6, f"{most}条评价都是“{frame[0]}……{frame[1]}”的句式，涉嫌模板评价"
        return
    clauses: defaultdict[str, int] = defaultdict(int)
    for review in long:
        for said in {part for part in _SPLIT.split(review.field.original) if len(part) >= 7}:
            clauses[said] += 1
    said, most = max(clauses.items(), key=lambda item: item[1], default=("", 0))
    if most >= 3 and most >= 0.4 * total:
        yield 0.6, f"{most}条评价里都有“{said}”，涉嫌模板评价"
