"""Writes the town's data: `python -m practice.compose` (seeded: the same bytes every time).

`sellers.yaml` and `catalogue.yaml` say who sells what lawfully; `cases/*.yaml` are offers written
one by one, unlawful ones with their labels and lawful ones that look suspicious. The labels are
what a careful officer would say by law; nothing here knows how the product detects anything.
"""
