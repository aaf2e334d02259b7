"""Every text the dashboard shows, in each language it speaks: the list of them, and a file for each language."""
