"""Clues that come as files: complaints, samples, inspections, from above, from other departments.

`take_in` reads a file by a saved profile (`profile`, `tables`, `books`, `cells`), finds whom each
row is about (`matching`, `placing`) and what is unlawful (`sorting`, `inspection`), and lets clues
open and grow (`writing`). `settling` is for what could not be decided.
"""

from clues.intake.importing import Taken, take_in
from clues.intake.problems import IntakeError
from clues.intake.profile import load_profiles
from clues.intake.settling import compare_again, find_records, one_record, settle

__all__ = [
    "IntakeError",
    "Taken",
    "compare_again",
    "find_records",
    "load_profiles",
    "one_record",
    "settle",
    "take_in",
]
