"""Reports at run time: which parts get one, the process that writes them, and how each stands."""
