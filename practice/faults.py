"""The faults a request can ask for, or a host can have: how real sites fail.

``slow``, ``500``, ``truncated``, ``charset``, ``captcha``, ``calendar``, ``huge``; ``429`` and
``503`` (busy: come again in two seconds), ``soft404`` (gone, with status 200), ``empty`` (nothing
is found), ``drift`` (the site was rebuilt: the same words under other hooks). Worse ones are in
`practice.hostile`.
"""

from __future__ import annotations

from email.utils import formatdate

from practice.data import DOMAIN
from practice.hostile import HOSTILE
from practice.pages.html import Answer, Query, Town, document, link

__all__ = [
    "BUSY_SECONDS", "HUGE", "KINDS", "block_page", "blocked", "busy", "calendar", "cut", "fault_for",
    "garbled", "gone", "nothing_found", "promised", "rebuilt", "sold_out",
]  # fmt: skip

KINDS = (
    "slow", "500", "truncated", "charset", "captcha", "calendar", "huge", "429", "503", "soft404",
    "empty", "drift", *HOSTILE,
)  # fmt: skip
BUSY_SECONDS = 2
"""What a busy host asks for: as seconds with a 429, as a date with a 503."""
HUGE = 200 * 1024 * 1024
"""Bytes of the huge body."""
_BLOCK_PATHS = (
    "/static/captcha/", "/item.htm/_____tmd_____/punish", "/new/login.aspx", "/antispider/", "/turing/captcha/challenge",
)  # fmt: skip


def fault_for(
    faults: dict[str, str], host: str, path: str, query: Query, header: str | None
) -> str | None:
    """The fault that a request meets: by its query, its header, or where it goes.

    `faults` maps a host (``taoji`` for ``taoji.town.localhost``), with a path's beginning
    if wanted (``tablet.town.localhost/list``), to a kind; the longest fitting one counts.
    Raises `ValueError` for a kind that does not exist.
    """
    kind = query.get("fault") or header
    if kind is None and not path.startswith(_BLOCK_PATHS):
        here = host + path
        fitting = [place for place in faults if here.startswith(_whole(place))]
        if path == "/robots.txt":
            # A host's fault is not its robots.txt's, unless that is named.
            fitting = [place for place in fitting if place.endswith(path)]
        kind = faults[max(fitting, key=len)] if fitting else None
    if kind is not None and kind not in KINDS:
        raise ValueError(f"no such fault: {kind!r} (one of {', '.join(KINDS)})")
    return kind


def _whole(place: str) -> str:
    host, slash, path = place.partition("/")
    return (host if host.endswith(DOMAIN) else f"{host}.{DOMAIN}") + slash + path


def garbled(answer: Answer) -> Answer:
    """The body in another charset than its declaration says."""
    kind = answer.headers.get("Content-Type", "text/html")
    try:
        text = answer.body.decode("utf-8")
    except UnicodeDecodeError:
        text = answer.body.decode("gbk")
        declared = {"Content-Type": "text/html; charset=gb2312"}
        return Answer(text.encode("utf-8"), answer.status, answer.headers | declared)
    declared = {"Content-Type": kind.split(";")[0] + "; charset=utf-8"}
    body = text.encode("gbk", "xmlcharrefreplace")
    return Answer(body, answer.status, answer.headers | declared)


