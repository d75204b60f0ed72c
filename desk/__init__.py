"""The desk: what an analyst opens in the morning. Pages in `desk.pages`, one file per noun."""
