"""What verdicts say of the rules."""

from __future__ import annotations

import pytest

from clues.precision import wilson


@pytest.mark.parametrize(
    ("right", "decided", "low", "high"),
    # By hand from Wilson's formula, z = 1.96; the first is in every textbook.
    [(8, 10, 0.490, 0.943), (10, 10, 0.722, 1.0), (0, 5, 0.0, 0.434), (0, 0, 0.0, 1.0)],
)
def test_the_interval_is_wilsons(right: int, decided: int, low: float, high: float) -> None:
    assert wilson(right, decided) == pytest.approx((low, high), abs=0.001)
