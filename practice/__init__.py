"""The practice town: plainly fictional shops, search engines and two marketplaces on loopback.

Here live their pages (`pages/`), the server and its faults, the one data file of listings with
its truth, and the composer that wrote it (`python -m practice.compose`). Tests, benchmarks and
`yunjian demo` raise the town; nothing of the product depends on it, and it imports only
`listing` and reads `rules/goods.yaml`.

    with Town() as town:
        print(town.url("taoji"))
"""

from practice.data import Truth, listings, truth
from practice.town import Town, TownError, environment
from practice.visit import visit

__all__ = ["Town", "TownError", "Truth", "environment", "listings", "truth", "visit"]
