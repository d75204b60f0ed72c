"""Listings per second through all detectors, beside a bare matcher and a naive detector.

`python -m bench.scan [--lengths 200 2000 20000] [--seconds 3] [--memory N]` scans listings whose
text is put together from the practice town's lawful listings, an unlawful one in every third.
Peers in the same run: (a) ahocorasick_rs alone over the same texts with the same words, which
says nothing but where they stand; (b) what one would write first: a `re` alternation of the
words, RapidFuzz of every name against the title, jieba over the text.
"""

from __future__ import annotations

import argparse
import random
import re
import resource
import time
from collections.abc import Callable, Iterator
from itertools import islice

import ahocorasick_rs
import jieba
from rapidfuzz import fuzz, process

import detectors
import settings
from bench.machine import machine
from detectors import Detector
from listing import Listing
from practice import listings, truth


def texts(length: int, seed: int = 7) -> Iterator[Listing]:
    """Listings without end whose `text` has `length` characters."""
    chance = random.Random(seed)
    known = truth()
    lawful = [one for one in listings() if not known[one.id].labels]
    unlawful = [one for one in listings() if known[one.id].labels]
    number = 0
    while True:
        base = chance.choice(lawful)
        parts = [chance.choice(unlawful).text] if number % 3 == 0 else []
        size = len("".join(parts))
        while size < length:
            parts.append(chance.choice(lawful).text or "商品介绍")
            size += len(parts[-1])
        text = "\n".join(parts)[:length]
        number += 1
        yield base.model_copy(update={"id": str(number), "text": text})


def rate(work: Callable[[Listing], object], ones: list[Listing], seconds: float) -> float:
    """Listings per second, over at least so many seconds."""
    done, begin = 0, time.perf_counter()
    while True:
        for one in ones:
            work(one)
        done += len(ones)
        if (spent := time.perf_counter() - begin) >= seconds:
            return done / spent


def bare(detector: Detector) -> Callable[[Listing], object]:
    """The matcher alone, over the same texts."""
    words = sorted(detector.matcher.words)
    automaton = ahocorasick_rs.AhoCorasick(words)
    return lambda one: [
        automaton.find_matches_as_indexes(text, overlapping=True) for text in (one.title, one.text)
    ]


def naive(detector: Detector) -> Callable[[Listing], object]:
    """What one would write first."""
    words = sorted(detector.matcher.words, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, words)))
    names = sorted(detector.knowledge.marks.names)

    def work(one: Listing) -> object:
        found = [match.span() for text in (one.title, one.text) for match in pattern.finditer(text)]
        near = process.extract(one.title, names, scorer=fuzz.partial_ratio, score_cutoff=80)
        return found, near, jieba.lcut(one.text)

    return work


def memory(detector: Detector, number: int) -> None:
    """The process's memory while it scans so many listings, none of them alike in text."""
    print(f"\n{'listings':>10}{'MB resident':>13}")
    step = max(1, number // 10)
    for place, one in enumerate(islice(texts(200), number), 1):
        detector.detect(one)
        if place % step == 0:
            print(f"{place:>10}{resident():>13.0f}", flush=True)


def resident() -> float:
    """MB of memory this process holds now; the most it ever held where /proc is missing."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * resource.getpagesize() / 2**20
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lengths", nargs="+", type=int, default=[200, 2_000, 20_000])
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--memory", type=int, default=0, help="scan so many and watch the memory")
    options = parser.parse_args()
    detector = detectors.load(settings.load().rules_dir)
    print(f"machine: {machine()}; one process")
    print(f"words {len(detector.matcher.words)}, patterns with disguises {len(detector.matcher)}")
    print(f"{'characters':>10}{'all on':>9}{'bare':>9}{'ratio':>8}{'naive':>9}{'ratio':>8}")
    for length in options.lengths:
        ones = list(islice(texts(length), max(20, 400_000 // length)))
        ours = rate(detector.detect, ones, options.seconds)
        alone = rate(bare(detector), ones, options.seconds)
        first = rate(naive(detector), ones[:20], options.seconds)
        print(
            f"{length:>10}{ours:>9.0f}{alone:>9.0f}{ours / alone:>8.2f}{first:>9.0f}{ours / first:>8.1f}"
        )
    if options.memory:
        memory(detector, options.memory)


if __name__ == "__main__":
    main()
