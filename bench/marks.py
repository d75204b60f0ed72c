"""Look-alike names: `python -m bench.marks` prints how long a title takes among 5,000 names by the
index, beside RapidFuzz's comparison with each of them, in one run."""

from __future__ import annotations

import random
import time

from rapidfuzz import fuzz, process

from bench.machine import machine
from detectors.fields import texts_of
from detectors.matcher import Matcher
from detectors.reasoning.lookalikes import lookalikes
from detectors.reasoning.marks import Marks
from listing import Listing

__all__ = ["main"]


def main() -> None:
    """Print both times and their ratio."""
    dice = random.Random(7)
    characters = [chr(code) for code in range(0x4E00, 0x9F00, 40)]
    made = {"".join(dice.choices(characters, k=dice.choice((2, 3, 3, 4)))) for _ in range(5_100)}
    names = sorted(made)[:5_000]
    marks = Marks([{"name": name} for name in names])
    titles = [f"{name[:-1]}{dice.choice(characters)}虚构普洱茶熟茶饼 357克 七片一提 送礼自饮口粮茶" for name in names[:300]]  # fmt: skip
    matcher = Matcher([marks.names], (), marks=marks.names)
    listings = [Listing(title=title) for title in titles]
    read = [texts_of(listing, matcher) for listing in listings]
    began = time.perf_counter()
    for listing, texts in zip(listings, read, strict=True):
        lookalikes(marks, listing, texts, {})
    by_index = (time.perf_counter() - began) / len(titles)
    began = time.perf_counter()
    for title in titles[:30]:
        process.extract(title, names, scorer=fuzz.partial_ratio, score_cutoff=80)
    by_all = (time.perf_counter() - began) / 30
    print(machine())
    print(
        f"by index {by_index * 1e6:.0f} µs a title, all compared {by_all * 1e6:.0f} µs: {by_all / by_index:.1f} times"
    )


if __name__ == "__main__":
    main()
