"""The page shapes of the town: one file per kind of site, each a function from path to answer."""
