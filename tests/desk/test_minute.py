"""What is kept for a minute."""

from __future__ import annotations

import pytest

from desk.minute import Minute


def test_an_answer_is_kept_for_a_minute_and_counted_once_while_others_ask(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    kept, asked = Minute(), []

    def counted(answer: int) -> int:
        asked.append(answer)
        return answer

    assert kept.of(("clues",), lambda: counted(1)) == 1
    now += 59
    assert kept.of(("clues",), lambda: counted(2)) == 1
    now += 2
    # Somebody asks while another counts anew: the kept answer, at once.
    during: list[int] = []

    def slowly() -> int:
        during.append(kept.of(("clues",), lambda: counted(4)))
        return counted(3)

    assert kept.of(("clues",), slowly) == 3
    assert during == [1] and asked == [1, 3]
    assert kept.of(("clues",), lambda: counted(5)) == 3


def test_a_count_that_fails_is_told_and_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    kept = Minute()
    assert kept.of(("clues",), lambda: 1) == 1
    now += 61

    def fails() -> int:
        raise OSError("the store is away")

    with pytest.raises(OSError, match="away"):
        kept.of(("clues",), fails)
    assert kept.of(("clues",), lambda: 2) == 2
