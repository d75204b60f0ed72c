"""One file per source: the facts of the site, how it is asked, how its pages are read.

`READERS` names them all; `reader` makes one. The readers are pure (`Page` in, listings out);
`spiders.sweep.SweepSpider` walks them with Scrapy, `spiders.recorded` reads files with them.
"""

from spiders.baidu import Baidu
from spiders.baidu_api import BaiduApi
from spiders.base import Blocked, Reader, Source
from spiders.bing import Bing
from spiders.jd import Jd
from spiders.shop import Shop
from spiders.so360 import So360
from spiders.sogou import Sogou
from spiders.taobao import Taobao

__all__ = ["READERS", "Blocked", "Reader", "Source", "reader"]

READERS: dict[str, type[Reader]] = {
    one.source.name: one for one in (Baidu, BaiduApi, Sogou, So360, Bing, Taobao, Jd, Shop)
}


def reader(name: str, base: str = "") -> Reader:
    """The reader of a source; `base` stands in for its home address.

    Raises `KeyError` naming the known ones for an unknown name.
    """
    if name not in READERS:
        raise KeyError(f"no such source: {name} (known: {', '.join(READERS)})")
    return READERS[name](base)
