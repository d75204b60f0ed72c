"""The crawl of some tasks, from the first request to the last; once per process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from scrapy.crawler import AsyncCrawlerProcess

from crawler.engine import scrapy_settings
from crawler.tasks import Task
from crawler.turns import Turns
from detectors import images
from settings import Settings
from spiders.sweep import SweepSpider
from sweeps.plan import ways_in
from sweeps.sink import StoreSink
from sweeps.sources import keys

__all__ = ["crawl"]


def crawl(
    settings: Settings,
    sink: StoreSink,
    tasks: Sequence[Task],
    progress: Callable[[], None],
    asked: Mapping[str, int],
    first: frozenset[tuple[str, str]],
    leads: Sequence[tuple[Task, str]] = (),
    turns: Turns | None = None,
) -> bool:
    """Whether it came to its own end, not to a signal's.

    `asked` are the pages that earlier runs asked, by source; `first` the shops that open clues
    are about; `turns` those at hosts which other workers ask too.
    """
    pictures = images.reader(
        settings.data_dir / "pictures", settings.images_per_listing, settings.images_seconds
    )
    if pictures is None and settings.images_per_listing:
        sink.summary.problems.append(f"pictures are not read: {images.unavailable()}")
    goods = [one for one in sink.watch_list if not sink.only_goods or one.id in sink.only_goods]
    readers, sessions = ways_in(settings, {task.reader for task in tasks})
    process = AsyncCrawlerProcess(
        scrapy_settings(settings, asked, turns) | {"YUNJIAN_KEYS": keys(settings)}
    )
    crawler = process.create_crawler(SweepSpider)
    process.crawl(
        crawler,
        tasks=tasks,
        readers=readers,
        sink=sink,
        shop_budget=settings.shop_budget,
        progress=progress,
        pictures=pictures,
        sessions=sessions,
        first=first,
        shop_words=[one.search[0] for one in goods],
        leads=leads,
    )
    process.start()
    stats = crawler.stats
    return stats is not None and str(stats.get_value("finish_reason")) == "finished"
