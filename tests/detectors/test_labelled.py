"""The detectors over whole listings and over sentences that others wrote (see labelled/README.md)."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.detect import count, read, together
from detectors import Detector
from detectors.yamlfile import read_yaml
from listing import Listing, Review

HERE = Path(__file__).resolve().parent


@pytest.mark.parametrize(("folder", "f1", "accused"), [("seen", 0.93, 0.02), ("last", 0.85, 0.04)])
def test_listings_are_judged_as_their_authors_did(
    detector: Detector, folder: str, f1: float, accused: float
) -> None:
    labelled = read(sorted((HERE / "labelled" / folder).glob("*.jsonl")))
    found = [detector.detect(one.listing) for one in labelled]
    assert together(count(labelled, found).values()).f1 >= f1
    lawful = [d for one, d in zip(labelled, found, strict=True) if not one.labels]
    assert sum(1 for d in lawful if d.violations) <= accused * len(lawful)


def test_the_set_is_large_enough_and_a_third_of_it_is_lawful() -> None:
    labelled = read(sorted((HERE / "labelled").rglob("*.jsonl")))
    lawful = sum(1 for one in labelled if not one.labels)
    assert len(labelled) >= 600 and lawful * 3 >= len(labelled)
    assert len({label for one in labelled for label in one.labels}) == 24


BY_PATTERN = {"brushed_reviews": 0.4}
"""What one sentence can't show: brushing is seen in how reviews repeat each other and when."""


@pytest.mark.parametrize("path", sorted((HERE / "sayings").glob("*.yaml")), ids=lambda p: p.stem)
def test_sentences_of_sellers_are_told_apart(detector: Detector, path: Path) -> None:
    data = read_yaml(path)
    violation = data["violation"]

    def told(sentence: str) -> bool:
        reviews = [Review(user="商家", text=sentence)]
        listing = Listing(title=sentence, terms=sentence, reviews=reviews)
        return violation in detector.detect(listing).violations

    unlawful, lawful = data["unlawful"], data["lawful"]
    assert sum(map(told, lawful)) <= 0.08 * len(lawful)
    assert sum(map(told, unlawful)) >= BY_PATTERN.get(violation, 0.75) * len(unlawful)
