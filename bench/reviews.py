"""False alarms on real reviews.

`python -m bench.reviews FILE [--show 20]` reads a CSV with a column `review` (and `cat`), and puts
each review through the detectors twice: as the text of a listing, where the words of a buyer
count as if the seller had said them, and, thirty at a time of one category, as the reviews of
a listing. What is flagged is printed with its reason, to be judged by eye.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import detectors
import settings
from bench.machine import machine
from detectors import Detection, Detector
from listing import Listing, Review

TOGETHER = 30
"""Reviews that make one listing."""


def read(path: Path) -> list[tuple[str, str]]:
    """Category and text of each review."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        return [(row.get("cat") or "", row["review"]) for row in rows if row["review"].strip()]


def together(reviews: Iterable[tuple[str, str]]) -> Iterator[Listing]:
    """Listings with thirty reviews each, of one category."""
    by_category: defaultdict[str, list[str]] = defaultdict(list)
    for category, text in reviews:
        by_category[category].append(text)
    for category, texts in sorted(by_category.items()):
        for begin in range(0, len(texts), TOGETHER):
            given = [Review(text=text) for text in texts[begin : begin + TOGETHER]]
            yield Listing(title=category, reviews=given)


def flagged(
    detector: Detector, ones: Iterable[Listing]
) -> tuple[int, list[tuple[Listing, Detection]]]:
    """How many listings there are, and those for which a clue would open."""
    count, found = 0, []
    for one in ones:
        count += 1
        detection = detector.detect(one)
        if detection.violations:
            found.append((one, detection))
    return count, found


def main() -> None:
    """Print shares and examples."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--show", type=int, default=20)
    options = parser.parse_args()
    detector = detectors.load(settings.load().rules_dir)
    reviews = read(options.file)
    print(f"machine: {machine()}")
    for name, ones in (
        ("as the text of a listing", (Listing(title=c or "商品", text=t) for c, t in reviews)),
        (f"as {TOGETHER} reviews of a listing", together(reviews)),
    ):
        count, found = flagged(detector, ones)
        told = Counter(v for _, detection in found for v in detection.violations)
        print(
            f"\n{name}: {len(found)} of {count} flagged ({len(found) / count:.2%}) {dict(told.most_common())}"
        )
        step = max(1, len(found) // options.show)
        for _, detection in found[::step][: options.show]:
            signal = detection.signals[0]
            print(
                f"  {signal.violation} {signal.rule} {signal.strength}: {signal.text[:60]!r} {signal.reason[:100]}"
            )


if __name__ == "__main__":
    main()