def cut(answer: Answer) -> tuple[int, bytes]:
    """The length that is promised and the part of the body that is sent."""
    return len(answer.body), answer.body[: len(answer.body) * 3 // 5]


def promised(kind: str, answer: Answer) -> tuple[int, bytes]:
    """A length that is promised, too large or (``short``) too small, and all of the body."""
    size = len(answer.body)
    return (size // 2 if kind == "short" else size + 4_000), answer.body


def blocked(town: Town, host: str, path: str) -> Answer:
    """What a visitor sees whom the site takes for a robot, as each kind of site does it."""
    name = host.removesuffix(f".{DOMAIN}")
    if name == "search":
        target = link("/static/captcha/tuxing.html", backurl=path)
    elif name == "taoji":
        target = link("/item.htm/_____tmd_____/punish", x5secdata="town", x5step=1)
    elif name == "sogou":
        target = link("/antispider/", **{"from": path})
    elif name == "bing":
        target = link("/turing/captcha/challenge", q=path)
    elif name == "so360":
        return Answer.page(document("360搜索_访问异常出错", "<p>系统检测到您操作过于频繁。</p>"))
    elif name == "jingdian":
        target = f"{town.base('jingdian')}/new/login.aspx?ReturnUrl=" + path
    else:
        body = '<div id="nc_1_wrapper"><p>访问验证：请拖动滑块完成验证后继续访问</p></div>'
        return Answer.page(document("安全验证", body))
    return Answer.redirect(target if target.startswith("http") else town.base(name) + target)


def block_page(path: str) -> Answer | None:
    """The page that `blocked` leads to, or None for another path."""
    if path.startswith(_BLOCK_PATHS[0]):
        body = '<div class="passMod_dialog"><p>网络不给力，请完成下方验证后继续操作</p><div class="passMod_slide"></div></div>'
        return Answer.page(document("百度安全验证", body))
    if path == _BLOCK_PATHS[1]:
        body = '<div id="nocaptcha"><div id="nc_1_wrapper"><span id="nc_1_n1z"></span>请按住滑块，拖动到最右边</div></div>'
        return Answer.page(document("验证码拦截", body))
    if path == _BLOCK_PATHS[2]:
        body = '<form id="formlogin"><input name="loginname"><input name="nloginpwd" type="password"><button>登录</button></form>'
        return Answer.page(document("京店-欢迎登录", body))
    if path == _BLOCK_PATHS[3]:
        body = '<p>用户您好，我们的系统检测到您网络中存在异常访问请求。</p><form><img id="seccodeImage"><input id="seccodeInput"></form>'
        return Answer.page(document("搜狗搜索", body))
    if path == _BLOCK_PATHS[4]:
        return Answer.page(document("最后一步", '<div id="b_captcha">请解决以下难题以继续</div>'))
    return None


def calendar(path: str, query: Query) -> Answer:
    """A month that links to the next one, for ever, in the ways that sites write it."""
    asked = query.get("month", "2026-11")
    year, _, month = asked.partition("-")
    count = int(year) * 12 + int(month or 1) if (year + month).isdigit() else 2026 * 12
    following = f"{count // 12}-{count % 12 + 1:02d}"
    links = "".join(
        f'<a href="{path.rstrip("/") or "/rili"}?fault=calendar&amp;month={following}&amp;view={view}">{name}</a> '
        for view, name in (("list", "下一月"), ("grid", "下一页"))
    )
    return Answer.page(document(f"{asked} 活动日历", f"<h2>{asked}</h2>{links}"))


def busy(kind: str, until: float) -> Answer:
    """What a busy host says: to come again at `until` (seconds of the epoch), or after the
    seconds that it asks for."""
    body = Answer.page(document("服务繁忙", "<p>请稍后再来。</p>"), int(kind))
    when = str(BUSY_SECONDS) if kind == "429" else formatdate(until, usegmt=True)
    return Answer(body.body, body.status, body.headers | {"Retry-After": when})


def gone(host: str) -> Answer:
    """A page that is not there, with status 200 as big sites send it."""
    thing = "宝贝" if host.startswith("taoji") else "商品"
    body = f"<div class='error-notice'><h2>很抱歉，您查看的{thing}不存在，可能已下架或者被转移。</h2></div>"
    return Answer.page(document(f"{thing}不存在", body))


def nothing_found(query: Query) -> Query:
    """The query for what nobody sells, which the site then answers in its own shape; empty
    where nothing was searched for."""
    return {name: "∅" for name in ("wd", "q", "keyword") if name in query}


def sold_out() -> Answer:
    """A shop that offers nothing at all."""
    return Answer.page(document("虚构商城", "<p>暂无商品，敬请期待。</p>"))


_HOOKS = (
    ("g_page_config", "__INITIAL_DATA__"), ("gl-item", "goodsCardWrap"), ("J_goodsList", "app-list"),
    ("content_left", "main-column"), ("application/ld+json", "application/x-data"),
    ("itemprop", "data-f"), ("itemtype", "data-t"), ("og:", "x:"), ("<h1", "<div"), ("</h1>", "</div>"),
)  # fmt: skip


def rebuilt(answer: Answer) -> Answer:
    """The same words under other hooks."""
    body = answer.body
    for old, new in _HOOKS:
        body = body.replace(old.encode(), new.encode())
    return Answer(body, answer.status, answer.headers)
