"""A town for all tests of the town."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from practice import Town


@pytest.fixture(scope="session")
def town() -> Iterator[Town]:
    with Town(slow=0.5) as town:
        yield town
