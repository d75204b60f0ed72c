"""How pages are fetched and read: guard, politeness, blocks, the browser, aids for extraction.

Says nothing of what a page means. May import `listing`, `policies` and `settings`; spiders and
sweeps import it.
"""
