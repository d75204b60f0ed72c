"""Pages of the desk, one file per noun; each has a `router`, and `desk.app` gathers them."""
