"""From a listing (and its history) to signals: pure functions, no Scrapy, no store, no network.

`load(rules_dir)` compiles the rule files into a `Detector`; `Detector.detect(listing)` looks.
"""
