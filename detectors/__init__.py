"""From a listing (and its history) to signals: pure functions, no Scrapy, no store, no network.

`load(rules_dir)` compiles the rule files into a `Detector`; `Detector.detect(listing)` looks.
The way of a listing: `fields` folds (`normalise`) and matches (`matcher`, `variants`) its
texts; `evaluate` decides each rule (`conditions`) with its exceptions (`contexts`);
`reasoning` holds what needs several fields at once.
"""

from detectors.detector import Detector, load
from detectors.errors import RuleError
from detectors.signal import Detection, Signal

__all__ = ["Detection", "Detector", "RuleError", "Signal", "load"]
