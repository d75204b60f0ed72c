"""Tells a block from a page: captchas, login walls and refusals, by status and by their words.

What a single site does is in its reader (`spiders/`); here is what all sites do.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from crawler.page import Page

__all__ = ["block_of"]

_CAPTCHA = ("安全验证", "滑动验证", "拖动滑块", "请输入验证码", "访问验证", "人机验证", "百度安全验证", "nc_1_wrapper", "g-recaptcha", "geetest_", "请按住滑块", "TCaptcha", "cf-chl-", "Just a moment...")  # fmt: skip
_REFUSED = ("访问被拒绝", "您的访问过于频繁", "访问过于频繁", "请求过于频繁", "IP被封", "access denied", "request blocked")  # fmt: skip
_LOGIN_PATHS = ("/login", "/member/login", "/uc/login", "/passport")
_LOGIN_TITLE = re.compile(r"登录|登陆|请先登|sign in|log in", re.IGNORECASE)
_LOOK_AT = 20_000
"""Block pages are small; the words in a long page's reviews must not count as one."""


def block_of(page: Page, asked: str) -> tuple[str, str] | None:
    """(kind, sign) if `page` is a block, else None; `asked` is the address before redirects.

    Kinds: ``captcha``, ``login``, ``blocked``.
    """
    if page.status in (401, 407):
        return "login", f"status {page.status}"
    if page.status in (403, 429, 451):
        return "blocked", f"status {page.status}"
    path, asked_path = urlsplit(page.url).path.lower(), urlsplit(asked).path.lower()
    if path != asked_path and path.startswith(_LOGIN_PATHS):
        return "login", f"redirected to {page.url[:200]}"
    if len(page.body) > _LOOK_AT:
        return None
    text = page.text
    for sign in _CAPTCHA:
        if sign in text:
            return "captcha", sign
    lowered = text.lower()
    for sign in _REFUSED:
        if sign in lowered:
            return "blocked", sign
    return _login_wall(page, asked_path)


def _login_wall(page: Page, asked_path: str) -> tuple[str, str] | None:
    """A page that is titled a login and asks for a password, where something else was asked."""
    if "password" not in page.text or "login" in asked_path or "passport" in asked_path:
        return None
    title = page.selector.xpath("string(//head/title)").get("").strip()
    if _LOGIN_TITLE.search(title) and page.selector.xpath('//input[@type="password"]'):
        return "login", f"titled {title[:60]}"
    return None
