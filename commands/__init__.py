"""Commands of `yunjian`, one file per noun; `cli.py` gathers them."""
