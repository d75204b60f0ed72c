"""Seeing it run: the log, the figures, the alerts, the status page.

`logs` writes lines; `standing` reads how things stand out of the store, for the other three:
`metrics` (Prometheus), `concerns` with `alerts` (Apprise), `status` (`yunjian doctor`).
"""
