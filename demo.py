"""`yunjian demo`: the practice town, swept."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

import settings
from clues import ClueFilter, find_clues
from practice import Town, environment
from storage import open_store
from sweeps import Summary, sweep
from sweeps.order import SweepOrder

__all__ = ["run_demo"]

console = Console(stderr=True, highlight=False)


def run_demo(
    port: int,
    keep: bool,
    data: Path,
    show_summary: Callable[[Summary], None],
    show_clues: Callable[[list[Any]], None],
) -> None:
    """Sweep a fresh store of the town, print the summary and the ten worst clues."""
    if data.exists():
        shutil.rmtree(data)
    with Town(port=port) as town:
        os.environ.update(environment(town.port))
        config = settings.load(data_dir=data)
        store = open_store(config.store_url)
        with console.status("the practice town is being swept") as status:

            def progress(summary: Summary) -> None:
                total = summary.total()
                status.update(
                    f"{total.pages} pages, {total.listings} listings, {total.clues_opened} clues, "
                    f"{summary.screenshots} screenshots"
                )

            summary = sweep(config, store, SweepOrder(), progress)
        show_summary(summary)
        with store.session() as session:
            show_clues(find_clues(session, ClueFilter(limit=10)))
        print(f"\nAll of it: YUNJIAN_DATA_DIR={data} yunjian clues   (one: yunjian clue ID)")
        if keep:
            print(f"The town stands at {town.url('town')} until Ctrl-C.")
            town.wait()
