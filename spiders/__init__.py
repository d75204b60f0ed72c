"""One file per source: the facts of the site, how it is asked, how its pages are read.

`READERS` names them all; `reader` makes one. The readers are pure (`Page` in, listings out);
`spiders.sweep.SweepSpider` walks them with Scrapy, `spiders.recorded` reads files with them.
"""

from spiders.ali1688 import Ali1688
from spiders.baidu import Baidu
from spiders.base import Blocked, Reader, Source
from spiders.douyin import Douyin
from spiders.handover import Handover
from spiders.jd import Jd
from spiders.pdd import Pdd
from spiders.shop import Shop
from spiders.suning import Suning
from spiders.taobao import Taobao
from spiders.tmall import Tmall
from spiders.weidian import Weidian
from spiders.xianyu import Xianyu

__all__ = ["READERS", "SEARCHED", "Blocked", "Reader", "Source", "reader"]

READERS: dict[str, type[Reader]] = {
    one.source.name: one
    for one in (
        Baidu, Taobao, Tmall, Jd, Ali1688, Pdd, Suning, Douyin, Weidian, Xianyu, Shop,
        Handover,
    )
}  # fmt: skip
SEARCHED = tuple(
    name for name, one in READERS.items() if one.source.kind in ("search_engine", "marketplace")
)
"""Those that are asked for search terms."""


def reader(name: str, base: str = "") -> Reader:
    """The reader of a source; `base` stands in for its home address.

    Raises `KeyError` naming the known ones for an unknown name.
    """
    if name not in READERS:
        raise KeyError(f"no such source: {name} (known: {', '.join(READERS)})")
    return READERS[name](base)
